// qcow2 images: random operations against a model, backing files, images that are damaged; with qemu-img, where it is
// installed, as the judge of what is in the file.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/error.h"
#include "devices/block/format.h"
#include "devices/block/qcow2.h"

namespace dragoman::devices::block {
namespace {

constexpr HostFileOptions kWritable{.unmap = true};

struct Qcow2Test : ::testing::Test {
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "dragoman-qcow2-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory = name;
    }
    void TearDown() override { std::filesystem::remove_all(directory); }

    std::string path(const char* name) const { return (directory / name).string(); }
    std::shared_ptr<HostFile> host_file(const char* name) {
        std::ofstream(path(name), std::ios::app);
        return HostFile::open(path(name), kWritable);
    }
    std::shared_ptr<Image> open(const char* name, HostFileOptions options = kWritable) {
        return open_image(path(name), options, {.format = "qcow2"});
    }
    std::string failure(const char* name, HostFileOptions options = kWritable) {
        try {
            open(name, options);
        } catch (const FatalError& error) {
            std::string text = error.what();
            EXPECT_EQ(text.find(path(name) + ": "), 0u) << text;
            return text.substr(std::min(text.size(), path(name).size() + 2));
        }
        return "opened";
    }
    /// Changes bytes of the header.
    template <class T>
    void patch(const char* name, u64 offset, T value) {
        std::fstream file(path(name), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(offset));
        u8 bytes[sizeof(T)];
        qcow2::store_be(bytes, value);
        file.write(reinterpret_cast<const char*>(bytes), sizeof bytes);
    }
    static bool have_qemu_img() { return ::system("qemu-img --version >/dev/null 2>&1") == 0; }
    int qemu_img(const std::string& arguments) {
        return ::system(("cd " + directory.string() + " && qemu-img " + arguments + " >/dev/null 2>&1").c_str());
    }

    std::filesystem::path directory;
};

std::vector<u8> read_all(Image& image) {
    std::vector<u8> data(image.size());
    EXPECT_EQ(image.read(0, data.data(), data.size()), 0);
    return data;
}

/// Random writes, zeroes, discards, flushes and reads of an image, and the same on a copy in memory.
void exercise(Image& image, std::vector<u8>& model, unsigned seed, unsigned steps) {
    std::mt19937 random(seed);
    for (unsigned step = 0; step < steps; step++) {
        u64 offset = random() % (model.size() / 512) * 512;
        u64 bytes = std::min<u64>((random() % 64 + 1) * 512, model.size() - offset);
        std::vector<u8> data(bytes);
        switch (random() % 8) {
            case 0:
            case 1:
            case 2:
                for (u8& byte : data) byte = static_cast<u8>(random());
                ASSERT_EQ(image.write(offset, data.data(), bytes), 0);
                std::copy(data.begin(), data.end(), model.begin() + static_cast<std::ptrdiff_t>(offset));
                break;
            case 3:
                ASSERT_EQ(image.write_zeroes(offset, bytes, random() % 2 != 0), 0);
                std::fill_n(model.begin() + static_cast<std::ptrdiff_t>(offset), bytes, 0);
                break;
            case 4:
                ASSERT_EQ(image.discard(offset, bytes), 0);
                // What a discarded place reads as is up to the image: look, and hold it to that.
                ASSERT_EQ(image.read(offset, model.data() + offset, bytes), 0);
                break;
            case 5: ASSERT_EQ(image.flush(), 0); break;
            default:
                ASSERT_EQ(image.read(offset, data.data(), bytes), 0);
                ASSERT_TRUE(std::equal(data.begin(), data.end(), model.begin() + static_cast<std::ptrdiff_t>(offset)))
                    << "step " << step << " at " << offset;
        }
    }
    ASSERT_EQ(read_all(image), model);
}

class Qcow2Clusters : public Qcow2Test, public ::testing::WithParamInterface<unsigned> {};

TEST_P(Qcow2Clusters, KeepsWhatIsWritten) {
    constexpr u64 kSize = (3 << 20) + 1536;
    std::vector<u8> model(kSize);
    // Small clusters need many L2 tables and refcount blocks.
    Qcow2::create_over(host_file("disk"), kSize, nullptr, GetParam());
    for (unsigned round = 0; round < 3; round++) {
        exercise(*open("disk"), model, GetParam() + round, 400);
        if (have_qemu_img()) {
            EXPECT_EQ(qemu_img("check -f qcow2 disk"), 0);
        }
    }
    auto image = open("disk", {.read_only = true});
    EXPECT_EQ(read_all(*image), model);
    EXPECT_EQ(image->write(0, model.data(), 512), EROFS);
    if (!have_qemu_img()) return;
    ASSERT_EQ(qemu_img("convert -U -f qcow2 -O raw disk raw"), 0);
    std::ifstream raw(path("raw"), std::ios::binary);
    EXPECT_TRUE(std::equal(model.begin(), model.end(), std::istreambuf_iterator<char>(raw),
                           [](u8 a, char b) { return a == static_cast<u8>(b); }));
}
INSTANTIATE_TEST_SUITE_P(Sizes, Qcow2Clusters, ::testing::Values(10u, 12u, 16u));

TEST_F(Qcow2Test, ReadsAtOnceWhatIsInMemory) {
    auto file = host_file("a.qcow2");
    auto image = Qcow2::create_over(file, 1 << 20, nullptr, 12);
    std::vector<u8> ones(8192, 1), got(8192, 7);
    iovec to{got.data(), got.size()};
    auto read = [&](u64 offset, u64 bytes) {
        to = {got.data(), bytes};
        return image->read_at_once(offset, {&to, 1});
    };
    EXPECT_TRUE(read(4096, 4096));  // nothing there
    EXPECT_EQ(got, [] {
        std::vector<u8> expected(8192, 7);
        std::fill_n(expected.begin(), 4096, 0);
        return expected;
    }());
    ASSERT_EQ(image->write(4096, ones.data(), ones.size()), 0);
    // The file system may be one that cannot tell; the data are right where it says that it could.
    if (read(4096 + 512, 4096)) {
        EXPECT_EQ(got[0], 1);
        EXPECT_EQ(got[4095], 1);
    }
    EXPECT_FALSE(read(4096, (1 << 20)));  // past the end
    EXPECT_FALSE(read(2 << 20, 512));
    // Over a backing image it is that one's thread's business.
    auto overlay = Qcow2::create_over(host_file("b.qcow2"), 1 << 20, image, 12);
    to = {got.data(), 512};
    EXPECT_FALSE(overlay->read_at_once(0, {&to, 1}));
}

TEST_F(Qcow2Test, RefcountTableGrows) {
    // With clusters of 512 bytes, the first table is good for 8 MiB of file.
    constexpr u64 kSize = 10 << 20;
    std::vector<u8> model(kSize);
    for (u64 i = 0; i < kSize; i += 64) model[i] = static_cast<u8>(i / 64 % 251);
    ASSERT_EQ(Qcow2::create_over(host_file("disk"), kSize, nullptr, 9)->write(0, model.data(), kSize), 0);
    EXPECT_EQ(read_all(*open("disk")), model);
    if (have_qemu_img()) {
        EXPECT_EQ(qemu_img("check -f qcow2 disk"), 0);
    }
}

TEST_F(Qcow2Test, OverlayLeavesItsBackingAlone) {
    constexpr u64 kSize = 1 << 20;
    std::vector<u8> base(kSize - 1000), model(kSize);
    for (u64 i = 0; i < base.size(); i++) base[i] = model[i] = static_cast<u8>(i * 7 >> 3);
    std::ofstream(path("base"), std::ios::binary)
        .write(reinterpret_cast<char*>(base.data()), static_cast<long>(base.size()));
    auto backing = open_image(path("base"), {.read_only = true}, {.format = "raw"});
    auto image = Qcow2::create_over(HostFile::temporary(), kSize, backing);
    EXPECT_EQ(read_all(*image), model);
    exercise(*image, model, 1, 500);
    EXPECT_EQ(read_all(*backing), base);
}

TEST_F(Qcow2Test, ReadsWhatQemuImgMakes) {
    if (!have_qemu_img()) GTEST_SKIP() << "there is no qemu-img (package qemu-utils)";
    constexpr u64 kSize = 2 << 20;
    std::vector<u8> model(kSize);
    for (u64 i = 0; i < kSize; i++) model[i] = static_cast<u8>(i / 4096 + i % 17);
    std::ofstream(path("raw"), std::ios::binary).write(reinterpret_cast<char*>(model.data()), kSize);
    for (const char* options : {"-c", "-o compat=0.10", "-c -o compat=0.10", "-o cluster_size=2M", "-o refcount_bits=1",
                                "-o refcount_bits=64", "-o lazy_refcounts=on", "-o preallocation=metadata"}) {
        ASSERT_EQ(qemu_img(std::string("convert -f raw -O qcow2 ") + options + " raw disk"), 0) << options;
        std::vector<u8> contents = model;
        {
            auto image = open("disk");
            ASSERT_EQ(read_all(*image), contents) << options;
            exercise(*image, contents, 7, 200);
        }
        EXPECT_EQ(qemu_img("check -f qcow2 disk"), 0) << options;
        EXPECT_EQ(read_all(*open("disk")), contents) << options;
    }
}

TEST_F(Qcow2Test, CopiesClustersThatSnapshotsShare) {
    if (!have_qemu_img()) GTEST_SKIP() << "there is no qemu-img (package qemu-utils)";
    std::vector<u8> first(1 << 20), model;
    for (u64 i = 0; i < first.size(); i++) first[i] = static_cast<u8>(i >> 9);
    std::ofstream(path("raw"), std::ios::binary).write(reinterpret_cast<char*>(first.data()), 1 << 20);
    ASSERT_EQ(qemu_img("convert -f raw -O qcow2 -o cluster_size=4k raw disk"), 0);
    ASSERT_EQ(qemu_img("snapshot -c before disk"), 0);
    model = first;
    exercise(*open("disk"), model, 3, 400);
    EXPECT_EQ(qemu_img("check -f qcow2 disk"), 0);
    ASSERT_EQ(qemu_img("snapshot -a before disk"), 0);
    EXPECT_EQ(read_all(*open("disk")), first);
}

TEST_F(Qcow2Test, OpensBackingChains) {
    if (!have_qemu_img()) GTEST_SKIP() << "there is no qemu-img (package qemu-utils)";
    std::vector<u8> model(1 << 20, 0x5a);
    std::ofstream(path("raw"), std::ios::binary).write(reinterpret_cast<char*>(model.data()), 1 << 20);
    ASSERT_EQ(qemu_img("create -f qcow2 -b raw -F raw middle"), 0);
    ASSERT_EQ(qemu_img("create -f qcow2 -b middle -F qcow2 top 2M"), 0);
    exercise(*open("middle"), model, 1, 100);
    model.resize(2 << 20);
    exercise(*open("top"), model, 2, 300);
    EXPECT_EQ(qemu_img("check -f qcow2 top"), 0);
    EXPECT_EQ(read_all(*open("top")), model);
    std::filesystem::remove(path("raw"));
    EXPECT_THROW(open("top"), FatalError);
}

TEST_F(Qcow2Test, LoopOfBackingFilesIsRefused) {
    if (!have_qemu_img()) GTEST_SKIP() << "there is no qemu-img (package qemu-utils)";
    ASSERT_EQ(qemu_img("create -f qcow2 a 1M"), 0);
    ASSERT_EQ(qemu_img("create -f qcow2 -b a -F qcow2 b"), 0);
    ASSERT_EQ(qemu_img("rebase -u -f qcow2 -b b -F qcow2 a"), 0);
    EXPECT_THROW(open("a", {.read_only = true}), FatalError);
}

TEST_F(Qcow2Test, DamagedImagesAreNamed) {
    auto fresh = [&] {
        std::filesystem::remove(path("disk"));
        Qcow2::create_over(host_file("disk"), 1 << 20, nullptr);
    };
    std::ofstream(path("disk")) << "short";
    EXPECT_EQ(failure("disk"), "not a qcow2 image (too short)");
    std::ofstream(path("disk")) << std::string(4096, 'x');
    EXPECT_EQ(failure("disk"), "not a qcow2 image");
    EXPECT_EQ(failure("missing"), "No such file or directory");
    fresh();
    EXPECT_EQ(failure("disk"), "opened");
    patch("disk", 4, u32{9});
    EXPECT_EQ(failure("disk"), "qcow2 version 9 is not supported");
    fresh();
    patch("disk", 20, u32{40});
    EXPECT_EQ(failure("disk"), "damaged qcow2 image: cluster size");
    fresh();
    patch("disk", 32, u32{1});
    EXPECT_EQ(failure("disk"), "encrypted qcow2 images are not supported");
    fresh();
    patch("disk", 36, u32{0});
    EXPECT_EQ(failure("disk"), "damaged qcow2 image: L1 table size");
    fresh();
    patch("disk", 40, u64{1} << 40);
    EXPECT_EQ(failure("disk"), "damaged qcow2 image: L1 table is not in the file");
    fresh();
    std::filesystem::resize_file(path("disk"), 2 << 16);
    EXPECT_EQ(failure("disk"), "damaged qcow2 image: L1 table is not in the file");
    fresh();
    patch("disk", 72, u64{1} << 4);
    EXPECT_EQ(failure("disk"), "qcow2 feature 'bit 4' is not supported");
    fresh();
    patch("disk", 72, u64{1});
    EXPECT_EQ(failure("disk", {.read_only = true}), "opened");
    EXPECT_NE(failure("disk").find("was not closed properly"), std::string::npos);
}

TEST_F(Qcow2Test, DamagedTablesAreIoErrors) {
    {
        auto image = Qcow2::create_over(host_file("disk"), 1 << 20, nullptr);
        u8 sector[512] = {1};
        ASSERT_EQ(image->write(0, sector, 512), 0);
    }
    patch("disk", 3 << 16, (u64{1} << 63) | 0x12345600);  // L1 entry to nowhere, misaligned
    auto image = open("disk");
    u8 sector[512];
    EXPECT_EQ(image->read(0, sector, 512), EIO);
    EXPECT_EQ(image->write(0, sector, 512), EIO);
}

/// Whatever is in the file, it opens or it does not, and requests succeed or fail.
TEST_F(Qcow2Test, RandomDamageHarmsNobody) {
    constexpr u64 kSize = 1 << 20;
    {
        auto image = Qcow2::create_over(host_file("good"), kSize, nullptr, 12);
        std::vector<u8> data(200 << 10, 0x77);
        ASSERT_EQ(image->write(5000, data.data(), data.size()), 0);
    }
    std::ifstream in(path("good"), std::ios::binary);
    std::string good((std::istreambuf_iterator<char>(in)), {});
    std::mt19937 random(99);
    std::vector<u8> buffer(64 << 10);
    unsigned opened = 0;
    for (unsigned round = 0; round < 300; round++) {
        std::string bad = good;
        for (unsigned i = random() % 6 + 1; i-- != 0;) {
            u64 place = random() % 3 == 0 ? random() % 112 : random() % (8 << 12);  // header and tables
            bad[place] = static_cast<char>(random() % 2 == 0 ? random() : bad[place] ^ (1 << random() % 8));
        }
        std::filesystem::remove(path("bad"));
        std::ofstream(path("bad"), std::ios::binary) << bad;
        std::shared_ptr<Image> image;
        try {
            image = open_image(path("bad"), {.no_flush = true, .unmap = true}, {.format = "qcow2"});
        } catch (const FatalError&) {
            continue;
        }
        opened++;
        for (unsigned step = 0; step < 6; step++) {
            u64 offset = random() % 16 * 50000;
            (void)image->read(offset, buffer.data(), buffer.size());
            (void)image->write(offset, buffer.data(), random() % buffer.size());
            (void)image->discard(offset, 1 << 16);
            (void)image->flush();
        }
        ASSERT_LT(std::filesystem::file_size(path("bad")), u64{1} << 60);
    }
    EXPECT_GT(opened, 50u);
}

TEST_F(Qcow2Test, ProbesFormats) {
    Qcow2::create_over(host_file("disk"), 1 << 20, nullptr);
    EXPECT_EQ(open_image(path("disk"), kWritable, {})->size(), 1u << 20);
    std::ofstream(path("raw")) << std::string(4096, 0);
    auto raw = open_image(path("raw"), kWritable, {.warn_guess = false});
    EXPECT_EQ(raw->size(), 4096u);
    u8 sector[512] = {'Q', 'F', 'I', 0xfb};
    EXPECT_EQ(raw->write(0, sector, 512), EPERM);
    EXPECT_EQ(raw->write(512, sector, 512), 0);
}

TEST_F(Qcow2Test, WritersLockOthersOut) {
    Qcow2::create_over(host_file("disk"), 1 << 20, nullptr);
    auto writer = open("disk");
    EXPECT_EQ(failure("disk"), "locked by another instance (no \"write\" lock)");
    EXPECT_NE(failure("disk", {.read_only = true}).find("locked by another instance"), std::string::npos);
    EXPECT_EQ(failure("disk", {.lock = false}), "opened");
    if (have_qemu_img()) {
        EXPECT_NE(qemu_img("info disk"), 0);
        EXPECT_EQ(qemu_img("info -U disk"), 0);
    }
    writer.reset();
    auto reader = open("disk", {.read_only = true});
    EXPECT_EQ(failure("disk", {.read_only = true}), "opened");
    EXPECT_NE(failure("disk").find("locked by another instance"), std::string::npos);
}

}  // namespace
}  // namespace dragoman::devices::block
