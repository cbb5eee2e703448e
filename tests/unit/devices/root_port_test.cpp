// A root port, with a virtio device behind it.
#include "devices/pci/root_port.h"
#include "devices/state.h"
#include "devices/virtio/pci.h"
#include "devices/virtio/rng.h"
#include "unit/devices/pci_board.h"

namespace dragoman::devices::pci {
namespace {

struct RootPortTest : ::testing::Test {
    IrqRecorder irqs;
    PciBoard board{irqs};
    RootPort port{board.host, "rp", 0, 3};
    virtio::PciTransport device{
        "virtio-rng-pci", std::make_unique<virtio::Rng>(board.space), {.legacy = false, .express = true}};

    RootPortTest() {
        board.plug(port, 2);
        port.secondary_bus()->plug(device, {0, false});
        port.reset();
        device.reset();
    }
    void number_buses() { board.set_config(2, 0x18, 0x00020200); }
    static u64 behind(unsigned offset) { return PciBoard::config_address(0, offset, 2); }
};

TEST_F(RootPortTest, Identity) {
    EXPECT_EQ(board.config(2, 0), 0x000c1b36u);
    EXPECT_EQ(board.config(2, 8), 0x06040000u);
    EXPECT_EQ(board.config(2, kHeaderType, 1), 1u);
    EXPECT_EQ(board.capability(2, kCapabilityExpress), 0x54u);
    EXPECT_EQ(board.config(2, 0x68), 0x001a007bu) << "the slot's number, and all that QEMU's has";
    EXPECT_EQ(board.config(2, 0x6c), 0x004003c0u) << "something is in the slot, and has power";
    EXPECT_NE(board.config(2, 0x64) >> 16 & 0x2000, 0u) << "the link is up";
}

TEST_F(RootPortTest, ConfigurationSpacesBehindIt) {
    EXPECT_EQ(board.load(behind(0)), ~u32{0}) << "the bus has no number yet";
    number_buses();
    EXPECT_EQ(board.load(behind(0)), 0x10441af4u);
    EXPECT_EQ(board.load(PciBoard::config_address(1, 0, 2)), ~u32{0});
    EXPECT_EQ(board.load(PciBoard::config_address(0, 0, 3)), ~u32{0});
    EXPECT_EQ(port.secondary_bus()->number(), 2u);
}

TEST_F(RootPortTest, WindowsPassAccessesOn) {
    number_buses();
    const u64 registers = PciBoard::kHigh + 0x100000, table = PciBoard::kMemory + 0x200000;
    board.store(behind(kBar0 + 4), static_cast<u32>(table));
    board.store(behind(kBar0 + 16), static_cast<u32>(registers));
    board.store(behind(kBar0 + 20), registers >> 32);
    board.store(behind(kCommand), kCommandMemory, 2);
    EXPECT_EQ(board.load(registers + 0x12, 2), 0xffffu) << "the port passes nothing on";
    board.enable(2);
    board.set_config(2, 0x24, 0x00100010);
    board.set_config(2, 0x28, registers >> 32);
    board.set_config(2, 0x2c, registers >> 32);
    EXPECT_EQ(board.load(registers + 0x12, 2), 1u) << "one queue";
    EXPECT_EQ(board.load(table + 12), ~u32{0});
    board.set_config(2, 0x20, 0x40204020);
    EXPECT_EQ(board.load(table + 12), 1u) << "a masked vector";
    board.enable(2, 0);
    EXPECT_EQ(board.load(table + 12), ~u32{0});
    board.enable(2);
    const NamedState named[] = {{"host", board.host}, {"port", port}, {"device", device}};
    std::vector<u8> saved = save_state(named);
    port.reset();
    EXPECT_EQ(board.load(behind(0)), ~u32{0});
    EXPECT_EQ(load_state(saved, named), "");
    EXPECT_EQ(board.load(table + 12), 1u);
}

/// A port whose slot is empty at first.
struct HotplugTest : RootPortTest {
    static constexpr unsigned kSlot = 3, kControl = 0x6c, kStatus = 0x6e;
    static constexpr u32 kPower = 0x400, kPowerIndicator = 0x300, kPresent = 0x40, kPressed = 1, kChanged = 8,
                         kDone = 0x10;

    RootPort empty{board.host, "rp1", 0, 1};
    virtio::PciTransport late{
        "virtio-rng-pci", std::make_unique<virtio::Rng>(board.space), {.legacy = false, .express = true}};
    unsigned off = 0;

    HotplugTest() {
        board.plug(empty, kSlot);
        empty.set_on_power_off([this] { off++; });
        board.set_config(kSlot, 0x18, 0x00030300);
    }
    u32 control() { return board.config(kSlot, kControl, 2); }
    u32 status() { return board.config(kSlot, kStatus, 2); }
    void set_control(u32 value) { board.set_config(kSlot, kControl, value, 2); }
    u32 identity() { return static_cast<u32>(board.load(PciBoard::config_address(0, 0, 3))); }
    void insert() {
        empty.secondary_bus()->plug(late, {0, false});
        late.reset();
        empty.announce();
    }
    bool line() { return irqs.level(32 + kSlot); }
};

TEST_F(HotplugTest, AnEmptySlotHasNoPower) {
    EXPECT_EQ(control(), 0x7c0u);
    EXPECT_EQ(status(), 0u);
    EXPECT_EQ(board.config(kSlot, 0x66, 2) & 0x2000, 0u) << "the link is down";
    set_control(0xffff);
    EXPECT_EQ(control(), 0x7f9u);
    EXPECT_EQ(status(), 0x90u) << "the interlock has moved, the command is done";
    board.set_config(kSlot, kStatus, 0xffff, 2);
    EXPECT_EQ(status(), 0x80u);
}

TEST_F(HotplugTest, ADeviceComes) {
    set_control(0x7c0 | 0x39);
    EXPECT_TRUE(line()) << "the command is done";
    board.set_config(kSlot, kStatus, kDone, 2);
    EXPECT_FALSE(line());
    insert();
    EXPECT_EQ(status(), kPresent | kPressed | kChanged);
    EXPECT_NE(board.config(kSlot, 0x66, 2) & 0x2000, 0u);
    EXPECT_TRUE(line());
    EXPECT_EQ(identity(), ~u32{0}) << "it has no power";
    board.set_config(kSlot, kStatus, kPressed | kChanged, 2);
    EXPECT_FALSE(line());
    set_control(0x1f9);
    EXPECT_EQ(identity(), 0x10441af4u);
    EXPECT_EQ(off, 0u);
}

TEST_F(HotplugTest, ADeviceGoes) {
    insert();
    set_control(0x1f9);
    board.set_config(kSlot, kStatus, 0xffff, 2);
    EXPECT_EQ(empty.press_button(), RootPort::Answer::Asked);
    EXPECT_EQ(status(), kPresent | kPressed);
    EXPECT_TRUE(line());
    set_control(0x2f9);
    EXPECT_EQ(empty.press_button(), RootPort::Answer::Busy) << "the power indicator blinks";
    set_control(0x7f9);
    EXPECT_EQ(off, 1u);
    EXPECT_EQ(identity(), ~u32{0});
    set_control(0x7f9);
    EXPECT_EQ(off, 1u) << "it has been off already";
    EXPECT_EQ(empty.press_button(), RootPort::Answer::Off);
    board.set_config(kSlot, kStatus, 0xffff, 2);
    late.reset();
    empty.secondary_bus()->unplug(late);
    empty.tell_empty();
    EXPECT_EQ(status(), kChanged);
    EXPECT_EQ(board.config(kSlot, 0x66, 2) & 0x2000, 0u);
    set_control(0x3f9);
    EXPECT_EQ(identity(), ~u32{0});
    EXPECT_TRUE(empty.secondary_bus()->empty());
}

TEST_F(HotplugTest, WhatIsInTheSlotAtResetHasPower) {
    insert();
    EXPECT_EQ(control(), 0x7c0u);
    empty.reset();
    EXPECT_EQ(control(), 0x3c0u);
    EXPECT_EQ(status(), kPresent);
    EXPECT_FALSE(line());
    board.set_config(kSlot, 0x18, 0x00030300);
    EXPECT_EQ(identity(), 0x10441af4u);
}

TEST_F(HotplugTest, ItsStateIsSaved) {
    insert();
    set_control(0x8f9);
    EXPECT_TRUE(line());
    const NamedState named[] = {{"host", board.host}, {"port", empty}, {"device", late}};
    const std::vector<u8> saved = save_state(named);
    empty.reset();
    EXPECT_FALSE(line());
    EXPECT_EQ(load_state(saved, named), "");
    EXPECT_TRUE(line());
    EXPECT_EQ(status(), 0x80 | kPresent | kPressed | kChanged | kDone);
    board.set_config(kSlot, kStatus, 0xffff, 2);
    EXPECT_FALSE(line());
}

TEST_F(HotplugTest, APortCanBeWithoutHotplug) {
    RootPort cold(board.host, "rp2", 0, 1, false);
    board.plug(cold, 5);
    EXPECT_EQ(board.config(5, 0x68), 0x000a001bu);
    EXPECT_FALSE(cold.hotplug());
}

TEST_F(RootPortTest, InterruptsTurnAtThePort) {
    port.secondary_bus()->set_intx(0, 0, true);
    EXPECT_TRUE(irqs.level(34)) << "INTA# behind slot 2";
    port.secondary_bus()->set_intx(0, 0, false);
    EXPECT_FALSE(irqs.level(34));
}

}  // namespace
}  // namespace dragoman::devices::pci
