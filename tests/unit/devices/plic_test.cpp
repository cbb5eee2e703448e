#include "devices/plic.h"

#include "unit/devices/fixture.h"

namespace dragoman::devices {
namespace {

struct PlicTest : testing::Test {
    IrqRecorder harts;
    Plic device{95, 7, {Irq{&harts, 0}, Irq{&harts, 1}, Irq{&harts, 2}, Irq{&harts, 3}}};
    Registers registers{device};

    void priority(unsigned source, u32 value) { registers.write(source * 4, value); }
    void enable(unsigned context, unsigned word, u32 bits) {
        registers.write(0x2000 + context * 0x80 + word * 4, bits);
    }
    void threshold(unsigned context, u32 value) { registers.write(0x200000 + context * 0x1000, value); }
    u64 claim(unsigned context) { return registers.read(0x200004 + context * 0x1000); }
    void complete(unsigned context, u32 source) { registers.write(0x200004 + context * 0x1000, source); }
};

TEST_F(PlicTest, ClaimAndComplete) {
    priority(10, 1);
    enable(1, 0, 1u << 10);
    device.set_irq(10, true);
    EXPECT_FALSE(harts.level(0));
    EXPECT_TRUE(harts.level(1));
    EXPECT_EQ(registers.read(0x1000), 1u << 10);
    EXPECT_EQ(claim(0), 0u);
    EXPECT_EQ(claim(1), 10u);
    EXPECT_FALSE(harts.level(1));
    EXPECT_EQ(registers.read(0x1000), 0u);
    EXPECT_EQ(claim(1), 0u);
    complete(1, 10);  // the line is still high
    EXPECT_TRUE(harts.level(1));
    EXPECT_EQ(claim(1), 10u);
    device.set_irq(10, false);
    complete(1, 10);
    EXPECT_FALSE(harts.level(1));
    EXPECT_EQ(claim(1), 0u);
}

TEST_F(PlicTest, EventsAreClaimedOnce) {
    priority(10, 1);
    enable(1, 0, 1u << 10);
    device.set_event(10, true);
    EXPECT_TRUE(harts.level(1));
    EXPECT_EQ(claim(1), 10u);
    EXPECT_FALSE(harts.level(1));
    complete(1, 10);
    EXPECT_FALSE(harts.level(1));
    device.set_event(10, true);
    EXPECT_EQ(claim(1), 10u);
    device.set_event(10, true);  // while the last one is being served
    EXPECT_FALSE(harts.level(1));
    complete(1, 10);
    EXPECT_TRUE(harts.level(1));
    device.set_event(10, false);  // called off
    EXPECT_FALSE(harts.level(1));
    device.set_event(10, true);
    device.reset();
    EXPECT_FALSE(harts.level(1));
}

TEST_F(PlicTest, HighestPriorityThenLowestNumber) {
    for (unsigned source : {5u, 40u, 95u}) device.set_irq(source, true);
    priority(5, 2);
    priority(40, 3);
    priority(95, 3);
    for (unsigned word = 0; word < 3; ++word) enable(0, word, ~0u);
    EXPECT_EQ(claim(0), 40u);
    EXPECT_EQ(claim(0), 95u);
    EXPECT_EQ(claim(0), 5u);
    EXPECT_EQ(claim(0), 0u);
}

TEST_F(PlicTest, ThresholdMasksTheInterruptNotTheClaim) {
    priority(3, 4);
    enable(0, 0, 1u << 3);
    threshold(0, 4);
    device.set_irq(3, true);
    EXPECT_FALSE(harts.level(0));
    threshold(0, 3);
    EXPECT_TRUE(harts.level(0));
    threshold(0, 7);
    EXPECT_FALSE(harts.level(0));
    EXPECT_EQ(claim(0), 3u);
}

TEST_F(PlicTest, PriorityZeroNeverInterrupts) {
    enable(0, 0, 1u << 3);
    device.set_irq(3, true);
    EXPECT_FALSE(harts.level(0));
    EXPECT_EQ(claim(0), 0u);
    priority(3, 1);
    EXPECT_TRUE(harts.level(0));
    priority(3, 8);  // only three bits are there
    EXPECT_FALSE(harts.level(0));
}

TEST_F(PlicTest, CompletionNeedsTheEnableBit) {
    priority(3, 1);
    enable(0, 0, 1u << 3);
    device.set_irq(3, true);
    EXPECT_EQ(claim(0), 3u);
    enable(0, 0, 0);
    complete(0, 3);
    enable(0, 0, 1u << 3);
    EXPECT_FALSE(harts.level(0));
    complete(0, 3);
    EXPECT_TRUE(harts.level(0));
}

TEST_F(PlicTest, FallenLineIsNoLongerPending) {
    priority(3, 1);
    enable(2, 0, 1u << 3);
    device.set_irq(3, true);
    EXPECT_TRUE(harts.level(2));
    device.set_irq(3, false);
    EXPECT_FALSE(harts.level(2));
    EXPECT_EQ(claim(2), 0u);
}

TEST_F(PlicTest, OneClaimerGetsIt) {
    priority(3, 1);
    enable(0, 0, 8);
    enable(2, 0, 8);
    device.set_irq(3, true);
    EXPECT_TRUE(harts.level(0));
    EXPECT_TRUE(harts.level(2));
    EXPECT_EQ(claim(2), 3u);
    EXPECT_FALSE(harts.level(0));
    EXPECT_EQ(claim(0), 0u);
}

TEST_F(PlicTest, WiredBits) {
    enable(0, 0, ~0u);
    EXPECT_EQ(registers.read(0x2000), 0xFFFFFFFEu);
    enable(0, 2, ~0u);
    EXPECT_EQ(registers.read(0x2008), 0xFFFFFFFFu);
    enable(0, 3, ~0u);  // source 96 on
    EXPECT_EQ(registers.read(0x200C), 0u);
    threshold(0, ~0u);
    EXPECT_EQ(registers.read(0x200000), 7u);
    priority(0, 7);
    EXPECT_EQ(registers.read(0), 0u);
    priority(96, 7);
    EXPECT_EQ(registers.read(96 * 4), 0u);
    registers.write(0x1000, ~0u);
    EXPECT_EQ(registers.read(0x1000), 0u);
    device.set_irq(0, true);
    device.set_irq(96, true);
    device.set_irq(5000, true);
    complete(0, ~0u);
    EXPECT_EQ(registers.read(0x200000 + 4 * 0x1000), 0u);  // no such context
}

TEST_F(PlicTest, OutputsChangeOnlyWhenTheyMust) {
    priority(3, 1);
    priority(4, 1);
    enable(0, 0, 0x18);
    unsigned before = harts.calls;
    device.set_irq(3, true);
    device.set_irq(3, true);
    device.set_irq(4, true);
    EXPECT_EQ(harts.calls, before + 1);
}

TEST_F(PlicTest, Reset) {
    priority(3, 1);
    enable(0, 0, 8);
    device.set_irq(3, true);
    claim(0);
    device.reset();
    EXPECT_FALSE(harts.level(0));
    EXPECT_EQ(registers.read(0x2000), 0u);
    EXPECT_EQ(registers.read(12), 0u);
    priority(3, 1);
    enable(0, 0, 8);
    EXPECT_TRUE(harts.level(0));  // the device still holds its line
}

}  // namespace
}  // namespace dragoman::devices
