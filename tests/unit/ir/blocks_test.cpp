// Basic blocks, and what the passes know over joins.
#include "unit/ir/ir_test.h"

namespace dragoman::ir::test {

namespace {

Function blocks_of(std::string_view text) {
    Function f = function(text);
    f.form_blocks();
    return f;
}

std::string bits(std::string_view t) { return after(t, {propagate_copies, fold_constants, simplify_bits}); }

}  // namespace

TEST(Blocks, StraightCodeIsOneBlock) {
    Function f = blocks_of(" add.i64 x1, x1, x2\n guest_ld.i64 x3, [x1], u64\n goto_ptr x3\n");
    ASSERT_EQ(f.blocks.size(), 1u);
    EXPECT_EQ(f.blocks[0].first, 0u);
    EXPECT_EQ(f.blocks[0].end, 3u);
    EXPECT_EQ(f.blocks[0].predecessors, 1u);
    EXPECT_EQ(f.blocks[0].fall_through, kNoBlock);
    EXPECT_EQ(f.blocks[0].taken, kNoBlock);
}

TEST(Blocks, BranchesAndJoins) {
    Function f = blocks_of(
        " brcond.i64 x1, x2, eq, L0\n mov.i64 x1, x2\nL0:\n brcond.i64 x1, x3, lt, L1\n mov.i64 x2, x3\n goto_ptr x1\n"
        "L1:\n goto_tb 0, 0x1000\n");
    ASSERT_EQ(f.blocks.size(), 5u);
    EXPECT_EQ(f.blocks[0].fall_through, 1u);
    EXPECT_EQ(f.blocks[0].taken, 2u);
    EXPECT_TRUE(f.blocks[1].continues());
    EXPECT_EQ(f.blocks[1].fall_through, 2u);
    EXPECT_EQ(f.blocks[2].predecessors, 2u);
    EXPECT_EQ(f.blocks[2].taken, 4u);
    EXPECT_FALSE(f.blocks[2].only_leaves);
    EXPECT_EQ(f.blocks[3].fall_through, kNoBlock);
    EXPECT_TRUE(f.blocks[4].only_leaves);
    EXPECT_EQ(f.block_of(1), 4u);
    EXPECT_FALSE(f.blocks[4].entered_backward);
}

TEST(Blocks, LoopsAreEnteredBackward) {
    Function f = blocks_of("L0:\n add.i64 x1, x1, x2\n brcond.i64 x1, x3, ne, L0\n goto_ptr x1\n");
    ASSERT_EQ(f.blocks.size(), 2u);
    EXPECT_EQ(f.blocks[0].label, 0u);
    EXPECT_EQ(f.blocks[0].predecessors, 2u);
    EXPECT_TRUE(f.blocks[0].entered_backward);
}

TEST(Joins, KnownBitsOfBothWaysStay) {
    // x1 is a sign extension whichever way control has come, so that it need not be extended again.
    EXPECT_EQ(bits(" sextract.i64 x1, x2, 0, 32\n brcond.i64 x3, x4, eq, L0\n guest_st.i64 x1, [x3], 64\nL0:\n"
                   " sextract.i64 x5, x1, 0, 32\n goto_ptr x5\n"),
              " sextract.i64 x1, x2, 0, 32\n brcond.i64 x3, x4, eq, L0\n guest_st.i64 x1, [x3], 64\nL0:\n"
              " mov.i64 x5, x1\n goto_ptr x5\n");
}

TEST(Joins, WhatWasKnownAtTheFirstBranchStays) {
    EXPECT_EQ(bits(" mov.i64 x1, $0x8\n brcond.i64 x3, x4, eq, L0\n mov.i64 x2, x3\n br L1\nL0:\n mov.i64 x2, x4\nL1:\n"
                   " add.i64 x2, x1, x2\n goto_ptr x2\n"),
              " mov.i64 x1, $0x8\n brcond.i64 x3, x4, eq, L0\n mov.i64 x2, x3\n br L1\nL0:\n mov.i64 x2, x4\nL1:\n"
              " add.i64 x2, x2, $0x8\n goto_ptr x2\n");
}

TEST(Joins, WhatOneWayChangesIsForgotten) {
    const char* text =
        " mov.i64 x1, $0x8\n brcond.i64 x3, x4, eq, L0\n mov.i64 x1, $0x9\nL0:\n add.i64 x2, x1, $0x1\n goto_ptr x2\n";
    EXPECT_EQ(bits(text), text);
    const char* helper =
        " mov.i64 x1, $0x8\n brcond.i64 x3, x4, eq, L0\n call poke(x3)\nL0:\n add.i64 x2, x1, $0x1\n goto_ptr x2\n";
    EXPECT_EQ(bits(helper), helper);
}

TEST(Joins, NothingIsKnownWhereALoopBegins) {
    const char* text =
        " mov.i64 x1, $0x8\nL0:\n add.i64 x2, x1, $0x1\n add.i64 x1, x1, $0x1\n brcond.i64 x1, x3, ne, L0\n"
        " goto_ptr x2\n";
    EXPECT_EQ(bits(text), text);
}

TEST(Joins, ACopyThatOnlyOneWayMadeIsNoCopy) {
    const char* text = " brcond.i64 x3, x4, eq, L0\n mov.i64 x1, x2\nL0:\n add.i64 x5, x1, x2\n goto_ptr x5\n";
    EXPECT_EQ(bits(text), text);
}

TEST(Joins, CopiesOfBothWaysAreReadWhereItIsCheapest) {
    // x6 lives in memory, x1 in a register.
    EXPECT_EQ(
        bits(" mov.i64 x6, x1\n brcond.i64 x3, x4, eq, L0\n mov.i64 x2, x3\nL0:\n add.i64 x5, x6, x2\n goto_ptr x5\n"),
        " mov.i64 x6, x1\n brcond.i64 x3, x4, eq, L0\n mov.i64 x2, x3\nL0:\n add.i64 x5, x1, x2\n goto_ptr x5\n");
}

TEST(Joins, WritesThatBothWaysOverwriteGo) {
    EXPECT_EQ(bits(" mov.i64 x1, x2\n brcond.i64 x3, x4, eq, L0\n mov.i64 x1, x3\n goto_ptr x1\nL0:\n mov.i64 x1, x4\n"
                   " goto_ptr x1\n"),
              " brcond.i64 x3, x4, eq, L0\n mov.i64 x1, x3\n goto_ptr x1\nL0:\n mov.i64 x1, x4\n goto_ptr x1\n");
}

// x1 is assigned on both ways from a branch to where they meet, where it is used.
std::string both_ways(const std::string& one, const std::string& other, const std::string& use) {
    return " brcond.i64 x3, x4, eq, L0\n" + one + " br L1\nL0:\n" + other + "L1:\n" + use + " goto_ptr x5\n";
}

TEST(Joins, ConstantsAssignedAlikeAreKnown) {
    const std::string set = " mov.i64 x1, $0x8\n";
    EXPECT_EQ(bits(both_ways(set, set, " add.i64 x5, x3, x1\n")), both_ways(set, set, " add.i64 x5, x3, $0x8\n"));
    const std::string text = both_ways(set, " mov.i64 x1, $0x9\n", " add.i64 x5, x3, x1\n");
    EXPECT_EQ(bits(text), text);
    // What one way has from before the branch counts as well as what is assigned behind it.
    EXPECT_EQ(bits(set + both_ways(" mov.i64 x1, x4\n mov.i64 x1, $0x8\n", "", " add.i64 x5, x3, x1\n")),
              set + both_ways(" mov.i64 x1, $0x8\n", "", " add.i64 x5, x3, $0x8\n"));
}

TEST(Joins, CopiesAssignedAlikeAreKnown) {
    // x6 lives in memory, x2 in a register, which nobody has read in front of the branch.
    const std::string set = " mov.i64 x6, x2\n";
    EXPECT_EQ(bits(both_ways(set, set, " add.i64 x5, x6, x3\n")), both_ways(set, set, " add.i64 x5, x2, x3\n"));
    // Another x2.
    const std::string changed = both_ways(" add.i64 x2, x2, x3\n" + set, set, " add.i64 x5, x6, x3\n");
    EXPECT_EQ(bits(changed), changed);
    const std::string later = both_ways(set + " add.i64 x2, x2, x3\n", set, " add.i64 x5, x6, x3\n");
    EXPECT_EQ(bits(later), later);
}

TEST(Joins, BitsKnownOnBothWaysAreKnown) {
    const std::string word = " sextract.i64 x1, x2, 0, 32\n", half = " guest_ld.i64 x1, [x2], s16\n",
                      bytes = " guest_ld.i64 x1, [x2], u64\n";
    EXPECT_EQ(bits(both_ways(word, half, " sextract.i64 x5, x1, 0, 32\n")), both_ways(word, half, " mov.i64 x5, x1\n"));
    const std::string text = both_ways(word, bytes, " sextract.i64 x5, x1, 0, 32\n");
    EXPECT_EQ(bits(text), text);
}

TEST(Joins, TheOtherWayDoesNotMatterWhereItDoesNotLead) {
    EXPECT_EQ(bits(" mov.i64 x1, $0x8\n brcond.i64 x3, x4, eq, L0\n mov.i64 x1, $0x9\n goto_ptr x3\nL0:\n"
                   " add.i64 x5, x3, x1\n goto_ptr x5\n"),
              " mov.i64 x1, $0x8\n brcond.i64 x3, x4, eq, L0\n mov.i64 x1, $0x9\n goto_ptr x3\nL0:\n"
              " add.i64 x5, x3, $0x8\n goto_ptr x5\n");
}

TEST(Joins, AllOfManyWaysMustAgree) {
    auto text = [](const char* second, const char* third, const char* use) {
        return std::string(
                   " mov.i64 x1, $0x8\n brcond.i64 x3, x4, eq, L0\n guest_ld.i64 x1, [x2], u64\n mov.i64 x1, ") +
               second + "\n brcond.i64 x3, x4, lt, L0\n guest_ld.i64 x1, [x2], u64\n mov.i64 x1, " + third +
               "\nL0:\n add.i64 x5, x3, " + use + "\n goto_ptr x5\n";
    };
    EXPECT_EQ(bits(text("$0x8", "$0x8", "x1")), text("$0x8", "$0x8", "$0x8"));
    for (auto [second, third] : {std::pair{"$0x9", "$0x8"}, std::pair{"$0x8", "$0x9"}, std::pair{"$0x9", "$0x9"}})
        EXPECT_EQ(bits(text(second, third, "x1")), text(second, third, "x1"));
}

TEST(Joins, JoinsInsideOfJoins) {
    // Both inner ways and the outer one give 8; without one of them nothing is known.
    auto text = [](const char* inner, const char* use) {
        return std::string(" brcond.i64 x3, x4, eq, L0\n brcond.i64 x3, x2, eq, L1\n mov.i64 x1, ") + inner +
               "\n br L2\nL1:\n mov.i64 x1, $0x8\nL2:\n add.i64 x2, x2, x3\n br L3\nL0:\n mov.i64 x1, $0x8\nL3:\n"
               " add.i64 x5, x3, " +
               use + "\n goto_ptr x5\n";
    };
    EXPECT_EQ(bits(text("$0x8", "x1")), text("$0x8", "$0x8"));
    EXPECT_EQ(bits(text("$0x7", "x1")), text("$0x7", "x1"));
}

TEST(Joins, AHelperMayWriteWhatBothWaysAssign) {
    const std::string set = " mov.i64 x1, $0x8\n";
    const std::string text = both_ways(set + " call poke(x3)\n", set, " add.i64 x5, x3, x1\n");
    EXPECT_EQ(bits(text), text);
    const std::string other = both_ways(set, set + " call poke(x3)\n", " add.i64 x5, x3, x1\n");
    EXPECT_EQ(bits(other), other);
}

}  // namespace dragoman::ir::test
