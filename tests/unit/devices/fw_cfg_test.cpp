#include "devices/fw_cfg.h"

#include <cstring>

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

}  // namespace
}  // namespace dragoman::devices
