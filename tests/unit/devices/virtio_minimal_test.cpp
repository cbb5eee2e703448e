// Every virtio device with the drivers of teaching kernels: on version 2 without VERSION_1, and on version 1. They take
// few features or none, and have the data formats of legacy devices.
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "devices/chardev.h"
#include "devices/event_loop.h"
#include "devices/iov.h"
#include "devices/net/netdev.h"
#include "devices/virtio/balloon.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/console.h"
#include "devices/virtio/net.h"
#include "devices/virtio/p9.h"
#include "devices/virtio/rng.h"
#include "unit/devices/memory_image.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::virtio {
namespace {

constexpr u64 kData = TestDriver::kRam, kHeader = kData + 0x1000, kStatusByte = kData + 0x1100;
constexpr u64 kLowHalf = 0xffffffff;

struct VirtioMinimal : ::testing::TestWithParam<Dialect> {
    void start(u64 features, unsigned queues) {
        driver.start(features);
        for (unsigned i = 0; i < queues; i++) driver.setup(i, 8);
        driver.driver_ok();
    }
    TestDriver driver{GetParam()};
};

struct VirtioMinimalBlk : VirtioMinimal {
    VirtioMinimalBlk() {
        block::Drive drive;
        drive.id = "hd0";
        drive.image = image;
        driver.slot.plug(std::make_unique<Blk>(driver.space, drive, BlkOptions{}));
    }
    /// One request with a descriptor each for header, data and status.
    u8 request(u32 type, u64 sector, u32 bytes) {
        driver.put(kHeader, u64{type});
        driver.put(kHeader + 8, sector);
        driver.put(kStatusByte, u8{0xff});
        u16 before = driver.used_index(0);
        driver.add(0, {{kHeader, 16, false}, {kData, bytes, type == 0}, {kStatusByte, 1, true}});
        driver.notify(0);
        EXPECT_TRUE(driver.wait_used(0, static_cast<u16>(before + 1)));
        EXPECT_TRUE(driver.irq.wait());
        driver.set(TestDriver::kAcknowledge, driver.get(TestDriver::kInterruptStatus) & 3);
        return driver.get_at<u8>(kStatusByte);
    }
    std::shared_ptr<MemoryImage> image = std::make_shared<MemoryImage>(u64{1} << 20);
};

TEST_P(VirtioMinimalBlk, WritesAndReads) {
    // All but what it knows and does not want: read-only, SCSI, flush, write cache, several queues, ring features.
    start(kLowHalf & ~u64{1 << 5 | 1 << 7 | 1 << 9 | 1 << 11 | 1 << 12 | 1 << 27 | 1 << 28 | 1 << 29}, 1);
    EXPECT_EQ(driver.config(0, 4), 2048u);
    driver.put(kData, "block", 5);
    EXPECT_EQ(request(1, 6, 1024), 0);
    EXPECT_EQ(image->flushes, 1u);  // a driver that cannot flush has it on the disk
    driver.put(kData, "     ", 5);
    EXPECT_EQ(request(0, 6, 1024), 0);
    EXPECT_EQ(driver.text(kData, 5), "block");
    for (unsigned i = 0; i < 20; i++) EXPECT_EQ(request(0, i, 512), 0);
    EXPECT_EQ(request(0, 2048, 512), 1);
    EXPECT_EQ(request(2, 0, 512), 2);  // a SCSI command
}

TEST_P(VirtioMinimalBlk, WriteCacheWithFlush) {
    start(feature(9), 1);
    EXPECT_EQ(request(1, 0, 512), 0);
    EXPECT_EQ(image->flushes, 0u);
    EXPECT_EQ(request(4, 0, 512), 0);
    EXPECT_EQ(image->flushes, 1u);
}

TEST_P(VirtioMinimalBlk, NoFeatures) {
    start(0, 1);
    EXPECT_EQ(request(1, 0, 512), 0);
    EXPECT_EQ(request(0, 0, 512), 0);
    EXPECT_FALSE(driver.needs_reset());
}

class LoopNetdev final : public net::Netdev {
public:
    LoopNetdev() : Netdev("loop") {}
    std::string describe() const override { return "loop"; }
    bool takes_large_segments() const override { return false; }
    void send(std::span<const iovec> frame, u64 bytes) override {
        std::string text(bytes, 0);
        copy_from_iov(frame, 0, text.data(), bytes);
        deliver({reinterpret_cast<const u8*>(text.data()), text.size()});
    }
};

struct VirtioMinimalNet : VirtioMinimal {
    VirtioMinimalNet() {
        driver.slot.plug(std::make_unique<Net>(driver.space, loop, &netdev, NetOptions{}));
        thread = std::thread([this] { loop.run(); });
    }
    ~VirtioMinimalNet() override {
        loop.quit();
        thread.join();
    }
    EventLoop loop;
    LoopNetdev netdev;
    std::thread thread;
};

TEST_P(VirtioMinimalNet, HeadersHaveTenBytes) {
    start(feature(5), 2);
    driver.add(0, {{kData, 10, true}, {kData + 64, 1514, true}});
    driver.put(kHeader, std::string(10, 0).data(), 10);
    driver.put(kHeader + 10, "a frame", 7);
    driver.add(1, {{kHeader, 17, false}});
    driver.notify(1);
    ASSERT_TRUE(driver.wait_used(0, 1));
    EXPECT_EQ(driver.used_length(0, 0), 17u);
    EXPECT_EQ(driver.text(kData + 64, 7), "a frame");
}

TEST_P(VirtioMinimalNet, HeadersWithMergedBuffersHaveTwelve) {
    start(feature(5) | feature(15), 2);
    driver.add(0, {{kData, 1526, true}});
    driver.put(kHeader, std::string(12, 0).data(), 12);
    driver.put(kHeader + 12, "a frame", 7);
    driver.add(1, {{kHeader, 12, false}, {kHeader + 12, 7, false}});
    driver.notify(1);
    ASSERT_TRUE(driver.wait_used(0, 1));
    EXPECT_EQ(driver.used_length(0, 0), 19u);
    EXPECT_EQ(driver.get_at<u16>(kData + 10), 1u);
    EXPECT_EQ(driver.text(kData + 12, 7), "a frame");
}

TEST_P(VirtioMinimalNet, AddressIsWritten) {
    start(0, 2);
    EXPECT_EQ(driver.config(0, 4), 0x12005452u);
    driver.space.store(0x10001100, 4, 0x04030202);
    EXPECT_EQ(driver.config(0, 4), 0x04030202u);
    EXPECT_EQ(driver.config(4, 2), 0x5634u);
    start(0, 2);
    EXPECT_EQ(driver.config(0, 4), 0x12005452u);
}

TEST(VirtioModernNet, AddressIsReadOnly) {
    EventLoop loop;
    TestDriver driver;
    driver.slot.plug(std::make_unique<Net>(driver.space, loop, nullptr, NetOptions{}));
    driver.start(0);
    driver.space.store(0x10001100, 4, 0x04030202);
    EXPECT_EQ(driver.config(0, 4), 0x12005452u);
}

TEST_P(VirtioMinimal, Rng) {
    driver.slot.plug(std::make_unique<Rng>(driver.space));
    start(0, 1);
    driver.add(0, {{kData, 64, true}});
    driver.notify(0);
    EXPECT_EQ(driver.used_length(0, 0), 64u);
    EXPECT_NE(driver.text(kData, 64), std::string(64, 0));
    EXPECT_TRUE(driver.irq.level());
}

class TextChardev final : public Chardev {
public:
    void attach(Frontend frontend) override { this->frontend = std::move(frontend); }
    std::size_t write(std::span<const u8> bytes) override {
        written.append(bytes.begin(), bytes.end());
        return bytes.size();
    }
    void set_on_writable(std::function<void()>) override {}
    void accept_input() override {}
    std::string describe() const override { return "text"; }

    Frontend frontend;
    std::string written;
};

TEST_P(VirtioMinimal, Console) {
    auto chardev = std::make_shared<TextChardev>();
    auto console = std::make_unique<Console>(driver.space);
    console->connect_port(chardev);
    driver.slot.plug(std::move(console));
    driver.space.store(0x10001108, 1, 'e');  // emergency write, before anything else
    start(0, 2);
    driver.put(kData, "hello", 5);
    driver.add(1, {{kData, 5, false}});
    driver.notify(1);
    EXPECT_EQ(chardev->written, "ehello");
    driver.add(0, {{kData + 64, 1, true}});
    driver.notify(0);
    ASSERT_EQ(chardev->frontend.can_receive(), 1u);
    const u8 key = 'k';
    chardev->frontend.receive({&key, 1});
    EXPECT_EQ(driver.text(kData + 64, 1), "k");
    EXPECT_EQ(driver.used_length(0, 0), 1u);
}

TEST_P(VirtioMinimal, Balloon) {
    auto made = std::make_unique<Balloon>(driver.space, BalloonOptions{});
    Balloon& balloon = *made;
    driver.slot.plug(std::move(made));
    start(0, 2);
    balloon.set_target(4096);
    EXPECT_TRUE(driver.irq.level());
    EXPECT_EQ(driver.get(TestDriver::kInterruptStatus), 2u);
    EXPECT_EQ(driver.config(0, 4), 1u);
    driver.put(kData + 0x3000, u64{1});
    driver.put(kData, static_cast<u32>((kData + 0x3000) / 4096));
    driver.add(0, {{kData, 4, false}});
    driver.notify(0);
    EXPECT_EQ(driver.get_at<u64>(kData + 0x3000), 0u);
    driver.space.store(0x10001104, 4, 1);
    EXPECT_EQ(balloon.given_up(), 4096u);
}

TEST_P(VirtioMinimal, SharedFolder) {
    std::string folder = (std::filesystem::temp_directory_path() / "dragoman-minimal-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    P9Export options;
    options.path = folder;
    driver.slot.plug(std::make_unique<P9>(driver.space, options, "host"));
    start(0, 1);
    EXPECT_EQ(driver.config(0, 2), 4u);
    EXPECT_EQ(driver.config(2, 4), 0x74736f68u);
    const char version[] =
        "\x15\0\0\0\x64\xff\xff\0\0\1\0\x8\0"
        "9P2000.L";
    driver.put(kData, version, 21);
    driver.add(0, {{kData, 21, false}, {kData + 256, 256, true}});
    driver.notify(0);
    ASSERT_TRUE(driver.wait_used(0, 1));
    EXPECT_EQ(driver.text(kData + 256, 21).substr(4), std::string(version, 21).replace(4, 1, "\x65").substr(4));
    driver.slot.reset();
    std::filesystem::remove_all(folder);
}

const auto kDialects = ::testing::Values(Dialect::Minimal, Dialect::Legacy);
INSTANTIATE_TEST_SUITE_P(Dialects, VirtioMinimal, kDialects, dialect_name);
INSTANTIATE_TEST_SUITE_P(Dialects, VirtioMinimalBlk, kDialects, dialect_name);
INSTANTIATE_TEST_SUITE_P(Dialects, VirtioMinimalNet, kDialects, dialect_name);

}  // namespace
}  // namespace dragoman::devices::virtio
