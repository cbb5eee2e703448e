#include "devices/fw_cfg.h"

#include <cstring>

#include "base/big_endian.h"
#include "devices/display/ramfb.h"
#include "unit/devices/fixture.h"

namespace dragoman::devices {
namespace {

constexpr u64 kRam = 0x8000'0000, kRamSize = 0x10000, kCommand = kRam + 0x100, kTarget = kRam + 0x1000;

struct FwCfgTest : testing::Test {
    memory::PhysicalSpace memory;
    FwCfg device{memory};
    Registers registers{device};

    void SetUp() override { memory.add_ram("ram", kRam, kRamSize); }
    void select(u16 key) { registers.write(8, __builtin_bswap16(key), 2); }
    std::string data(unsigned count) {
        std::string text;
        while (text.size() < count) text += static_cast<char>(registers.read(0, 1));
        return text;
    }
    /// @returns what the device leaves in the control word
    u32 dma(u32 control, u32 length, u64 target, bool halves = false) {
        u8 command[16];
        control = __builtin_bswap32(control);
        length = __builtin_bswap32(length);
        target = __builtin_bswap64(target);
        std::memcpy(command, &control, 4);
        std::memcpy(command + 4, &length, 4);
        std::memcpy(command + 8, &target, 8);
        EXPECT_TRUE(memory.write(kCommand, command, 16));
        if (halves) {
            registers.write(16, __builtin_bswap32(kCommand >> 32), 4);
            registers.write(20, __builtin_bswap32(static_cast<u32>(kCommand)), 4);
        } else {
            registers.write(16, __builtin_bswap64(kCommand), 8);
        }
        EXPECT_TRUE(memory.read(kCommand, &control, 4));
        return __builtin_bswap32(control);
    }
    std::string ram(u64 address, unsigned count) {
        std::string text(count, '?');
        EXPECT_TRUE(memory.read(address, text.data(), count));
        return text;
    }
};

TEST_F(FwCfgTest, SignatureAndFeatures) {
    device.reset();
    EXPECT_EQ(data(6), std::string("QEMU\0\0", 6));
    select(FwCfg::kId);
    EXPECT_EQ(data(4), std::string("\3\0\0\0", 4));
    EXPECT_EQ(registers.read(16, 8), __builtin_bswap64(0x51454D5520434647));
    EXPECT_EQ(registers.read(20, 4), 0x4746'4320u);
}

TEST_F(FwCfgTest, WideReadsKeepTheOrderOfBytes) {
    select(FwCfg::kSignature);
    EXPECT_EQ(registers.read(0, 4), 0x554D4551u);
    select(FwCfg::kSignature);
    EXPECT_EQ(registers.read(0, 2), 0x4551u);
    EXPECT_EQ(registers.read(0, 8), 0x554Du);
}

TEST_F(FwCfgTest, UnknownKeysReadZero) {
    select(0x1234);
    EXPECT_EQ(registers.read(0, 8), 0u);
    EXPECT_EQ(registers.read(8, 2), 0u);
}

TEST_F(FwCfgTest, FilesAndTheirDirectory) {
    EXPECT_TRUE(device.add_file("opt/b", {'x', 'y'}));
    EXPECT_TRUE(device.add_file("opt/a", {'z'}));
    EXPECT_FALSE(device.add_file("opt/a", {}));
    EXPECT_FALSE(device.add_file(std::string(56, 'n'), {}));
    select(FwCfg::kFileDirectory);
    std::string directory = data(4 + 2 * 64);
    EXPECT_EQ(directory.substr(0, 4), std::string("\0\0\0\2", 4));
    EXPECT_EQ(directory.substr(4, 14), std::string("\0\0\0\1\0\x21\0\0opt/a\0", 14));
    EXPECT_EQ(directory.substr(68, 14), std::string("\0\0\0\2\0\x20\0\0opt/b\0", 14));
    select(0x20);
    EXPECT_EQ(data(2), "xy");
}

TEST_F(FwCfgTest, DmaReadsSkipsAndPads) {
    device.add_string(FwCfg::kCommandLineData, "console=ttyS0");
    EXPECT_EQ(dma(FwCfg::kCommandLineData << 16 | 0xA, 7, kTarget), 0u);
    EXPECT_EQ(ram(kTarget, 8), std::string("console\0", 8));
    EXPECT_EQ(dma(4, 1, 0), 0u);
    EXPECT_EQ(dma(2, 8, kTarget, true), 0u);
    EXPECT_EQ(ram(kTarget, 8), std::string("ttyS0\0\0\0", 8));
}

TEST_F(FwCfgTest, DmaErrors) {
    EXPECT_EQ(dma(0x10, 4, kTarget), 1u);               // nothing can be written
    EXPECT_EQ(dma(2, 4, 0x1000), 1u);                   // no memory there
    EXPECT_EQ(dma(2, ~0u, kTarget), 1u);                // more than there is
    registers.write(16, __builtin_bswap64(0x1000), 8);  // not even a command
    EXPECT_EQ(dma(0, 0, 0), 0u);
}

TEST_F(FwCfgTest, WritesOfTheGuestReachTheFilesOwner) {
    std::string seen;
    ASSERT_TRUE(
        device.add_writable_file("etc/w", 4, [&](std::span<const u8> file) { seen.assign(file.begin(), file.end()); }));
    EXPECT_FALSE(device.add_writable_file("etc/w", 4, nullptr));
    ASSERT_TRUE(device.add_file("etc/r", {1, 2}));
    memory.write(kTarget, "abcdef", 6);
    const u32 file = u32{FwCfg::kFirstFile} << 16, select_it = 8, write = 16;
    EXPECT_EQ(dma(file | select_it | write, 4, kTarget), 0u);
    EXPECT_EQ(seen, "abcd");
    EXPECT_EQ(dma(file | select_it | write, 2, kTarget + 4), 0u);
    EXPECT_EQ(dma(write, 2, kTarget), 0u);  // goes on
    EXPECT_EQ(seen, "efab");
    EXPECT_EQ(dma(write, 1, kTarget), 1u);  // behind the end
    EXPECT_EQ(dma(file | select_it | write, 5, kTarget), 1u);
    EXPECT_EQ(dma(file | select_it | write, 4, 0x1000), 1u);
    EXPECT_EQ(dma((file + 0x10000) | select_it | write, 1, kTarget), 1u);  // is only read
    EXPECT_EQ(seen, "efab");
    select(FwCfg::kFirstFile);
    EXPECT_EQ(data(4), "efab");
    device.reset();
    EXPECT_EQ(seen, std::string(4, 0));
}

TEST_F(FwCfgTest, RamfbShowsAPieceOfMemory) {
    display::Ramfb ramfb(memory);
    ASSERT_TRUE(ramfb.connect(device));
    EXPECT_FALSE(ramfb.connect(device));
    display::Frame frame;
    ramfb.capture(frame);
    EXPECT_EQ(frame.width, display::Screen::kBlankWidth);
    auto set_mode = [&](u64 address, u32 format, u32 width, u32 height, u32 stride) {
        std::vector<u8> file;
        for (u32 word : {static_cast<u32>(address >> 32), static_cast<u32>(address), format, 0u, width, height, stride})
            put_be32(file, word);
        memory.write(kTarget, file.data(), file.size());
        EXPECT_EQ(dma(u32{FwCfg::kFirstFile} << 16 | 8 | 16, 28, kTarget), 0u);
        ramfb.capture(frame);
    };
    for (u32 i = 0; i < 40 * 20; i++) memory.store(kRam + 0x4000 + 4 * i, 4, 0xff000000 | i);
    constexpr u32 kXr24 = 0x34325258;
    set_mode(kRam + 0x4000, kXr24, 32, 20, 160);
    ASSERT_EQ(frame.width, 32u);
    ASSERT_EQ(frame.height, 20u);
    for (u32 i = 0; i < 32 * 20; i++) ASSERT_EQ(frame.pixels[i], i / 32 * 40 + i % 32);
    EXPECT_NE(ramfb.generation(), ramfb.generation());
    // Modes that cannot be are none.
    set_mode(kRam + 0x4000, 0x12345678, 32, 20, 160);
    EXPECT_EQ(frame.width, display::Screen::kBlankWidth);
    for (auto [address, width, height, stride] : {std::tuple{u64{0x1000}, 32u, 20u, 128u},
                                                  {kRam, ~0u, ~0u, 0u},
                                                  {kRam, 32u, 20u, 16u},
                                                  {kRam + 0xf000, 64u, 64u, 0u},
                                                  {kRam, 0u, 0u, 0u}}) {
        set_mode(address, kXr24, width, height, stride);
        EXPECT_EQ(frame.width, display::Screen::kBlankWidth);
    }
}

}  // namespace
}  // namespace dragoman::devices
