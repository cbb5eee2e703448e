#include "engine/translate/insn_map.h"

#include <gtest/gtest.h>

namespace dragoman::engine {
namespace {

TEST(InsnMap, FindsTheInstructionThatContainsAnOffset) {
    std::vector<host::InsnMapEntry> map = {{4, 0, 7}, {20, 2, 7}, {300, 6, 0x123456789abcdef0}};
    InsnMapBytes bytes;
    encode_insn_map(map, bytes);
    auto size = static_cast<u32>(bytes.size());
    host::InsnMapEntry e;
    EXPECT_FALSE(find_in_insn_map(bytes.data(), size, 3, e));
    ASSERT_TRUE(find_in_insn_map(bytes.data(), size, 4, e));
    EXPECT_EQ(e.pc_offset, 0u);
    EXPECT_EQ(e.data, 7u);
    ASSERT_TRUE(find_in_insn_map(bytes.data(), size, 299, e));
    EXPECT_EQ(e.pc_offset, 2u);
    ASSERT_TRUE(find_in_insn_map(bytes.data(), size, 100000, e));
    EXPECT_EQ(e.pc_offset, 6u);
    EXPECT_EQ(e.data, 0x123456789abcdef0u);
}

TEST(InsnMap, ColdCodeMayGoBack) {
    std::vector<host::InsnMapEntry> map = {{0, 0, 0}, {10, 400, 0}, {50, 8, 0}};
    InsnMapBytes bytes;
    encode_insn_map(map, bytes);
    host::InsnMapEntry e;
    ASSERT_TRUE(find_in_insn_map(bytes.data(), static_cast<u32>(bytes.size()), 60, e));
    EXPECT_EQ(e.pc_offset, 8u);
}

TEST(InsnMap, EmptyMapFindsNothing) {
    host::InsnMapEntry e;
    EXPECT_FALSE(find_in_insn_map(nullptr, 0, 5, e));
}

}  // namespace
}  // namespace dragoman::engine
