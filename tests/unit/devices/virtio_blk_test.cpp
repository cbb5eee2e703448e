// virtio-blk on a raw file: requests, configuration, errors.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "devices/virtio/blk.h"
#include "unit/devices/memory_image.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::virtio {
namespace {

constexpr u64 kHeader = TestDriver::kRam, kStatusByte = TestDriver::kRam + 64, kData = TestDriver::kRam + 4096;

struct VirtioBlk : ::testing::Test {
    void SetUp() override {
        directory = std::filesystem::temp_directory_path() / ("dragoman-blk-XXXXXX");
        std::string name = directory.string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory = name;
        disk = (directory / "disk.img").string();
        std::ofstream out(disk, std::ios::binary);
        for (unsigned sector = 0; sector < 2048; sector++)
            out << std::string(512, static_cast<char>('a' + sector % 26));
    }
    void TearDown() override { std::filesystem::remove_all(directory); }

    void plug(const std::string& drive, const std::string& device) {
        drives.add_drive(Properties("-drive", "id=hd0,format=raw,file=" + disk + drive), false);
        Properties properties("-device", "virtio-blk-device,drive=hd0" + device, "driver");
        properties.take("driver");
        driver.slot.plug(Blk::make(driver.space, drives, properties));
    }
    u64 start() {
        u64 features = driver.start(~u64{0});
        driver.setup(0, 64);
        driver.driver_ok();
        return features;
    }
    u8 request(u32 type, u64 sector, const std::vector<TestBuffer>& data) {
        driver.put(kHeader, type);
        driver.put(kHeader + 4, u32{0});
        driver.put(kHeader + 8, sector);
        driver.put(kStatusByte, u8{0xff});
        std::vector<TestBuffer> chain{{kHeader, 16, false}};
        chain.insert(chain.end(), data.begin(), data.end());
        chain.push_back({kStatusByte, 1, true});
        u16 before = driver.used_index(0);
        driver.add(0, chain);
        driver.notify(0);
        EXPECT_TRUE(driver.wait_used(0, static_cast<u16>(before + 1)));
        return driver.get_at<u8>(kStatusByte);
    }
    std::string file(u64 offset, u64 bytes) {
        std::ifstream in(disk, std::ios::binary);
        in.seekg(static_cast<std::streamoff>(offset));
        std::string s(bytes, 0);
        in.read(s.data(), static_cast<std::streamsize>(bytes));
        return s;
    }

    std::filesystem::path directory;
    std::string disk;
    block::Drives drives;
    TestDriver driver;
};

TEST_F(VirtioBlk, Configuration) {
    plug("", ",serial=abc");
    start();
    EXPECT_EQ(driver.get(8), 2u);
    EXPECT_EQ(driver.config(0, 8), 2048u);
    EXPECT_EQ(driver.config(12, 4), 254u);
    EXPECT_EQ(driver.config(20, 4), 512u);
    EXPECT_EQ(driver.config(32, 1), 1u);
    EXPECT_EQ(driver.offered() & (u64{1} << 5), 0u);
    EXPECT_EQ(request(8, 0, {{kData, 20, true}}), 0);
    EXPECT_EQ(driver.text(kData, 4), std::string("abc\0", 4));
}

TEST_F(VirtioBlk, ReadsAndWrites) {
    plug("", "");
    start();
    EXPECT_EQ(request(0, 3, {{kData, 512, true}, {kData + 8192, 1024, true}}), 0);
    EXPECT_EQ(driver.used_length(0, 0), 1537u);
    EXPECT_EQ(driver.text(kData, 1), "d");
    EXPECT_EQ(driver.text(kData + 8192 + 511, 2), "ef");
    driver.put(kData, std::string(1024, 'Z').data(), 1024);
    EXPECT_EQ(request(1, 100, {{kData, 300, false}, {kData + 300, 724, false}}), 0);
    EXPECT_EQ(request(4, 0, {}), 0);
    EXPECT_EQ(file(100 * 512, 1024), std::string(1024, 'Z'));
    EXPECT_EQ(file(102 * 512, 1), std::string(1, static_cast<char>('a' + 102 % 26)));
    EXPECT_TRUE(driver.irq.wait());
}

TEST_F(VirtioBlk, RefusesWhatIsPastTheEnd) {
    plug("", "");
    start();
    EXPECT_EQ(request(0, 2047, {{kData, 1024, true}}), 1);
    EXPECT_EQ(request(1, ~u64{0}, {{kData, 512, false}}), 1);
    EXPECT_EQ(request(0, 0, {{kData, 100, true}}), 1);
    EXPECT_EQ(request(99, 0, {}), 2);
    EXPECT_EQ(request(0, 2047, {{kData, 512, true}}), 0);
    EXPECT_EQ(std::filesystem::file_size(disk), 2048u * 512);
}

TEST_F(VirtioBlk, ReadOnly) {
    plug(",readonly=on", "");
    EXPECT_NE(start() & (u64{1} << 5), 0u);
    EXPECT_EQ(request(1, 0, {{kData, 512, false}}), 1);
    EXPECT_EQ(request(0, 0, {{kData, 512, true}}), 0);
}

TEST_F(VirtioBlk, DiscardsAndZeroes) {
    plug(",discard=unmap", "");
    EXPECT_EQ(start() >> 13 & 3, 3u);
    struct {
        u64 sector;
        u32 sectors, flags;
    } ranges[2] = {{8, 8, 0}, {32, 8, 1}};
    driver.put(kData, ranges, sizeof ranges);
    EXPECT_EQ(request(13, 0, {{kData, sizeof ranges, false}}), 0);
    EXPECT_EQ(file(8 * 512, 4096), std::string(4096, 0));
    EXPECT_EQ(file(32 * 512, 4096), std::string(4096, 0));
    EXPECT_EQ(file(16 * 512, 1), "q");
    EXPECT_EQ(request(11, 0, {{kData, 16, false}}), 0);
    ranges[0] = {8, 8, 1};
    driver.put(kData, ranges, sizeof ranges);
    EXPECT_EQ(request(11, 0, {{kData, 16, false}}), 2);  // no flags with discard
    ranges[0] = {2047, 8, 0};
    driver.put(kData, ranges, sizeof ranges);
    EXPECT_EQ(request(11, 0, {{kData, 16, false}}), 1);
    EXPECT_EQ(std::filesystem::file_size(disk), 2048u * 512);
}

TEST_F(VirtioBlk, SnapshotLeavesTheFileAlone) {
    plug(",snapshot=on", "");
    start();
    driver.put(kData, std::string(512, 'Z').data(), 512);
    EXPECT_EQ(request(1, 5, {{kData, 512, false}}), 0);
    EXPECT_EQ(request(0, 4, {{kData, 1536, true}}), 0);
    EXPECT_EQ(driver.text(kData + 511, 2), "eZ");
    EXPECT_EQ(driver.text(kData + 1023, 2), "Zg");
    EXPECT_EQ(file(5 * 512, 1), "f");
}

TEST_F(VirtioBlk, FullHostDiskIsAnIoError) {
    plug(",snapshot=on", "");
    start();
    // The layer's file may not grow: what a full disk looks like from here.
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{}, small{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    small = {300 << 10, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    driver.put(kData, std::string(512, 'Z').data(), 512);
    EXPECT_EQ(request(1, 0, {{kData, 512, false}}), 1);
    EXPECT_EQ(request(0, 0, {{kData, 512, true}}), 0);
    EXPECT_EQ(driver.text(kData, 1), "a");
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    driver.put(kData, std::string(512, 'Z').data(), 512);
    EXPECT_EQ(request(1, 0, {{kData, 512, false}}), 0);
    EXPECT_EQ(request(0, 0, {{kData, 512, true}}), 0);
    EXPECT_EQ(driver.text(kData, 1), "Z");
}

TEST_F(VirtioBlk, ManyRequestsAtOnce) {
    plug("", "");
    start();
    for (u32 i = 0; i < 20; i++) {
        u64 header = kHeader + 1024 + 64 * i;
        driver.put(header, u32{0});
        driver.put(header + 8, u64{i});
        driver.add(0, {{header, 16, false}, {kData + 512 * i, 512, true}, {header + 32, 1, true}});
    }
    driver.notify(0);
    ASSERT_TRUE(driver.wait_used(0, 20));
    for (u32 i = 0; i < 20; i++) EXPECT_EQ(driver.text(kData + 512 * i, 1), std::string(1, static_cast<char>('a' + i)));
}

TEST_F(VirtioBlk, RequestWithoutStatusStopsTheDevice) {
    plug("", "");
    start();
    driver.add(0, {{kHeader, 16, false}});
    driver.notify(0);
    EXPECT_TRUE(driver.wait_used(0, 1));
    for (unsigned i = 0; i < 10000 && !driver.needs_reset(); i++) ::usleep(1000);
    EXPECT_TRUE(driver.needs_reset());
    start();
    EXPECT_EQ(request(0, 0, {{kData, 512, true}}), 0);
}

TEST_F(VirtioBlk, ResetWaitsForRequests) {
    plug("", "");
    for (unsigned round = 0; round < 20; round++) {
        start();
        for (u32 i = 0; i < 10; i++) {
            driver.put(kHeader, u32{0});
            driver.put(kHeader + 8, u64{0});
            driver.add(0, {{kHeader, 16, false}, {kData, 4096, true}, {kStatusByte, 1, true}});
        }
        driver.notify(0);
        driver.set(0x70, 0);
        driver.put(kData, u32{0x12345678});  // ours again
        EXPECT_EQ(driver.get_at<u32>(kData), 0x12345678u);
    }
}

TEST_F(VirtioBlk, DeviceSaysMoreThanItsDrive) {
    plug(",cache=writeback", ",write-cache=off,min_io_size=4096,opt_io_size=65536");
    start();
    EXPECT_EQ(driver.config(32, 1), 0u);
    EXPECT_EQ(driver.config(26, 2), 8u);
    EXPECT_EQ(driver.config(28, 4), 128u);
}

TEST_F(VirtioBlk, WriteCacheIsTheDriversChoice) {
    plug(",cache=writethrough", "");
    start();
    EXPECT_EQ(driver.config(32, 1), 0u);
    driver.space.store(0x10001100 + 32, 1, 1);
    EXPECT_EQ(driver.config(32, 1), 1u);
    driver.slot.reset();
    EXPECT_EQ(driver.config(32, 1), 0u);
}

/// A disk in memory, whose reads need or need not wait.
struct VirtioBlkAtOnce : ::testing::TestWithParam<bool> {
    VirtioBlkAtOnce() {
        plug(driver);
        start(GetParam() ? kFeatureEventIndex : 0);
        image->at_once = true;
        image->bytes[512] = 'x';
    }
    void plug(TestDriver& to) {
        block::Drive drive;
        drive.id = "hd0";
        drive.image = image;
        to.slot.plug(std::make_unique<Blk>(to.space, drive, BlkOptions{}));
    }
    void start(u64 features) {
        driver.start(features);
        driver.setup(0, 64);
        driver.driver_ok();
    }
    void add(u32 type, u64 sector, u32 bytes) {
        driver.put(kHeader, u64{type});
        driver.put(kHeader + 8, sector);
        driver.put(kStatusByte, u8{0xff});
        driver.add(0, {{kHeader, 16, false}, {kData, bytes, type == 0}, {kStatusByte, 1, true}});
    }
    TestDriver driver;
    std::shared_ptr<MemoryImage> image = std::make_shared<MemoryImage>(u64{1} << 20);
};

TEST_P(VirtioBlkAtOnce, SmallReadsOfWhatIsInMemory) {
    // The disk's thread may still be looking at the queue, as it did when the driver came up.
    u16 count = 0;
    for (; image->reads_at_once == 0 && count < 60000; count++) {
        add(0, 1, 512);
        driver.notify(0);
        ASSERT_TRUE(driver.wait_used(0, static_cast<u16>(count + 1)));
        if (image->reads_at_once == 0) ::usleep(1000);
    }
    unsigned reads = image->reads;
    EXPECT_EQ(reads + 1, count);
    // From then on nobody does, and the answer is there when the notification returns.
    for (unsigned i = 1; i <= 200; i++) {
        driver.put(kData, u8{0});
        add(0, 1, 512);
        driver.notify(0);
        EXPECT_EQ(driver.used_index(0), count + i);
        EXPECT_EQ(driver.get_at<u8>(kStatusByte), 0);
        EXPECT_EQ(driver.get_at<u8>(kData), 'x');
        EXPECT_EQ(driver.used_length(0, static_cast<u16>(count + i - 1)), 513u);
    }
    EXPECT_EQ(image->reads, reads);
    EXPECT_EQ(image->reads_at_once, 201u);
}

TEST_P(VirtioBlkAtOnce, GoesOnWhereItWasSaved) {
    start(GetParam() ? ~u64{0} : ~u64{kFeatureEventIndex});
    TestDriver other;
    plug(other);
    const u64 writeback = driver.config(32, 1) ^ 1;
    driver.space.store(0x10001100 + 32, 1, writeback);
    add(0, 1, 512);
    driver.notify(0);
    ASSERT_TRUE(driver.wait_used(0, 1));
    driver.move_to(other);
    EXPECT_EQ(other.config(32, 1), writeback);
    other.put(kData, u8{0});
    other.put(kHeader + 8, u64{1});
    other.add(0, {{kHeader, 16, false}, {kData, 512, true}, {kStatusByte, 1, true}});
    other.notify(0);
    ASSERT_TRUE(other.wait_used(0, 2));
    EXPECT_EQ(other.get_at<u8>(kData), 'x');
    EXPECT_EQ(driver.used_index(0), 1);
}

TEST_P(VirtioBlkAtOnce, TheRestIsDoneByTheDisksThread) {
    image->at_once = false;
    add(0, 1, 512);  // it is not in memory
    driver.notify(0);
    ASSERT_TRUE(driver.wait_used(0, 1));
    image->at_once = true;
    add(0, 0, 32768);  // too much
    driver.notify(0);
    ASSERT_TRUE(driver.wait_used(0, 2));
    add(1, 1, 512);
    driver.notify(0);
    ASSERT_TRUE(driver.wait_used(0, 3));
    EXPECT_EQ(image->writes, 1u);
    add(0, 2048, 512);  // past the end
    driver.notify(0);
    ASSERT_TRUE(driver.wait_used(0, 4));
    EXPECT_EQ(driver.get_at<u8>(kStatusByte), 1);
    for (unsigned i = 0; i < 4; i++) add(0, 1, 512);  // several at a time
    driver.notify(0);
    ASSERT_TRUE(driver.wait_used(0, 8));
    EXPECT_EQ(image->reads_at_once, 0u);
    EXPECT_EQ(image->reads, 6u);
    EXPECT_FALSE(driver.needs_reset());
}

INSTANTIATE_TEST_SUITE_P(EventIndex, VirtioBlkAtOnce, ::testing::Bool());

}  // namespace
}  // namespace dragoman::devices::virtio
