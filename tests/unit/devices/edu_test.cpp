// The teaching device, as its drivers use it.
#include <random>

#include "devices/pci/edu.h"
#include "devices/state.h"
#include "unit/devices/pci_board.h"

namespace dragoman::devices::pci {
namespace {

struct EduTest : ::testing::Test {
    static constexpr u64 kBase = PciBoard::kMemory + 0x100000;
    IrqRecorder irqs;
    PciBoard board{irqs};
    InstructionClock clock{nullptr};
    Edu edu{clock, ~u64{0}};

    EduTest() { start(); }
    void start() {
        if (edu.bus() == nullptr) board.plug(edu, 1);
        board.set_config(1, kBar0, static_cast<u32>(kBase));
        board.enable(1);
    }
    u64 get(u64 offset, unsigned size = 4) { return board.load(kBase + offset, size); }
    void set(u64 offset, u64 value, unsigned size = 4) { board.store(kBase + offset, value, size); }
    void pass(u64 time) {
        clock.advance(time);
        clock.run_expired();
    }
};

TEST_F(EduTest, IdentificationAndLiveness) {
    EXPECT_EQ(board.config(1, 0), 0x11e81234u);
    EXPECT_EQ(board.bar_size(1, 0), 1u << 20);
    EXPECT_EQ(get(0), 0x010000edu);
    set(4, 0x12345678);
    EXPECT_EQ(get(4), 0xedcba987u);
    u64 ignored;
    EXPECT_FALSE(board.space.load(kBase, 1, ignored));
    EXPECT_EQ(get(0, 8), ~u64{0});
}

TEST_F(EduTest, FactorialWithInterrupt) {
    set(0x20, 0x80);
    set(8, 10);
    EXPECT_EQ(get(0x20), 0x81u);
    set(8, 3);  // it computes: ignored
    pass(1'000'000);
    EXPECT_EQ(get(0x20), 0x80u);
    EXPECT_EQ(get(8), 3628800u);
    EXPECT_EQ(get(0x24), 1u);
    EXPECT_TRUE(irqs.level(33));
    set(0x64, 1);
    EXPECT_FALSE(irqs.level(33));
    set(8, 0xffffffff);
    pass(1'000'000);
    EXPECT_EQ(get(8), 0u);
}

TEST_F(EduTest, InterruptsByLineAndMessage) {
    set(0x60, 0x50);
    EXPECT_EQ(get(0x24), 0x50u);
    EXPECT_TRUE(irqs.level(33));
    set(0x64, 0x10);
    EXPECT_TRUE(irqs.level(33));
    set(0x64, 0x40);
    EXPECT_FALSE(irqs.level(33));
    unsigned at = board.capability(1, kCapabilityMsi);
    board.set_config(1, at + 4, PciBoard::kRam);
    board.set_config(1, at + 12, 0x42, 2);
    board.set_config(1, at + 2, 1, 2);
    set(0x60, 1);
    EXPECT_FALSE(irqs.level(33));
    EXPECT_EQ(board.load(PciBoard::kRam), 0x42u);
}

TEST_F(EduTest, Dma) {
    board.store(PciBoard::kRam + 0x100, 0x1122334455667788, 8);
    set(0x80, PciBoard::kRam + 0x100, 8);
    set(0x88, 0x40010, 8);
    set(0x90, 8, 8);
    set(0x98, 1, 8);
    EXPECT_EQ(get(0x98, 8), 1u);
    set(0x90, 4, 8);  // it runs: ignored
    pass(2'000'000);
    EXPECT_EQ(get(0x98, 8), 0u);
    EXPECT_EQ(get(0x24), 0u);
    set(0x80, 0x40010, 8);
    set(0x88, PciBoard::kRam + 0x200, 8);
    set(0x98, 7, 8);
    pass(2'000'000);
    EXPECT_EQ(board.load(PciBoard::kRam + 0x200, 8), 0x1122334455667788u);
    EXPECT_EQ(get(0x24), 0x100u);
    // Beyond its memory nothing is moved.
    set(0x90, 4097, 8);
    set(0x80, 0x40000, 8);
    set(0x98, 3, 8);
    pass(2'000'000);
    EXPECT_EQ(get(0x98), 2u);
}

TEST_F(EduTest, StateInTheMiddleOfWork) {
    set(0x20, 0x80);
    set(8, 5);
    set(0x80, PciBoard::kRam, 8);
    set(0x88, 0x40000, 8);
    set(0x90, 16, 8);
    set(0x98, 5, 8);
    const NamedState named[] = {{"host", board.host}, {"edu", edu}};
    std::vector<u8> saved = save_state(named);
    edu.reset();
    pass(2'000'000);
    EXPECT_EQ(load_state(saved, named), "");
    EXPECT_EQ(get(0x20), 0x81u);
    EXPECT_EQ(get(0x24), 0u);
    pass(2'000'000);
    EXPECT_EQ(get(8), 120u);
    EXPECT_EQ(get(0x24), 0x101u);
    EXPECT_TRUE(irqs.level(33));
}

TEST_F(EduTest, Garbage) {
    std::mt19937_64 random(3);
    for (unsigned i = 0; i < 100'000; i++) {
        u64 offset = random() % 2 != 0 ? random() % 0xa0 : random() % (1 << 20), ignored;
        unsigned size = 1u << (random() % 4);
        u64 value = random() % 2 != 0 ? random() : PciBoard::kRam + random() % 0x1000;
        if (random() % 4 == 0) value = 0x40000 + random() % 0x2000;
        if (random() % 2 != 0) board.space.store(kBase + offset, size, value);
        else board.space.load(kBase + offset, size, ignored);
        if (random() % 20 == 0) pass(random() % 2'000'000);
        if (random() % 1000 == 0) {
            edu.reset();
            start();
        }
    }
}

}  // namespace
}  // namespace dragoman::devices::pci
