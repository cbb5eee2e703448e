// The devices of SiFive's chips.
#include "devices/sifive_aon.h"
#include "devices/sifive_gpio.h"
#include "devices/sifive_otp.h"
#include "devices/sifive_pdma.h"
#include "devices/sifive_prci.h"
#include "devices/sifive_uart.h"
#include "unit/devices/fixture.h"

namespace dragoman::devices {
namespace {

struct SifiveUartTest : testing::Test {
    IrqRecorder irqs;
    std::shared_ptr<MemoryChardev> chardev = std::make_shared<MemoryChardev>();
    SifiveUart device{{&irqs, 0}, chardev};
    Registers registers{device};

    void SetUp() override { device.reset(); }
};

TEST_F(SifiveUartTest, SendsAndSaysWhenItIsFull) {
    registers.write(0, 'a');
    EXPECT_EQ(chardev->output, "a");
    chardev->space = 0;
    for (char c : std::string_view("12345678")) {
        EXPECT_EQ(registers.read(0), 0u);
        registers.write(0, static_cast<u8>(c));
    }
    EXPECT_EQ(registers.read(0), u64{1} << 31);
    registers.write(0, '9');  // lost
    chardev->space = 3;
    chardev->on_writable();
    EXPECT_EQ(chardev->output, "a123");
    EXPECT_EQ(registers.read(0), 0u);
    chardev->space = 100;
    chardev->on_writable();
    EXPECT_EQ(chardev->output, "a12345678");
}

TEST_F(SifiveUartTest, ReceivesUpToItsDepth) {
    EXPECT_EQ(registers.read(4), u64{1} << 31);
    EXPECT_EQ(chardev->type("0123456789"), 8u);
    EXPECT_EQ(chardev->type("89"), 0u);
    for (char c : std::string_view("01234567")) EXPECT_EQ(registers.read(4), static_cast<u8>(c));
    EXPECT_EQ(registers.read(4), u64{1} << 31);
    EXPECT_EQ(chardev->accept_calls, 9u);  // one of them by the reset
}

TEST_F(SifiveUartTest, WatermarksInterrupt) {
    registers.write(0x10, 2);
    registers.write(0xC, 1 << 16);  // more than one byte
    chardev->type("a");
    EXPECT_FALSE(irqs.level(0));
    EXPECT_EQ(registers.read(0x14), 0u);
    chardev->type("b");
    EXPECT_TRUE(irqs.level(0));
    EXPECT_EQ(registers.read(0x14), 2u);
    registers.read(4);
    EXPECT_FALSE(irqs.level(0));
    registers.write(0x10, 1);
    EXPECT_FALSE(irqs.level(0));
    registers.write(8, 2 << 16);  // less than two bytes wait
    EXPECT_TRUE(irqs.level(0));
    chardev->space = 0;
    registers.write(0, 'x');
    EXPECT_TRUE(irqs.level(0));
    registers.write(0, 'y');
    EXPECT_FALSE(irqs.level(0));
    device.reset();
    EXPECT_EQ(registers.read(0x10), 0u);
    EXPECT_FALSE(irqs.level(0));
}

TEST(SifiveGpio, PinsFollowOutputsAndPullUps) {
    IrqRecorder irqs;
    u32 enabled = 0, levels = 0;
    SifiveGpio device({{&irqs, 0}, {&irqs, 1}, {&irqs, 2}}, [&](u32 e, u32 l) {
        enabled = e;
        levels = l;
    });
    Registers registers{device};
    registers.write(0x10, ~0u);  // pull-ups
    EXPECT_EQ(registers.read(0), 0u);
    registers.write(4, ~0u);
    EXPECT_EQ(registers.read(0), 7u);  // there are three pins
    registers.write(8, 1);
    EXPECT_EQ(registers.read(0), 6u);
    EXPECT_EQ(enabled, 1u);
    EXPECT_EQ(levels & 1, 0u);
    registers.write(0xC, 1);
    EXPECT_EQ(levels & 1, 1u);
    registers.write(0x1C, ~0u);
    registers.write(0x24, ~0u);
    registers.write(0x20, 1);  // pin 0 falls
    EXPECT_FALSE(irqs.level(0));
    registers.write(0x40, 1);
    EXPECT_TRUE(irqs.level(0));
    registers.write(0x24, 1);
    EXPECT_FALSE(irqs.level(0));
    registers.write(0x28, 4);  // pin 2 is high: as long as it is
    EXPECT_TRUE(irqs.level(2));
    registers.write(0x2C, 4);
    EXPECT_TRUE(irqs.level(2));
    registers.write(0x10, 0);
    registers.write(0x2C, 4);
    EXPECT_FALSE(irqs.level(2));
    device.reset();
    EXPECT_EQ(registers.read(0x10), 0u);
}

TEST(SifivePrci, ClocksAreAlwaysReady) {
    SifivePrci device(SifivePrci::kFu540);
    Registers registers{device};
    device.reset();
    EXPECT_EQ(registers.read(4), 0x820187C1u);
    registers.write(4, 0);
    EXPECT_EQ(registers.read(4), 0x82000000u);
    registers.write(8, 1);  // no register
    EXPECT_EQ(registers.read(8), 0u);
    device.reset();
    EXPECT_EQ(registers.read(4), 0x820187C1u);
}

TEST(SifiveOtp, FusesAreProgrammedOnce) {
    SifiveOtp device(0x1234);
    Registers registers{device};
    auto fuse = [&](u32 address) {
        registers.write(0, address);
        return registers.read(0x18);
    };
    EXPECT_EQ(fuse(0xFC), 0xFFu);  // not powered
    for (u64 offset : {0x0C, 0x1C, 0x34}) registers.write(offset, 1);
    EXPECT_EQ(fuse(0xFC), 0x1234u);
    EXPECT_EQ(fuse(0xFD), 0xFFFFEDCBu);
    EXPECT_EQ(fuse(0x1005), 0xFFFFFFFFu);  // addresses have 12 bits
    registers.write(4, 31);
    registers.write(0x38, 1);
    EXPECT_EQ(fuse(5), 0x7FFFFFFFu);
    registers.write(0x14, 1);
    registers.write(0x38, 1);
    EXPECT_EQ(fuse(5), 0x7FFFFFFFu);
    registers.write(0x14, 0);
    registers.write(8, 1);  // the redundant cells
    registers.write(4, 0);
    registers.write(0x38, 1);
    EXPECT_EQ(fuse(5), 0x7FFFFFFFu);
    device.reset();
    EXPECT_EQ(fuse(5), 0xFFu);
}

struct SifivePdmaTest : testing::Test {
    static constexpr u64 kRam = 0x8000'0000, kRamSize = 0x10000, kChannel = 0x2000;
    IrqRecorder irqs;
    memory::PhysicalSpace space;
    std::vector<Irq> lines;
    std::unique_ptr<SifivePdma> device;
    std::unique_ptr<Registers> registers;

    void SetUp() override {
        space.add_ram("ram", kRam, kRamSize);
        for (unsigned i = 0; i < 8; ++i) lines.push_back({&irqs, i});
        device = std::make_unique<SifivePdma>(space, lines);
        registers = std::make_unique<Registers>(*device);
    }
    void write(u64 offset, u64 value) { registers->write(kChannel + offset, value); }
    u64 read(u64 offset) { return registers->read(kChannel + offset); }
    void prepare(u64 bytes, u64 destination, u64 source) {
        write(0, 1);
        write(8, bytes);
        write(0xC, bytes >> 32);
        write(0x10, destination);
        write(0x18, source);
    }
};

TEST_F(SifivePdmaTest, CopiesAndSaysThatItIsDone) {
    for (u64 i = 0; i < 0x1800; i += 8) space.store(kRam + i, 8, i);
    prepare(0x1801, kRam + 0x4003, kRam);
    EXPECT_EQ(read(4), 0x66000000u);
    write(0, 1 | 2 | 1 << 14 | 1 << 15);
    EXPECT_EQ(read(0), 1u | 1 << 14 | 1 << 15 | u32{1} << 30);
    EXPECT_EQ(read(0x108), 0u);
    EXPECT_EQ(read(0x110), kRam + 0x5804);
    EXPECT_TRUE(irqs.level(4));
    EXPECT_FALSE(irqs.level(5));
    u64 value;
    ASSERT_TRUE(space.load(kRam + 0x57FB, 8, value));
    EXPECT_EQ(value, 0x17F8u);
    write(0, 1 | 1 << 14);
    EXPECT_FALSE(irqs.level(4));
}

TEST_F(SifivePdmaTest, MemoryThatEndsIsAnError) {
    prepare(u64{1} << 60, kRam, kRam + 0x1000);
    write(0, 1 | 2 | 1 << 15);
    EXPECT_TRUE(irqs.level(5));
    EXPECT_FALSE(irqs.level(4));
    EXPECT_EQ(read(0x118), kRam + kRamSize);
    device->reset();
    EXPECT_FALSE(irqs.level(5));
    EXPECT_EQ(read(0x118), 0u);
}

TEST_F(SifivePdmaTest, RunsOnlyWhenClaimed) {
    write(8, 8);
    write(0, 2);
    EXPECT_EQ(read(0), 0u);
    write(0, 3);  // claimed by the same write: what was there is gone
    EXPECT_EQ(read(8), 0u);
    EXPECT_EQ(read(0), 1u | u32{1} << 30);
}

struct SifiveAonTest : testing::Test {
    IrqRecorder irqs;
    InstructionClock clock{nullptr};
    unsigned expired = 0;
    SifiveAon device{{&irqs, 0}, clock, [this] { ++expired; }};
    Registers registers{device};

    void SetUp() override { device.reset(); }
    void write(u64 offset, u64 value) {
        registers.write(0x1C, 0x51F15E);
        registers.write(offset, value);
    }
    void pass_ticks(u64 ticks) {
        clock.advance(ticks * 1'000'000'000 / 32'768 + 1);
        clock.run_expired();
    }
};

TEST_F(SifiveAonTest, NothingIsWrittenWithoutTheKey) {
    registers.write(0x20, 1);
    EXPECT_EQ(registers.read(0x20), 0xBEEFu);
    registers.write(0x1C, 1);
    registers.write(0x20, 1);
    EXPECT_EQ(registers.read(0x20), 0xBEEFu);
    write(0x20, 2);
    EXPECT_EQ(registers.read(0x20), 2u);
    registers.write(0x20, 3);  // the key is for one write
    EXPECT_EQ(registers.read(0x20), 2u);
}

TEST_F(SifiveAonTest, InterruptsAtItsComparator) {
    write(0x20, 10);
    write(0, 1 << 12 | 2);  // by four
    pass_ticks(39);
    EXPECT_FALSE(irqs.level(0));
    EXPECT_EQ(registers.read(0x10), 9u);
    pass_ticks(1);
    EXPECT_TRUE(irqs.level(0));
    EXPECT_EQ(expired, 0u);
    write(0x18, 0xD09F00D);
    EXPECT_TRUE(irqs.level(0));  // it is pending until that is written away
    write(0, 1 << 12 | 2);
    EXPECT_FALSE(irqs.level(0));
    EXPECT_LE(registers.read(8), 1u);
}

TEST_F(SifiveAonTest, ResetsTheChip) {
    write(0x20, 10);
    write(0, 1 << 12 | 1 << 8 | 1 << 9);
    pass_ticks(10);
    EXPECT_EQ(expired, 1u);
    EXPECT_EQ(registers.read(8), 0u);  // begins anew
    pass_ticks(10);
    EXPECT_EQ(expired, 2u);
    device.reset();
    pass_ticks(1000);
    EXPECT_EQ(expired, 2u);
    EXPECT_EQ(registers.read(8), 0u);
}

TEST_F(SifiveAonTest, StandsStillWhereItIsSwitchedOff) {
    write(0, 1 << 13);
    pass_ticks(5);
    write(0, 0);
    pass_ticks(5);
    EXPECT_EQ(registers.read(8), 5u);
    write(0, 1 << 13);
    pass_ticks(5);
    EXPECT_EQ(registers.read(8), 10u);
}

}  // namespace
}  // namespace dragoman::devices
