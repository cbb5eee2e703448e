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
    EXPECT_EQ(board.config(2, 0x68), 3u << 19) << "the slot's number";
    EXPECT_EQ(board.config(2, 0x6c) >> 16, 0x40u) << "something is in the slot";
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

TEST_F(RootPortTest, InterruptsTurnAtThePort) {
    port.secondary_bus()->set_intx(0, 0, true);
    EXPECT_TRUE(irqs.level(34)) << "INTA# behind slot 2";
    port.secondary_bus()->set_intx(0, 0, false);
    EXPECT_FALSE(irqs.level(34));
}

}  // namespace
}  // namespace dragoman::devices::pci
