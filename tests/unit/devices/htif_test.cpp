#include "devices/htif.h"

#include "unit/devices/fixture.h"

namespace dragoman::devices {
namespace {

constexpr u64 kRam = 0x8000'0000, kTohost = kRam + 0x100, kFromhost = kRam + 0x200;
constexpr u64 kPut = u64{0x0101} << 48, kGet = u64{0x0100} << 48;

struct HtifTest : testing::Test {
    memory::PhysicalSpace space;
    std::shared_ptr<MemoryChardev> chardev = std::make_shared<MemoryChardev>();
    std::vector<int> ends;
    Htif device{space, chardev, [this](int status) { ends.push_back(status); }};
    Registers registers{device};

    HtifTest() {
        space.add_ram("ram", kRam, 0x4000);
        device.reset();
    }
    u64 word(u64 address) {
        u64 value;
        EXPECT_TRUE(space.load(address, 8, value));
        return value;
    }
};

TEST_F(HtifTest, RegistersTakeARequestInHalves) {
    registers.write(8, 'a');
    EXPECT_EQ(chardev->output, "");
    EXPECT_EQ(registers.read(8), u64{'a'});
    registers.write(12, kPut >> 32);
    EXPECT_EQ(chardev->output, "a");
    EXPECT_EQ(registers.read(8), 0u);
    EXPECT_EQ(registers.read(0), 0x100u | 'a');
    EXPECT_EQ(registers.read(4), kPut >> 32);
    registers.write(0, 0);
    registers.write(4, 0);
    EXPECT_EQ(registers.read(4), 0u);
    registers.write(12, kPut >> 32);  // without its low half
    EXPECT_EQ(chardev->output, "a");
}

TEST_F(HtifTest, EndsWithAStatus) {
    registers.write(8, 1);
    registers.write(12, 0);
    registers.write(8, (42 << 1) | 1);
    registers.write(12, 0);
    EXPECT_EQ(ends, (std::vector<int>{0, 42}));
}

TEST_F(HtifTest, AByteComesWhenItIsAskedFor) {
    EXPECT_EQ(chardev->type("x"), 0u);
    registers.write(8, 0);
    registers.write(12, kGet >> 32);
    EXPECT_EQ(registers.read(0), 0u);
    EXPECT_EQ(chardev->accept_calls, 1u);
    EXPECT_EQ(chardev->type("xy"), 1u);
    EXPECT_EQ(registers.read(0), 0x100u | 'x');
    EXPECT_EQ(chardev->type("y"), 0u);
}

TEST_F(HtifTest, WordsInMemory) {
    unsigned other = 0;
    space.on_code_write = [&](u64, u64) { ++other; };  // the engine's
    ASSERT_TRUE(device.place(kTohost, kFromhost));
    space.store(kTohost, 8, kPut | 'a');
    EXPECT_EQ(chardev->output, "a");
    EXPECT_EQ(word(kTohost), 0u);
    EXPECT_EQ(word(kFromhost), kPut | 0x100 | 'a');
    EXPECT_NE(other, 0u);
    space.store(kTohost + 8, 8, kPut | 'b');  // beside it
    EXPECT_EQ(chardev->output, "a");
    EXPECT_EQ(word(kTohost + 8), kPut | 'b');
    const u64 request = kPut | 'c';
    space.write(kTohost, &request, sizeof request);
    EXPECT_EQ(chardev->output, "ac");
    space.store(kTohost, 4, 3);  // harts of 32 bits
    EXPECT_EQ(ends, std::vector<int>{1});
}

TEST_F(HtifTest, WritesForAProgram) {
    ASSERT_TRUE(device.place(kTohost, kFromhost));
    const u64 call = kRam + 0x400, text = kRam + 0x500;
    space.write(text, "hello", 5);
    auto make = [&](u64 number, u64 file, u64 buffer, u64 bytes) {
        const u64 words[8] = {number, file, buffer, bytes};
        space.write(call, words, sizeof words);
        space.store(kFromhost, 8, 0);
        space.store(kTohost, 8, call);
        EXPECT_NE(word(kFromhost), 0u);
        return static_cast<i64>(word(call));
    };
    EXPECT_EQ(make(64, 1, text, 5), 5);
    EXPECT_EQ(chardev->output, "hello");
    EXPECT_EQ(make(64, 2, text, 2), 2);
    EXPECT_EQ(make(64, 7, text, 5), -38);
    EXPECT_EQ(make(63, 0, text, 5), -38);
    EXPECT_EQ(make(64, 1, 0x1000, 5), -14);
    EXPECT_EQ(make(64, 1, kRam + 0x3FFE, 5), 2);
    EXPECT_EQ(make(64, 1, text, ~u64{0}), 4096);
    space.store(kTohost, 8, kRam + 0x3FF0);  // the words lie half outside
    EXPECT_TRUE(ends.empty());
}

TEST_F(HtifTest, OnlyInMemory) {
    EXPECT_FALSE(device.place(0x1000, kFromhost));
    EXPECT_FALSE(device.place(kTohost, 0x1000));
    EXPECT_FALSE(device.place(kRam + 0xFFC, kFromhost));
}

TEST_F(HtifTest, WhatThereIsNotIsAnswered) {
    registers.write(8, 5);
    registers.write(12, u64{0x0700} << 16);
    EXPECT_EQ(registers.read(4), u64{0x0700} << 16);
    EXPECT_EQ(registers.read(0), 0u);
}

}  // namespace
}  // namespace dragoman::devices
