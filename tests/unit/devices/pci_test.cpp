// The host bridge and what all functions share, with a function of the test's own.
#include <optional>
#include <random>

#include "base/error.h"
#include "devices/pci/msi.h"
#include "devices/pci/msix.h"
#include "devices/state.h"
#include "unit/devices/pci_board.h"

namespace dragoman::devices::pci {
namespace {

/// One register that holds what is written, in each kind of BAR.
class TestFunction final : public Function {
public:
    explicit TestFunction(bool msi = false)
        : Function("test", {.vendor = 0x1234, .device = 1, .class_code = 0xff0000}) {
        add_bar(0, BarKind::Memory32, 0x1000, registers, {});
        add_bar(1, BarKind::Io, 0x20, registers, {.min_size = 1, .max_size = 4});
        add_bar(2, BarKind::Prefetchable64, 0x4000, registers, {});
        if (msi) add_msi();
        add_msix(3, 4, 0, 0x800);
        add_bar(4, BarKind::Memory32, 0x1000, *msix(), Msix::kLimits);
    }
    using Function::dma_write;
    using Function::msi;
    using Function::msix;
    using Function::set_intx;

    struct Registers final : memory::MmioHandler {
        u64 value = 0, last_offset = 0;
        bool read(u64 offset, unsigned, u64& to) override {
            to = value;
            last_offset = offset;
            return true;
        }
        bool write(u64 offset, unsigned, u64 from) override {
            value = from;
            last_offset = offset;
            return true;
        }
    } registers;
    u32 counter = 0;

private:
    void reset_device() override { counter = 0; }
    void visit_device(State& state) override { state.field("counter", counter); }
};

struct Pci : ::testing::Test {
    IrqRecorder irqs;
    PciBoard board{irqs};
    TestFunction function;

    Pci() { board.plug(function, 3); }
};

TEST_F(Pci, ConfigurationSpacesAreInMemory) {
    EXPECT_EQ(board.config(0, kVendorId), 0x00081b36u);
    EXPECT_EQ(board.config(3, kVendorId), 0x00011234u);
    EXPECT_EQ(board.config(3, kDeviceId, 2), 1u);
    EXPECT_EQ(board.config(3, kClass + 1, 1), 0xffu);
    EXPECT_EQ(board.load(PciBoard::config_address(3, 0), 8), 0x0010000000011234u);
    board.set_config(3, kVendorId, 0);
    EXPECT_EQ(board.config(3, kVendorId), 0x00011234u);
    EXPECT_EQ(board.config(4, kVendorId), ~u32{0});
    EXPECT_EQ(board.config(3, 0x100), ~u32{0}) << "a conventional function has 256 bytes";
    EXPECT_EQ(board.load(PciBoard::kEcam + (255 << 20)), ~u32{0});
}

TEST_F(Pci, BarsTellTheirSize) {
    EXPECT_EQ(board.bar_size(3, 0), 0x1000u);
    EXPECT_EQ(board.config(3, kBar0 + 4), 1u);
    EXPECT_EQ(board.bar_size(3, 2), 0x4000u);
    EXPECT_EQ(board.config(3, kBar0 + 8), 0xcu);
    EXPECT_EQ(board.bar_size(3, 5), 0u);
}

TEST_F(Pci, BarsAnswerWhereTheyArePut) {
    board.set_config(3, kBar0, PciBoard::kMemory + 0x5000);
    board.set_config(3, kBar0 + 4, 0x40);
    board.set_config(3, kBar0 + 8, 0x8000);
    board.set_config(3, kBar0 + 12, 4);
    EXPECT_EQ(board.load(PciBoard::kMemory + 0x5000), ~u32{0}) << "memory is not enabled";
    board.enable(3, kCommandMemory);
    board.store(PciBoard::kMemory + 0x5010, 0x1122334455667788, 8);
    EXPECT_EQ(function.registers.value, 0x1122334455667788u);
    EXPECT_EQ(function.registers.last_offset, 0x10u);
    EXPECT_EQ(board.load(PciBoard::kHigh + 0x8000 + 0x3ff8, 8), 0x1122334455667788u);
    EXPECT_EQ(function.registers.last_offset, 0x3ff8u);
    EXPECT_EQ(board.load(PciBoard::kIo + 0x40), ~u32{0}) << "I/O is not enabled";
    board.enable(3);
    board.store(PciBoard::kIo + 0x45, 7, 1);
    EXPECT_EQ(function.registers.value, 7u);
    EXPECT_EQ(function.registers.last_offset, 5u);
    board.set_config(3, kBar0, PciBoard::kMemory + 0x9000);
    EXPECT_EQ(board.load(PciBoard::kMemory + 0x5000), ~u32{0}) << "it has moved";
    EXPECT_EQ(board.load(PciBoard::kMemory + 0x9000), 7u);
    function.reset();
    EXPECT_EQ(board.load(PciBoard::kMemory + 0x9000), ~u32{0});
}

TEST_F(Pci, AccessesEndWithTheirBar) {
    board.set_config(3, kBar0, PciBoard::kMemory);
    board.enable(3);
    function.registers.value = 5;
    EXPECT_EQ(board.load(PciBoard::kMemory + 0xff8, 8), 5u);
    EXPECT_EQ(board.load(PciBoard::kMemory + 0xffc, 8), ~u64{0});
}

TEST_F(Pci, InterruptsTurnWithTheSlot) {
    function.set_intx(true);
    EXPECT_TRUE(irqs.level(35)) << "INTA# of slot 3";
    EXPECT_NE(board.config(3, kStatus, 2) & kStatusInterrupt, 0u);
    TestFunction other;
    board.plug(other, 7);
    other.set_intx(true);
    function.set_intx(false);
    EXPECT_TRUE(irqs.level(35)) << "the other one still asks";
    other.set_intx(false);
    EXPECT_FALSE(irqs.level(35));
}

TEST_F(Pci, InterruptsCanBeDisabled) {
    function.set_intx(true);
    board.enable(3, kCommandIntxDisable);
    EXPECT_FALSE(irqs.level(35));
    EXPECT_NE(board.config(3, kStatus, 2) & kStatusInterrupt, 0u) << "the status tells it all the same";
    board.enable(3, 0);
    EXPECT_TRUE(irqs.level(35));
}

TEST_F(Pci, BusMastering) {
    u32 value = 1;
    EXPECT_FALSE(function.dma_write(PciBoard::kRam, &value, 4));
    board.enable(3, kCommandMaster);
    EXPECT_TRUE(function.dma_write(PciBoard::kRam, &value, 4));
    EXPECT_FALSE(function.dma_write(0x1000, &value, 4));
}

TEST_F(Pci, MsixSendsMessages) {
    unsigned at = board.capability(3, kCapabilityMsix);
    ASSERT_NE(at, 0u);
    EXPECT_EQ(board.config(3, at + 2, 2), 2u) << "three vectors";
    board.set_config(3, kBar0 + 16, PciBoard::kMemory);
    board.enable(3);
    const u64 table = PciBoard::kMemory, message = PciBoard::kRam + 0x100;
    EXPECT_EQ(board.load(table + 16 + 12), 1u) << "masked at first";
    board.store(table + 16, message);
    board.store(table + 16 + 8, 0x77);
    function.msix()->notify(1);
    EXPECT_EQ(board.load(message), 0u) << "MSI-X is not enabled";
    board.set_config(3, at + 2, Msix::kEnable, 2);
    EXPECT_TRUE(function.msix()->enabled());
    function.msix()->notify(1);
    EXPECT_EQ(board.load(table + 0x800), 2u) << "pending";
    board.store(table + 16 + 12, 0);
    EXPECT_EQ(board.load(message), 0x77u);
    EXPECT_EQ(board.load(table + 0x800), 0u);
    board.set_config(3, at + 2, Msix::kEnable | Msix::kMaskAll, 2);
    board.store(message, 0);
    function.msix()->notify(1);
    EXPECT_EQ(board.load(message), 0u);
    board.set_config(3, at + 2, Msix::kEnable, 2);
    EXPECT_EQ(board.load(message), 0x77u);
    // A message to where there is no memory, to a device too, goes nowhere.
    board.store(table + 16, table);
    function.msix()->notify(1);
    function.msix()->notify(17);
    EXPECT_EQ(board.load(table), 0u);
}

TEST_F(Pci, MsiSendsItsMessage) {
    TestFunction one(true);
    board.plug(one, 4);
    unsigned at = board.capability(4, kCapabilityMsi);
    ASSERT_NE(at, 0u);
    board.enable(4);
    board.set_config(4, at + 4, PciBoard::kRam + 0x40);
    board.set_config(4, at + 12, 0x55, 2);
    one.msi()->notify();
    EXPECT_EQ(board.load(PciBoard::kRam + 0x40), 0u);
    board.set_config(4, at + 2, 1, 2);
    EXPECT_TRUE(one.msi()->enabled());
    one.msi()->notify();
    EXPECT_EQ(board.load(PciBoard::kRam + 0x40), 0x55u);
}

std::string place_error(Bus& bus, const std::string& text) {
    try {
        Properties properties("-device x", text);
        bus.choose(properties);
    } catch (const FatalError& error) {
        return error.what();
    }
    return {};
}

TEST_F(Pci, Places) {
    Properties none("-device x", "");
    EXPECT_EQ(board.host.root().choose(none).devfn, 1 << 3);
    Properties some("-device x", "addr=0x1f.3,multifunction=on");
    EXPECT_EQ(board.host.root().choose(some).devfn, 0xfb);
    some.finish();
    Bus& bus = board.host.root();
    EXPECT_EQ(place_error(bus, "addr=3"), "-device x: addr=3: is in use by test");
    EXPECT_EQ(place_error(bus, "addr=3.1"), "-device x: addr=3.1: test at 3.0 is not multifunction=on");
    for (const char* wrong : {"addr=20", "addr=1.8", "addr=x", "addr=", "addr=1.", "addr=1.1.1", "addr=-1"}) {
        EXPECT_NE(place_error(bus, wrong).find("not of the form"), std::string::npos) << wrong;
    }
    TestFunction second;
    board.plug(second, 5, 2);
    EXPECT_NE(place_error(bus, "addr=5").find("needs multifunction=on"), std::string::npos);
    EXPECT_EQ(place_error(bus, "addr=5,multifunction=on"), "");
}

TEST_F(Pci, StateIsSavedAndLoaded) {
    board.set_config(3, kBar0, PciBoard::kMemory + 0x5000);
    board.enable(3);
    board.set_config(3, kInterruptLine, 9, 1);
    function.counter = 12;
    function.set_intx(true);
    function.registers.value = 3;
    const NamedState named[] = {{"host", board.host}, {"function", function}};
    std::vector<u8> saved = save_state(named);
    function.reset();
    EXPECT_FALSE(irqs.level(35));
    EXPECT_EQ(load_state(saved, named), "");
    EXPECT_EQ(function.counter, 12u);
    EXPECT_EQ(board.config(3, kInterruptLine, 1), 9u);
    EXPECT_EQ(board.load(PciBoard::kMemory + 0x5000), 3u);
    EXPECT_TRUE(irqs.level(35));
    TestFunction other(true);
    board.plug(other, 4);
    const NamedState wrong[] = {{"host", board.host}, {"function", other}};
    EXPECT_NE(load_state(saved, wrong), "");
}

TEST_F(Pci, AnythingInConfigurationSpace) {
    std::mt19937_64 random(7);
    TestFunction second(true);
    board.plug(second, 0, 1);
    for (unsigned i = 0; i < 100'000; i++) {
        unsigned size = 1u << (random() % 4);
        u64 address = random() % 3 != 0 ? PciBoard::config_address(random() % 4, static_cast<unsigned>(random() % 0x60))
                                        : PciBoard::kMemory + random() % 0x8000;
        if (random() % 16 == 0) address = PciBoard::kIo + random() % 0x80;
        if (random() % 16 == 0) address = PciBoard::kEcam + random() % (256 << 20);
        u64 value = random() % 2 != 0 ? random() : PciBoard::kMemory + (random() % 8) * 0x1000, ignored;
        if (random() % 2 != 0) board.space.store(address, size, value);
        else board.space.load(address, size, ignored);
        if (random() % 64 == 0) second.set_intx(random() % 2 != 0);
        if (random() % 64 == 0) second.msix()->notify(static_cast<unsigned>(random() % 4));
        if (random() % 64 == 0) second.msi()->notify();
        if (random() % 1000 == 0) second.reset();
    }
    EXPECT_EQ(board.config(3, kVendorId), 0x00011234u);
}

}  // namespace
}  // namespace dragoman::devices::pci
