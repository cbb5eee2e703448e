// virtio over PCI: both sets of registers, interrupts by line and by message, the window in configuration space, state,
// and garbage.
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "devices/state.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/pci.h"
#include "devices/virtio/rng.h"
#include "unit/devices/pci_board.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::virtio {
namespace {

using pci::PciBoard;

struct VirtioPci : ::testing::Test {
    static constexpr unsigned kSlot = 1;
    static constexpr u64 kRegisters = PciBoard::kHigh, kMsix = PciBoard::kMemory, kLegacyIo = PciBoard::kIo + 0x80;
    static constexpr u64 kCommon = kRegisters, kIsr = kRegisters + 0x1000, kConfig = kRegisters + 0x2000,
                         kNotify = kRegisters + 0x3000;
    static constexpr u64 kRing = PciBoard::kRam + 0x10000, kBuffer = PciBoard::kRam + 0x20000;

    TestIrq irq;
    PciBoard board{irq};
    std::filesystem::path disk_file;
    block::Drives drives;
    std::unique_ptr<PciTransport> transport;
    u16 available = 0;

    ~VirtioPci() override {
        transport.reset();
        if (!disk_file.empty()) std::filesystem::remove(disk_file);
    }
    void plug(std::unique_ptr<VirtioDevice> device, PciOptions options = {}) {
        transport = std::make_unique<PciTransport>("virtio-x-pci", std::move(device), options);
        board.plug(*transport, kSlot);
        board.set_config(kSlot, pci::kBar0, 0x80);
        board.set_config(kSlot, pci::kBar0 + 4, static_cast<u32>(kMsix));
        board.set_config(kSlot, pci::kBar0 + 16, static_cast<u32>(kRegisters));
        board.set_config(kSlot, pci::kBar0 + 20, static_cast<u32>(kRegisters >> 32));
        board.enable(kSlot);
    }
    std::unique_ptr<VirtioDevice> disk() {
        std::string name = (std::filesystem::temp_directory_path() / "dragoman-pci-XXXXXX").string();
        int fd = ::mkstemp(name.data());
        EXPECT_GE(fd, 0);
        ::close(fd);
        disk_file = name;
        std::ofstream(name) << std::string(1 << 20, 'd');
        drives.add_drive(Properties("-drive", "id=a,format=raw,file=" + name), false);
        Properties properties("-device", "drive=a");
        return Blk::make(board.space, drives, properties);
    }
    void start_modern() {
        board.store(kCommon + 0x14, 0, 1);
        board.store(kCommon + 0x14, kStatusAcknowledge | kStatusDriver, 1);
        board.store(kCommon + 0x08, 1);
        board.store(kCommon + 0x0c, 1);
        board.store(kCommon + 0x14, kStatusAcknowledge | kStatusDriver | kStatusFeaturesOk, 1);
        EXPECT_NE(board.load(kCommon + 0x14, 1) & kStatusFeaturesOk, 0u);
        board.store(kCommon + 0x16, 0, 2);
        board.store(kCommon + 0x18, 8, 2);
        for (u64 part : {u64{0}, u64{0x1000}, u64{0x2000}}) {
            board.store(kCommon + 0x20 + part / 0x200, static_cast<u32>(kRing + part));
            board.store(kCommon + 0x24 + part / 0x200, 0);
        }
    }
    void go() {
        board.store(kCommon + 0x1c, 1, 2);
        board.store(kCommon + 0x14, board.load(kCommon + 0x14, 1) | kStatusDriverOk, 1);
    }
    /// One writable buffer of 64 bytes in queue 0, whose available ring is at `ring`.
    void add_buffer(u64 ring = kRing + 0x1000) {
        board.store(kRing, kBuffer, 8);
        board.store(kRing + 8, 64);
        board.store(kRing + 12, 2, 2);
        board.store(ring + 4 + 2 * (available % 8), 0, 2);
        board.store(ring + 2, ++available, 2);
    }
    /// A read of the first sector, in three descriptors.
    void add_read() {
        const u64 parts[] = {kBuffer, kBuffer + 0x1000, kBuffer + 0x2000};
        const u32 sizes[] = {16, 512, 1}, flags[] = {1, 3, 2};
        board.store(kBuffer, 0, 8);
        board.store(kBuffer + 8, 0, 8);
        for (unsigned i = 0; i < 3; i++) {
            board.store(kRing + 16 * i, parts[i], 8);
            board.store(kRing + 16 * i + 8, sizes[i]);
            board.store(kRing + 16 * i + 12, flags[i], 2);
            board.store(kRing + 16 * i + 14, i + 1, 2);
        }
        board.store(kRing + 0x1000 + 4 + 2 * (available % 8), 0, 2);
        board.store(kRing + 0x1002, ++available, 2);
    }
    u64 used(u64 ring = kRing + 0x2000) { return board.load(ring + 2, 2); }
    bool wait_used(u64 count) {
        for (unsigned i = 0; i < 60000 && used() != count; i++)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return used() == count;
    }
};

TEST_F(VirtioPci, IdentityOfTransitionalAndModern) {
    plug(std::make_unique<Rng>(board.space));
    EXPECT_EQ(board.config(kSlot, 0), 0x10051af4u);
    EXPECT_EQ(board.config(kSlot, 8), 0x00ff0000u);
    EXPECT_EQ(board.config(kSlot, 0x2c), 0x00041af4u);
    EXPECT_EQ(board.bar_size(kSlot, 0) & 0xff, 0x20u);
    EXPECT_EQ(board.bar_size(kSlot, 1), 0x1000u);
    EXPECT_EQ(board.bar_size(kSlot, 4), 0x4000u);
    transport.reset();
    plug(std::make_unique<Rng>(board.space), {.legacy = false});
    EXPECT_EQ(board.config(kSlot, 0), 0x10441af4u);
    EXPECT_EQ(board.config(kSlot, 8), 0x00ff0001u);
    EXPECT_EQ(board.config(kSlot, 0x2c), 0x11001af4u);
    EXPECT_EQ(board.config(kSlot, pci::kBar0), 0u);
    transport.reset();
    plug(std::make_unique<Rng>(board.space), {.modern = false, .vectors = 0});
    EXPECT_EQ(board.config(kSlot, 0), 0x10051af4u);
    EXPECT_EQ(board.capability(kSlot, pci::kCapabilityVendor), 0u);
    EXPECT_EQ(board.capability(kSlot, pci::kCapabilityMsix), 0u);
}

TEST_F(VirtioPci, CapabilitiesSayWhereTheRegistersAre) {
    plug(std::make_unique<Rng>(board.space));
    // As QEMU has them, the last first: MSI-X, the window, notify, device, ISR, common.
    const u32 expected[][3] = {
        {5, 0, 0}, {2, 0x3000, 0x1000}, {4, 0x2000, 0x1000}, {3, 0x1000, 0x1000}, {1, 0, 0x1000}};
    for (unsigned i = 0; i < 5; i++) {
        unsigned at = board.capability(kSlot, pci::kCapabilityVendor, i);
        ASSERT_NE(at, 0u);
        EXPECT_EQ(board.config(kSlot, at + 3, 1), expected[i][0]);
        EXPECT_EQ(board.config(kSlot, at + 8), expected[i][1]);
        EXPECT_EQ(board.config(kSlot, at + 12), expected[i][2]);
    }
    EXPECT_EQ(board.config(kSlot, board.capability(kSlot, pci::kCapabilityVendor, 1) + 16), 4u) << "notify multiplier";
}

TEST_F(VirtioPci, ModernDriverWithInterruptLine) {
    plug(std::make_unique<Rng>(board.space));
    start_modern();
    go();
    add_buffer();
    board.store(kNotify, 0, 2);
    EXPECT_EQ(used(), 1u);
    EXPECT_TRUE(irq.level());
    EXPECT_EQ(board.load(kIsr, 1), 1u);
    EXPECT_FALSE(irq.level()) << "reading acknowledges";
    EXPECT_EQ(board.load(kIsr, 1), 0u);
    board.store(kCommon + 0x14, 0, 1);
    EXPECT_EQ(board.load(kCommon + 0x1c, 2), 0u);
}

TEST_F(VirtioPci, ModernDriverWithMessages) {
    plug(std::make_unique<Rng>(board.space));
    unsigned msix = board.capability(kSlot, pci::kCapabilityMsix);
    board.set_config(kSlot, msix + 2, 0x8000, 2);
    board.store(kMsix + 16, kBuffer + 0x800, 8);
    board.store(kMsix + 24, 0x1234);
    board.store(kMsix + 28, 0);
    start_modern();
    EXPECT_EQ(board.load(kCommon + 0x1a, 2), 0xffffu);
    board.store(kCommon + 0x1a, 2, 2);
    EXPECT_EQ(board.load(kCommon + 0x1a, 2), 0xffffu) << "there are two vectors";
    board.store(kCommon + 0x1a, 1, 2);
    EXPECT_EQ(board.load(kCommon + 0x1a, 2), 1u);
    go();
    add_buffer();
    board.store(kNotify, 0, 2);
    EXPECT_EQ(used(), 1u);
    EXPECT_EQ(board.load(kBuffer + 0x800), 0x1234u);
    EXPECT_FALSE(irq.level());
}

TEST_F(VirtioPci, LegacyDriver) {
    plug(std::make_unique<Rng>(board.space));
    EXPECT_EQ(board.load(kLegacyIo + 0x12, 1), 0u);
    board.store(kLegacyIo + 0x12, kStatusAcknowledge | kStatusDriver, 1);
    EXPECT_NE(board.load(kLegacyIo) & kFeatureAnyLayout, 0u);
    board.store(kLegacyIo + 4, 0);
    board.store(kLegacyIo + 0xe, 0, 2);
    u64 size = board.load(kLegacyIo + 0xc, 2);
    EXPECT_EQ(size, 8u);
    board.store(kLegacyIo + 8, kRing >> 12);
    EXPECT_EQ(board.load(kLegacyIo + 8), kRing >> 12);
    board.store(kLegacyIo + 0x12, 7, 1);
    add_buffer(kRing + 16 * size);
    board.store(kLegacyIo + 0x10, 0, 2);
    EXPECT_EQ(used(kRing + 0x1000), 1u);
    EXPECT_TRUE(irq.level());
    EXPECT_EQ(board.load(kLegacyIo + 0x13, 1), 1u);
    EXPECT_FALSE(irq.level());
}

TEST_F(VirtioPci, WindowInConfigurationSpace) {
    plug(disk());
    unsigned at = board.capability(kSlot, pci::kCapabilityVendor);
    board.set_config(kSlot, at + 4, 4, 1);
    board.set_config(kSlot, at + 8, 0x2000);
    board.set_config(kSlot, at + 12, 4);
    EXPECT_EQ(board.config(kSlot, at + 16), (1u << 20) / 512) << "the capacity";
    board.set_config(kSlot, at + 8, 0x14);
    board.set_config(kSlot, at + 12, 1);
    board.set_config(kSlot, at + 16, kStatusAcknowledge, 1);
    EXPECT_EQ(board.load(kCommon + 0x14, 1), u64{kStatusAcknowledge});
    board.set_config(kSlot, at + 12, 3);
    board.set_config(kSlot, at + 16, 0, 1);
    board.set_config(kSlot, at + 4, 17, 1);
    board.set_config(kSlot, at + 16, 0, 1);
    EXPECT_EQ(board.load(kCommon + 0x14, 1), u64{kStatusAcknowledge});
}

TEST_F(VirtioPci, NothingMovesWithoutBusMastering) {
    plug(std::make_unique<Rng>(board.space));
    start_modern();
    go();
    board.enable(kSlot, pci::kCommandIo | pci::kCommandMemory);
    add_buffer();
    board.store(kNotify, 0, 2);
    EXPECT_EQ(used(), 0u);
    board.enable(kSlot);
    EXPECT_EQ(used(), 1u);
}

TEST_F(VirtioPci, DiskAndItsState) {
    plug(disk());
    start_modern();
    go();
    add_read();
    board.store(kNotify, 0, 2);
    ASSERT_TRUE(wait_used(1));
    EXPECT_EQ(board.load(kBuffer + 0x1000, 1), u64{'d'});
    // Saved with a request that nobody has seen yet, and an interrupt that nobody has acknowledged.
    board.enable(kSlot, pci::kCommandIo | pci::kCommandMemory);
    add_read();
    board.enable(kSlot);
    ASSERT_TRUE(wait_used(2));
    const NamedState named[] = {{"host", board.host}, {"disk", *transport}};
    std::vector<u8> saved = save_state(named);
    ASSERT_TRUE(irq.wait());
    transport->reset();
    EXPECT_FALSE(irq.level());
    EXPECT_EQ(load_state(saved, named), "");
    transport->resume();
    EXPECT_TRUE(irq.level());
    EXPECT_EQ(board.load(kIsr, 1), 1u);
    add_read();
    board.store(kNotify, 0, 2);
    EXPECT_TRUE(wait_used(3));
    // The other kind of device does not take it.
    PciTransport other("other", std::make_unique<Rng>(board.space), {});
    board.plug(other, 2);
    const NamedState wrong[] = {{"host", board.host}, {"disk", other}};
    EXPECT_NE(load_state(saved, wrong), "");
}

TEST_F(VirtioPci, Garbage) {
    plug(disk());
    std::mt19937_64 random(11);
    auto number = [&]() -> u64 { return random() % 3 != 0 ? random() % 16 : random(); };
    for (unsigned i = 0; i < 60'000; i++) {
        if (i % 500 == 0) {
            board.enable(kSlot);
            board.set_config(kSlot, pci::kBar0, 0x80);
            board.set_config(kSlot, pci::kBar0 + 16, static_cast<u32>(kRegisters));
            board.set_config(kSlot, pci::kBar0 + 20, static_cast<u32>(kRegisters >> 32));
            start_modern();
            go();
        }
        if (i % 50 == 0) add_read();
        unsigned size = 1u << (random() % 4);
        u64 address = kRegisters + random() % 0x40;
        switch (random() % 6) {
            case 0: address = kRegisters + random() % 0x5000; break;
            case 1: address = kLegacyIo + random() % 0x60; break;
            case 2: address = PciBoard::config_address(kSlot, static_cast<unsigned>(random() % 0x100)); break;
            case 3: address = kMsix + random() % 0x1000; break;
            default: break;
        }
        u64 ignored;
        if (random() % 2 != 0) board.space.store(address, size, number());
        else board.space.load(address, size, ignored);
    }
    transport->reset();
    EXPECT_FALSE(irq.level());
}

}  // namespace
}  // namespace dragoman::devices::virtio
