// e1000 as minimal drivers and kernels use it: EEPROM, PHY, both rings, checksums, segmentation, filters, statistics.
#include <condition_variable>
#include <random>
#include <thread>

#include "devices/net/checksum.h"
#include "devices/pci/e1000.h"
#include "devices/state.h"
#include "unit/devices/pci_board.h"

namespace dragoman::devices::pci {
namespace {

/// Remembers what is sent.
class Wire final : public net::Netdev {
public:
    Wire() : Netdev("wire") {}
    std::string describe() const override { return "wire"; }
    void send(std::span<const iovec> pieces, u64) override {
        std::vector<u8> frame;
        for (const iovec& piece : pieces) {
            auto* from = static_cast<const u8*>(piece.iov_base);
            frame.insert(frame.end(), from, from + piece.iov_len);
        }
        std::lock_guard held(lock_);
        frames_.push_back(std::move(frame));
        sent_.notify_all();
    }
    using Netdev::deliver;
    std::vector<std::vector<u8>> wait(std::size_t count) {
        std::unique_lock held(lock_);
        sent_.wait_for(held, std::chrono::seconds(60), [&] { return frames_.size() >= count; });
        EXPECT_EQ(frames_.size(), count);
        return std::exchange(frames_, {});
    }

private:
    std::mutex lock_;
    std::condition_variable sent_;
    std::vector<std::vector<u8>> frames_;
};

struct E1000Test : ::testing::Test {
    static constexpr u64 kBase = PciBoard::kMemory + 0x20000;
    static constexpr u64 kTx = PciBoard::kRam + 0x1000, kRx = PciBoard::kRam + 0x2000,
                         kTxData = PciBoard::kRam + 0x10000, kRxData = PciBoard::kRam + 0x40000;
    static constexpr unsigned kEntries = 16;

    IrqRecorder irqs;
    PciBoard board{irqs};
    EventLoop loop;
    Wire wire;
    E1000 card{loop, &wire, {0x52, 0x54, 0, 0x12, 0x34, 0x56}};
    std::thread thread{[this] { loop.run(); }};

    E1000Test() {
        board.plug(card, 2);
        start();
    }
    ~E1000Test() override {
        loop.quit();
        thread.join();
    }
    void start() {
        board.set_config(2, kBar0, static_cast<u32>(kBase));
        board.set_config(2, kBar0 + 4, 0x40);
        board.enable(2);
    }
    u32 get(u64 offset) { return static_cast<u32>(board.load(kBase + offset)); }
    void set(u64 offset, u32 value) { board.store(kBase + offset, value); }
    /// Runs on the loop's thread, and waits.
    void on_loop(const std::function<void()>& function) {
        std::mutex lock;
        std::condition_variable condition;
        bool done = false;
        loop.post([&] {
            function();
            std::lock_guard held(lock);
            done = true;
            condition.notify_all();
        });
        std::unique_lock held(lock);
        condition.wait(held, [&] { return done; });
    }
    void deliver(const std::vector<u8>& frame) {
        on_loop([&] { wire.deliver(frame); });
    }
    /// As xv6's lab does it.
    void set_up_rings(u32 receive_control = 0x8002 | 1u << 26) {
        set(0x5400, 0x12005452);
        set(0x5404, 0x5634 | 1u << 31);
        set(0x3800, static_cast<u32>(kTx));
        set(0x3808, kEntries * 16);
        set(0x3810, 0);
        set(0x3818, 0);
        set(0x2800, static_cast<u32>(kRx));
        set(0x2808, kEntries * 16);
        set(0x2810, 0);
        set(0x2818, kEntries - 1);
        for (unsigned i = 0; i < kEntries; i++) {
            board.store(kTx + 16 * i + 8, u64{1} << 32, 8);
            board.store(kRx + 16 * i, kRxData + 2048 * i, 8);
            board.store(kRx + 16 * i + 8, 0, 8);
        }
        set(0x400, 2 | 8 | 0x10 << 4 | 0x40 << 12);
        set(0x100, receive_control);
        set(0xd0, 0x80);
    }
    unsigned tail = 0;
    void send(const std::vector<u8>& data, u64 fields, u64 at = kTxData) {
        EXPECT_TRUE(board.space.write(at, data.data(), data.size()));
        board.store(kTx + 16 * tail, at, 8);
        board.store(kTx + 16 * tail + 8, fields | data.size(), 8);
        tail = (tail + 1) % kEntries;
    }
    void ring() { set(0x3818, tail); }
    static std::vector<u8> frame_to(std::vector<u8> address, std::size_t size) {
        std::vector<u8> frame(size);
        std::copy(address.begin(), address.end(), frame.begin());
        for (std::size_t i = 12; i < size; i++) frame[i] = static_cast<u8>(i);
        return frame;
    }
    const std::vector<u8> mine{0x52, 0x54, 0, 0x12, 0x34, 0x56};
};

TEST_F(E1000Test, Identity) {
    EXPECT_EQ(board.config(2, 0), 0x100e8086u);
    EXPECT_EQ(board.config(2, 8), 0x02000003u);
    EXPECT_EQ(board.bar_size(2, 0), 128u << 10);
    EXPECT_EQ(board.bar_size(2, 1) & 0xff, 0x40u);
    EXPECT_EQ(get(8) & 2, 2u) << "the link is up";
    board.store(PciBoard::kIo + 0x40, 8);
    EXPECT_EQ(board.load(PciBoard::kIo + 0x44), get(8));
}

TEST_F(E1000Test, Eeprom) {
    u16 sum = 0;
    for (u32 i = 0; i < 64; i++) {
        set(0x14, i << 8 | 1);
        u32 value = get(0x14);
        EXPECT_NE(value & 0x10, 0u);
        sum = static_cast<u16>(sum + (value >> 16));
    }
    EXPECT_EQ(sum, 0xbaba);
    set(0x14, 1);
    EXPECT_EQ(get(0x14) >> 16, 0x5452u);
    // By its pins: start bit and opcode "read", address 1, then two words.
    set(0x10, 0x40);
    EXPECT_EQ(get(0x10) & 0x80, 0x80u);
    set(0x10, 0x42);
    for (int i = 8; i >= 0; i--) {
        u32 bit = (0b110000001u >> i & 1) << 2;
        set(0x10, 0x42 | bit);
        set(0x10, 0x43 | bit);
        set(0x10, 0x42 | bit);
    }
    u32 words = 0;
    for (int i = 0; i < 32; i++) {
        set(0x10, 0x43);
        words = words << 1 | (get(0x10) >> 3 & 1);
        set(0x10, 0x42);
    }
    EXPECT_EQ(words, 0x12005634u);
}

TEST_F(E1000Test, Phy) {
    auto read = [&](u32 index) {
        set(0x20, 2u << 26 | 1u << 21 | index << 16);
        EXPECT_EQ(get(0x20) >> 28 & 1, 1u);
        return get(0x20) & 0xffff;
    };
    EXPECT_EQ(read(2), 0x0141u);
    EXPECT_EQ(read(1) & 0x24, 0x24u) << "link and auto-negotiation";
    set(0xd0, 4);
    set(0x20, 1u << 26 | 1u << 21 | 0x1340);
    EXPECT_TRUE(irqs.level(34)) << "the link has changed";
    EXPECT_EQ(get(0xc0), 4u);
    EXPECT_FALSE(irqs.level(34));
    set(0x20, 2u << 26 | 2u << 21);
    EXPECT_NE(get(0x20) & 1u << 30, 0u) << "there is no PHY 2";
}

TEST_F(E1000Test, SendsLegacyDescriptors) {
    set_up_rings();
    std::vector<u8> frame = frame_to(mine, 100);
    send(frame, u64{9} << 24);
    ring();
    EXPECT_EQ(wire.wait(1)[0], frame);
    EXPECT_EQ(get(0x3810), 1u);
    EXPECT_NE(board.load(kTx + 12, 1) & 1, 0u) << "done";
    EXPECT_EQ(get(0xc0) & 3, 3u);
    // Two pieces, and a checksum of what begins at 14 in its first two bytes.
    std::vector<u8> first(frame.begin(), frame.begin() + 40), second(frame.begin() + 40, frame.end());
    send(first, 0, kTxData);
    send(second, u64{0xd} << 24 | u64{14} << 16 | u64{14} << 40, kTxData + 0x1000);
    ring();
    std::vector<u8> sent = wire.wait(1)[0];
    EXPECT_EQ(net::internet_sum(std::span<const u8>(frame).subspan(14)), static_cast<u16>(~(sent[14] << 8 | sent[15])));
    EXPECT_EQ(get(0x4080), 2u) << "statistics";
    EXPECT_EQ(get(0x4080), 0u) << "are cleared by reading";
    EXPECT_EQ(get(0x4090), 208u);
    EXPECT_EQ(get(0x4094), 0u);
    EXPECT_EQ(get(0x4090), 0u);
}

TEST_F(E1000Test, CutsTcpDataIntoSegments) {
    set_up_rings();
    std::vector<u8> frame = frame_to(mine, 14 + 20 + 20 + 250);
    frame[12] = 8;
    frame[13] = 0;
    u8* ip = &frame[14];
    u8* tcp = &frame[34];
    std::fill(ip, ip + 40, u8{0});
    ip[0] = 0x45;
    ip[9] = 6;
    tcp[7] = 10;  // sequence number
    tcp[12] = 0x50;
    tcp[13] = 0x19;
    // The sum of the pseudo header, without the length: addresses are zero.
    tcp[17] = 6;
    board.store(kTx + 16 * tail, 14 | u64{24} << 8 | u64{33} << 16 | u64{34} << 32 | u64{50} << 40, 8);
    board.store(kTx + 16 * tail + 8, u64{0x27} << 24 | u64{54} << 40 | u64{100} << 48 | 250, 8);
    tail++;
    send(frame, u64{0x2d} << 24 | u64{1} << 20 | u64{3} << 40);
    ring();
    auto segments = wire.wait(3);
    u32 sequence = 10;
    for (std::size_t i = 0; i < 3; i++) {
        const std::vector<u8>& s = segments[i];
        const std::size_t payload = i < 2 ? 100 : 50;
        ASSERT_EQ(s.size(), 54 + payload);
        EXPECT_EQ(s[16] << 8 | s[17], 40 + static_cast<int>(payload));
        EXPECT_EQ(s[19], i) << "identification";
        EXPECT_EQ(s[41], sequence);
        sequence += 100;
        EXPECT_EQ(s[47], i < 2 ? 0x10 : 0x19);
        EXPECT_EQ(net::internet_sum({&s[14], 20}), 0xffff);
        const u8 pseudo[] = {0, 6, 0, static_cast<u8>(20 + payload)};
        u32 sum = net::internet_sum({&s[34], s.size() - 34}) + u32{net::internet_sum(pseudo)};
        EXPECT_EQ((sum & 0xffff) + (sum >> 16), 0xffffu);
    }
}

TEST_F(E1000Test, Receives) {
    set_up_rings();
    std::vector<u8> frame = frame_to(mine, 200);
    deliver(frame);
    EXPECT_TRUE(irqs.level(34));
    EXPECT_EQ(get(0xc0) & 0x80, 0x80u);
    EXPECT_FALSE(irqs.level(34));
    EXPECT_EQ(get(0x2810), 1u);
    u64 fields = board.load(kRx + 8, 8);
    EXPECT_EQ(fields & 0xffff, 200u);
    EXPECT_EQ(fields >> 32 & 3, 3u) << "done, end of packet";
    std::vector<u8> got(200);
    board.space.read(kRxData, got.data(), got.size());
    EXPECT_EQ(got, frame);
    deliver(frame_to({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 20));
    EXPECT_EQ(board.load(kRx + 16 + 8, 2), 60u) << "short frames are filled up";
    deliver(frame_to({2, 0, 0, 0, 0, 1}, 100));
    deliver(frame_to({1, 0, 0x5e, 0, 0, 1}, 100));
    EXPECT_EQ(get(0x2810), 2u) << "not for us";
    set(0x5200 + ((0x0100u >> 4) >> 5) * 4, 1u << ((0x0100u >> 4) & 31));
    deliver(frame_to({1, 0, 0x5e, 0, 0, 1}, 100));
    EXPECT_EQ(get(0x2810), 3u) << "by the multicast table";
    EXPECT_EQ(get(0x4074), 3u);
    EXPECT_EQ(get(0x4078), 1u);
    EXPECT_EQ(get(0x407c), 1u);
}

TEST_F(E1000Test, LongFramesTakeSeveralDescriptorsAndTheCrcItsPlace) {
    set_up_rings(0x8002 | 3u << 16);
    deliver(frame_to(mine, 600));
    EXPECT_EQ(get(0x2810), 3u);
    EXPECT_EQ(board.load(kRx + 8, 2), 256u);
    EXPECT_EQ(board.load(kRx + 12, 1) & 3, 1u);
    EXPECT_EQ(board.load(kRx + 32 + 8, 2), 92u);
    EXPECT_EQ(board.load(kRx + 32 + 12, 1) & 3, 3u);
}

TEST_F(E1000Test, FramesWaitForDescriptors) {
    set_up_rings();
    for (unsigned i = 0; i < kEntries + 1; i++) deliver(frame_to(mine, 64 + i));
    EXPECT_EQ(get(0x2810), kEntries - 1);
    EXPECT_EQ(get(0xc0) & 0x50, 0x50u) << "overrun, few descriptors";
    set(0x2818, 3);
    on_loop([] {});
    on_loop([] {});
    EXPECT_EQ(get(0x2810), 1u);
    EXPECT_EQ(board.load(kRx + 16 * 15 + 8, 2), 64u + 15);
    EXPECT_EQ(board.load(kRx + 8, 2), 64u + 16);
}

TEST_F(E1000Test, VlanTags) {
    set_up_rings();
    set(0, get(0) | 1u << 30);
    set(0x38, 0x8100);
    std::vector<u8> frame = frame_to(mine, 100);
    send(frame, u64{0x49} << 24 | u64{0x123} << 48);
    ring();
    std::vector<u8> sent = wire.wait(1)[0];
    ASSERT_EQ(sent.size(), 104u);
    EXPECT_EQ((std::vector<u8>{sent.begin() + 12, sent.begin() + 16}), (std::vector<u8>{0x81, 0, 1, 0x23}));
    deliver(sent);
    EXPECT_EQ(board.load(kRx + 8, 8), 100u | u64{0xf} << 32 | u64{0x123} << 48);
}

TEST_F(E1000Test, ResetByTheDriver) {
    set_up_rings();
    set(0, get(0) | 1u << 26);
    EXPECT_EQ(get(0) & 1u << 26, 0u);
    EXPECT_EQ(get(0x100), 0u);
    EXPECT_EQ(get(0xd0), 0u);
    EXPECT_EQ(get(0x5400), 0x12005452u) << "from the EEPROM";
    EXPECT_EQ(get(8) & 2, 2u);
}

TEST_F(E1000Test, StateInTheMiddleOfWork) {
    set_up_rings();
    std::vector<u8> frame = frame_to(mine, 100);
    send({frame.begin(), frame.begin() + 50}, 0);  // half of a frame
    ring();
    for (unsigned i = 0; i < 60000 && get(0x3810) != 1; i++) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    deliver(frame_to(mine, 64));
    const NamedState named[] = {{"host", board.host}, {"card", card}};
    std::vector<u8> saved = save_state(named);
    card.reset();
    EXPECT_FALSE(irqs.level(34));
    EXPECT_EQ(load_state(saved, named), "");
    card.resume();
    EXPECT_TRUE(irqs.level(34));
    send({frame.begin() + 50, frame.end()}, u64{9} << 24);
    ring();
    EXPECT_EQ(wire.wait(1)[0], frame);
}

TEST_F(E1000Test, Garbage) {
    std::mt19937_64 random(5);
    const u32 interesting[] = {0x0,    0x8,    0x10,   0x14,   0x20,   0xc0,   0xc8,   0xd0,   0xd8,   0x100, 0x400,
                               0x2800, 0x2808, 0x2810, 0x2818, 0x3800, 0x3808, 0x3810, 0x3818, 0x5400, 0x5404};
    for (unsigned i = 0; i < 40'000; i++) {
        if (i % 400 == 0) {
            start();
            set_up_rings();
            tail = 0;
        }
        u64 ignored, offset = random() % 4 != 0 ? interesting[random() % std::size(interesting)] : random() % 0x20000;
        unsigned size = random() % 8 != 0 ? 4 : 1u << (random() % 4);
        u64 value = random() % 2 != 0 ? random() % 0x100 : random();
        if (random() % 3 == 0) board.space.load(kBase + offset, size, ignored);
        else board.space.store(kBase + offset, size, value);
        if (random() % 4 == 0) board.store(kTx + random() % 0x100 / 8 * 8, random() % 2 != 0 ? random() : kTxData, 8);
        if (random() % 64 == 0) {
            // Descriptors of all kinds, with lengths that are not too long for a test.
            send(frame_to(mine, 64 + random() % 200), (random() & 0xffff'ff3f'0000'0000) | random() % 256 << 24);
            ring();
        }
        if (random() % 100 == 0) deliver(frame_to(mine, 14 + random() % 1500));
        if (random() % 5000 == 0) card.reset();
    }
}

}  // namespace
}  // namespace dragoman::devices::pci
