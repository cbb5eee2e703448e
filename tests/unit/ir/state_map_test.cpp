#include "ir/state_map.h"

#include <cstring>

#include "ir/env.h"
#include "ir_test.h"

namespace dragoman::ir::test {
namespace {

/// x0..x3, a lazily held flags word, a vector start, two vectors of different sizes.
enum Global : u16 { kX0, kX1, kX2, kX3, kFlags, kVstart, kV0, kV1 };

struct Cpu : Env {
    u64 x[4];
    u64 flags, vstart;
    alignas(64) u8 v0[64];
    u8 v1[16];
};

u32 offset_in_cpu(const Cpu& cpu, const void* member) {
    return static_cast<u32>(static_cast<const u8*>(member) - reinterpret_cast<const u8*>(&cpu));
}

/// Flags of a subtraction a - b: carry in bit 1, zero in bit 0; c is a third operand to look at.
u64 flags_of_sub(u64 a, u64 b, u64 c) { return u64{a < b} << 1 | u64{a == b} | c << 8; }

struct Registers final : RegisterFile {
    u64 words[16][8] = {};
    u64 address = 0;
    void read(unsigned number, void* to, unsigned bytes) const override { std::memcpy(to, words[number], bytes); }
    u64 access_address() const override { return address; }
};

class StateMapTest : public testing::Test {
protected:
    StateMapTest() : cpu(std::make_unique<Cpu>()) {
        auto add = [&](const char* name, Type type, const void* member) {
            layout.globals.push_back({name, type, offset_in_cpu(*cpu, member), 0});
        };
        for (unsigned i = 0; i < 4; ++i) {
            add("x", Type::I64, &cpu->x[i]);
            cpu->x[i] = 100 + i;
        }
        add("flags", Type::I64, &cpu->flags);
        add("vstart", Type::I64, &cpu->vstart);
        add("v0", Type::V512, cpu->v0);
        add("v1", Type::V128, cpu->v1);
        layout.state_functions.push_back(flags_of_sub);
        for (unsigned r = 0; r < 16; ++r) {
            for (unsigned i = 0; i < 8; ++i) registers.words[r][i] = r * 16 + i;
        }
    }
    void restore_from(StateEntries usual, StateEntries tb, StateEntries insn) {
        // The encoded form says the same.
        PlainVector<StateEntry> tb_again = again(tb), insn_again = again(insn);
        restore(layout, usual, {.guest_pc = 0x40000, .tb = view(tb_again), .insn = view(insn_again)}, registers,
                cpu.get());
    }
    static StateEntries view(const PlainVector<StateEntry>& v) { return {v.data(), v.size()}; }
    static PlainVector<StateEntry> again(StateEntries entries) {
        std::vector<u8> bytes(entries.size() * kMaxStateEntryBytes + 4);
        u8* end = encode_state(entries, bytes.data());
        PlainVector<StateEntry> result;
        EXPECT_EQ(decode_state(bytes.data(), result), end);
        EXPECT_EQ(skip_state(bytes.data()), end);
        EXPECT_EQ(result.size(), entries.size());
        for (std::size_t i = 0; i < result.size(); ++i) EXPECT_EQ(result[i], entries[i]) << i;
        return result;
    }

    GuestLayout layout;
    std::unique_ptr<Cpu> cpu;
    Registers registers;
};

TEST_F(StateMapTest, LayersOverlayEachOther) {
    const StateEntry usual[] = {{.global = kX0, .base = StateBase::Register, .where = 1},
                                {.global = kX1, .base = StateBase::Register, .where = 2},
                                {.global = kX2, .base = StateBase::Register, .where = 3}};
    // Register 2 is x3's while the TB runs, and x1 is at home.
    const StateEntry tb[] = {{.global = kX1, .where = kX1}, {.global = kX3, .base = StateBase::Register, .where = 2}};
    const StateEntry insn[] = {{.global = kX2, .base = StateBase::Constant, .displacement = 7}};
    restore_from(usual, tb, insn);
    EXPECT_EQ(cpu->x[0], 16u);
    EXPECT_EQ(cpu->x[1], 101u);
    EXPECT_EQ(cpu->x[2], 7u);
    EXPECT_EQ(cpu->x[3], 32u);
}

TEST_F(StateMapTest, Expressions) {
    registers.words[4][0] = 0x1'8000'0000;
    registers.address = 0x5000;
    const u32 spill = offset_in_cpu(*cpu, &cpu->scratch[9]);
    cpu->scratch[9] = 55;
    const StateEntry insn[] = {
        {.global = kX0, .base = StateBase::Register, .index = 6, .scale = 3, .where = 5, .displacement = -1},
        {.global = kX1, .base = StateBase::Register, .extend = StateExtend::Sign32, .where = 4},
        {.global = kX2, .base = StateBase::Access, .displacement = -0x18},
        {.global = kX3, .base = StateBase::Spill, .where = spill},
        {.global = kVstart, .base = StateBase::GuestPc, .displacement = 0x123},
    };
    restore_from({}, {}, insn);
    EXPECT_EQ(cpu->x[0], 5u * 16 + (6u * 16 << 3) - 1);
    EXPECT_EQ(cpu->x[1], 0xffff'ffff'8000'0000);
    EXPECT_EQ(cpu->x[2], 0x4fe8u);
    EXPECT_EQ(cpu->x[3], 55u);
    EXPECT_EQ(cpu->vstart, 0x40123u);
}

TEST_F(StateMapTest, AllIsReadBeforeAnythingIsWritten) {
    const StateEntry insn[] = {{.global = kX0, .where = kX1}, {.global = kX1, .where = kX0}};
    restore_from({}, {}, insn);
    EXPECT_EQ(cpu->x[0], 101u);
    EXPECT_EQ(cpu->x[1], 100u);
}

TEST_F(StateMapTest, LazilyHeldFlags) {
    const StateEntry insn[] = {
        {.global = kFlags, .base = StateBase::Computed, .where = 0, .displacement = 0x10000},
        {.global = kStateOperand, .base = StateBase::Register, .where = 3},
        {.global = kStateOperand, .where = kX1},
        {.global = kStateOperand, .base = StateBase::Constant, .displacement = 2},
        {.global = kX1, .base = StateBase::Constant, .displacement = 1},
    };
    restore_from({}, {}, insn);
    EXPECT_EQ(cpu->flags, 0x10202u);  // 48 - 101 borrows
    EXPECT_EQ(cpu->x[1], 1u);
}

TEST_F(StateMapTest, VectorsOfTheirSize) {
    std::memset(cpu->v0, 0xee, sizeof cpu->v0);
    std::memset(cpu->v1, 0xee, sizeof cpu->v1);
    const u32 spill = offset_in_cpu(*cpu, &cpu->scratch[16]);
    cpu->scratch[16] = 1;
    cpu->scratch[17] = 2;
    const StateEntry insn[] = {{.global = kVstart, .base = StateBase::Constant, .displacement = 3},
                               {.global = kV0, .base = StateBase::Register, .where = 7},
                               {.global = kV1, .base = StateBase::Spill, .where = spill}};
    restore_from({}, {}, insn);
    EXPECT_EQ(std::memcmp(cpu->v0, registers.words[7], 64), 0);
    EXPECT_EQ(std::memcmp(cpu->v1, &cpu->scratch[16], 16), 0);
    EXPECT_EQ(cpu->vstart, 3u);
}

TEST_F(StateMapTest, TheEmptyMapIsOneByte) {
    u8 bytes[8];
    EXPECT_EQ(encode_state({}, bytes), bytes + 1);
    const StateEntry narrow{.global = 3, .extend = StateExtend::Sign32, .where = 3};
    EXPECT_EQ(encode_state({&narrow, 1}, bytes), bytes + 4);
}

TEST(GlobalSetTest, HoldsAllGlobalsThatAGuestCanHave) {
    GlobalSet a, b;
    for (unsigned g : {0u, 63u, 64u, 127u, 200u, kMaxGlobals - 1}) a.add(g);
    b.add(64);
    b.add(255);
    EXPECT_TRUE(a.has(200));
    EXPECT_FALSE(a.has(201));
    EXPECT_EQ((a & b), b);
    EXPECT_EQ((a | b), a);
    std::vector<unsigned> left;
    (a - b).for_each([&](unsigned g) { left.push_back(g); });
    EXPECT_EQ(left, (std::vector<unsigned>{0, 63, 127, 200}));
    a -= GlobalSet::all();
    EXPECT_TRUE(a.empty());
}

}  // namespace
}  // namespace dragoman::ir::test
