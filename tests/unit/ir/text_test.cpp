// Printer, parser and verifier.
#include "unit/ir/ir_test.h"

#include "ir/builder.h"

namespace dragoman::ir::test {

TEST(Text, RoundTrip) {
    const char* text =
        " ---- 0000000000010078\n"
        " add.i64 x1, x2, $0x1\n"
        " trunc.i32.i64 %0, x1\n"
        " sar.i32 %1, %0, $0x3\n"
        " ext_s.i64.i32 x2, %1\n"
        " guest_ld.i64 %2, [x2 + x3 << 3 - 0x10], s32\n"
        " guest_st.i32 %1, [x2 + 0x8], 32.be.aligned\n"
        " guest_st.f64 f1, [@0x12340 + x3 << 0], 64\n"
        " ---- 000000000001007c {x5 = 0x5}\n"
        " atomic_add.i32 %3, x1, %1, s32.aligned\n"
        " atomic_cmpxchg.i64 %4, x1, x2, x3, u64\n"
        " env_ld.i64 %5, env, 0x10, u32\n"
        " env_st.i64 %5, env, 0x14, 32\n"
        " call %6 = peek(env, %5)\n"
        " call poke(%6)\n"
        " extract.i64 %7, %6, 8, 4\n"
        " deposit.i64 %t0, %7, x1, 4, 12\n"
        " funbox.f32.f64 %8, f0, 1\n"
        " fround.f32 %9, %8, rup, 1\n"
        " fcvt_fi.i64.f32 %10, %9, rtz, 0\n"
        " fcvt_if.f64.i64 f2, %10, 1, env\n"
        " setcond.i64 %11, %10, x1, ltu\n"
        " movcond.f64.i64 f3, %11, $0x0, f0, f1, ne\n"
        " mul2_s.i64 x1, %12, x2, x3\n"
        " guest_ld.i64 x1, [x1 + 0x10], s16.wrap32.acquire {x1 = access - 0x10}\n"
        " guest_st.i64 x2, [x1], 32 {x3 = sext32 x3, x4 = pc + 0x20}\n"
        " fadd.f64 f0, f1, f2 !0x8000\n"
        " mb 0xf\n"
        " brcond.i64 %11, x1, tstne, L0\n"
        " call_tb @0x10080, 0, 1, 0x20000\n"
        "L0:\n"
        " brcond.i64 %t0, x1, eq, L1\n"
        " call_ptr %t0, @0x10080, 2\n"
        "L1:\n"
        " exit_tb @0x10080, lookup\n";
    Function f = function(text);
    EXPECT_EQ(print(f), text);
    EXPECT_EQ(verify(f), "");
}

TEST(Text, VectorOpsHaveElementsAndMasks) {
    const std::string text =
        " v_splat.v256.i64 %0, x1 !0x30000\n"
        " v_add.v256 %1, %0, %0 !0x30000\n"
        " v_mask_first.mask.i64 %2, x2, 8\n"
        " v_add.v256 %3, %0, %1, %2, %0 !0x130000\n"
        " v_cmp.v256 %4, %3, %1, 2 !0x30000\n"
        " v_mask_and.mask %5, %2, %4\n"
        " v_mask_andc.mask %6, %5, %4\n"
        " v_prefix_count.v256.mask %7, %6\n"
        " v_align.v256 %8, %7, %3, 5\n"
        " v_permute.v256 %9, %8, %7 !0x10000\n"
        " v_compress.v256 %10, %6, %9 !0x30000\n"
        " v_st.v256 %3, x3, %5, 5, 32 !0x130000\n"
        " v_extract.v256 x4, %3, 1, 1 !0x30000\n"
        " goto_tb 0, 0x1000 !0x1\n";
    Function f = function(text);
    EXPECT_EQ(print(f), text);
    EXPECT_EQ(verify(f), "");
}

TEST(Text, VectorOpsThatAreWrong) {
    EXPECT_EQ(verify_text(" v_splat.v256.i64 %0, x1\n exit_tb @0x1000, lookup\n"),
              "element type wanted: v_splat.v256.i64 %0, x1");
    EXPECT_EQ(verify_text(" v_splat.v256.i64 %0, x1 !0x30000\n v_extract.v256 x1, %0, 8, 0 !0x30000\n"),
              "no such element: v_extract.v256 x1, %0, 8, 0 !0x30000");
    EXPECT_EQ(verify_text(" v_iota.i64 x1, 0, 1 !0x30000\n"), "vector type wanted: v_iota.i64 x1, 0, 1 !0x30000");
    EXPECT_EQ(verify_text(" v_iota.v256 %0, 4294967296, 1 !0x30000\n"),
              "constant of more than 32 bits: v_iota.v256 %0, 4294967296, 1 !0x30000");
    EXPECT_EQ(verify_text(" v_iota.v256 %0, 0, 1 !0x30000\n v_align.v256 %1, %0, %0, 33\n"),
              "more bytes than there are: v_align.v256 %1, %0, %0, 33");
}

TEST(Text, PrintsWhatTheBuilderMakes) {
    Function f(layout());
    Builder b(f);
    b.insn_start(0x1000);
    Var x1 = global_var(0);
    Var t = b.add(x1, b.c64(4));
    b.guest_ld(t, t, {.size_log2 = 2, .sign = true}, -8);
    b.mov_to(x1, t);
    b.goto_ptr(x1);
    EXPECT_EQ(print(f),
              " ---- 0000000000001000\n"
              " add.i64 %0, x1, $0x4\n"
              " guest_ld.i64 %0, [%0 - 0x8], s32\n"
              " mov.i64 x1, %0\n"
              " goto_ptr x1\n");
    EXPECT_EQ(verify(f), "");
}

TEST(Text, ParserNamesTheLine) {
    Function f(layout());
    EXPECT_EQ(parse(" mov.i64 x1, x2\n mov.i64 x1, y2\n", f), "line 2: unknown variable 'y2'");
    EXPECT_EQ(parse("frob x1", f), "line 1: unknown op 'frob'");
    EXPECT_EQ(parse("add.i64 x1, x2", f), "line 1: missing operand");
    EXPECT_EQ(parse("add x1, x2, x3", f), "line 1: bad type");
    EXPECT_EQ(parse("guest_ld.i64 x1, [x2 + 0x8], 32", f), "line 1: bad memory access");
    EXPECT_EQ(parse("mov.i64 x1, x2, x3", f), "line 1: too many operands");
}

TEST(Verifier, FindsBrokenRules) {
    EXPECT_EQ(verify_text("add.i64 x1, %0, x2\n goto_ptr x1"),
              "EBB temporary read outside its lifetime: add.i64 x1, %0, x2");
    EXPECT_EQ(verify_text("mov.i64 %0, x1\n brcond.i64 x1, x2, eq, L0\nL0:\n goto_ptr %0"),
              "EBB temporary read outside its lifetime: goto_ptr %0");
    EXPECT_EQ(verify_text("mov.i64 %0, x1\n brcond.i64 x1, x2, eq, L0\n goto_ptr %0\nL0:\n goto_ptr x1"), "");
    EXPECT_EQ(verify_text("goto_ptr %t0"), "TB temporary read before it is written: goto_ptr %t0");
    EXPECT_EQ(verify_text("mov.i64 x1, x2"), "control runs off the end");
    EXPECT_EQ(verify_text("call trap(x1)"), "");
    EXPECT_EQ(verify_text("goto_ptr x1\n mov.i64 x1, x2"), "unreachable instruction: mov.i64 x1, x2");
    EXPECT_EQ(verify_text("br L0"), "label L0 is branched to but not defined");
    EXPECT_EQ(verify_text("L0:\nL0:\n goto_ptr x1"), "label defined twice:L0:");
    EXPECT_EQ(verify_text("goto_tb 16, 0x1000"), "slot number too high: goto_tb 16, 0x1000");
    EXPECT_EQ(verify_text("brcond.i64 x1, x2, eq, L0\n goto_tb 0, 0x1000\nL0:\n goto_tb 0, 0x1000"),
              "slot used twice: goto_tb 0, 0x1000");
    EXPECT_EQ(verify_text("fadd.f64 f0, f1, x1\n goto_ptr x1"), "operand has the wrong type: fadd.f64 f0, f1, x1");
    EXPECT_EQ(verify_text("mul2_u.i64 x1, x1, x2, x3\n goto_ptr x1"),
              "two outputs to one variable: mul2_u.i64 x1, x1, x2, x3");
    EXPECT_EQ(verify_text("fadd.f64 f0, f1, f2 !0x8001\n goto_ptr x1"),
              "float rules that no back end has: fadd.f64 f0, f1, f2 !0x8001");
    EXPECT_EQ(verify_text("add.i64 x1, x2, x3 !0x8000\n goto_ptr x1"),
              "attributes of an op that has none: add.i64 x1, x2, x3 !0x8000");
    EXPECT_EQ(verify_text("mov.i64 x1, x2 {x1 = access}\n goto_ptr x1"),
              "map with an access that is not there: mov.i64 x1, x2 {x1 = access}");
    EXPECT_EQ(verify_text("guest_ld.i64 x1, [x1], s16.aligned {x1 = access}\n goto_ptr x1"),
              "map at an access that leaves by itself: guest_ld.i64 x1, [x1], s16.aligned {x1 = access}");
    EXPECT_EQ(verify_text("guest_ld.i64 x1, [x2], s64.release\n goto_ptr x1"),
              "load with release order: guest_ld.i64 x1, [x2], s64.release");
    EXPECT_EQ(verify_text("guest_st.i64 x1, [x2], 64.acquire\n goto_ptr x1"),
              "store with acquire order: guest_st.i64 x1, [x2], 64.acquire");
    EXPECT_EQ(verify_text("guest_ld.v256 %0, [x2], u128\n goto_ptr x1"),
              "vector access of another size or byte order: guest_ld.v256 %0, [x2], u128");
    EXPECT_EQ(
        verify_text("guest_ld.v256 %0, [x2], u256\n env_st.v256 %0, env, 0x10, 256\n env_ld.mask %1, env, 0x10, u64\n"
                    " mov.mask %2, %1\n goto_ptr x1"),
        "");
    EXPECT_EQ(verify_text("guest_ld.mask %0, [x2], u64\n goto_ptr x1"),
              "mask in guest memory: guest_ld.mask %0, [x2], u64");
    EXPECT_EQ(verify_text("extract.i64 x1, x2, 60, 5\n goto_ptr x1"),
              "bit field outside the type: extract.i64 x1, x2, 60, 5");
    EXPECT_EQ(verify_text("guest_ld.i64 x1, [x2], u128\n goto_ptr x1"),
              "access wider than its type: guest_ld.i64 x1, [x2], u128");
    EXPECT_EQ(verify_text("env_st.i64 x1, env, 520, 64\n goto_ptr x1"),
              "env access to a global: env_st.i64 x1, env, 0x208, 64");
}

}  // namespace dragoman::ir::test
