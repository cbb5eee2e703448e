// What tells that a guest has gone wrong: pvpanic, and the watchdog i6300esb.
#include "devices/pci/i6300esb.h"
#include "devices/pci/pvpanic.h"
#include "devices/state.h"
#include "unit/devices/pci_board.h"

namespace dragoman::devices::pci {
namespace {

constexpr u64 kBase = PciBoard::kMemory + 0x100000;

TEST(Pvpanic, TellsOfEventsThatWereOffered) {
    IrqRecorder irqs;
    PciBoard board(irqs);
    std::string seen;
    Pvpanic device(Pvpanic::kPanicked | Pvpanic::kShutdown,
                   [&](Pvpanic::Event event) { seen += std::to_string(event) + " "; });
    board.plug(device, 1);
    EXPECT_EQ(board.config(1, 0), 0x00111b36u);
    EXPECT_EQ(board.bar_size(1, 0), 16u);
    board.set_config(1, kBar0, static_cast<u32>(kBase));
    board.enable(1);
    EXPECT_EQ(board.load(kBase, 1), 5u);
    EXPECT_EQ(board.load(kBase + 1, 1), 0u);
    for (u64 value : {1, 2, 4, 0xff, 0, 8}) board.store(kBase, value, 1);
    board.store(kBase + 1, 1, 1);
    EXPECT_EQ(seen, "1 4 1 ");
}

struct Watchdog : ::testing::Test {
    static constexpr u64 kTick = (u64{1} << 15) * 1000 / 33;  // ns

    IrqRecorder irqs;
    PciBoard board{irqs};
    InstructionClock clock{nullptr};
    unsigned expired = 0;
    I6300esb device{clock, [this] { expired++; }};

    Watchdog() {
        board.plug(device, 1);
        start();
    }
    void start() {
        board.set_config(1, kBar0, static_cast<u32>(kBase));
        board.enable(1);
    }
    void write(u64 offset, u32 value, unsigned size = 4) {
        board.store(kBase + 0xc, 0x80, 2);
        board.store(kBase + 0xc, 0x86, 2);
        board.store(kBase + offset, value, size);
    }
    void pass(u64 time) {
        clock.advance(time);
        clock.run_expired();
    }
};

TEST_F(Watchdog, RunsOutAfterTwoStages) {
    EXPECT_EQ(board.config(1, 0), 0x25ab8086u);
    write(0, 99);
    write(4, 199);
    board.store(kBase, 1, 4);  // locked: is not taken
    board.set_config(1, 0x68, 2, 1);
    pass(99 * kTick);
    write(0xc, 0x100, 2);  // alive
    pass(99 * kTick);
    EXPECT_EQ(expired, 0u);
    pass(2 * kTick);
    pass(198 * kTick);
    EXPECT_EQ(expired, 0u);
    EXPECT_EQ(board.load(kBase + 0xc, 2), 0u);
    pass(3 * kTick);
    EXPECT_EQ(expired, 1u);
    EXPECT_EQ(board.load(kBase + 0xc, 2), 0x200u);
    pass(10'000 * kTick);
    EXPECT_EQ(expired, 1u);
    device.reset();
    start();
    EXPECT_EQ(board.load(kBase + 0xc, 2), 0x200u);  // why the machine was reset
    write(0xc, 0x200, 2);
    EXPECT_EQ(board.load(kBase + 0xc, 2), 0u);
}

TEST_F(Watchdog, StopsUnlessItIsLocked) {
    write(0, 10);
    write(4, 10);
    board.set_config(1, 0x68, 2, 1);
    board.set_config(1, 0x68, 0, 1);
    pass(1000 * kTick);
    EXPECT_EQ(expired, 0u);
    board.set_config(1, 0x68, 3, 1);
    board.set_config(1, 0x68, 0, 1);
    EXPECT_EQ(board.config(1, 0x68, 1), 3u);
    pass(12 * kTick);
    pass(12 * kTick);
    EXPECT_EQ(expired, 1u);
}

TEST_F(Watchdog, IsFastAndRunsFreelyWhereItIsTold) {
    board.set_config(1, 0x60, 4, 2);
    write(0, 1023);
    write(4, 1023);
    board.set_config(1, 0x68, 6, 1);
    for (unsigned i = 0; i < 4; i++) pass(kTick + kTick / 100);
    EXPECT_EQ(expired, 2u);
    board.set_config(1, 0x60, 0x24, 2);  // without its output
    for (unsigned i = 0; i < 4; i++) pass(kTick + kTick / 100);
    EXPECT_EQ(expired, 2u);
}

TEST_F(Watchdog, GoesOnWhereItWasSaved) {
    write(0, 100);
    write(4, 100);
    board.set_config(1, 0x68, 3, 1);
    pass(150 * kTick);
    const std::vector<u8> stream = save_state(std::array{NamedState{"watchdog", device}});
    device.reset();
    pass(1);
    EXPECT_EQ(load_state(stream, std::array{NamedState{"watchdog", device}}), "");
    pass(1000 * kTick);
    EXPECT_EQ(expired, 1u);
    EXPECT_EQ(board.config(1, 0x68, 1), 3u);
}

}  // namespace
}  // namespace dragoman::devices::pci
