#include "devices/uart16550.h"

#include "unit/devices/fixture.h"

namespace dragoman::devices {
namespace {

enum : u64 { kData, kIer, kIir, kLcr, kMcr, kLsr, kMsr, kScr };
constexpr u64 kFcr = kIir;

struct Uart : testing::Test {
    IrqRecorder irqs;
    InstructionClock clock{nullptr};
    std::shared_ptr<MemoryChardev> chardev = std::make_shared<MemoryChardev>();
    Uart16550 device{Irq{&irqs, 10}, clock, chardev};

    u64 read(u64 reg) { return Registers{device}.read(reg, 1); }
    void write(u64 reg, u64 value) { Registers{device}.write(reg, value, 1); }
    bool irq() { return irqs.level(10); }
};

TEST_F(Uart, PowerOnState) {
    EXPECT_EQ(read(kIer), 0u);
    EXPECT_EQ(read(kIir), 1u);
    EXPECT_EQ(read(kLsr), 0x60u);
    EXPECT_EQ(read(kMsr), 0xB0u);
    EXPECT_FALSE(irq());
}

TEST_F(Uart, SendsBytes) {
    for (char c : std::string("hello")) {
        EXPECT_NE(read(kLsr) & 0x20, 0u);
        write(kData, static_cast<u8>(c));
    }
    EXPECT_EQ(chardev->output, "hello");
}

TEST_F(Uart, TransmitterInterruptOncePerEmptying) {
    write(kIer, 2);  // the register is empty already
    EXPECT_TRUE(irq());
    EXPECT_EQ(read(kIir), 2u);
    EXPECT_FALSE(irq());  // reading it cleared it
    EXPECT_EQ(read(kIir), 1u);
    write(kData, 'x');
    EXPECT_TRUE(irq());
    write(kIer, 0);
    EXPECT_FALSE(irq());
}

/// A handler that never reads IIR, as xv6's before 2023.
TEST_F(Uart, UnseenTransmitterInterruptComesOnce) {
    write(kIer, 3);
    write(kData, 'x');
    EXPECT_TRUE(irq());
    irqs.claim(10);
    EXPECT_FALSE(irq());
    read(kLsr);
    write(kScr, 1);
    write(kIer, 3);
    EXPECT_FALSE(irq());
    // Data interrupt all the same; reading them looks at the transmitter anew.
    EXPECT_EQ(chardev->type("a"), 1u);
    EXPECT_TRUE(irq());
    irqs.claim(10);
    EXPECT_TRUE(irq());
    EXPECT_EQ(read(kIir), 4u);
    EXPECT_EQ(read(kData), 'a');
    EXPECT_TRUE(irq());
    irqs.claim(10);
    EXPECT_FALSE(irq());
    // So do writes of THR and changes of IER.
    write(kData, 'y');
    EXPECT_TRUE(irq());
    irqs.claim(10);
    write(kIer, 1);
    EXPECT_FALSE(irq());
    write(kIer, 3);
    EXPECT_TRUE(irq());
    irqs.claim(10);
    EXPECT_EQ(read(kIir), 2u);  // until it is read
    EXPECT_EQ(read(kIir), 1u);
    EXPECT_FALSE(irq());
}

TEST_F(Uart, TransmitterInterruptThatIsSeenBeforeItsClaimIsCalledOff) {
    write(kIer, 2);
    EXPECT_TRUE(irq());
    EXPECT_EQ(read(kIir), 2u);
    EXPECT_FALSE(irq());
}

TEST_F(Uart, WaitsForTheHost) {
    chardev->space = 1;
    write(kFcr, 1);
    write(kIer, 2);
    read(kIir);
    write(kData, 'a');
    read(kIir);
    write(kData, 'b');
    write(kData, 'c');
    EXPECT_EQ(read(kLsr) & 0x60, 0u);
    EXPECT_FALSE(irq());
    chardev->space = 1;
    chardev->on_writable();
    EXPECT_EQ(read(kLsr) & 0x60, 0u);
    chardev->space = 10;
    chardev->on_writable();
    EXPECT_EQ(chardev->output, "abc");
    EXPECT_EQ(read(kLsr) & 0x60, 0x60u);
    EXPECT_TRUE(irq());
}

TEST_F(Uart, ReceivesWithoutFifo) {
    write(kIer, 1);
    EXPECT_EQ(chardev->type("xyz"), 1u);
    EXPECT_TRUE(irq());
    EXPECT_EQ(read(kIir), 4u);
    EXPECT_EQ(read(kLsr) & 1, 1u);
    EXPECT_EQ(chardev->type("yz"), 0u);
    unsigned before = chardev->accept_calls;
    EXPECT_EQ(read(kData), 'x');
    EXPECT_EQ(chardev->accept_calls, before + 1);
    EXPECT_FALSE(irq());
    EXPECT_EQ(read(kLsr) & 1, 0u);
    EXPECT_EQ(chardev->type("yz"), 1u);
}

TEST_F(Uart, FifoTriggerLevels) {
    const unsigned levels[] = {1, 4, 8, 14};
    for (unsigned i = 0; i < 4; ++i) {
        write(kFcr, 7 | (i << 6));
        write(kIer, 1);
        EXPECT_EQ(read(kIir), 0xC1u);
        EXPECT_EQ(chardev->type("0123456789abcdef"), levels[i]);
        EXPECT_EQ(read(kIir), 0xC4u);
        unsigned more = 0;
        while (chardev->type("x") != 0) ++more;
        EXPECT_EQ(more, 16 - levels[i]);
        for (unsigned n = 16; n > levels[i]; --n) read(kData);
        EXPECT_TRUE(irq());
        read(kData);
        EXPECT_FALSE(irq());
        write(kIer, 0);
    }
}

TEST_F(Uart, FifoTimeoutAfterFourCharacters) {
    write(kLcr, 0x83);
    write(kData, 2);  // 115200
    write(kIer, 0);
    write(kLcr, 3);
    write(kFcr, 0xC1);
    write(kIer, 1);
    EXPECT_EQ(chardev->type("ab"), 2u);
    EXPECT_FALSE(irq());
    clock.advance(347'000);
    clock.run_expired();
    EXPECT_FALSE(irq());
    clock.advance(1'000);
    clock.run_expired();
    EXPECT_TRUE(irq());
    EXPECT_EQ(read(kIir), 0xCCu);
    EXPECT_EQ(read(kData), 'a');
    EXPECT_FALSE(irq());
    clock.advance(348'000);
    clock.run_expired();
    EXPECT_TRUE(irq());  // 'b' still waits
    EXPECT_EQ(read(kData), 'b');
    clock.advance(1'000'000);
    clock.run_expired();
    EXPECT_FALSE(irq());
}

TEST_F(Uart, LoopbackConnectsItselfAndNobodyElse) {
    write(kMcr, 0x10);
    EXPECT_EQ(read(kMsr) & 0xF0, 0u);
    write(kData, 'L');
    EXPECT_EQ(read(kData), 'L');
    EXPECT_EQ(chardev->output, "");
    EXPECT_EQ(chardev->type("x"), 0u);
    write(kMcr, 0x1A);  // RTS, OUT2: what Linux's autoconfiguration looks at
    EXPECT_EQ(read(kMsr) & 0xF0, 0x90u);
    write(kMcr, 0);
    EXPECT_EQ(read(kMsr) & 0xF0, 0xB0u);
}

TEST_F(Uart, OverrunIsALineErrorOfHighestPriority) {
    write(kMcr, 0x10);
    write(kIer, 7);
    write(kData, '1');
    write(kData, '2');
    EXPECT_EQ(read(kIir), 6u);
    EXPECT_EQ(read(kLsr) & 0x03, 0x03u);
    EXPECT_EQ(read(kLsr) & 0x02, 0u);
    EXPECT_EQ(read(kIir), 4u);
    EXPECT_EQ(read(kData), '2');
    EXPECT_EQ(read(kIir), 2u);
}

TEST_F(Uart, BreakIsAZeroByteAndALineError) {
    write(kIer, 5);
    chardev->frontend.line_break();
    EXPECT_EQ(read(kIir), 6u);
    EXPECT_EQ(read(kLsr) & 0x11, 0x11u);
    EXPECT_EQ(read(kLsr) & 0x11, 0x01u);
    EXPECT_EQ(read(kData), 0u);
}

TEST_F(Uart, OverrunOfFifoLosesTheNewByte) {
    write(kMcr, 0x10);
    write(kFcr, 1);
    for (int i = 0; i < 17; ++i) write(kData, static_cast<u64>(i));
    EXPECT_EQ(read(kLsr) & 2, 2u);
    for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(read(kData), i);
    EXPECT_EQ(read(kLsr) & 1, 0u);
}

TEST_F(Uart, ModemStatusInterrupt) {
    write(kIer, 8);
    EXPECT_FALSE(irq());
    write(kMcr, 0x10);  // CTS, DSR and DCD fall
    EXPECT_TRUE(irq());
    EXPECT_EQ(read(kIir), 0u);
    EXPECT_EQ(read(kMsr), 0x0Bu);
    EXPECT_FALSE(irq());
}

TEST_F(Uart, DivisorLatchAndScratch) {
    write(kLcr, 0x80);
    write(kData, 0x34);
    write(kIer, 0x12);
    EXPECT_EQ(read(kData), 0x34u);
    EXPECT_EQ(read(kIer), 0x12u);
    write(kLcr, 0x03);
    EXPECT_EQ(read(kIer), 0u);
    EXPECT_EQ(read(kLcr), 3u);
    write(kScr, 0x5A);
    EXPECT_EQ(read(kScr), 0x5Au);
    EXPECT_EQ(chardev->output, "");
}

TEST_F(Uart, ResetForgetsAll) {
    write(kFcr, 0xC1);
    write(kIer, 0xF);
    chardev->type("abc");
    unsigned before = chardev->accept_calls;
    device.reset();
    EXPECT_EQ(chardev->accept_calls, before + 1);  // there is room for what the host has
    EXPECT_FALSE(irq());
    EXPECT_EQ(read(kIer), 0u);
    EXPECT_EQ(read(kIir), 1u);
    EXPECT_EQ(read(kLsr), 0x60u);
}

TEST(UartWithoutChardev, SwallowsOutput) {
    InstructionClock clock(nullptr);
    Uart16550 device(Irq{}, clock, nullptr);
    Registers registers{device};
    registers.write(kData, 'x', 1);
    EXPECT_EQ(registers.read(kLsr, 1), 0x60u);
}

}  // namespace
}  // namespace dragoman::devices
