#include "ir/liveness.h"

#include "unit/ir/ir_test.h"

namespace dragoman::ir::test {

/// The lines of `text`, each with the operands that die there: "x1, x2" or "-".
std::vector<std::string> dead_operands(std::string_view text) {
    Function f = function(text);
    liveness(f);
    Printer printer(f);
    std::vector<std::string> result;
    for (const Insn& insn : f.insns) {
        std::string names;
        for (unsigned i = 0; i < kMaxArgs; ++i) {
            if ((insn.dead >> i & 1) != 0) names += (names.empty() ? "" : ", ") + printer.name(insn.args[i]);
        }
        result.push_back(names.empty() ? "-" : names);
    }
    return result;
}

using Lines = std::vector<std::string>;

TEST(Liveness, TemporariesDieAtTheirLastUse) {
    EXPECT_EQ(
        dead_operands("add.i64 %0, x1, $0x1\n add.i64 %1, %0, %0\n mul.i64 %2, x1, x1\n mov.i64 x2, %1\n goto_ptr x1"),
        (Lines{"-", "%0, %0", "%2", "%1", "-"}));
}

TEST(Liveness, OverwrittenGlobalIsDead) {
    EXPECT_EQ(dead_operands("mov.i64 x1, $0x1\n mov.i64 x1, x2\n goto_ptr x1"), (Lines{"x1", "-", "-"}));
    EXPECT_EQ(dead_operands("add.i64 x1, x1, $0x1\n goto_ptr x1"), (Lines{"x1", "-"}));
}

TEST(Liveness, FaultsAndHelpersReadGlobals) {
    EXPECT_EQ(dead_operands("mov.i64 x1, x3\n guest_ld.i64 x1, [x2], u64\n goto_ptr x1"), (Lines{"-", "-", "-"}));
    EXPECT_EQ(dead_operands("mov.i64 x1, x3\n call raise(x2)\n mov.i64 x1, x2\n goto_ptr x1"),
              (Lines{"-", "-", "-", "-"}));
    EXPECT_EQ(dead_operands("mov.i64 x1, x3\n call x1 = pure(x2)\n goto_ptr x1"), (Lines{"x1", "-", "-"}));
}

TEST(Liveness, BranchesAndLabels) {
    const char* text =
        "mov.i64 x1, x3\n mov.i64 %t0, x2\n mov.i64 %0, x3\n brcond.i64 x2, x3, eq, L0\n"
        "mov.i64 x1, %0\nL0:\n mov.i64 x1, %t0\n goto_ptr x1";
    // x1 is written again on both ways.
    EXPECT_EQ(dead_operands(text), (Lines{"x1", "-", "-", "-", "x1, %0", "-", "%t0", "-"}));
}

TEST(Liveness, WhatOneWayOfABranchNeedsIsUsed) {
    EXPECT_EQ(dead_operands("mov.i64 x1, x3\n brcond.i64 x2, x3, eq, L0\n mov.i64 x1, x2\nL0:\n goto_ptr x1"),
              (Lines{"-", "-", "-", "-", "-"}));
    EXPECT_EQ(dead_operands("mov.i64 x1, x3\n brcond.i64 x2, x3, eq, L0\n mov.i64 x1, x2\n goto_ptr x2\n"
                            "L0:\n goto_tb 0, 0x1000"),
              (Lines{"-", "-", "-", "-", "-", "-"}));
}

TEST(Liveness, FaultsOnOneWayUseGlobals) {
    EXPECT_EQ(dead_operands("mov.i64 x1, x3\n brcond.i64 x2, x3, eq, L0\n guest_st.i64 x2, [x3], 64\nL0:\n"
                            " mov.i64 x1, x2\n goto_ptr x1"),
              (Lines{"-", "-", "-", "-", "-", "-"}));
}

TEST(Liveness, BranchesBackUseGlobals) {
    EXPECT_EQ(dead_operands("L0:\n mov.i64 x1, x3\n brcond.i64 x2, x3, eq, L0\n mov.i64 x1, x2\n goto_ptr x1"),
              (Lines{"-", "-", "-", "-", "-"}));
}

}  // namespace dragoman::ir::test
