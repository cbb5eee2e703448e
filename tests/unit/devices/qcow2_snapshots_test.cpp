// Snapshots inside of qcow2 images: what they hold while the disk goes on, and what is left when they are gone; with
// qemu-img, where it is installed, as the judge of what is in the file.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
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
constexpr u64 kSize = (3 << 20) + 1536;

class Qcow2Snapshots : public ::testing::TestWithParam<unsigned> {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "dragoman-qcow2s-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory = name;
        std::ofstream(path(), std::ios::app);
        Qcow2::create_over(HostFile::open(path(), kWritable), kSize, nullptr, GetParam());
        open();
    }
    void TearDown() override {
        image.reset();
        std::filesystem::remove_all(directory);
    }
    std::string path() const { return (directory / "disk").string(); }
    void open() {
        image.reset();
        image = open_image(path(), kWritable, {.format = "qcow2"});
        store = image->snapshot_store();
        ASSERT_NE(store, nullptr);
    }
    void write(u64 offset, u64 bytes, u8 value) {
        std::vector<u8> data(bytes, value);
        ASSERT_EQ(image->write(offset, data.data(), bytes), 0);
    }
    u8 byte(u64 offset) {
        u8 value = 0;
        EXPECT_EQ(image->read(offset, &value, 1), 0);
        return value;
    }
    std::vector<u8> contents() {
        std::vector<u8> data(kSize);
        EXPECT_EQ(image->read(0, data.data(), data.size()), 0);
        return data;
    }
    std::string id_of(const std::string& name) {
        for (const Snapshot& snapshot : store->snapshots()) {
            if (snapshot.name == name) return snapshot.id;
        }
        return "";
    }
    /// After a flush. No cluster is lost, none is counted too often, and the flags say what the counts say.
    void check_file() {
        ASSERT_EQ(image->flush(), 0);
        if (::system("qemu-img --version >/dev/null 2>&1") != 0) return;
        const std::string command = "qemu-img check -U " + path() + " >" + directory.string() + "/check 2>&1";
        const int status = ::system(command.c_str());
        std::ifstream text(directory / "check");
        EXPECT_EQ(status, 0) << std::string(std::istreambuf_iterator<char>(text), {});
    }

    std::filesystem::path directory;
    std::shared_ptr<Image> image;
    SnapshotStore* store = nullptr;
};

std::vector<u8> machine(unsigned seed, std::size_t bytes) {
    std::mt19937 random(seed);
    std::vector<u8> data(bytes);
    for (u8& byte : data) byte = static_cast<u8>(random());
    return data;
}

TEST_P(Qcow2Snapshots, HoldTheDiskAndAMachine) {
    write(0, 200'000, 1);
    const std::vector<u8> state = machine(1, 700'001);
    ASSERT_EQ(store->write_vm_state(0, std::span(state).first(400'000)), 0);
    ASSERT_EQ(store->write_vm_state(400'000, std::span(state).subspan(400'000)), 0);
    ASSERT_EQ(store->create_snapshot({.name = "one", .vm_state_bytes = state.size(), .vm_clock = 77}), 0);
    check_file();
    write(100, 100'000, 2);
    write(1 << 20, 5000, 3);
    check_file();
    open();
    ASSERT_EQ(store->snapshots().size(), 1u);
    const Snapshot snapshot = store->snapshots()[0];
    EXPECT_EQ(snapshot.name, "one");
    EXPECT_EQ(snapshot.vm_state_bytes, state.size());
    EXPECT_EQ(snapshot.vm_clock, 77u);
    EXPECT_EQ(snapshot.instructions, Snapshot::kNotCounted);
    std::vector<u8> read(state.size());
    ASSERT_EQ(store->read_vm_state(snapshot.id, 0, read), 0);
    EXPECT_EQ(read, state);
    EXPECT_EQ(byte(50'000), 2);
    ASSERT_EQ(store->apply_snapshot(snapshot.id), 0);
    EXPECT_EQ(byte(50'000), 1);
    EXPECT_EQ(byte(1 << 20), 0);
    check_file();
    write(50'000, 1, 9);
    EXPECT_EQ(byte(50'001), 1);
    ASSERT_EQ(store->read_vm_state(snapshot.id, 300'000, std::span(read).first(100'000)), 0);
    EXPECT_TRUE(std::equal(read.begin(), read.begin() + 100'000, state.begin() + 300'000));
    ASSERT_EQ(store->delete_snapshot(snapshot.id), 0);
    check_file();
    EXPECT_EQ(byte(50'000), 9);
    EXPECT_TRUE(store->snapshots().empty());
    EXPECT_EQ(store->apply_snapshot(snapshot.id), ENOENT);
    EXPECT_EQ(store->delete_snapshot(snapshot.id), ENOENT);
    EXPECT_EQ(store->read_vm_state(snapshot.id, 0, read), ENOENT);
}

TEST_P(Qcow2Snapshots, MachinesThatAreGivenUpTakeNoPlace) {
    write(0, 200'000, 1);
    check_file();
    const std::vector<u8> state = machine(1, 300'000);
    ASSERT_EQ(store->write_vm_state(0, state), 0);
    ASSERT_EQ(store->drop_vm_state(), 0);
    check_file();
    EXPECT_EQ(byte(5), 1);
}

TEST_P(Qcow2Snapshots, ManyOfThemInAnyOrder) {
    std::mt19937 random(GetParam());
    std::vector<u8> disk(kSize);
    std::vector<std::pair<std::string, std::vector<u8>>> kept;
    for (unsigned step = 0; step < 120; step++) {
        const std::string name = "s" + std::to_string(step);
        switch (random() % 8) {
            case 0: {
                const std::vector<u8> state = machine(step, random() % 100'000);
                ASSERT_EQ(store->write_vm_state(0, state), 0);
                ASSERT_EQ(store->create_snapshot({.name = name, .vm_state_bytes = state.size()}), 0);
                kept.emplace_back(name, disk);
                break;
            }
            case 1:
                if (kept.empty()) break;
                {
                    auto gone = kept.begin() + static_cast<std::ptrdiff_t>(random() % kept.size());
                    ASSERT_EQ(store->delete_snapshot(id_of(gone->first)), 0);
                    kept.erase(gone);
                }
                break;
            case 2:
                if (kept.empty()) break;
                {
                    const auto& back = kept[random() % kept.size()];
                    ASSERT_EQ(store->apply_snapshot(id_of(back.first)), 0);
                    disk = back.second;
                }
                break;
            case 3:
                ASSERT_EQ(image->write_zeroes(65536, 300'000, random() % 2 != 0), 0);
                std::fill_n(disk.begin() + 65536, 300'000, 0);
                break;
            case 4:
                if (random() % 3 == 0) open();
                break;
            default: {
                const u64 offset = random() % (kSize - 20'000), bytes = random() % 20'000;
                const u8 value = static_cast<u8>(random());
                write(offset, bytes, value);
                std::fill_n(disk.begin() + static_cast<std::ptrdiff_t>(offset), bytes, value);
            }
        }
        if (step % 10 == 9) {
            ASSERT_EQ(contents(), disk) << step;
            check_file();
        }
    }
    for (const auto& [name, data] : kept) {
        ASSERT_EQ(store->apply_snapshot(id_of(name)), 0);
        ASSERT_EQ(contents(), data) << name;
    }
    check_file();
}

TEST_P(Qcow2Snapshots, AreThoseOfQemuImg) {
    if (::system("qemu-img --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no qemu-img";
    write(0, 100'000, 1);
    image.reset();
    ASSERT_EQ(::system(("qemu-img snapshot -c theirs " + path()).c_str()), 0);
    open();
    write(0, 100'000, 2);
    ASSERT_EQ(store->create_snapshot({.name = "ours"}), 0);
    write(0, 100'000, 3);
    ASSERT_EQ(store->apply_snapshot(id_of("theirs")), 0);
    EXPECT_EQ(byte(99'999), 1);
    image.reset();
    ASSERT_EQ(::system(("qemu-img snapshot -a ours " + path()).c_str()), 0);
    ASSERT_EQ(::system(("qemu-img snapshot -d theirs " + path()).c_str()), 0);
    open();
    EXPECT_EQ(byte(99'999), 2);
    ASSERT_EQ(store->snapshots().size(), 1u);
    check_file();
}

TEST_P(Qcow2Snapshots, DamagedTablesAreRefused) {
    ASSERT_EQ(store->create_snapshot({.name = "one"}), 0);
    image.reset();
    std::vector<u8> file(std::filesystem::file_size(path()));
    std::ifstream(path(), std::ios::binary)
        .read(reinterpret_cast<char*>(file.data()), static_cast<std::streamsize>(file.size()));
    const u64 table = qcow2::load_be<u64>(file.data() + qcow2::kSnapshotsOffset);
    ASSERT_LT(table, file.size());
    for (u64 at = 0; at < 64 + 3; at++) {
        for (u8 value : {u8{0xff}, u8{0}, u8{0x80}}) {
            std::vector<u8> bad = file;
            bad[table + at] = value;
            std::ofstream(path(), std::ios::binary)
                .write(reinterpret_cast<const char*>(bad.data()), static_cast<std::streamsize>(bad.size()));
            try {
                open();
            } catch (const FatalError&) {
                continue;
            }
            for (const Snapshot& snapshot : store->snapshots()) {
                std::vector<u8> read(5000);
                (void)store->read_vm_state(snapshot.id, 0, read);
                (void)store->apply_snapshot(snapshot.id);
                (void)store->delete_snapshot(snapshot.id);
            }
            write(0, 1000, 7);
            EXPECT_EQ(byte(999), 7);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(ClusterBits, Qcow2Snapshots, ::testing::Values(9u, 12u, 16u));

}  // namespace
}  // namespace dragoman::devices::block
