#include "devices/aplic.h"

#include "devices/state.h"
#include "unit/devices/fixture.h"

namespace dragoman::devices {
namespace {

constexpr u32 kEnable = 0x100, kMsiMode = 4;
constexpr u32 kDetached = 1, kRisingEdge = 4, kFallingEdge = 5, kHigh = 6, kLow = 7, kDelegate = 0x400;

/// A root domain for two harts that may delegate to a child; both write messages to memory that stands for the harts'
/// interrupt files.
struct Controllers {
    IrqRecorder harts;
    memory::PhysicalSpace memory;
    Aplic child, root;
    Registers machine{root}, supervisor{child};

    explicit Controllers(bool messages)
        : child(96, 3, {Irq{&harts, 9}, Irq{&harts, 109}}, {false, nullptr, messages ? &memory : nullptr}),
          root(96, 3, {Irq{&harts, 11}, Irq{&harts, 111}}, {true, &child, messages ? &memory : nullptr}) {
        memory.add_ram("machine", 0x24000000, 0x2000);
        memory.add_ram("supervisor", 0x28000000, 0x10000);
        root.reset();
        child.reset();
    }

    static u64 config(unsigned source) { return 4 * source; }
    static u64 target(unsigned source) { return 0x3000 + 4 * source; }
    static u64 idc(unsigned hart, u64 offset) { return 0x4000 + 32 * hart + offset; }
    /// A source that interrupts hart `hart`.
    static void enable(Registers& domain, unsigned source, u32 mode, u32 priority = 1, u32 hart = 0) {
        domain.write(config(source), mode);
        domain.write(target(source), hart << 18 | priority);
        domain.write(0x1edc, source);
    }
    static void deliver(Registers& domain) {
        domain.write(0, kEnable);
        domain.write(idc(0, 0), 1);
        domain.write(idc(1, 0), 1);
    }
    u32 message(u64 address) {
        u32 value = 0;
        EXPECT_TRUE(memory.read(address, &value, 4));
        u32 none = 0;
        EXPECT_TRUE(memory.write(address, &none, 4));
        return value;
    }
};

struct AplicDirect : testing::Test, Controllers {
    AplicDirect() : Controllers(false) {}
};
struct AplicMessages : testing::Test, Controllers {
    AplicMessages() : Controllers(true) {
        machine.write(0x1bc0, 0x24000);
        machine.write(0x1bc4, 1 << 12);  // one bit of the hart's number, pages side by side
        machine.write(0x1bc8, 0x28000);
        machine.write(0x1bcc, 2 << 20);  // four pages a hart
    }
};

TEST_F(AplicDirect, LevelIsPendingAsLongAsTheInputIs) {
    enable(machine, 10, kHigh, 3);
    deliver(machine);
    EXPECT_FALSE(harts.level(11));
    root.set_irq(10, true);
    EXPECT_TRUE(harts.level(11));
    EXPECT_FALSE(harts.level(111));
    EXPECT_EQ(machine.read(0x1c00), 1u << 10);
    EXPECT_EQ(machine.read(0x1d00), 1u << 10);
    EXPECT_EQ(machine.read(idc(0, 0x18)), 10u << 16 | 3);
    EXPECT_EQ(machine.read(idc(0, 0x1c)), 10u << 16 | 3);
    EXPECT_TRUE(harts.level(11));  // a claim does not change a level
    machine.write(0x1ddc, 10);     // nor does a write
    EXPECT_TRUE(harts.level(11));
    root.set_irq(10, false);
    EXPECT_FALSE(harts.level(11));
    machine.write(0x1cdc, 10);
    EXPECT_FALSE(harts.level(11));
    machine.write(config(10), kLow);
    EXPECT_TRUE(harts.level(11));
}

TEST_F(AplicDirect, EdgesAreClaimedOnce) {
    root.set_irq(41, true);  // an input that already is as the edge leaves it counts as one
    enable(machine, 40, kRisingEdge);
    enable(machine, 41, kFallingEdge, 2);
    deliver(machine);
    EXPECT_FALSE(harts.level(11));
    root.set_irq(40, true);
    root.set_irq(41, false);
    EXPECT_EQ(machine.read(0x1c04), 3u << 8);
    EXPECT_EQ(machine.read(idc(0, 0x1c)), 40u << 16 | 1);
    EXPECT_EQ(machine.read(idc(0, 0x1c)), 41u << 16 | 2);
    EXPECT_EQ(machine.read(idc(0, 0x1c)), 0u);
    EXPECT_FALSE(harts.level(11));
    root.set_irq(40, false);
    EXPECT_FALSE(harts.level(11));
    machine.write(0x1c04, 1u << 8);  // by software
    EXPECT_TRUE(harts.level(11));
    machine.write(0x1d04, 1u << 8);
    EXPECT_FALSE(harts.level(11));
}

TEST_F(AplicDirect, SmallestPriorityThenLowestNumber) {
    for (unsigned source : {5u, 40u, 96u}) enable(machine, source, kDetached, source == 5 ? 3 : 2);
    deliver(machine);
    for (unsigned source : {96u, 5u, 40u}) machine.write(0x2000, source);
    EXPECT_EQ(machine.read(idc(0, 0x1c)) >> 16, 40u);
    EXPECT_EQ(machine.read(idc(0, 0x1c)) >> 16, 96u);
    machine.write(idc(0, 8), 3);  // threshold: smaller ones only
    EXPECT_FALSE(harts.level(11));
    EXPECT_EQ(machine.read(idc(0, 0x18)), 0u);
    machine.write(idc(0, 8), 4);
    EXPECT_TRUE(harts.level(11));
    EXPECT_EQ(machine.read(idc(0, 0x1c)) >> 16, 5u);
}

TEST_F(AplicDirect, DeliveryNeedsDomainAndHart) {
    enable(machine, 7, kHigh, 1, 1);
    root.set_irq(7, true);
    EXPECT_FALSE(harts.level(111));
    machine.write(0, kEnable);
    EXPECT_FALSE(harts.level(111));
    machine.write(idc(1, 0), 1);
    EXPECT_TRUE(harts.level(111));
    machine.write(target(7), 1);  // to hart 0
    EXPECT_FALSE(harts.level(111));
    machine.write(0x1fdc, 7);
    EXPECT_EQ(machine.read(0x1e00), 0u);
    machine.write(idc(1, 4), 1);  // forced; a claim of nothing takes it back
    EXPECT_TRUE(harts.level(111));
    EXPECT_EQ(machine.read(idc(1, 0x1c)), 0u);
    EXPECT_FALSE(harts.level(111));
}

TEST_F(AplicDirect, RegistersOfWhatIsNotThere) {
    EXPECT_EQ(machine.read(0), 0x80000000u);
    machine.write(0, ~0u);
    EXPECT_EQ(machine.read(0), 0x80000000u | kEnable);  // no messages, little-endian
    machine.write(config(3), 3);                        // reserved mode
    EXPECT_EQ(machine.read(config(3)), 0u);
    machine.write(0x1edc, 3);  // inactive
    machine.write(target(3), 5);
    EXPECT_EQ(machine.read(0x1e00), 0u);
    EXPECT_EQ(machine.read(target(3)), 0u);
    machine.write(config(97), kHigh);
    EXPECT_EQ(machine.read(config(97)), 0u);
    machine.write(config(3), kHigh);
    machine.write(target(3), 0x100);  // priority 0 is 1
    EXPECT_EQ(machine.read(target(3)), 1u);
    EXPECT_EQ(machine.read(config(0)), machine.read(0));  // source 0 is domaincfg
    EXPECT_EQ(machine.read(idc(2, 0)), 0u);
    machine.write(0x1bc0, 1);
    EXPECT_EQ(machine.read(0x1bc0), 0u);
}

TEST_F(AplicDirect, DelegatedSourcesBelongToTheChild) {
    supervisor.write(config(10), kHigh);
    EXPECT_EQ(supervisor.read(config(10)), 0u);  // not yet
    root.set_irq(10, true);
    machine.write(config(10), kDelegate);
    EXPECT_EQ(machine.read(config(10)), kDelegate);
    machine.write(0x1edc, 10);
    EXPECT_EQ(machine.read(0x1e00), 0u);
    enable(supervisor, 10, kHigh);
    deliver(supervisor);
    EXPECT_TRUE(harts.level(9));
    EXPECT_FALSE(harts.level(11));
    root.set_irq(10, false);
    EXPECT_FALSE(harts.level(9));
    root.set_irq(10, true);
    EXPECT_TRUE(harts.level(9));
    machine.write(config(10), 0);
    EXPECT_FALSE(harts.level(9));
    EXPECT_EQ(supervisor.read(config(10)), 0u);
    machine.write(config(10), kDelegate | 1);  // there is one child
    EXPECT_EQ(machine.read(config(10)), 0u);
    supervisor.write(config(11), kDelegate);  // it has none
    EXPECT_EQ(supervisor.read(config(11)), 0u);
}

TEST_F(AplicMessages, PendingSourcesAreSentOnce) {
    machine.write(0, kEnable | kMsiMode);
    machine.write(config(10), kHigh);
    machine.write(target(10), 1u << 18 | 77);
    machine.write(0x1edc, 10);
    root.set_irq(10, true);
    EXPECT_EQ(message(0x24001000), 77u);
    EXPECT_EQ(machine.read(0x1c00), 0u);
    machine.write(0x1cdc, 10);  // still high: asked for again
    EXPECT_EQ(message(0x24001000), 77u);
    root.set_irq(10, false);
    machine.write(0x1cdc, 10);
    EXPECT_EQ(message(0x24001000), 0u);
    machine.write(0x3000, 5);  // genmsi
    EXPECT_EQ(message(0x24000000), 5u);
    EXPECT_FALSE(harts.level(111));
}

TEST_F(AplicMessages, SupervisorMessagesMayGoToGuests) {
    machine.write(config(12), kDelegate);
    supervisor.write(0, kEnable | kMsiMode);
    supervisor.write(config(12), kRisingEdge);
    supervisor.write(target(12), 1u << 18 | 2u << 12 | 33);
    root.set_irq(12, true);
    EXPECT_EQ(message(0x28006000), 0u);  // not enabled
    supervisor.write(0x1e00, 1u << 12);
    EXPECT_EQ(message(0x28006000), 33u);
    EXPECT_EQ(supervisor.read(0x1bc8), 0u);
    machine.write(0x1bc4, 0x8000'0000);  // locked
    machine.write(0x1bc8, 7);
    EXPECT_EQ(machine.read(0x1bc8), 0x28000u);
}

TEST_F(AplicDirect, SavedInTheMiddle) {
    machine.write(config(10), kDelegate);
    enable(supervisor, 10, kHigh, 2, 1);
    enable(machine, 20, kRisingEdge);
    deliver(supervisor);
    deliver(machine);
    root.set_irq(10, true);
    root.set_irq(20, true);
    Controllers other(false);
    auto named = [](Controllers& c) { return std::array{NamedState{"root", c.root}, NamedState{"child", c.child}}; };
    ASSERT_EQ(load_state(save_state(named(*this)), named(other)), "");
    EXPECT_TRUE(other.harts.level(109));
    EXPECT_TRUE(other.harts.level(11));
    EXPECT_EQ(other.machine.read(idc(0, 0x1c)), 20u << 16 | 1);
    other.root.set_irq(10, false);
    EXPECT_FALSE(other.harts.level(109));
}

}  // namespace
}  // namespace dragoman::devices
