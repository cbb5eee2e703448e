// The physical map: lookup, memory and device accesses, adaptation to device limits, DMA and code marks.
#include "memory/physical_space.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"

namespace dragoman::memory {
namespace {

/// Notes the accesses that it gets; reads give bytes 0x10 + offset.
struct Recorder : MmioHandler {
    struct Access {
        u64 offset;
        unsigned size;
        u64 value;
        bool operator==(const Access&) const = default;
    };
    std::vector<Access> reads, writes;
    bool fail = false;

    bool read(u64 offset, unsigned size, u64& value) override {
        reads.push_back({offset, size, 0});
        value = 0;
        for (unsigned i = 0; i < size; ++i) value |= (0x10 + offset + i) << (8 * i);
        return !fail;
    }
    bool write(u64 offset, unsigned size, u64 value) override {
        writes.push_back({offset, size, value});
        return !fail;
    }
};

constexpr u64 kRam = 0x80000000;

TEST(PhysicalSpace, FindsRegionsByAddress) {
    PhysicalSpace space;
    Recorder device;
    space.add_ram("ram", kRam, 0x10000);
    space.add_mmio("uart", 0x10000000, 0x8, device);
    space.add_rom("rom", 0x1000, 0xf000);
    EXPECT_EQ(space.find(0xfff), nullptr);
    EXPECT_EQ(space.find(0x1000)->name, "rom");
    EXPECT_EQ(space.find(0xffff)->name, "rom");
    EXPECT_EQ(space.find(0x10000), nullptr);
    EXPECT_EQ(space.find(0x10000007)->name, "uart");
    EXPECT_EQ(space.find(0x10000008), nullptr);
    EXPECT_EQ(space.find(kRam + 0xffff)->name, "ram");
    EXPECT_EQ(space.find(kRam + 0x10000), nullptr);
    EXPECT_EQ(space.find(~u64{0}), nullptr);
    auto all = space.regions();
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0]->name, "rom");
    EXPECT_EQ(all[2]->name, "ram");
    EXPECT_THROW(space.add_ram("more", kRam + 0xf000, 0x2000), FatalError);
    EXPECT_THROW(space.add_rom("huge", kRam + 0x100000, u64{1} << 60), FatalError);
}

TEST(PhysicalSpace, LoadsAndStoresMemory) {
    PhysicalSpace space;
    space.add_ram("ram", kRam, 0x2000);
    space.add_rom("rom", 0x1000, 0x1000);
    u64 value = 1;
    EXPECT_TRUE(space.load(kRam + 8, 8, value));
    EXPECT_EQ(value, 0u);
    EXPECT_TRUE(space.store(kRam + 8, 8, 0x1122334455667788));
    EXPECT_TRUE(space.load(kRam + 9, 2, value));
    EXPECT_EQ(value, 0x6677u);
    EXPECT_TRUE(space.store(kRam + 8, 1, 0xfff));
    EXPECT_TRUE(space.load(kRam + 8, 4, value));
    EXPECT_EQ(value, 0x556677ffu);
    EXPECT_FALSE(space.load(kRam + 0x1ffc, 8, value)) << "beyond the end";
    EXPECT_FALSE(space.store(0x5000, 4, 0)) << "nothing there";
    EXPECT_TRUE(space.store(0x1000, 4, 5)) << "ROM ignores stores";
    EXPECT_TRUE(space.load(0x1000, 4, value));
    EXPECT_EQ(value, 0u);
    u32 word = 77;
    EXPECT_TRUE(space.write(0x1000, &word, 4)) << "but a loader fills it";
    EXPECT_TRUE(space.load(0x1000, 4, value));
    EXPECT_EQ(value, 77u);
}

TEST(PhysicalSpace, DeviceGetsAccessesWithinItsLimits) {
    PhysicalSpace space;
    Recorder device;
    space.add_mmio("words", 0x1000, 0x100, device, {.min_size = 4, .max_size = 4});
    u64 value = 0;
    EXPECT_TRUE(space.load(0x1008, 4, value));
    EXPECT_EQ(value, 0x1b1a1918u);
    EXPECT_TRUE(space.load(0x1008, 8, value));
    EXPECT_EQ(value, 0x1f1e1d1c1b1a1918u);
    EXPECT_TRUE(space.load(0x100a, 1, value));
    EXPECT_EQ(value, 0x1au);
    EXPECT_TRUE(space.load(0x100b, 2, value)) << "misaligned, across two words";
    EXPECT_EQ(value, 0x1c1bu);
    EXPECT_EQ(device.reads.size(), 6u);
    EXPECT_TRUE(space.store(0x1010, 8, 0x1111111122222222));
    EXPECT_TRUE(space.store(0x1015, 1, 0xaabb));
    std::vector<Recorder::Access> expected = {{0x10, 4, 0x22222222}, {0x14, 4, 0x11111111}, {0x14, 4, 0xbb00}};
    EXPECT_EQ(device.writes, expected);
    EXPECT_FALSE(space.load(0x10fc, 8, value)) << "beyond the end";
    device.fail = true;
    EXPECT_FALSE(space.load(0x1008, 4, value));
}

TEST(PhysicalSpace, StrictDeviceRefusesOtherAccesses) {
    PhysicalSpace space;
    Recorder device;
    space.add_mmio("strict", 0x1000, 0x100, device, {.min_size = 4, .max_size = 8, .adapt = false});
    u64 value;
    EXPECT_FALSE(space.load(0x1000, 1, value));
    EXPECT_FALSE(space.load(0x1002, 4, value));
    EXPECT_TRUE(space.load(0x1004, 4, value));
    EXPECT_FALSE(space.store(0x1004, 8, 0));
    EXPECT_TRUE(space.store(0x1008, 8, 0));
    EXPECT_EQ(device.reads.size() + device.writes.size(), 2u);
}

TEST(PhysicalSpace, MessagesReachMemoryAndWhoTakesThem) {
    PhysicalSpace space;
    Recorder device, other;
    space.add_ram("ram", kRam, 0x1000);
    space.add_mmio("imsic", 0x1000, 0x100, device, {.min_size = 4, .max_size = 4}).takes_messages = true;
    space.add_mmio("other", 0x2000, 0x100, other);
    space.send_message(kRam + 8, 0x12345678);
    space.send_message(0x1004, 7);
    space.send_message(0x1006, 8);  // misaligned
    space.send_message(0x2000, 9);
    space.send_message(0x3000, 10);
    u64 value = 0;
    EXPECT_TRUE(space.load(kRam + 8, 4, value));
    EXPECT_EQ(value, 0x12345678u);
    EXPECT_EQ(device.writes, (std::vector<Recorder::Access>{{4, 4, 7}}));
    EXPECT_TRUE(other.writes.empty());
}

TEST(PhysicalSpace, FlashChangesBetweenMemoryAndRegisters) {
    PhysicalSpace space;
    Recorder device;
    Region& flash = space.add_flash("flash", 0x20000000, 0x1000, device);
    unsigned changes = 0;
    space.on_map_change = [&](const Region& region) { changes += &region == &flash; };
    u64 value;
    EXPECT_TRUE(space.load(0x20000004, 4, value));
    EXPECT_EQ(value, 0u);
    EXPECT_TRUE(space.store(0x20000004, 4, 0x90));
    EXPECT_EQ(device.writes.size(), 1u);
    space.set_readable(flash, false);
    space.set_readable(flash, false);
    EXPECT_EQ(changes, 1u);
    EXPECT_FALSE(flash.directly_readable());
    EXPECT_TRUE(space.load(0x20000004, 4, value));
    EXPECT_EQ(value, 0x17161514u);
}

TEST(PhysicalSpace, DmaCrossesRegionsButTouchesNoDevice) {
    PhysicalSpace space;
    Recorder device;
    space.add_ram("low", kRam, 0x1000);
    space.add_ram("high", kRam + 0x1000, 0x1000);
    space.add_mmio("dev", kRam + 0x2000, 0x1000, device);
    u8 bytes[16];
    for (u8 i = 0; i < 16; ++i) bytes[i] = i;
    EXPECT_TRUE(space.write(kRam + 0xff8, bytes, 16));
    u8 back[16] = {};
    EXPECT_TRUE(space.read(kRam + 0xff8, back, 16));
    EXPECT_EQ(std::memcmp(bytes, back, 16), 0);
    EXPECT_FALSE(space.read(kRam + 0x1ff8, back, 16));
    EXPECT_FALSE(space.write(kRam + 0x2000, back, 1));
    EXPECT_TRUE(device.reads.empty() && device.writes.empty());
    EXPECT_NE(space.ram(kRam + 0x1ff0, 16), nullptr);
    EXPECT_EQ(space.ram(kRam + 0xff8, 16), nullptr);
    EXPECT_EQ(space.ram(kRam + 0x2000, 1), nullptr);
}

TEST(PhysicalSpace, WritesToMarkedPagesAreReported) {
    PhysicalSpace space;
    Region& ram = space.add_ram("ram", kRam, 0x4000);
    std::vector<std::pair<u64, u64>> reports;
    space.on_code_write = [&](u64 address, u64 bytes) { reports.emplace_back(address, bytes); };
    ram.code_pages[1] = 1;
    EXPECT_TRUE(space.store(kRam, 8, 1));
    EXPECT_TRUE(reports.empty());
    EXPECT_TRUE(space.store(kRam + 0x1100, 2, 1));
    std::vector<u8> big(0x4000);
    EXPECT_TRUE(space.write(kRam, big.data(), big.size()));
    bool swapped = false;
    EXPECT_TRUE(space.compare_exchange(kRam + 0x1008, 8, 0, 5, swapped));
    EXPECT_TRUE(swapped);
    EXPECT_TRUE(space.compare_exchange(kRam + 0x1008, 4, 4, 6, swapped));
    EXPECT_FALSE(swapped);
    EXPECT_FALSE(space.compare_exchange(kRam + 0x100c, 8, 4, 6, swapped)) << "misaligned";
    std::vector<std::pair<u64, u64>> expected = {{kRam + 0x1100, 2}, {kRam + 0x1000, 0x1000}, {kRam + 0x1008, 8}};
    EXPECT_EQ(reports, expected);
}

}  // namespace
}  // namespace dragoman::memory
