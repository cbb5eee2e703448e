// Each pass on IR text, and all together on what RISC-V translations look like.
#include "unit/ir/ir_test.h"

namespace dragoman::ir::test {

std::string copies(std::string_view t) { return after(t, {propagate_copies}); }
std::string fold(std::string_view t) { return after(t, {propagate_copies, fold_constants}); }
std::string bits(std::string_view t) { return after(t, {propagate_copies, fold_constants, simplify_bits}); }
std::string addresses(std::string_view t) { return after(t, {fold_addresses}); }
std::string branches(std::string_view t) { return after(t, {fuse_branches}); }
std::string boxes(std::string_view t) { return after(t, {propagate_copies, unbox_floats}); }
std::string forward(std::string_view t) { return after(t, {propagate_copies, forward_globals}); }

std::string selects(std::string_view t) {
    Function f = function(t);
    PassContext context = pass_context();
    select_values(f, context.label_uses);
    EXPECT_EQ(verify(f), "") << print(f);
    return print(f);
}

TEST(SelectValues, BranchesAroundOneInstruction) {
    EXPECT_EQ(selects(" brcond.i64 x1, x2, lt, L0\n ---- 0000000000001004\n mov.i64 x1, x2\nL0:\n goto_ptr x1\n"),
              " ---- 0000000000001004\n movcond.i64.i64 x1, x1, x2, x1, x2, lt\n goto_ptr x1\n");
    EXPECT_EQ(
        selects(" brcond.i64 x1, x2, lt, L0\n add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\nL0:\n goto_ptr x1\n"),
        " add.i64 %0, x1, x3\n sextract.i64 %1, %0, 0, 32\n movcond.i64.i64 x1, x1, x2, x1, %1, lt\n goto_ptr x1\n");
}

TEST(SelectValues, LabelsOfOtherBranchesStay) {
    EXPECT_EQ(
        selects(
            " brcond.i64 x3, x2, eq, L0\n guest_st.i64 x1, [x2], 64\n brcond.i64 x1, x2, lt, L0\n mov.i64 x1, $0x1\n"
            "L0:\n goto_ptr x1\n"),
        " brcond.i64 x3, x2, eq, L0\n guest_st.i64 x1, [x2], 64\n movcond.i64.i64 x1, x1, x2, x1, $0x1, lt\n"
        "L0:\n goto_ptr x1\n");
}

TEST(SelectValues, OnlyCheapOpsWithoutEffects) {
    for (const char* between : {" guest_ld.i64 x1, [x2], u64\n", " div_s.i64 x1, x1, x2\n", " call poke(x1)\n",
                                " mov.i64 x1, x2\n mov.i64 x3, x2\n", " mov.i64 x1, @0x1000\n", " mov.f64 f1, f2\n",
                                " ---- 0000000000001004\n mov.i64 x1, x2\n ---- 0000000000001006\n"}) {
        std::string text = std::string(" brcond.i64 x1, x2, lt, L0\n") + between + "L0:\n goto_ptr x1\n";
        EXPECT_EQ(selects(text), text);
    }
}

std::string env_stores(std::string_view t) {
    Function f = function(t);
    dead_env_stores(f);
    EXPECT_EQ(verify(f), "") << print(f);
    return print(f);
}

TEST(DeadEnvStores, WhatIsOverwrittenGoes) {
    EXPECT_EQ(env_stores(" env_st.i64 x1, env, 0x10, 64\n env_st.i64 $0x2, env, 0x18, 64\n add.i64 x1, x1, x2\n"
                         " env_st.i64 $0x3, env, 0x10, 64\n goto_tb 0, 0x1000\n"),
              " env_st.i64 $0x2, env, 0x18, 64\n add.i64 x1, x1, x2\n env_st.i64 $0x3, env, 0x10, 64\n"
              " goto_tb 0, 0x1000\n");
}

TEST(DeadEnvStores, WhatSomebodyLooksAtStays) {
    for (const char* between :
         {" guest_ld.i64 x1, [x2], u64\n", " call poke(x1)\n", " call %0 = pure(x1)\n",
          " env_ld.i64 %0, env, 0x10, u64\n", " env_ld.i64 %0, env, 0x12, u8\n", " env_ld.i64 %0, x1, 0x0, u64\n"}) {
        const std::string text = std::string(" env_st.i64 $0x2, env, 0x10, 64\n") + between +
                                 " env_st.i64 $0x3, env, 0x10, 64\n goto_tb 0, 0x1000\n";
        EXPECT_EQ(env_stores(text), text);
    }
    // A part of it is stored later.
    const char* part = " env_st.i64 $0x2, env, 0x10, 64\n env_st.i32 $0x3, env, 0x10, 32\n goto_tb 0, 0x1000\n";
    EXPECT_EQ(env_stores(part), part);
}

TEST(DeadEnvStores, OneWayOfABranch) {
    EXPECT_EQ(env_stores(" env_st.i64 $0x2, env, 0x10, 64\n brcond.i64 x1, x2, ne, L0\n goto_tb 0, 0x1000\n"
                         "L0:\n env_st.i64 $0x3, env, 0x10, 64\n guest_st.i64 x1, [x2], 64\n goto_tb 1, 0x1010\n"),
              " brcond.i64 x1, x2, ne, L0\n env_st.i64 $0x2, env, 0x10, 64\n goto_tb 0, 0x1000\n"
              "L0:\n env_st.i64 $0x3, env, 0x10, 64\n guest_st.i64 x1, [x2], 64\n goto_tb 1, 0x1010\n");
    EXPECT_EQ(env_stores(" env_st.i64 $0x2, env, 0x10, 64\n brcond.i64 x1, x2, ne, L0\n"
                         " env_st.i64 $0x3, env, 0x10, 64\n goto_tb 0, 0x1000\nL0:\n goto_tb 1, 0x1010\n"),
              " brcond.i64 x1, x2, ne, L0\n env_st.i64 $0x3, env, 0x10, 64\n goto_tb 0, 0x1000\n"
              "L0:\n env_st.i64 $0x2, env, 0x10, 64\n goto_tb 1, 0x1010\n");
    // A value may change before the place where it would be stored.
    const char* variable =
        " env_st.i64 x1, env, 0x10, 64\n brcond.i64 x1, x2, ne, L0\n goto_tb 0, 0x1000\n"
        "L0:\n env_st.i64 $0x3, env, 0x10, 64\n goto_tb 1, 0x1010\n";
    EXPECT_EQ(env_stores(variable), variable);
    // Another way leads to the label, too.
    const char* join =
        " brcond.i64 x1, x3, ne, L0\n env_st.i64 $0x2, env, 0x10, 64\n brcond.i64 x1, x2, ne, L0\n"
        " env_st.i64 $0x3, env, 0x10, 64\n goto_tb 0, 0x1000\nL0:\n goto_tb 1, 0x1010\n";
    EXPECT_EQ(env_stores(join), join);
}

TEST(DeadEnvStores, BothWaysOfABranch) {
    EXPECT_EQ(env_stores(" env_st.i64 $0x2, env, 0x10, 64\n brcond.i64 x1, x2, ne, L0\n"
                         " env_st.i64 $0x3, env, 0x10, 64\n goto_tb 0, 0x1000\n"
                         "L0:\n env_st.i64 $0x4, env, 0x10, 64\n goto_tb 1, 0x1010\n"),
              " brcond.i64 x1, x2, ne, L0\n env_st.i64 $0x3, env, 0x10, 64\n goto_tb 0, 0x1000\n"
              "L0:\n env_st.i64 $0x4, env, 0x10, 64\n goto_tb 1, 0x1010\n");
}

TEST(PropagateCopies, TemporaryCopiesOfGlobalsGo) {
    EXPECT_EQ(copies(" mov.i64 %0, x1\n add.i64 x2, %0, %0\n goto_ptr x2\n"), " add.i64 x2, x1, x1\n goto_ptr x2\n");
}

TEST(PropagateCopies, NotPastAWriteOfTheGlobal) {
    const char* text = " mov.i64 %0, x1\n add.i64 x1, x1, $0x1\n add.i64 x2, %0, x1\n goto_ptr x2\n";
    EXPECT_EQ(copies(text), text);
    const char* helper = " mov.i64 %0, x1\n call poke(x2)\n goto_ptr %0\n";
    EXPECT_EQ(copies(helper), helper);
    const char* label = " mov.i64 %t0, x1\n brcond.i64 x1, x2, eq, L0\n mov.i64 x1, x3\nL0:\n goto_ptr %t0\n";
    EXPECT_EQ(copies(label), label);
}

TEST(PropagateCopies, SmallConstantsThroughGlobals) {
    EXPECT_EQ(copies(" mov.i64 x1, $0x7\n add.i64 x2, x3, x1\n goto_ptr x2\n"),
              " mov.i64 x1, $0x7\n add.i64 x2, x3, $0x7\n goto_ptr x2\n");
    const char* big = " mov.i64 x1, $0x123456789a\n add.i64 x2, x3, x1\n goto_ptr x2\n";
    EXPECT_EQ(copies(big), big);
    const char* address = " mov.i64 x1, @0x1000\n guest_ld.i64 x2, [x1 + 0x8], u64\n goto_ptr x2\n";
    EXPECT_EQ(copies(address), address);
}

TEST(PropagateCopies, UnpinnedGlobalReadsItsPinnedCopy) {
    EXPECT_EQ(copies(" mov.i64 x7, x1\n add.i64 x2, x7, x7\n goto_ptr x2\n"),
              " mov.i64 x7, x1\n add.i64 x2, x1, x1\n goto_ptr x2\n");
    const char* other = " mov.i64 x1, x7\n add.i64 x2, x1, x1\n goto_ptr x2\n";
    EXPECT_EQ(copies(other), other);
}

TEST(PropagateCopies, MovesOfTheSameValueGo) {
    EXPECT_EQ(copies(" mov.i64 x1, x2\n mov.i64 %0, x1\n mov.i64 x2, %0\n goto_ptr x1\n"),
              " mov.i64 x1, x2\n goto_ptr x1\n");
}

TEST(FoldConstants, Arithmetic) {
    EXPECT_EQ(fold(" add.i64 %0, $0x5, $0x6\n mul.i64 x1, %0, $0x3\n goto_ptr x1\n"),
              " mov.i64 x1, $0x21\n goto_ptr $0x21\n");
    EXPECT_EQ(fold(" div_s.i32 %0, $0x80000000, $0xffffffff\n ext_s.i64.i32 x1, %0\n call poke(x1)\n goto_ptr x2\n"),
              " mov.i64 x1, $0xffffffff80000000\n call poke($0xffffffff80000000)\n goto_ptr x2\n");
    EXPECT_EQ(fold(" rem_u.i64 x1, x2, $0x8\n div_u.i64 x3, x2, $0x8\n goto_ptr x1\n"),
              " and_.i64 x1, x2, $0x7\n shr.i64 x3, x2, $0x3\n goto_ptr x1\n");
    EXPECT_EQ(fold(" sub.i64 x1, x2, $0x8\n xor_.i64 x3, $0xffffffffffffffff, x2\n goto_ptr x1\n"),
              " add.i64 x1, x2, $0xfffffffffffffff8\n not_.i64 x3, x2\n goto_ptr x1\n");
    EXPECT_EQ(fold(" shl.i64 x1, x2, $0x40\n sub.i64 x3, x2, x1\n goto_ptr x1\n"),
              " mov.i64 x1, x2\n mov.i64 x3, $0x0\n goto_ptr x1\n");
}

TEST(FoldConstants, AddressesKeepTheirMark) {
    EXPECT_EQ(fold(" mov.i64 %0, @0x1000\n add.i64 x1, %0, $0x10\n and_.i64 x2, %0, $0xff\n goto_ptr x3\n"),
              " mov.i64 x1, @0x1010\n and_.i64 x2, @0x1000, $0xff\n goto_ptr x3\n");
    EXPECT_EQ(fold(" sub.i64 x1, $0x10, @0x1000\n goto_ptr x3\n"), " sub.i64 x1, $0x10, @0x1000\n goto_ptr x3\n");
    EXPECT_EQ(fold(" setcond.i64 x1, @0x1000, $0x1000, eq\n goto_ptr x3\n"),
              " setcond.i64 x1, @0x1000, $0x1000, eq\n goto_ptr x3\n");
}

TEST(FoldConstants, Chains) {
    EXPECT_EQ(fold(" add.i64 x1, x2, $0x8\n add.i64 x3, x1, $0x8\n goto_ptr x3\n"),
              " add.i64 x1, x2, $0x8\n add.i64 x3, x2, $0x10\n goto_ptr x3\n");
    const char* same = " add.i64 x1, x1, $0x8\n mov.i64 x2, x1\n add.i64 x1, x1, $0x8\n goto_ptr x1\n";
    EXPECT_EQ(fold(same), same);
}

TEST(FoldConstants, Conditions) {
    EXPECT_EQ(fold(" setcond.i64 x1, $0x3, x2, lt\n setcond.i64 x3, x2, $0x1, ltu\n goto_ptr x1\n"),
              " setcond.i64 x1, x2, $0x3, gt\n setcond.i64 x3, x2, $0x0, eq\n goto_ptr x1\n");
    EXPECT_EQ(
        fold(
            " setcond.i64 x1, $0xffffffffffffffff, $0x0, ltu\n movcond.i64.i64 x2, x3, x3, x4, x5, eq\n goto_ptr x3\n"),
        " mov.i64 x1, $0x0\n mov.i64 x2, x4\n goto_ptr x3\n");
}

TEST(FoldConstants, Branches) {
    EXPECT_EQ(fold(" brcond.i64 x1, $0x0, ltu, L0\n goto_ptr x1\nL0:\n goto_ptr x2\n"), " goto_ptr x1\n");
    EXPECT_EQ(fold(" brcond.i64 x1, x1, eq, L0\n mov.i64 x1, x2\n goto_ptr x1\nL0:\n goto_ptr x2\n"),
              "L0:\n goto_ptr x2\n");
    EXPECT_EQ(fold(" brcond.i64 $0x1, $0x1, eq, L1\n goto_ptr x1\nL0:\n goto_ptr x2\nL1:\n goto_ptr x3\n"),
              "L1:\n goto_ptr x3\n");
    EXPECT_EQ(fold(" brcond.i64 $0x1, $0x1, eq, L1\n goto_ptr x1\nL0:\n goto_ptr x2\nL1:\n brcond.i64 x1, x2, eq, L0\n"
                   " goto_ptr x3\n"),
              " br L1\nL0:\n goto_ptr x2\nL1:\n brcond.i64 x1, x2, eq, L0\n goto_ptr x3\n");
}

TEST(SimplifyBits, WArithmetic) {
    EXPECT_EQ(
        bits(
            " trunc.i32.i64 %0, x1\n trunc.i32.i64 %1, x2\n add.i32 %2, %0, %1\n ext_s.i64.i32 x3, %2\n goto_ptr x3\n"),
        " add.i64 %3, x1, x2\n sextract.i64 x3, %3, 0, 32\n goto_ptr x3\n");
    EXPECT_EQ(bits(" trunc.i32.i64 %0, x1\n sar.i32 %1, %0, $0x5\n ext_s.i64.i32 x3, %1\n goto_ptr x3\n"),
              " sextract.i64 x3, x1, 5, 27\n goto_ptr x3\n");
    EXPECT_EQ(bits(" trunc.i32.i64 %0, x1\n shr.i32 %1, %0, $0x5\n ext_s.i64.i32 x3, %1\n goto_ptr x3\n"),
              " extract.i64 x3, x1, 5, 27\n goto_ptr x3\n");
    EXPECT_EQ(bits(" trunc.i32.i64 %0, x1\n shl.i32 %1, %0, $0x5\n ext_s.i64.i32 x3, %1\n goto_ptr x3\n"),
              " shl.i64 %2, x1, $0x5\n sextract.i64 x3, %2, 0, 32\n goto_ptr x3\n");
    const char* variable =
        " trunc.i32.i64 %0, x1\n trunc.i32.i64 %1, x2\n shl.i32 %2, %0, %1\n ext_s.i64.i32 x3, %2\n goto_ptr x3\n";
    EXPECT_EQ(bits(variable), variable);
}

TEST(SimplifyBits, NoExtensionOfWhatIsExtended) {
    EXPECT_EQ(bits(" guest_ld.i64 x1, [x2], s32\n trunc.i32.i64 %0, x1\n ext_s.i64.i32 x3, %0\n goto_ptr x3\n"),
              " guest_ld.i64 x1, [x2], s32\n mov.i64 x3, x1\n goto_ptr x3\n");
    EXPECT_EQ(bits(" guest_ld.i64 x1, [x2], u8\n trunc.i32.i64 %0, x1\n add.i32 %1, %0, $0xffffffd0\n ext_s.i64.i32 "
                   "x3, %1\n goto_ptr x3\n"),
              " guest_ld.i64 x1, [x2], u8\n add.i64 %2, x1, $0xffffffffffffffd0\n mov.i64 x3, %2\n goto_ptr x3\n");
    EXPECT_EQ(bits(" guest_ld.i64 x1, [x2], u32\n trunc.i32.i64 %0, x1\n ext_s.i64.i32 x3, %0\n ext_u.i64.i32 x4, %0\n "
                   "goto_ptr x3\n"),
              " guest_ld.i64 x1, [x2], u32\n sextract.i64 x3, x1, 0, 32\n mov.i64 x4, x1\n goto_ptr x3\n");
}

TEST(SimplifyBits, Masks) {
    EXPECT_EQ(bits(" guest_ld.i64 x1, [x2], u8\n and_.i64 x3, x1, $0xff\n and_.i64 x4, x1, $0xff00\n goto_ptr x5\n"),
              " guest_ld.i64 x1, [x2], u8\n mov.i64 x3, x1\n mov.i64 x4, $0x0\n goto_ptr x5\n");
    EXPECT_EQ(bits(" setcond.i64 x1, x2, x3, lt\n and_.i64 x1, x1, $0x1\n goto_ptr x5\n"),
              " setcond.i64 x1, x2, x3, lt\n goto_ptr x5\n");
}

TEST(SimplifyBits, ShiftPairs) {
    EXPECT_EQ(bits(" shl.i64 x1, x2, $0x30\n shr.i64 x3, x1, $0x38\n goto_ptr x5\n"),
              " shl.i64 x1, x2, $0x30\n extract.i64 x3, x2, 8, 8\n goto_ptr x5\n");
    EXPECT_EQ(bits(" shl.i64 x1, x1, $0x20\n shr.i64 x1, x1, $0x20\n goto_ptr x5\n"),
              " extract.i64 x1, x1, 0, 32\n goto_ptr x5\n");
    EXPECT_EQ(bits(" shl.i64 x1, x2, $0x38\n mov.i64 x2, x3\n sar.i64 x1, x1, $0x38\n goto_ptr x5\n"),
              " mov.i64 %0, x2\n mov.i64 x2, x3\n sextract.i64 x1, %0, 0, 8\n goto_ptr x5\n");
    const char* seen = " shl.i64 x1, x1, $0x20\n guest_st.i64 x2, [x3], 64\n shr.i64 x1, x1, $0x20\n goto_ptr x5\n";
    EXPECT_EQ(bits(seen), seen);
    const char* used = " shl.i64 x1, x1, $0x20\n mov.i64 x2, x1\n shr.i64 x1, x1, $0x20\n goto_ptr x5\n";
    EXPECT_EQ(bits(used), used);
}

TEST(FoldAddresses, Displacement) {
    EXPECT_EQ(addresses(" add.i64 %0, x1, $0x10\n guest_ld.i64 x2, [%0 + 0x8], u64\n goto_ptr x5\n"),
              " guest_ld.i64 x2, [x1 + 0x18], u64\n goto_ptr x5\n");
    EXPECT_EQ(addresses(" add.i64 x3, x1, $0x10\n guest_st.i64 x2, [x3 - 0x20], 64\n goto_ptr x5\n"),
              " add.i64 x3, x1, $0x10\n guest_st.i64 x2, [x1 - 0x10], 64\n goto_ptr x5\n");
    const char* too_far = " add.i64 x3, x1, $0x7fffffff\n guest_st.i64 x2, [x3 + 0x10], 64\n goto_ptr x5\n";
    EXPECT_EQ(addresses(too_far), too_far);
    const char* overwritten = " add.i64 x1, x1, $0x10\n guest_st.i64 x2, [x1], 64\n goto_ptr x5\n";
    EXPECT_EQ(addresses(overwritten), overwritten);
    const char* unpinned = " add.i64 x1, x7, $0x10\n guest_st.i64 x2, [x1], 64\n goto_ptr x5\n";
    EXPECT_EQ(addresses(unpinned), unpinned);
}

TEST(FoldAddresses, Index) {
    EXPECT_EQ(
        addresses(" shl.i64 %0, x1, $0x3\n add.i64 %1, x2, %0\n guest_ld.i64 x3, [%1 + 0x8], u64\n goto_ptr x5\n"),
        " guest_ld.i64 x3, [x2 + x1 << 3 + 0x8], u64\n goto_ptr x5\n");
    EXPECT_EQ(addresses(" shl.i64 x4, x1, $0x2\n add.i64 x4, x4, x2\n guest_ld.i64 x4, [x4], s32\n goto_ptr x4\n"),
              " shl.i64 x4, x1, $0x2\n add.i64 x4, x4, x2\n guest_ld.i64 x4, [x2 + x1 << 2], s32\n goto_ptr x4\n");
    EXPECT_EQ(addresses(" add.i64 %1, x2, x1\n guest_st.f64 f1, [%1], 64\n goto_ptr x5\n"),
              " guest_st.f64 f1, [x2 + x1 << 0], 64\n goto_ptr x5\n");
    const char* global = " add.i64 x4, x1, x2\n guest_ld.i64 x3, [x4], u64\n goto_ptr x5\n";
    EXPECT_EQ(addresses(global), global);
    const char* far = " shl.i64 %0, x1, $0x4\n add.i64 x4, x2, %0\n guest_ld.i64 x3, [x4], u64\n goto_ptr x5\n";
    EXPECT_EQ(addresses(far), far);
}

TEST(FuseBranches, Comparisons) {
    EXPECT_EQ(branches(" setcond.i64 x1, x2, x3, lt\n brcond.i64 x1, $0x0, ne, L0\n goto_ptr x1\nL0:\n goto_ptr x2\n"),
              " setcond.i64 x1, x2, x3, lt\n brcond.i64 x2, x3, lt, L0\n goto_ptr x1\nL0:\n goto_ptr x2\n");
    EXPECT_EQ(branches(" setcond.i64 %0, x2, x3, lt\n xor_.i64 %1, %0, $0x1\n brcond.i64 %1, $0x0, eq, L0\n goto_ptr "
                       "x1\nL0:\n goto_ptr x2\n"),
              " brcond.i64 x2, x3, lt, L0\n goto_ptr x1\nL0:\n goto_ptr x2\n");
    EXPECT_EQ(branches(" setcond.i32 %0, $0x1, $0x2, ltu\n movcond.f64.i64 f1, %0, $0x1, f2, f3, ne\n goto_ptr x1\n"),
              " movcond.f64.i32 f1, $0x1, $0x2, f2, f3, geu\n goto_ptr x1\n");
    const char* gone = " setcond.i64 x1, x1, x3, lt\n brcond.i64 x1, $0x0, ne, L0\n goto_ptr x1\nL0:\n goto_ptr x2\n";
    EXPECT_EQ(branches(gone), gone);
}

TEST(FuseBranches, BitTests) {
    const char* flags_are_set =
        " and_.i64 x1, x2, $0x8\n brcond.i64 x1, $0x0, ne, L0\n goto_ptr x1\nL0:\n goto_ptr x2\n";
    EXPECT_EQ(branches(flags_are_set), flags_are_set);
    EXPECT_EQ(branches(" and_.i64 x1, x2, $0x8\n add.i64 x3, x3, x3\n add.i64 x3, x3, x1\n brcond.i64 x1, $0x0, ne, "
                       "L0\n goto_ptr x1\n"
                       "L0:\n goto_ptr x2\n"),
              " and_.i64 x1, x2, $0x8\n add.i64 x3, x3, x3\n add.i64 x3, x3, x1\n brcond.i64 x2, $0x8, tstne, L0\n "
              "goto_ptr x1\n"
              "L0:\n goto_ptr x2\n");
    EXPECT_EQ(branches(" extract.i64 %0, x2, 4, 1\n setcond.i64 x1, %0, $0x0, eq\n goto_ptr x1\n"),
              " setcond.i64 x1, x2, $0x10, tsteq\n goto_ptr x1\n");
    EXPECT_EQ(branches(" shl.i64 %0, x2, $0x3d\n brcond.i64 %0, $0x0, ge, L0\n goto_ptr x1\nL0:\n goto_ptr x2\n"),
              " brcond.i64 x2, $0x4, tsteq, L0\n goto_ptr x1\nL0:\n goto_ptr x2\n");
    EXPECT_EQ(branches(" sub.i64 %0, x2, x3\n brcond.i64 %0, $0x0, eq, L0\n goto_ptr x1\nL0:\n goto_ptr x2\n"),
              " brcond.i64 x2, x3, eq, L0\n goto_ptr x1\nL0:\n goto_ptr x2\n");
    const char* wide =
        " and_.i64 x1, x2, $0x8000000000\n brcond.i64 x1, $0x0, ne, L0\n goto_ptr x1\nL0:\n goto_ptr x2\n";
    EXPECT_EQ(branches(wide), wide);
}

TEST(UnboxFloats, Pairs) {
    EXPECT_EQ(boxes(" funbox.f32.f64 %0, f0, 0\n fadd.f32 %1, %0, %0\n fbox.f64.f32 f1, %1\n funbox.f32.f64 %2, f1, 0\n"
                    " funbox.f32.f64 %3, f0, 0\n fmul.f32 %4, %2, %3\n fbox.f64.f32 f2, %4\n goto_ptr x1\n"),
              " funbox.f32.f64 %0, f0, 0\n fadd.f32 %1, %0, %0\n fbox.f64.f32 f1, %1\n funbox.f32.f64 %2, f1, 1\n"
              " funbox.f32.f64 %3, f0, 0\n fmul.f32 %4, %2, %3\n fbox.f64.f32 f2, %4\n goto_ptr x1\n");
    EXPECT_EQ(boxes(" bitcast.f64.i64 f0, x1\n bitcast.i64.f64 x2, f0\n goto_ptr x2\n"),
              " bitcast.f64.i64 f0, x1\n mov.i64 x2, x1\n goto_ptr x2\n");
    EXPECT_EQ(boxes(" fbox.f64.f32 f0, $0x3f800000\n goto_ptr x2\n"),
              " mov.f64 f0, $0xffffffff3f800000\n goto_ptr x2\n");
}

TEST(UnboxFloats, KnownToBeBoxedWhenFarAway) {
    std::string head = " funbox.f32.f64 %0, f0, 0\n fbox.f64.f32 f1, %0\n";
    std::string many;
    for (unsigned i = 0; i < 20; ++i) many += " add.i64 x1, x1, x2\n";
    EXPECT_EQ(after(head + many + " funbox.f32.f64 %1, f1, 0\n fbox.f64.f32 f2, %1\n goto_ptr x1\n",
                    {propagate_copies, unbox_floats}, false),
              head + many + " funbox.f32.f64 %1, f1, 1\n mov.f64 f2, f1\n goto_ptr x1\n");
}

/// `text` after assume_boxed; what is assumed at its beginning goes to `assumed`.
std::string boxed(std::string_view text, GlobalSet& assumed) {
    Function f = function(text);
    PassContext context = pass_context();
    context.assume_boxed = true;
    assume_boxed(f, context);
    EXPECT_EQ(verify(f), "") << print(f);
    assumed = f.boxed_at_entry;
    return print(f);
}

GlobalSet one_global(unsigned index) {
    GlobalSet set;
    set.add(index);
    return set;
}
const GlobalSet kF0 = one_global(7), kF1 = one_global(8);

std::string rotations(std::string_view t) { return after(t, {propagate_copies, simplify_bits, form_rotations}); }

TEST(FormRotations, OfTwoShifts) {
    EXPECT_EQ(
        rotations(
            " shl.i64 x2, x1, $0x5\n shr.i64 x3, x1, $0x3b\n or_.i64 x3, x2, x3\n mov.i64 x2, x1\n goto_ptr x1\n"),
        " rotl.i64 x3, x1, $0x5\n mov.i64 x2, x1\n goto_ptr x1\n");
    EXPECT_EQ(
        rotations(
            " shr.i64 x2, x1, $0x3b\n shl.i64 x3, x1, $0x5\n xor_.i64 x2, x2, x3\n mov.i64 x3, x1\n goto_ptr x1\n"),
        " rotl.i64 x2, x1, $0x5\n mov.i64 x3, x1\n goto_ptr x1\n");
    for (const char* other :
         {" shl.i64 x2, x1, $0x5\n shr.i64 x3, x1, $0x3a\n or_.i64 x4, x2, x3\n goto_ptr x1\n",
          " shl.i64 x2, x1, $0x5\n shr.i64 x3, x5, $0x3b\n or_.i64 x4, x2, x3\n goto_ptr x1\n",
          " shl.i64 x2, x1, $0x5\n shr.i64 x3, x1, $0x3b\n and_.i64 x4, x2, x3\n goto_ptr x1\n",
          " neg.i64 x4, x5\n shl.i64 x2, x1, x5\n shr.i64 x3, x1, x4\n xor_.i64 x4, x2, x3\n goto_ptr x1\n"}) {
        EXPECT_EQ(rotations(other), other);
    }
}

TEST(FormRotations, OfWords) {
    // slliw, srliw, or
    EXPECT_EQ(
        rotations(
            " trunc.i32.i64 %0, x1\n shl.i32 %1, %0, $0x7\n ext_s.i64.i32 x2, %1\n trunc.i32.i64 %2, x1\n"
            " shr.i32 %3, %2, $0x19\n ext_s.i64.i32 x3, %3\n or_.i64 x2, x2, x3\n mov.i64 x3, x1\n goto_ptr x1\n"),
        " trunc.i32.i64 %5, x1\n rotl.i32 %6, %5, $0x7\n ext_s.i64.i32 x2, %6\n mov.i64 x3, x1\n goto_ptr x1\n");
    // subw, sllw, srlw, or
    EXPECT_EQ(
        rotations(" neg.i64 x4, x5\n trunc.i32.i64 %0, x1\n trunc.i32.i64 %1, x5\n shl.i32 %2, %0, %1\n"
                  " ext_s.i64.i32 x2, %2\n trunc.i32.i64 %3, x1\n trunc.i32.i64 %4, x4\n shr.i32 %5, %3, %4\n"
                  " ext_s.i64.i32 x3, %5\n or_.i64 x2, x2, x3\n mov.i64 x3, x1\n goto_ptr x1\n"),
        " neg.i64 x4, x5\n trunc.i32.i64 %0, x1\n trunc.i32.i64 %1, x5\n rotl.i32 %6, %0, %1\n ext_s.i64.i32 x2, %6\n"
        " mov.i64 x3, x1\n goto_ptr x1\n");
}

TEST(FormRotations, OfWhatTheSecondShiftOverwrites) {
    EXPECT_EQ(
        rotations(
            " shl.i64 x2, x1, $0x5\n shr.i64 x1, x1, $0x3b\n or_.i64 x3, x2, x1\n mov.i64 x2, x4\n mov.i64 x1, x4\n"
            " goto_ptr x1\n"),
        " mov.i64 %0, x1\n rotl.i64 x3, %0, $0x5\n mov.i64 x2, x4\n mov.i64 x1, x4\n goto_ptr x1\n");
}

TEST(DeadCode, WordsOfWhichOnlyTheLowHalfIsUsed) {
    EXPECT_EQ(after(" trunc.i32.i64 %0, x1\n rotl.i32 %1, %0, $0x7\n ext_s.i64.i32 x2, %1\n shl.i64 x3, x2, $0x1\n"
                    " sextract.i64 x3, x3, 0, 32\n mov.i64 x2, x1\n goto_ptr x1\n",
                    {}),
              " trunc.i32.i64 %0, x1\n rotl.i32 %1, %0, $0x7\n ext_any.i64.i32 x2, %1\n shl.i64 x3, x2, $0x1\n"
              " sextract.i64 x3, x3, 0, 32\n mov.i64 x2, x1\n goto_ptr x1\n");
}

TEST(AssumeBoxed, RegistersThatNobodyHasWritten) {
    GlobalSet assumed;
    EXPECT_EQ(boxed(" funbox.f32.f64 %0, f0, 0\n funbox.f32.f64 %1, f1, 0\n fadd.f32 %2, %0, %1\n fbox.f64.f32 f0, %2\n"
                    " funbox.f32.f64 %3, f0, 0\n fbox.f64.f32 f2, %3\n goto_ptr x1\n",
                    assumed),
              " funbox.f32.f64 %0, f0, 1\n funbox.f32.f64 %1, f1, 1\n fadd.f32 %2, %0, %1\n fbox.f64.f32 f0, %2\n"
              " funbox.f32.f64 %3, f0, 1\n fbox.f64.f32 f2, %3\n goto_ptr x1\n");
    EXPECT_EQ(assumed, kF0 | kF1);
}

TEST(AssumeBoxed, NotWhatWasWrittenOtherwise) {
    GlobalSet assumed;
    for (const char* write : {" guest_ld.f64 f0, [x1], u64\n", " fadd.f64 f0, f0, f1\n", " call poke(x1)\n",
                              " mov.f64 f0, $0x3ff0000000000000\n",
                              " mov.f64 f0, f1\n guest_ld.f64 f1, [x1], u64\n"
                              " mov.f64 f0, f1\n"}) {
        std::string text = std::string(write) + " funbox.f32.f64 %0, f0, 0\n fbox.f64.f32 f2, %0\n goto_ptr x1\n";
        EXPECT_EQ(boxed(text, assumed), text);
        EXPECT_EQ(assumed, GlobalSet{});
    }
}

TEST(AssumeBoxed, CopiesAndConstants) {
    GlobalSet assumed;
    std::string known = boxed(
        " mov.f64 f0, $0xffffffff00000000\n funbox.f32.f64 %0, f0, 0\n fbox.f64.f32 f2, %0\n goto_ptr x1\n", assumed);
    EXPECT_NE(known.find("f0, 1\n"), std::string::npos);
    EXPECT_EQ(assumed, GlobalSet{});
    std::string text =
        " mov.f64 f0, f1\n funbox.f32.f64 %0, f0, 0\n funbox.f32.f64 %1, f1, 0\n fbox.f64.f32 f2, %0\n goto_ptr x1\n";
    EXPECT_NE(boxed(text, assumed).find("%1, f1, 1"), std::string::npos);
    EXPECT_EQ(assumed & kF1, kF1);
}

TEST(AssumeBoxed, BothWaysToALabel) {
    GlobalSet assumed;
    std::string text =
        " brcond.i64 x1, x2, eq, L0\n guest_ld.f64 f0, [x1], u64\nL0:\n funbox.f32.f64 %0, f0, 0\n"
        " fbox.f64.f32 f2, %0\n goto_ptr x1\n";
    EXPECT_EQ(boxed(text, assumed), text);
    EXPECT_EQ(assumed, GlobalSet{});
    boxed(
        " brcond.i64 x1, x2, eq, L0\n fbox.f64.f32 f0, $0x0\nL0:\n funbox.f32.f64 %0, f0, 0\n"
        " fbox.f64.f32 f2, %0\n goto_ptr x1\n",
        assumed);
    EXPECT_EQ(assumed, kF0);
    // What is only left behind is no way to it.
    boxed(
        " brcond.i64 x1, x2, eq, L0\n guest_ld.f64 f0, [x1], u64\n goto_ptr x1\nL0:\n funbox.f32.f64 %0, f0, 0\n"
        " fbox.f64.f32 f2, %0\n goto_ptr x1\n",
        assumed);
    EXPECT_EQ(assumed, kF0);
}

TEST(AssumeBoxed, LoopsKeepIt) {
    GlobalSet assumed;
    const std::string head = "L0:\n funbox.f32.f64 %0, f0, 0\n fbox.f64.f32 f1, %0\n";
    const std::string back = " brcond.i64 x1, x2, eq, L0\n goto_ptr x1\n";
    boxed(head + back, assumed);
    EXPECT_EQ(assumed, kF0);
    std::string spoilt = head + " guest_ld.f64 f0, [x1], u64\n" + back;
    EXPECT_EQ(boxed(spoilt, assumed), spoilt);
    EXPECT_EQ(assumed, GlobalSet{});

    const std::string body = " funbox.f32.f64 %0, f0, 0\n fbox.f64.f32 f1, %0\n";
    boxed(body + " goto_tb 0, 0x0\n", assumed);
    EXPECT_EQ(assumed, kF0);
    std::string spoilt_tb = body + " guest_ld.f64 f0, [x1], u64\n goto_tb 0, 0x0\n";
    EXPECT_EQ(boxed(spoilt_tb, assumed), spoilt_tb);
    EXPECT_EQ(assumed, GlobalSet{});
}

TEST(ForwardGlobals, WritesTheRegisterItself) {
    EXPECT_EQ(forward(" add.i64 %0, x1, x2\n mov.i64 x1, %0\n mul.i64 x3, %0, %0\n goto_ptr x1\n"),
              " add.i64 x1, x1, x2\n mul.i64 x3, x1, x1\n goto_ptr x1\n");
    EXPECT_EQ(forward(" guest_ld.i64 %0, [x2], u64\n mov.i64 x2, %0\n goto_ptr x1\n"),
              " guest_ld.i64 x2, [x2], u64\n goto_ptr x1\n");
}

TEST(ForwardGlobals, NotPastWhatSeesTheRegister) {
    const char* fault = " add.i64 %0, x1, x2\n guest_st.i64 x1, [x3], 64\n mov.i64 x1, %0\n goto_ptr x2\n";
    EXPECT_EQ(forward(fault), fault);
    const char* read = " add.i64 %0, x1, x2\n mul.i64 x3, x1, x1\n mov.i64 x1, %0\n goto_ptr x2\n";
    EXPECT_EQ(forward(read), read);
    EXPECT_EQ(forward(" add.i64 %0, x1, x2\n mul.i64 x3, %0, %0\n mov.i64 x1, %0\n goto_ptr x2\n"),
              " add.i64 x1, x1, x2\n mul.i64 x3, x1, x1\n goto_ptr x2\n");
    const char* kept = " add.i64 %0, x1, x2\n mov.i64 x1, %0\n mov.i64 x1, x3\n mul.i64 x4, %0, x1\n goto_ptr x2\n";
    EXPECT_EQ(forward(kept),
              " add.i64 x1, x1, x2\n mov.i64 %0, x1\n mov.i64 x1, x3\n mul.i64 x4, %0, x1\n goto_ptr x2\n");
}

TEST(DeadCode, StoresToGlobals) {
    EXPECT_EQ(after(" mov.i64 x1, x2\n mov.i64 x1, x3\n goto_ptr x1\n", {}), " mov.i64 x1, x3\n goto_ptr x1\n");
    for (const char* seen : {" mov.i64 x1, x2\n guest_ld.i64 x3, [x2], u64\n mov.i64 x1, x3\n goto_ptr x1\n",
                             " mov.i64 x1, x2\n call raise(x2)\n mov.i64 x1, x3\n goto_ptr x1\n",
                             " mov.i64 x1, x2\n call x3 = peek(x2, x2)\n mov.i64 x1, x3\n goto_ptr x1\n",
                             " mov.i64 x1, x2\n brcond.i64 x2, x3, eq, L0\n mov.i64 x1, x3\nL0:\n goto_ptr x1\n"}) {
        EXPECT_EQ(after(seen, {}), seen);
    }
}

TEST(DeadCode, KeepsWhatHasEffects) {
    for (const char* kept :
         {" fadd.f64 %0, f0, f1\n goto_ptr x1\n", " fcvt_fi.i64.f64 %0, f0, rtz, 0\n goto_ptr x1\n",
          " guest_ld.i64 %0, [x2], u64\n goto_ptr x1\n", " call %0 = peek(x1, x1)\n goto_ptr x1\n"}) {
        EXPECT_EQ(after(kept, {}), kept);
    }
    EXPECT_EQ(after(" fsgnj.f64 %0, f0, f1\n call %1 = pure(x1)\n env_ld.i64 %2, env, 0, u64\n goto_ptr x1\n", {}),
              " goto_ptr x1\n");
}

TEST(DeadCode, ExtensionsOfWhichOnlyTheLowHalfIsUsed) {
    // addw x1, x2, x3; mulw x1, x1, x4; sraiw x1, x1, 1
    EXPECT_EQ(
        after(" add.i64 %0, x2, x3\n sextract.i64 x1, %0, 0, 32\n mul.i64 %1, x1, x4\n sextract.i64 x1, %1, 0, 32\n"
              " sextract.i64 x1, x1, 1, 31\n goto_ptr x5\n",
              {}),
        " add.i64 x1, x2, x3\n mul.i64 x1, x1, x4\n sextract.i64 x1, x1, 1, 31\n goto_ptr x5\n");
    EXPECT_EQ(
        after(" sextract.i64 %0, x2, 0, 32\n add.i64 %1, %0, x3\n sextract.i64 x1, %1, 0, 32\n goto_ptr x5\n", {}),
        " mov.i64 %0, x2\n add.i64 %1, %0, x3\n sextract.i64 x1, %1, 0, 32\n goto_ptr x5\n");
    for (const char* whole :
         {// seen by an access that may fault, by an exit, by a shift to the right, by a comparison
          " add.i64 %0, x2, x3\n sextract.i64 x1, %0, 0, 32\n guest_ld.i64 x3, [x2], u64\n sextract.i64 x1, x1, 0, 8\n "
          "goto_ptr x5\n",
          " add.i64 %0, x2, x3\n sextract.i64 x1, %0, 0, 32\n sextract.i64 x2, x1, 0, 8\n goto_ptr x5\n",
          " sextract.i64 %0, x2, 0, 32\n shr.i64 %1, %0, $0x4\n sextract.i64 x1, %1, 0, 32\n goto_ptr x5\n",
          " sextract.i64 %0, x2, 0, 32\n setcond.i64 x3, %0, x4, ltu\n sextract.i64 x1, %0, 0, 8\n goto_ptr x5\n",
          " sextract.i64 %0, x2, 0, 32\n sextract.i64 x1, %0, 8, 32\n goto_ptr x5\n"}) {
        EXPECT_EQ(after(whole, {}), whole);
    }
}

TEST(Optimise, LoadImmediateAndAddress) {
    // lui x1, ..; addi x1, x1, ..; auipc x2, ..; ld x2, (x2)
    EXPECT_EQ(
        optimised(" ---- 0000000000001000\n mov.i64 x1, $0x12345000\n ---- 0000000000001004\n add.i64 x1, x1, $0x678\n"
                  " ---- 0000000000001008\n mov.i64 x2, @0x3008\n ---- 000000000000100c\n add.i64 x2, x2, $0x10\n"
                  " ---- 0000000000001010\n guest_ld.i64 x2, [x2 + 0x8], u64\n goto_tb 0, 0x1014\n"),
        " ---- 0000000000001000\n ---- 0000000000001004\n mov.i64 x1, $0x12345678\n"
        " ---- 0000000000001008\n ---- 000000000000100c\n mov.i64 x2, @0x3018\n"
        " ---- 0000000000001010\n guest_ld.i64 x2, [x2 + 0x8], u64\n goto_tb 0, 0x1014\n");
}

TEST(Optimise, WordLoop) {
    // lbu x1, (x2); addiw x1, x1, -48; sext.w x3, x1; bltu x3, x4
    EXPECT_EQ(
        optimised(" guest_ld.i64 %0, [x2], u8\n mov.i64 x1, %0\n trunc.i32.i64 %1, x1\n add.i32 %2, %1, $0xffffffd0\n"
                  " ext_s.i64.i32 %3, %2\n mov.i64 x1, %3\n trunc.i32.i64 %4, x1\n ext_s.i64.i32 x3, %4\n"
                  " brcond.i64 x3, x4, ltu, L0\n goto_tb 0, 0x1000\nL0:\n goto_tb 1, 0x2000\n"),
        " guest_ld.i64 x1, [x2], u8\n add.i64 x1, x1, $0xffffffffffffffd0\n mov.i64 x3, x1\n"
        " brcond.i64 x3, x4, ltu, L0\n goto_tb 0, 0x1000\nL0:\n goto_tb 1, 0x2000\n");
}

namespace {

std::string paired(std::string_view t) { return after(t, {propagate_copies, pair_results, forward_globals}); }

}  // namespace

TEST(PairResults, HalvesOfAProduct) {
    EXPECT_EQ(paired(" mulh_u.i64 x3, x1, x2\n mul.i64 x4, x1, x2\n goto_ptr x1\n"),
              " mul2_u.i64 x4, x3, x1, x2\n goto_ptr x1\n");
    EXPECT_EQ(paired(" mul.i64 x3, x1, x2\n ---- 0000000000001004\n mulh_s.i64 x4, x2, x1\n goto_ptr x1\n"),
              " mul2_s.i64 x3, x4, x1, x2\n ---- 0000000000001004\n goto_ptr x1\n");
    // The second result goes to an operand.
    EXPECT_EQ(paired(" mulh_u.i64 x3, x1, x2\n mul.i64 x1, x1, x2\n goto_ptr x1\n"),
              " mul2_u.i64 x1, x3, x1, x2\n goto_ptr x1\n");
}

TEST(PairResults, QuotientAndRemainder) {
    EXPECT_EQ(paired(" div_s.i64 x3, x1, x2\n rem_s.i64 x4, x1, x2\n goto_ptr x1\n"),
              " divrem_s.i64 x3, x4, x1, x2\n goto_ptr x1\n");
    EXPECT_EQ(paired(" rem_u.i32 %0, $0x64, $0x7\n div_u.i32 %1, $0x64, $0x7\n ext_s.i64.i32 x1, %0\n"
                     " ext_s.i64.i32 x2, %1\n goto_ptr x1\n"),
              " divrem_u.i32 %2, %0, $0x64, $0x7\n ext_s.i64.i32 x1, %0\n ext_s.i64.i32 x2, %2\n goto_ptr x1\n");
    // Behind a fault the register is written there and not before.
    EXPECT_EQ(paired(" div_s.i64 x3, x1, x2\n guest_ld.i64 x5, [x3], u8\n rem_s.i64 x4, x1, x2\n goto_ptr x1\n"),
              " divrem_s.i64 x3, %0, x1, x2\n guest_ld.i64 x5, [x3], u8\n mov.i64 x4, %0\n goto_ptr x1\n");
}

TEST(PairResults, OthersAreLeftAlone) {
    for (const char* text : {" mulh_su.i64 x3, x1, x2\n mul.i64 x4, x1, x2\n goto_ptr x1\n",
                             " mulh_u.i64 x1, x1, x2\n mul.i64 x4, x1, x2\n goto_ptr x1\n",
                             " div_s.i64 x3, x1, x2\n rem_u.i64 x4, x1, x2\n goto_ptr x1\n",
                             " div_s.i64 x3, x1, x2\n rem_s.i64 x4, x2, x1\n goto_ptr x1\n",
                             " div_s.i64 x3, x1, x2\n brcond.i64 x1, x2, eq, L0\n goto_ptr x3\nL0:\n"
                             " rem_s.i64 x4, x1, x2\n goto_ptr x1\n"}) {
        EXPECT_EQ(paired(text), text);
    }
    // The first one's register has been overwritten, by the second one itself or before.
    EXPECT_EQ(paired(" mulh_u.i64 x3, x1, x2\n mul.i64 x3, x1, x2\n goto_ptr x1\n"),
              " mul.i64 %0, x1, x2\n mov.i64 x3, %0\n goto_ptr x1\n");
    EXPECT_EQ(paired(" mulh_u.i64 x3, x1, x2\n mov.i64 x3, x5\n mul.i64 x4, x1, x2\n goto_ptr x1\n"),
              " mov.i64 x3, x5\n mul.i64 x4, x1, x2\n goto_ptr x1\n");
}

TEST(DeadCode, AResultOfTwoThatNobodyWants) {
    EXPECT_EQ(after(" mul2_u.i64 %0, x3, x1, x2\n divrem_s.i64 x4, %1, x1, x2\n goto_ptr x1\n", {}),
              " mulh_u.i64 x3, x1, x2\n div_s.i64 x4, x1, x2\n goto_ptr x1\n");
}

// A guest with many registers: what is known of each is not limited to the first 64.
TEST(ManyGlobals, BoxesAndExtensions) {
    GuestLayout l;
    for (unsigned i = 0; i < 250; ++i) {
        l.globals.push_back(
            {std::string("g").append(std::to_string(i)), i % 2 == 0 ? Type::I64 : Type::F64, 512 + i * 8, 0});
    }
    l.env_size = 4096;
    auto parsed = [&](std::string_view text) {
        Function f(l);
        EXPECT_EQ(parse(text, f), "");
        EXPECT_EQ(verify(f), "");
        return f;
    };
    PassContext context;
    context.assume_boxed = true;
    Function boxes = parsed(" funbox.f32.f64 %0, g201, 0\n fbox.f64.f32 g203, %0\n goto_ptr g2\n");
    assume_boxed(boxes, context);
    EXPECT_EQ(boxes.boxed_at_entry, one_global(201));

    Function loop = parsed(
        " guest_ld.i64 g100, [g102], u8\n add.i64 %0, g248, g100\n sextract.i64 g248, %0, 0, 32\n"
        " brcond.i64 g100, g102, eq, L0\n goto_tb 0, 0x1000\nL0:\n goto_tb 1, 0x2000\n");
    loop.loop = true;
    loop.guest_pc = 0x1000;
    narrow_globals(loop, context);
    EXPECT_EQ(loop.state.extended(), one_global(248));
}

}  // namespace dragoman::ir::test
