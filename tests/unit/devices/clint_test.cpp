#include "devices/clint.h"

#include "unit/devices/fixture.h"

namespace dragoman::devices {
namespace {

struct ClintTest : testing::Test {
    IrqRecorder software, timer;
    InstructionClock clock{nullptr};
    Clint device{{Irq{&software, 0}, Irq{&software, 1}}, {Irq{&timer, 0}, Irq{&timer, 1}}, clock};
    Registers registers{device};

    void pass(u64 nanoseconds) {
        clock.advance(nanoseconds);
        clock.run_expired();
    }
};

TEST_F(ClintTest, SoftwareInterrupts) {
    registers.write(4, 0xFFFFFFFF);
    EXPECT_FALSE(software.level(0));
    EXPECT_TRUE(software.level(1));
    EXPECT_EQ(registers.read(4), 1u);
    registers.write(4, 0xFFFFFFFE);
    EXPECT_FALSE(software.level(1));
    registers.write(0, 0x1'0000'0001, 8);
    EXPECT_TRUE(software.level(0));
    EXPECT_TRUE(software.level(1));
    EXPECT_EQ(registers.read(0, 8), 0x1'0000'0001u);
    registers.write(8, 1);  // no such hart
    EXPECT_EQ(registers.read(8), 0u);
}

TEST_F(ClintTest, TimeRunsAtTenMegahertz) {
    clock.advance(12'345);
    EXPECT_EQ(registers.read(0xBFF8, 8), 123u);
    registers.write(0xBFF8, 0x1'2345'6789, 8);
    EXPECT_EQ(registers.read(0xBFF8), 0x2345'6789u);
    EXPECT_EQ(registers.read(0xBFFC), 1u);
    registers.write(0xBFFC, 7);
    clock.advance(100);
    EXPECT_EQ(registers.read(0xBFF8, 8), 0x7'2345'678Au);
    EXPECT_EQ(device.mtimer().ticks(), 0x7'2345'678Au);
}

TEST_F(ClintTest, TimerInterruptAtDeadline) {
    registers.write(0x4008, 50, 8);
    EXPECT_EQ(registers.read(0x4008, 8), 50u);
    EXPECT_EQ(clock.next_deadline(), 5000u);
    pass(4999);
    EXPECT_FALSE(timer.level(1));
    pass(1);
    EXPECT_TRUE(timer.level(1));
    EXPECT_FALSE(timer.level(0));
    registers.write(0x4008, 60, 8);
    EXPECT_FALSE(timer.level(1));
    registers.write(0x4008, 0, 8);  // long past
    EXPECT_TRUE(timer.level(1));
    EXPECT_EQ(clock.next_deadline(), ~u64{0});
}

TEST_F(ClintTest, CompareInHalves) {
    registers.write(0x4004, 0);
    registers.write(0x4000, 10);
    EXPECT_EQ(registers.read(0x4000, 8), 10u);
    pass(1000);
    EXPECT_TRUE(timer.level(0));
}

TEST_F(ClintTest, NeverExpires) {
    registers.write(0x4000, ~u64{0}, 8);
    registers.write(0x4008, ~u64{0} / 100 + 1, 8);
    EXPECT_EQ(clock.next_deadline(), ~u64{0});
}

TEST_F(ClintTest, StoreToTimeMovesDeadlines) {
    registers.write(0x4000, 1000, 8);
    registers.write(0xBFF8, 990, 8);
    EXPECT_EQ(clock.next_deadline(), 1000u);
    registers.write(0xBFF8, 1000, 8);
    EXPECT_TRUE(timer.level(0));
    registers.write(0xBFF8, 0, 8);
    EXPECT_FALSE(timer.level(0));
}

TEST_F(ClintTest, Reset) {
    clock.advance(5000);
    registers.write(0, 1);
    registers.write(0x4000, 0, 8);
    device.reset();
    EXPECT_FALSE(software.level(0));
    EXPECT_FALSE(timer.level(0));
    EXPECT_EQ(registers.read(0xBFF8, 8), 0u);
}

TEST_F(ClintTest, NoTimerIsArmedAfterALateReset) {
    clock.advance(5000);
    device.reset();
    EXPECT_EQ(registers.read(0x4000, 8), ~u64{0});
    EXPECT_EQ(clock.next_deadline(), ~u64{0});
    registers.write(0x4000, 10, 8);
    EXPECT_EQ(clock.next_deadline(), 6000u);
}

TEST_F(ClintTest, BeyondTheRegisters) {
    registers.write(0xC000, ~u64{0}, 8);
    EXPECT_EQ(registers.read(0xFFF8, 8), 0u);
}

TEST(ClintFrequency, IsTheBoards) {
    IrqRecorder software, timer;
    InstructionClock clock{nullptr};
    Clint device({Irq{&software, 0}}, {Irq{&timer, 0}}, clock, 32'768);
    Registers registers{device};
    device.reset();
    clock.advance(999'999'999);
    EXPECT_EQ(registers.read(0xBFF8, 8), 32'767u);
    clock.advance(1);
    EXPECT_EQ(registers.read(0xBFF8, 8), 32'768u);
    registers.write(0x4000, 32'769, 8);
    // 1 s and 30517.578 ns: the first whole nanosecond behind
    EXPECT_EQ(clock.next_deadline(), 1'000'030'518u);
    clock.advance(30'517);
    EXPECT_FALSE(timer.level(0));
    EXPECT_EQ(registers.read(0xBFF8, 8), 32'768u);
    clock.advance(1);
    clock.run_expired();
    EXPECT_TRUE(timer.level(0));
    registers.write(0x4000, ~u64{0} - 1, 8);
    EXPECT_EQ(clock.next_deadline(), ~u64{0});
}

TEST(AclintSswi, SetsAndReadsZero) {
    IrqRecorder irqs;
    AclintSswi device({Irq{&irqs, 0}, Irq{&irqs, 1}});
    Registers registers{device};
    registers.write(4, 1);
    EXPECT_TRUE(irqs.level(1));
    registers.write(4, 0);  // clearing is the hart's
    EXPECT_TRUE(irqs.level(1));
    EXPECT_EQ(registers.read(4), 0u);
    registers.write(0x3FFC, 1);
}

}  // namespace
}  // namespace dragoman::devices
