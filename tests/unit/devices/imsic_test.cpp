#include "devices/imsic.h"

#include "devices/state.h"
#include "unit/devices/fixture.h"

namespace dragoman::devices {
namespace {

struct ImsicTest : testing::Test {
    IrqRecorder harts;
    Imsic device{{Irq{&harts, 0}, Irq{&harts, 1}}};
    Registers registers{device};
    using File = Imsic::File;
};

TEST_F(ImsicTest, MessagesGoToTheHartOfTheirPage) {
    File& file = device.file(1);
    file.write(File::kDelivery, 1);
    file.write(File::kEnable + 2, 1u << 6);
    registers.write(0x0000, 70);
    EXPECT_FALSE(harts.level(0));
    EXPECT_FALSE(harts.level(1));
    registers.write(0x1000, 70);
    EXPECT_TRUE(harts.level(1));
    EXPECT_EQ(file.read(File::kPending + 2), 1u << 6);
    EXPECT_EQ(file.top(), 70u);
    EXPECT_EQ(registers.read(0x1000), 0u);
    file.claim(70);
    EXPECT_FALSE(harts.level(1));
    registers.write(0x1004, 70u << 24);
    EXPECT_TRUE(harts.level(1));
    file.write(File::kThreshold, 70);
    EXPECT_FALSE(harts.level(1));
    registers.write(0x2000, 1);  // no such hart
}

TEST_F(ImsicTest, HasRegistersOfAHartWith64Bits) {
    for (unsigned number : {0x70u, 0x72u, 0x80u, 0xbeu, 0xc0u, 0xfeu}) EXPECT_TRUE(File::has(number)) << number;
    for (unsigned number : {0x30u, 0x71u, 0x73u, 0x7fu, 0x81u, 0xffu, 0x100u})
        EXPECT_FALSE(File::has(number)) << number;
    File& file = device.file(0);
    for (unsigned number = File::kPending; number < 0x100; number += 2) file.write(number, ~u64{0});
    EXPECT_EQ(file.read(File::kPending), ~u64{1});
    EXPECT_EQ(file.read(File::kEnable + 6), ~u64{0});
    EXPECT_EQ(file.read(File::kEnable + 8), 0u);
    file.write(File::kDelivery, ~u64{0});
    EXPECT_EQ(file.read(File::kDelivery), 1u);
}

TEST_F(ImsicTest, GuestsHaveFilesBehindTheirHarts) {
    // Two guests take two bits of the address, and so four pages a hart.
    Imsic guests({Irq{&harts, 0}, Irq{&harts, 1}, Irq{&harts, 2}, Irq{&harts, 3}, Irq{&harts, 4}, Irq{&harts, 5}}, 2);
    EXPECT_EQ(guests.window(), 8 * Imsic::kPage);
    Registers all{guests};
    File& file = guests.file(1, 2);
    file.write(File::kDelivery, 1);
    file.write(File::kEnable, 1u << 9);
    all.write(0x3000, 9);  // no such guest
    all.write(0x4000, 9);
    all.write(0x5000, 9);
    EXPECT_FALSE(harts.level(5));
    all.write(0x6000, 9);
    EXPECT_TRUE(harts.level(5));
    EXPECT_EQ(guests.file(1, 1).read(File::kPending), 1u << 9);
    EXPECT_EQ(guests.file(1).read(File::kPending), 1u << 9);
    EXPECT_EQ(guests.file(0, 2).read(File::kPending), 0u);
}

TEST_F(ImsicTest, WordsAreWrittenAlone) {
    File& file = device.file(0);
    file.write(File::kEnable, ~u64{0}, 0xffff'ffff);
    EXPECT_EQ(file.read(File::kEnable), 0xffff'fffeu);
    file.write(File::kEnable, u64{5} << 32, ~u64{0xffff'ffff});
    EXPECT_EQ(file.read(File::kEnable), u64{5} << 32 | 0xffff'fffe);
}

TEST_F(ImsicTest, SavedInTheMiddle) {
    device.file(0).write(File::kDelivery, 1);
    device.file(0).write(File::kEnable, 1u << 9);
    registers.write(0, 9);
    registers.write(0x1000, 200);
    IrqRecorder others;
    Imsic other({Irq{&others, 0}, Irq{&others, 1}});
    auto named = [](Imsic& imsic) { return std::array{NamedState{"imsic", imsic}}; };
    ASSERT_EQ(load_state(save_state(named(device)), named(other)), "");
    EXPECT_TRUE(others.level(0));
    EXPECT_EQ(other.file(1).read(File::kPending + 6), u64{1} << (200 - 192));
    device.reset();
    EXPECT_FALSE(harts.level(0));
    EXPECT_EQ(device.file(1).read(File::kPending + 6), 0u);
}

}  // namespace
}  // namespace dragoman::devices
