// A host bridge in a physical map, and what a driver does first with a function behind it, for tests.
#pragma once

#include <gtest/gtest.h>

#include "devices/pci/host.h"
#include "unit/devices/fixture.h"

namespace dragoman::devices::pci {

struct PciBoard {
    static constexpr u64 kRam = 0x80000000, kRamBytes = 16 << 20;
    static constexpr u64 kEcam = 0x30000000, kIo = 0x3000000, kMemory = 0x40000000, kHigh = 0x400000000;

    memory::PhysicalSpace space;
    Host host;

    explicit PciBoard(IrqSink& sink) : host(space, {Irq{&sink, 32}, {&sink, 33}, {&sink, 34}, {&sink, 35}}) {
        space.add_ram("ram", kRam, kRamBytes);
        space.add_mmio("ecam", kEcam, host.kEcamBytes, host.ecam(), host.kEcamLimits);
        add_window("io", kIo, 0x10000, host.add_io_window(0, 0x10000));
        add_window("memory", kMemory, 0x40000000, host.add_memory_window(kMemory, 0x40000000));
        add_window("high", kHigh, u64{16} << 30, host.add_memory_window(kHigh, u64{16} << 30));
    }
    void add_window(const char* name, u64 address, u64 bytes, memory::MmioWindow& window) {
        space.add_mmio(name, address, bytes, window, window.kLimits);
    }

    void plug(Function& function, unsigned slot, unsigned number = 0) {
        host.root().plug(function, {static_cast<u8>(slot * 8 + number), number != 0});
        function.reset();
    }

    u64 load(u64 address, unsigned size = 4) {
        u64 value = 0xdeadbeefdeadbeef;
        EXPECT_TRUE(space.load(address, size, value)) << std::hex << address;
        return value;
    }
    void store(u64 address, u64 value, unsigned size = 4) {
        EXPECT_TRUE(space.store(address, size, value)) << std::hex << address;
    }

    static u64 config_address(unsigned slot, unsigned offset, unsigned bus = 0) {
        return kEcam + (u64{bus} << 20) + slot * 0x8000 + offset;
    }
    u32 config(unsigned slot, unsigned offset, unsigned size = 4, unsigned bus = 0) {
        return static_cast<u32>(load(config_address(slot, offset, bus), size));
    }
    void set_config(unsigned slot, unsigned offset, u32 value, unsigned size = 4, unsigned bus = 0) {
        store(config_address(slot, offset, bus), value, size);
    }
    /// Writes ones to a BAR, and reads back which of them stay: its size.
    u32 bar_size(unsigned slot, unsigned index) {
        u32 before = config(slot, kBar0 + 4 * index);
        set_config(slot, kBar0 + 4 * index, ~u32{0});
        u32 mask = config(slot, kBar0 + 4 * index) & ~u32{0xf};
        set_config(slot, kBar0 + 4 * index, before);
        return ~mask + 1;
    }
    void enable(unsigned slot, u16 command = kCommandIo | kCommandMemory | kCommandMaster) {
        set_config(slot, kCommand, command, 2);
    }
    /// The capability `id`, the `number`th of that kind; 0 when there is none.
    unsigned capability(unsigned slot, u8 id, unsigned number = 0) {
        for (unsigned at = config(slot, kCapabilities, 1); at != 0; at = config(slot, at + 1, 1)) {
            if (config(slot, at, 1) == id && number-- == 0) return at;
        }
        return 0;
    }
};

}  // namespace dragoman::devices::pci
