#include "engine/translate/insn_map.h"

#include <gtest/gtest.h>

namespace dragoman::engine {
namespace {

InsnMapBytes encoded(std::initializer_list<host::InsnMapEntry> entries, ir::StateEntries states = {},
                     ir::StateEntries tb = {}) {
    host::CompiledCode code;
    for (const host::InsnMapEntry& e : entries) {
        code.insn_map.push_back(e);
        code.insn_map.back().may_fault = true;
    }
    for (const ir::StateEntry& e : states) code.states.push_back(e);
    for (const ir::StateEntry& e : tb) code.state.add(e);
    InsnMapBytes bytes;
    encode_insn_map(code, bytes);
    return bytes;
}

bool find(const InsnMapBytes& bytes, u32 offset, InsnPoint& found) {
    return find_in_insn_map(bytes.data(), static_cast<u32>(bytes.size()), offset, found);
}

PlainVector<ir::StateEntry> decoded(const u8* state) {
    PlainVector<ir::StateEntry> entries;
    ir::decode_state(state, entries);
    return entries;
}

TEST(InsnMap, FindsTheInstructionThatContainsAnOffset) {
    const InsnMapBytes bytes = encoded({{4, 0}, {20, 2}, {300, 6}});
    InsnPoint p;
    EXPECT_FALSE(find(bytes, 3, p));
    ASSERT_TRUE(find(bytes, 4, p));
    EXPECT_EQ(p.pc_offset, 0u);
    EXPECT_EQ(p.insn_state, nullptr);
    ASSERT_TRUE(find(bytes, 299, p));
    EXPECT_EQ(p.pc_offset, 2u);
    ASSERT_TRUE(find(bytes, 100000, p));
    EXPECT_EQ(p.pc_offset, 6u);
    EXPECT_EQ(p.tb_state, nullptr);
}

TEST(InsnMap, ColdCodeMayGoBack) {
    const InsnMapBytes bytes = encoded({{0, 0}, {10, 400}, {50, 8}});
    InsnPoint p;
    ASSERT_TRUE(find(bytes, 60, p));
    EXPECT_EQ(p.pc_offset, 8u);
}

TEST(InsnMap, EmptyMapFindsNothing) {
    InsnPoint p;
    EXPECT_FALSE(find_in_insn_map(nullptr, 0, 5, p));
    EXPECT_FALSE(find(encoded({}), 5, p));
}

TEST(InsnMap, UsualInstructionsTakeTwoBytes) { EXPECT_EQ(encoded({{4, 0}, {8, 4}, {20, 8}}).size(), 3u * 2); }

TEST(InsnMap, WhatCannotFaultIsLeftOut) {
    host::CompiledCode code;
    for (u32 i = 0; i < 6; ++i)
        code.insn_map.push_back({.host_offset = 10 * i, .pc_offset = 4 * i, .may_fault = i % 3 == 1});
    InsnMapBytes bytes;
    encode_insn_map(code, bytes);
    EXPECT_EQ(bytes.size(), 2u * 2);
    InsnPoint p;
    EXPECT_FALSE(find(bytes, 9, p));
    ASSERT_TRUE(find(bytes, 19, p));
    EXPECT_EQ(p.pc_offset, 4u);
    ASSERT_TRUE(find(bytes, 45, p));
    EXPECT_EQ(p.pc_offset, 16u);
}

TEST(InsnMap, MapsBelongToTheirInstruction) {
    const ir::StateEntry loads{.global = 9, .base = ir::StateBase::Register, .index = 3, .scale = 2, .where = 11};
    const ir::StateEntry constant{.global = 2, .base = ir::StateBase::Constant, .displacement = -5};
    const ir::StateEntry narrow{.global = 4, .extend = ir::StateExtend::Sign32, .where = 4};
    const ir::StateEntry states[] = {loads, constant};
    const InsnMapBytes bytes = encoded({{0, 0}, {8, 4, 0, 2}, {12, 4}, {16, 8, 1, 1}}, states, {&narrow, 1});
    InsnPoint p;
    ASSERT_TRUE(find(bytes, 4, p));
    EXPECT_EQ(p.insn_state, nullptr);
    ASSERT_TRUE(find(bytes, 11, p));
    EXPECT_EQ(p.pc_offset, 4u);
    ASSERT_NE(p.insn_state, nullptr);
    auto entries = decoded(p.insn_state);
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0], loads);
    EXPECT_EQ(entries[1], constant);
    ASSERT_TRUE(find(bytes, 13, p));
    EXPECT_EQ(p.pc_offset, 4u);
    EXPECT_EQ(p.insn_state, nullptr);
    ASSERT_TRUE(find(bytes, 99, p));
    EXPECT_EQ(p.pc_offset, 8u);
    entries = decoded(p.insn_state);
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0], constant);
    entries = decoded(p.tb_state);
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0], narrow);
}

}  // namespace
}  // namespace dragoman::engine
