// Windows that dispatch: ranges come, move and go at run time, and take accesses as their own limits say.
#include "memory/mmio_window.h"

#include <gtest/gtest.h>

#include <thread>

namespace dragoman::memory {
namespace {

constexpr u64 kBase = 0x40000000, kSize = 0x10000;

/// Registers that read as their offset plus a number of the device's own.
struct Numbers : MmioHandler {
    explicit Numbers(u64 first) : first(first) {}
    u64 first, written = 0;
    unsigned accesses = 0;
    bool read(u64 offset, unsigned, u64& value) override {
        accesses++;
        value = first + offset;
        return true;
    }
    bool write(u64 offset, unsigned, u64 value) override {
        written = offset << 32 | value;
        return true;
    }
};

struct Window : testing::Test {
    explicit Window(MmioWindow::Nothing nothing = MmioWindow::Nothing::Ones) : window(kSize, nothing) {
        space.add_mmio("window", kBase, kSize, window, MmioWindow::kLimits);
    }
    u64 load(u64 offset, unsigned size = 4) {
        u64 value = 0;
        EXPECT_TRUE(space.load(kBase + offset, size, value));
        return value;
    }
    PhysicalSpace space;
    MmioWindow window;
    Numbers a{0x100}, b{0x200};
};

TEST_F(Window, RangesComeMoveAndGo) {
    unsigned first = window.add("a", 0x1000, a, {4, 4, false, true}),
             second = window.add("b", 0x1000, b, {4, 4, false, true});
    EXPECT_EQ(load(0), 0xffffffffu);
    window.turn(first, true);
    EXPECT_EQ(load(8), 0x108u);
    window.move(first, 0x2000);
    EXPECT_EQ(load(8), 0xffffffffu);
    EXPECT_EQ(load(0x2ffc), 0x100u + 0xffc);
    EXPECT_EQ(load(0x3000), 0xffffffffu);
    window.move(second, 0x2000);
    window.turn(second, true);
    EXPECT_EQ(load(0x2004), 0x104u);  // the lowest number wins
    window.turn(first, false);
    EXPECT_EQ(load(0x2004), 0x204u);
    EXPECT_TRUE(space.store(kBase + 0x2010, 4, 7));
    EXPECT_EQ(b.written, u64{0x10} << 32 | 7);
    window.move(second, kSize - 0x800);  // half of it is outside
    EXPECT_EQ(load(kSize - 4), 0x200u + 0x7fc);
    window.move(second, ~u64{0} - 0xff);
    EXPECT_EQ(load(0), 0xffffffffu);
    EXPECT_TRUE(window.ranges()[1].on);
}

TEST_F(Window, AccessesAreAdaptedToTheRange) {
    window.turn(window.add("a", 0x1000, a, {4, 4, false, true}), true);
    EXPECT_EQ(load(0, 8), u64{0x104} << 32 | 0x100);
    EXPECT_EQ(a.accesses, 2u);
    EXPECT_EQ(load(1, 1), 1u);
    EXPECT_EQ(load(0xffc, 8), ~u64{0});  // reaches out of it
    window.turn(window.add("b", 8, b, {4, 4, false, false}), true);
    window.turn(0, false);
    u64 value;
    EXPECT_FALSE(space.load(kBase, 8, value));
}

struct StrictWindow : Window {
    StrictWindow() : Window(MmioWindow::Nothing::BusError) {}
};

TEST_F(StrictWindow, NothingIsABusError) {
    u64 value;
    EXPECT_FALSE(space.load(kBase, 4, value));
    EXPECT_FALSE(space.store(kBase, 4, 0));
}

TEST_F(Window, NumbersOfRemovedRangesAreUsedAgain) {
    const unsigned first = window.add("a", 0x1000, a), second = window.add("b", 0x1000, b);
    window.turn(first, true);
    window.remove(first);
    EXPECT_EQ(load(4), 0xffffffffu);
    EXPECT_EQ(window.add("c", 0x1000, a), first);
    EXPECT_EQ(load(4), 0xffffffffu) << "off at first";
    window.turn(second, true);
    EXPECT_EQ(window.ranges().size(), 2u);
}

TEST_F(Window, MovesWhileItIsRead) {
    unsigned range = window.add("a", 0x1000, a);
    window.turn(range, true);
    std::thread mover([&] {
        for (u64 i = 0; i < 20000; i++) window.move(range, i % 2 * 0x1000);
    });
    for (int i = 0; i < 20000; i++) {
        u64 value = load(0x1004);
        EXPECT_TRUE(value == 0x104 || value == 0xffffffff) << value;
    }
    mover.join();
}

}  // namespace
}  // namespace dragoman::memory
