// Garbage for every virtio device: random registers, rings, descriptors and requests. Nothing may happen to this
// process; a device that stops is usable again after a reset. The sanitizer builds run it too.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "devices/chardev.h"
#include "devices/event_loop.h"
#include "devices/virtio/balloon.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/console.h"
#include "devices/virtio/gpu.h"
#include "devices/virtio/input.h"
#include "devices/virtio/net.h"
#include "devices/virtio/p9.h"
#include "devices/virtio/rng.h"
#include "devices/virtio/scsi.h"
#include "unit/devices/memory_image.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::virtio {
namespace {

class SinkNetdev final : public net::Netdev {
public:
    SinkNetdev() : Netdev("sink") {}
    std::string describe() const override { return "sink"; }
    bool takes_large_segments() const override { return true; }
    void send(std::span<const iovec> frame, u64) override {
        // As often as something comes, something goes back.
        static const u8 reply[1500] = {};
        if (!frame.empty()) deliver({reply, 60 + frame[0].iov_len % 1440});
    }
};

/// Takes a part of what is written, and has always something to read.
class OddChardev final : public Chardev {
public:
    void attach(Frontend frontend) override { frontend_ = std::move(frontend); }
    std::size_t write(std::span<const u8> bytes) override {
        return ++writes_ % 4 == 0 ? bytes.size() / 2 : bytes.size();
    }
    void set_on_writable(std::function<void()> callback) override { on_writable_ = std::move(callback); }
    void accept_input() override { wants_ = true; }
    std::string describe() const override { return "odd"; }
    void poke() {
        if (on_writable_) on_writable_();
        static const u8 input[64] = {};
        std::size_t room = frontend_.can_receive();
        if (room != 0) frontend_.receive({input, std::min<std::size_t>(room, sizeof input)});
    }

private:
    Frontend frontend_;
    std::function<void()> on_writable_;
    unsigned writes_ = 0;
    bool wants_ = false;
};

struct VirtioFuzz : ::testing::TestWithParam<Dialect> {
    VirtioFuzz() : driver(GetParam()), loop_thread([this] { loop.run(); }) {
        std::string name = (std::filesystem::temp_directory_path() / "dragoman-fuzz-XXXXXX").string();
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        directory = name;
    }
    ~VirtioFuzz() override {
        loop.quit();
        loop_thread.join();
        std::filesystem::remove_all(directory);
    }

    /// A number that is often small, sometimes at an edge, seldom anything.
    u64 number() {
        switch (random() % 6) {
            case 0: return random() % 4;
            case 1: return random() % 64;
            case 2: return random() % 4096;
            case 3: return u64{1} << (random() % 64);
            case 4: return (u64{1} << (random() % 64)) - 1;
            default: return u64{random()} << 32 | random();
        }
    }
    u64 address() {
        if (random() % 16 == 0) return number();
        return TestDriver::kRam + random() % 0x40000;
    }

    void program_queue(unsigned index) {
        auto& q = driver.queues[index];
        q.size = static_cast<u16>(random() % 32 == 0 ? number() : u64{1} << (random() % 7));
        // At places that never meet the buffers, most of the time.
        u64 base = TestDriver::kRam + 0x100000 + index * 0x10000;
        if (random() % 16 == 0) base = align_down(address(), 4096);
        q.descriptors = base;
        q.available = q.descriptors + 16 * q.size;
        q.used = align_up(q.available + 6 + 2 * q.size, 4096);
        if (random() % 32 == 0) q.used = address();
        driver.enable(index);
    }

    void fill_rings(unsigned index) {
        const auto& q = driver.queues[index];
        u16 size = std::max<u16>(1, static_cast<u16>(q.size % 256));
        u16 flags_now = static_cast<u16>(random() % 8 == 0 ? 7 : 3);
        for (unsigned i = 0; i < size; i++) {
            struct {
                u64 address;
                u32 length;
                u16 flags, next;
            } d;
            d.address = address();
            d.length = static_cast<u32>(random() % 16 == 0 ? number() : random() % 600 + 1);
            d.flags = static_cast<u16>(random() & flags_now);
            d.next = static_cast<u16>(random() % 16 == 0 ? number() : (i + 1) % size);
            driver.space.write(q.descriptors + 16 * i, &d, sizeof d);
        }
        for (unsigned i = 0; i < size; i++) {
            u16 head = static_cast<u16>(random() % 32 == 0 ? number() : random() % size);
            driver.space.write(q.available + 4 + 2 * i, &head, 2);
        }
        u16 index_now = 0;
        driver.space.read(q.available + 2, &index_now, 2);
        index_now = static_cast<u16>(random() % 32 == 0 ? number() : index_now + random() % 4);
        driver.space.write(q.available + 2, &index_now, 2);
    }

    /// Numbers that may pass for the requests of some device.
    void fill_buffers() {
        for (unsigned i = 0; i < 64; i++) {
            u64 at = TestDriver::kRam + random() % 0x40000;
            u32 words[8];
            for (u32& word : words) word = static_cast<u32>(number());
            if (random() % 2 == 0) words[0] = random() % 14;                                     // disk request
            if (random() % 2 == 0) words[1] = static_cast<u32>(random() % 128 | random() << 8);  // 9p type
            driver.space.write(at, words, sizeof words);
        }
    }

    void fuzz(
        unsigned queues, unsigned rounds, const std::function<void()>& poke = [] {}) {
        driver.queues.resize(queues);
        for (unsigned round = 0; round < rounds; round++) {
            driver.start(u64{random()} << 32 | random());
            for (unsigned i = 0; i < queues; i++) program_queue(i);
            driver.driver_ok();
            for (unsigned step = 0; step < 8; step++) {
                fill_buffers();
                for (unsigned i = 0; i < queues; i++) fill_rings(i);
                driver.notify(random() % (queues + 1));
                poke();
                u64 value;
                driver.space.store(0x10001000 + random() % 0x200 / 4 * 4, 4, random() % 8 == 0 ? number() : 0);
                driver.space.load(0x10001000 + random() % 0x200, 1u << random() % 4, value);
                driver.space.store(0x10001100 + random() % 64, 1u << random() % 3, number());
            }
        }
        driver.set(TestDriver::kStatus, 0);
        EXPECT_EQ(driver.get(TestDriver::kStatus), 0u);
        EXPECT_FALSE(driver.irq.level());
    }

    std::minstd_rand random{12345};
    std::filesystem::path directory;
    EventLoop loop;
    SinkNetdev netdev;
    TestDriver driver;  // its device lets go of the network when it ends
    std::thread loop_thread;
};

constexpr unsigned kRounds = 150;

TEST_P(VirtioFuzz, Blk) {
    std::string disk = (directory / "disk").string();
    std::ofstream(disk) << std::string(1 << 20, 'd');
    block::Drives drives;
    drives.add_drive(Properties("-drive", "id=a,format=raw,discard=unmap,cache=unsafe,file=" + disk), false);
    Properties properties("-device", "drive=a");
    driver.slot.plug(Blk::make(driver.space, drives, properties));
    fuzz(1, kRounds);
    EXPECT_EQ(std::filesystem::file_size(disk), 1u << 20);
}

TEST_P(VirtioFuzz, BlkOverlay) {
    std::string disk = (directory / "disk").string();
    std::ofstream(disk) << std::string(1 << 20, 'd');
    block::Drives drives;
    drives.add_drive(Properties("-drive", "id=a,format=raw,file=" + disk), true);
    Properties properties("-device", "drive=a");
    driver.slot.plug(Blk::make(driver.space, drives, properties));
    fuzz(1, kRounds);
}

TEST_P(VirtioFuzz, Net) {
    driver.slot.plug(std::make_unique<Net>(driver.space, loop, &netdev, NetOptions{}));
    fuzz(2, kRounds);
    loop.quit();
    loop_thread.join();
    loop_thread = std::thread([] {});
}

TEST_P(VirtioFuzz, Rng) {
    driver.slot.plug(std::make_unique<Rng>(driver.space));
    fuzz(1, kRounds);
}

TEST_P(VirtioFuzz, Console) {
    auto chardev = std::make_shared<OddChardev>();
    auto console = std::make_unique<Console>(driver.space);
    console->connect_port(chardev);
    driver.slot.plug(std::move(console));
    fuzz(2, kRounds, [&] { chardev->poke(); });
}

TEST_P(VirtioFuzz, ConsolePorts) {
    auto chardev = std::make_shared<OddChardev>();
    auto console = std::make_unique<Console>(driver.space, 3);
    console->connect_port(nullptr);
    console->connect_port(chardev, {false, "name", std::nullopt});
    driver.slot.plug(std::move(console));
    fuzz(8, kRounds, [&] { chardev->poke(); });
}

TEST_P(VirtioFuzz, Balloon) {
    driver.slot.plug(std::make_unique<Balloon>(driver.space, BalloonOptions{true, true}));
    fuzz(3, kRounds);
}

TEST_P(VirtioFuzz, Input) {
    auto tablet = std::make_unique<InputDevice>(driver.space, InputKind::Tablet, "serial");
    InputDevice& device = *tablet;
    driver.slot.plug(std::move(tablet));
    fuzz(2, kRounds, [&] {
        using Kind = input::Event::Kind;
        const input::Event events[] = {{Kind::Absolute, 0, static_cast<i32>(random() % 0x8000)},
                                       {Kind::Button, static_cast<u16>(random() % 9), 1}};
        device.receive(events);
    });
}

TEST_P(VirtioFuzz, Gpu) {
    auto gpu = std::make_unique<Gpu>(driver.space, GpuOptions{.outputs = 2});
    Gpu& device = *gpu;
    driver.slot.plug(std::move(gpu));
    fuzz(2, kRounds, [&] {
        display::Frame frame;
        device.screen(static_cast<u32>(random() % 2)).capture(frame);
        EXPECT_EQ(frame.pixels.size(), u64{frame.width} * frame.height);
    });
}

/// Well-formed rings with random commands in them.
TEST_P(VirtioFuzz, GpuCommands) {
    auto gpu = std::make_unique<Gpu>(driver.space, GpuOptions{.outputs = 2, .max_memory = 1 << 20});
    Gpu& device = *gpu;
    driver.slot.plug(std::move(gpu));
    driver.start(0);
    driver.setup(0, 16);
    driver.setup(1, 16);
    driver.driver_ok();
    for (unsigned i = 0; i < 20000; i++) {
        const bool cursor = random() % 8 == 0;
        u32 words[24];
        for (u32& word : words) word = static_cast<u32>(random() % 8 == 0 ? number() : random() % 64);
        words[0] = static_cast<u32>(cursor ? 0x300 + random() % 2 : 0x100 + random() % 12);
        words[1] = static_cast<u32>(random() % 2);
        if (words[0] == gpu::kResourceCreate2d) words[7] = static_cast<u32>(random() % 5);
        if (words[0] == gpu::kResourceAttachBacking) {
            words[7] = static_cast<u32>(random() % 5);
            for (unsigned entry = 8; entry + 4 <= 24; entry += 4) {
                words[entry] = static_cast<u32>(address());
                words[entry + 1] = 0;
            }
        }
        driver.put(TestDriver::kRam, words, sizeof words);
        driver.add(cursor ? 1 : 0, {{TestDriver::kRam, static_cast<u32>(random() % 96 + 1), false},
                                    {TestDriver::kRam + 0x4000, static_cast<u32>(random() % 2048 + 1), true}});
        driver.notify(cursor ? 1 : 0);
        if (random() % 16 != 0) continue;
        display::Frame frame;
        device.screen(static_cast<u32>(random() % 2)).capture(frame);
        device.screen(0).cursor();
    }
    EXPECT_FALSE(driver.needs_reset());
}

TEST_P(VirtioFuzz, Scsi) {
    auto scsi = std::make_unique<Scsi>(driver.space, ScsiOptions{});
    block::Drive drive;
    drive.image = std::make_shared<MemoryImage>(1 << 20);
    scsi->add(std::make_unique<scsi::Disk>(drive, scsi::DiskOptions{}), 0, 0);
    driver.slot.plug(std::move(scsi));
    fuzz(3, kRounds);
}

/// Well-formed requests with random commands in them.
TEST_P(VirtioFuzz, ScsiCommands) {
    auto scsi = std::make_unique<Scsi>(driver.space, ScsiOptions{});
    block::Drive drive;
    drive.image = std::make_shared<MemoryImage>(1 << 16);
    for (bool cdrom : {false, true})
        scsi->add(std::make_unique<scsi::Disk>(drive, scsi::DiskOptions{.cdrom = cdrom}), std::nullopt, 0);
    driver.slot.plug(std::move(scsi));
    driver.start(0);
    for (unsigned i = 0; i < 3; i++) driver.setup(i, 16);
    driver.driver_ok();
    const u8 operations[] = {0x00, 0x03, 0x08, 0x0a, 0x12, 0x15, 0x1a, 0x25, 0x28, 0x2a, 0x2f, 0x35, 0x41, 0x42,
                             0x43, 0x46, 0x4a, 0x51, 0x55, 0x5a, 0x88, 0x8a, 0x8f, 0x91, 0x93, 0x9e, 0xa0, 0xa8};
    for (unsigned i = 0; i < 6000; i++) {
        u8 request[51] = {1, static_cast<u8>(random() % 3), 0x40, static_cast<u8>(random() % 2)};
        for (unsigned at = 20; at < 51; at++) request[at] = static_cast<u8>(random() % 4 == 0 ? random() : 0);
        request[19] = operations[random() % sizeof operations];
        driver.put(TestDriver::kRam, request, sizeof request);
        const u16 before = driver.used_index(2);
        std::vector<TestBuffer> buffers = {{TestDriver::kRam, 51, false}};
        const u32 bytes = static_cast<u32>(random() % 8192 + 1);
        if (random() % 2 == 0) buffers.push_back({TestDriver::kRam + 0x10000, bytes, false});
        buffers.push_back({TestDriver::kRam + 0x4000, 108, true});
        if (random() % 2 == 0) buffers.push_back({TestDriver::kRam + 0x20000, bytes, true});
        driver.add(2, buffers);
        driver.notify(2);
        ASSERT_TRUE(driver.wait_used(2, static_cast<u16>(before + 1)));
    }
    EXPECT_FALSE(driver.needs_reset());
}

TEST_P(VirtioFuzz, P9) {
    std::filesystem::create_directories(directory / "shared/sub");
    std::ofstream(directory / "shared/file") << "contents";
    std::ofstream(directory / "secret") << "secret";
    driver.slot.plug(std::make_unique<P9>(driver.space, P9Export{.id = "f", .path = directory / "shared"}, "tag"));
    fuzz(1, kRounds);
    EXPECT_EQ(std::ifstream(directory / "secret").get(), 's');
}

/// Well-formed rings with random 9p messages in them.
TEST_P(VirtioFuzz, P9Messages) {
    std::filesystem::create_directories(directory / "shared/sub");
    std::ofstream(directory / "shared/file") << "contents";
    std::ofstream(directory / "secret") << "secret";
    driver.slot.plug(std::make_unique<P9>(driver.space, P9Export{.id = "f", .path = directory / "shared"}, "tag"));
    driver.start(0);
    driver.setup(0, 16);
    driver.driver_ok();
    const u8 types[] = {8, 12, 14, 16, 18, 22, 24, 26, 30, 32, 40, 50, 52, 54, 70, 72, 74, 76, 104, 110, 116, 118, 120};
    const char* names[] = {"file", "sub", "..", ".", "", "../secret", "a", "b", "/etc/passwd"};
    for (unsigned i = 0; i < 3000; i++) {
        std::vector<u8> message(kP9HeaderBytes);
        P9Writer out(message);
        u8 type = i % 500 == 0 ? 104 : types[random() % sizeof types];
        for (unsigned field = random() % 8; field-- != 0;) {
            if (random() % 3 == 0) out.text(names[random() % 9]);
            else if (random() % 3 == 0) out.number(static_cast<u16>(random() % 3));
            else out.number(static_cast<u32>(random() % 4 == 0 ? number() : random() % 6));
        }
        auto size = static_cast<u32>(message.size());
        std::memcpy(message.data(), &size, 4);
        message[4] = type;
        driver.put(TestDriver::kRam, message.data(), size);
        u16 before = driver.used_index(0);
        driver.add(0, {{TestDriver::kRam, size, false}, {TestDriver::kRam + 0x4000, 4096, true}});
        driver.notify(0);
        ASSERT_TRUE(driver.wait_used(0, static_cast<u16>(before + 1)));
        ASSERT_FALSE(driver.needs_reset());
    }
    EXPECT_EQ(std::ifstream(directory / "secret").get(), 's');
    EXPECT_FALSE(std::filesystem::exists(directory / "a"));
}

INSTANTIATE_TEST_SUITE_P(Transports, VirtioFuzz, ::testing::Values(Dialect::Modern, Dialect::Minimal, Dialect::Legacy),
                         dialect_name);

}  // namespace
}  // namespace dragoman::devices::virtio
