// Which accesses share a softmmu lookup (passes/share_lookups.cpp).
#include "unit/ir/ir_test.h"

namespace dragoman::ir::test {
namespace {

/// The accesses that are left, in order: l and s alone, L and S with a shared lookup, p a probe.
std::string shape(std::string_view text) {
    Function f = function(text);
    LookupScratch scratch;
    share_lookups(f, scratch);
    EXPECT_EQ("", verify(f));
    std::string shape;
    for (const Insn& insn : f.insns) {
        switch (insn.op) {
            case Op::guest_ld: shape += 'l'; break;
            case Op::guest_st: shape += 's'; break;
            case Op::page_ld: shape += 'L'; break;
            case Op::page_st: shape += 'S'; break;
            case Op::page_probe: shape += 'p'; break;
            default: break;
        }
    }
    return shape;
}

TEST(ShareLookups, AccessesOffOneBase) {
    EXPECT_EQ("pLS", shape(" guest_ld.i64 x1, [x2 + 0x8], u64\n guest_st.i64 x3, [x2 + 0x10], 64\n goto_ptr x1\n"));
    EXPECT_EQ("ll", shape(" guest_ld.i64 x1, [x2], u64\n guest_ld.i64 x3, [x4], u64\n goto_ptr x1\n"));
    EXPECT_EQ("pLpLLL", shape(" guest_ld.i64 x1, [x2], u64\n guest_ld.i64 x3, [x4], u64\n"
                              " guest_ld.i64 x1, [x2 + 0x8], u64\n guest_ld.i64 x3, [x4 + 0x8], u64\n goto_ptr x1\n"));
}

TEST(ShareLookups, NotFarApart) {
    EXPECT_EQ("ll", shape(" guest_ld.i64 x1, [x2], u64\n guest_ld.i64 x3, [x2 + 0x400], u64\n goto_ptr x1\n"));
}

TEST(ShareLookups, TheBaseMayMoveByConstants) {
    EXPECT_EQ("pLL",
              shape(" guest_ld.i64 x1, [x2], u64\n add.i64 x2, x2, $0x8\n guest_ld.i64 x3, [x2], u64\n goto_ptr x1\n"));
    EXPECT_EQ("ll",
              shape(" guest_ld.i64 x1, [x2], u64\n add.i64 x2, x2, x1\n guest_ld.i64 x3, [x2], u64\n goto_ptr x1\n"));
    EXPECT_EQ("ll", shape(" guest_ld.i64 x2, [x2], u64\n guest_ld.i64 x3, [x2], u64\n goto_ptr x3\n"));
}

TEST(ShareLookups, StoresDoNotJoinAcrossBranches) {
    const char* text =
        " guest_ld.i64 x1, [x2], u64\n brcond.i64 x1, x3, eq, L0\n guest_st.i64 x3, [x2], 64\n"
        " goto_ptr x1\nL0:\n goto_ptr x3\n";
    EXPECT_EQ("ls", shape(text));
    const char* loads =
        " guest_ld.i64 x1, [x2], u64\n brcond.i64 x1, x3, eq, L0\n guest_ld.i64 x3, [x2], u64\n"
        " goto_ptr x1\nL0:\n goto_ptr x3\n";
    EXPECT_EQ("pLL", shape(loads));
}

TEST(ShareLookups, LabelsAndHelpersEndGroups) {
    EXPECT_EQ("ll", shape(" guest_ld.i64 x1, [x2], u64\n br L0\nL0:\n guest_ld.i64 x3, [x2], u64\n goto_ptr x1\n"));
    EXPECT_EQ("ll", shape(" guest_ld.i64 x1, [x2], u64\n call poke(x1)\n guest_ld.i64 x3, [x2], u64\n goto_ptr x1\n"));
}

TEST(ShareLookups, OtherKindsOfAccessStayAlone) {
    EXPECT_EQ("ll", shape(" guest_ld.i64 x1, [x2], u64\n guest_ld.i64 x3, [x2 + x1 << 3], u64\n goto_ptr x1\n"));
    EXPECT_EQ("ll", shape(" guest_ld.i64 x1, [x2], u64\n guest_ld.i64 x3, [x2], u64.mmu1\n goto_ptr x1\n"));
    EXPECT_EQ("ll", shape(" guest_ld.i64 x1, [x2], u64\n guest_ld.i64 x3, [x2], u64.aligned\n goto_ptr x1\n"));
}

}  // namespace
}  // namespace dragoman::ir::test
