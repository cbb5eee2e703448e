#include "devices/cfi_flash.h"

#include "base/error.h"
#include "unit/devices/fixture.h"
#include "unit/devices/memory_image.h"

namespace dragoman::devices {
namespace {

constexpr u64 kBase = 0x2000'0000, kSize = 32 << 20, kSector = CfiFlash::kSectorSize;

struct Flash : testing::Test {
    std::shared_ptr<MemoryImage> image = std::make_shared<MemoryImage>(kSize);
    memory::PhysicalSpace space;
    std::unique_ptr<CfiFlash> device;
    memory::Region* region = nullptr;

    void SetUp() override {
        image->bytes[5] = 0x55;
        make(image);
    }
    void make(std::shared_ptr<block::Image> with) {
        device = std::make_unique<CfiFlash>(with);
        region = &space.add_flash("virt.flash0", kBase, kSize, *device, device->kLimits);
        device->attach(space, *region);
        device->reset();
    }
    u32 load(u64 offset) {
        u64 value = 0;
        EXPECT_TRUE(space.load(kBase + offset, 4, value));
        return static_cast<u32>(value);
    }
    void store(u64 offset, u32 value) { EXPECT_TRUE(space.store(kBase + offset, 4, value)); }
    /// The same command to both chips.
    void command(u64 offset, u16 value) { store(offset, value * 0x10001u); }
    void erase(u64 offset) {
        command(offset, 0x20);
        command(offset, 0xD0);
    }
    void expect_status(u8 status) {
        command(0, 0x70);
        EXPECT_EQ(load(0), status * 0x10001u);
        command(0, 0x50);
    }
};

TEST_F(Flash, ReadsItsImage) {
    EXPECT_EQ(load(4), 0x5500u);
    EXPECT_TRUE(region->directly_readable());
}

TEST_F(Flash, Query) {
    command(0x55 * 4, 0x98);
    EXPECT_FALSE(region->directly_readable());
    auto query = [&](u64 index) {
        u32 value = load(index * 4);
        EXPECT_EQ(value >> 16, value & 0xFFFF);
        return value & 0xFF;
    };
    EXPECT_EQ(query(0x10), 'Q');
    EXPECT_EQ(query(0x11), 'R');
    EXPECT_EQ(query(0x12), 'Y');
    EXPECT_EQ(query(0x13), 1u);
    EXPECT_EQ(query(0x27), 24u);  // a chip of 16 MiB
    EXPECT_EQ(query(0x2A), 11u);
    EXPECT_EQ(query(0x2D), 127u);                       // 128 blocks
    EXPECT_EQ(query(0x2F) | query(0x30) << 8, 0x200u);  // of 128 KiB
    EXPECT_EQ(query(query(0x15)), 'P');
    command(0, 0xFF);
    EXPECT_TRUE(region->directly_readable());
    EXPECT_EQ(load(4), 0x5500u);
}

TEST_F(Flash, Identification) {
    command(0, 0x90);
    EXPECT_EQ(load(0), 0x0089'0089u);
    EXPECT_EQ(load(4), 0x0018'0018u);
    EXPECT_EQ(load(8), 0u);
    command(0, 0xF0);
    EXPECT_EQ(load(4), 0x5500u);
}

TEST_F(Flash, EraseAndProgram) {
    erase(kSector);
    EXPECT_EQ(load(kSector), 0x0080'0080u);  // still the status
    command(0, 0xFF);
    EXPECT_EQ(load(kSector), ~0u);
    EXPECT_EQ(load(2 * kSector - 4), ~0u);
    EXPECT_EQ(load(kSector - 4), 0u);
    EXPECT_EQ(load(2 * kSector), 0u);
    command(kSector + 8, 0x40);
    store(kSector + 8, 0x1234'5678);
    command(kSector + 8, 0x10);
    store(kSector + 8, 0xFFFF'FF0F);
    expect_status(0x80);
    EXPECT_EQ(load(kSector + 8), 0x1234'5608u);  // only zeros can be written
    EXPECT_EQ(std::memcmp(image->bytes.data() + kSector, region->host + kSector, kSector), 0);
}

TEST_F(Flash, BufferedProgram) {
    erase(0);
    command(0x1000, 0xE8);
    EXPECT_EQ(load(0x1000), 0x0080'0080u);  // a buffer is free
    store(0x1000, 2 * 0x10001);             // three words
    for (u32 i = 0; i < 3; ++i) store(0x1000 + i * 4, 0xA0 + i);
    command(0x1000, 0xD0);
    expect_status(0x80);
    EXPECT_EQ(load(0x1000), 0xA0u);
    EXPECT_EQ(load(0x1008), 0xA2u);
    EXPECT_EQ(load(0x100C), ~0u);
    EXPECT_EQ(image->bytes[0x1008], 0xA2);
}

TEST_F(Flash, WrongSequencesAreErrors) {
    command(0, 0x20);
    command(0, 0x12);
    expect_status(0xB0);
    EXPECT_EQ(load(4), 0x5500u);  // nothing was erased
    command(0, 0xE8);
    store(0, 0xFFFF);  // more than the buffer
    expect_status(0xB0);
    command(0, 0xE8);
    store(0, 1);
    store(0, 0);
    store(0x1000, 0);  // another block
    expect_status(0xB0);
    command(0, 0xE8);
    store(0, 0);
    store(0, 0);
    command(0, 0x70);  // no confirmation
    expect_status(0xB0);
    command(0, 0x60);
    command(0, 0xD0);
    expect_status(0x80);
    EXPECT_EQ(image->writes, 0u);
}

TEST_F(Flash, FailingHostDiskIsAnErrorOfTheChip) {
    image->write_error = ENOSPC;
    erase(0);
    expect_status(0xA0);
    command(0, 0x40);
    store(0, 0);
    expect_status(0x90);
}

TEST_F(Flash, ReadOnlyImageIsNotWritten) {
    image->writable = false;
    erase(0);
    expect_status(0x80);
    EXPECT_EQ(load(0), ~0u);
    EXPECT_EQ(image->writes, 0u);
}

TEST_F(Flash, FlushesInTheEnd) {
    device.reset();
    EXPECT_EQ(image->flushes, 1u);
}

TEST_F(Flash, ResetReadsTheArray) {
    command(0, 0x20);
    device->reset();
    EXPECT_EQ(load(4), 0x5500u);
    command(0, 0xD0);
    EXPECT_EQ(load(4), 0x5500u);
}

TEST(FlashImage, OfWrongSizeIsRefused) {
    memory::PhysicalSpace space;
    CfiFlash device(std::make_shared<MemoryImage>(1000));
    memory::Region& region = space.add_flash("flash", kBase, kSize, device, device.kLimits);
    try {
        device.attach(space, region);
        FAIL();
    } catch (const FatalError& error) {
        EXPECT_NE(std::string(error.what()).find("memory"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("1000"), std::string::npos);
    }
}

}  // namespace
}  // namespace dragoman::devices
