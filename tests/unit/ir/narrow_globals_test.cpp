// Which registers of a loop are kept as 32-bit values, and what goes with that.
#include "unit/ir/ir_test.h"

namespace dragoman::ir::test {

namespace {

GlobalSet x(unsigned n) {
    GlobalSet set;
    set.add(n - 1);
    return set;
}

struct Narrowed {
    GlobalSet narrow;
    std::string text;
};

/// The loop at 0x1000 with `text` as its body.
Narrowed narrowed(std::string text, std::string_view rest = "") {
    text += " goto_tb 0, 0x1000\n";
    Function f = function(text.append(rest));
    f.loop = true;
    f.guest_pc = 0x1000;
    EXPECT_EQ(verify(f), "");
    PassContext context = pass_context();
    narrow_globals(f, context);
    dead_code(f, context);
    EXPECT_EQ(verify(f), "");
    return {f.state.extended(), print(f)};
}

}  // namespace

TEST(NarrowGlobals, SumsOfWords) {
    // loop: lbu x3, 0(x4); addi x4, x4, 1; addw x1, x1, x3; addw x2, x2, x1; bne x4, x5, loop
    const Narrowed n = narrowed(
        " guest_ld.i64 x3, [x4], u8\n add.i64 x4, x4, $0x1\n add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\n"
        " add.i64 %1, x2, x1\n sextract.i64 x2, %1, 0, 32\n brcond.i64 x4, x5, eq, L0\n",
        "L0:\n goto_tb 1, 0x2000\n");
    EXPECT_EQ(n.narrow, x(1) | x(2));
    EXPECT_EQ(n.text,
              " guest_ld.i64 x3, [x4], u8\n add.i64 x4, x4, $0x1\n add.i64 x1, x1, x3\n add.i64 x2, x2, x1\n"
              " brcond.i64 x4, x5, eq, L0\n goto_tb 0, 0x1000\nL0:\n goto_tb 1, 0x2000\n");
}

TEST(NarrowGlobals, LogicOfExtendedValuesIsExtended) {
    const Narrowed n = narrowed(
        " guest_ld.i64 x3, [x4], s32\n xor_.i64 x1, x1, x3\n add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\n");
    EXPECT_EQ(n.narrow, x(1));
    EXPECT_EQ(n.text, " guest_ld.i64 x3, [x4], s32\n xor_.i64 x1, x1, x3\n add.i64 x1, x1, x3\n goto_tb 0, 0x1000\n");
}

TEST(NarrowGlobals, WhatIsSeenWholeStaysWhole) {
    for (const char* text : {
             // by the next pass: as an address, in a comparison, shifted to the right
             " guest_ld.i64 x3, [x1], u8\n add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\n",
             " setcond.i64 x3, x1, x5, lt\n add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\n",
             " shr.i64 x3, x1, $0x21\n add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\n",
             // by a register that is not narrow
             " add.i64 x2, x2, x1\n add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\n",
         }) {
        const Narrowed n = narrowed(text);
        EXPECT_EQ(n.narrow, GlobalSet{}) << text;
        EXPECT_EQ(n.text, std::string(text).append(" goto_tb 0, 0x1000\n"));
    }
}

TEST(NarrowGlobals, AUseInTheSamePassKeepsItsExtension) {
    // At once, behind an access, and behind a branch.
    for (const char* between : {"", " guest_st.i64 x5, [x5], 64\n", " brcond.i64 x4, x5, eq, L0\n"}) {
        const std::string text =
            std::string(" add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\n") + between + " add.i64 x2, x2, x1\n";
        const std::string rest = *between == 0 || between[1] == 'g' ? "" : "L0:\n goto_tb 1, 0x2000\n";
        const Narrowed n = narrowed(text + " add.i64 %1, x1, x4\n sextract.i64 x1, %1, 0, 32\n", rest);
        EXPECT_EQ(n.narrow, x(1));
        EXPECT_EQ(n.text, text + " add.i64 x1, x1, x4\n goto_tb 0, 0x1000\n" + rest);
    }
}

TEST(NarrowGlobals, OnlyRegistersThatAlwaysHoldExtensions) {
    // Zero extensions, sums of 64 bits, and copies of registers that are not known.
    for (const char* text : {" add.i64 %0, x1, x3\n extract.i64 x1, %0, 0, 32\n",
                             " add.i64 x1, x1, x3\n guest_st.i64 x2, [x2], 64\n add.i64 %0, x1, x3\n"
                             " sextract.i64 x1, %0, 0, 32\n",
                             " mov.i64 x1, x5\n guest_st.i64 x2, [x2], 64\n add.i64 %0, x1, x3\n"
                             " sextract.i64 x1, %0, 0, 32\n"}) {
        EXPECT_EQ(narrowed(text).narrow, GlobalSet{}) << text;
    }
}

TEST(NarrowGlobals, OnlyRegistersThatTheFirstPassLeavesExtended) {
    // x1 gets what x2 held before: an extension, but not yet in the first pass.
    const std::string sum = " add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\n guest_ld.i64 x3, [x4], s32\n";
    const std::string other = " add.i64 %1, x2, x3\n sextract.i64 x2, %1, 0, 32\n";
    EXPECT_EQ(narrowed(sum + " mov.i64 x1, x2\n" + other).narrow, GlobalSet{});
    EXPECT_EQ(narrowed(sum + other + " mov.i64 x1, x2\n").narrow, x(1) | x(2));
    // Nor does a second pass that follows the first change that.
    const std::string pass = " ---- 1000\n" + sum + " mov.i64 x1, x2\n" + other;
    EXPECT_EQ(narrowed(pass + pass).narrow & x(1), GlobalSet{});
}

TEST(NarrowGlobals, OnlyRegistersThatEveryPassWrites) {
    const char* text =
        " brcond.i64 x4, x5, eq, L0\n add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\nL0:\n add.i64 x4, x4, $0x1\n";
    EXPECT_EQ(narrowed(text).narrow, GlobalSet{});
    // A way back to the start that comes before the write.
    EXPECT_EQ(narrowed(" brcond.i64 x4, x5, eq, L0\n add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\n",
                       "L0:\n goto_tb 1, 0x1000\n")
                  .narrow,
              GlobalSet{});
    // A branch within the pass, behind the write.
    EXPECT_EQ(narrowed(" add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\n brcond.i64 x4, x5, eq, L0\n"
                       " add.i64 x2, x2, $0x1\nL0:\n add.i64 x4, x4, x1\n")
                  .narrow,
              GlobalSet{});
    // One that leaves the loop.
    EXPECT_EQ(narrowed(" brcond.i64 x4, x5, eq, L0\n add.i64 %0, x1, x3\n sextract.i64 x1, %0, 0, 32\n",
                       "L0:\n goto_tb 1, 0x2000\n")
                  .narrow,
              x(1));
}

}  // namespace dragoman::ir::test
