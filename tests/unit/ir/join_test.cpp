// Joining the functions of TBs: what becomes of the jumps between them, and when it cannot be done.
#include "ir/join.h"

#include "unit/ir/ir_test.h"

namespace dragoman::ir::test {
namespace {

struct Tb {
    u64 pc;
    std::string_view text;
    u32 flags = 0;
};

Function tb_function(const Tb& tb) {
    Function f = function(tb.text);
    EXPECT_EQ(verify(f), "");
    f.guest_pc = tb.pc;
    f.guest_size = 8;
    f.guest_insns = 2;
    f.tb_flags = tb.flags;
    return f;
}

/// The function that `tbs` make together; a broken rule instead, if there is one.
std::string joined(std::initializer_list<Tb> tbs) {
    Function f(layout());
    Join join;
    join.begin(f);
    for (const Tb& tb : tbs) EXPECT_TRUE(join.add(tb_function(tb)));
    EXPECT_TRUE(join.finish());
    if (std::string error = verify(f); !error.empty()) return error;
    const std::string text = print(f);
    Function again = function(text);
    EXPECT_EQ(verify(again), "");
    EXPECT_EQ(again.insns.size(), f.insns.size());
    PassContext context = pass_context();
    optimise(f, context);
    EXPECT_EQ(verify(f), "");
    return text;
}

/// Text of an offset in env.
std::string env_at(std::size_t offset) {
    char text[24];
    std::snprintf(text, sizeof text, "env, 0x%zx", offset);
    return text;
}

TEST(Join, OneAfterTheOtherIsOnePiece) {
    EXPECT_EQ(joined({{0x1000, " ---- 0000000000001000\n add.i64 x1, x1, $0x1\n goto_tb 0, 0x1008\n"},
                      {0x1008, " ---- 0000000000001008\n add.i64 x1, x1, $0x2\n goto_ptr x1\n"}}),
              " ---- 0000000000001000\n add.i64 x1, x1, $0x1\n"
              " ---- 0000000000001008\n add.i64 x1, x1, $0x2\n goto_ptr x1\n");
}

TEST(Join, LoopOfTwoPolls) {
    EXPECT_EQ(joined({{0x1000, " brcond.i64 x1, x2, eq, L0\n goto_tb 0, 0x1008\nL0:\n goto_tb 1, 0x2000\n"},
                      {0x1008, " add.i64 x1, x1, $0x1\n goto_tb 0, 0x1000\n"}}),
              "L0:\n env_ld.i32 %0, " + env_at(offsetof(Env, request)) +
                  ", u32\n brcond.i32 %0, $0x0, ne, L3\n"
                  " brcond.i64 x1, x2, eq, L4\n"
                  " add.i64 x1, x1, $0x1\n br L0\n"
                  "L3:\n exit_tb @0x1000, request\n"
                  "L4:\n goto_tb 0, 0x2000\n");
}

TEST(Join, TemporariesAndLabelsStayApart) {
    EXPECT_EQ(joined({{0x1000,
                       " add.i64 %0, x1, x2\n brcond.i64 %0, $0x1, eq, L0\n mov.i64 x3, %0\n"
                       "L0:\n goto_tb 0, 0x1008\n"},
                      {0x1008, " add.i32 %0, $0x1, $0x2\n ext_s.i64.i32 x1, %0\n goto_ptr x1\n"}}),
              " add.i64 %0, x1, x2\n brcond.i64 %0, $0x1, eq, L2\n mov.i64 x3, %0\n"
              "L2:\n add.i32 %1, $0x1, $0x2\n ext_s.i64.i32 x1, %1\n goto_ptr x1\n");
}

TEST(Join, ExitsToOneAddressShareASlot) {
    EXPECT_EQ(joined({{0x1000, " brcond.i64 x1, x2, eq, L0\n goto_tb 0, 0x1008\nL0:\n goto_tb 1, 0x2000\n"},
                      {0x1008, " brcond.i64 x1, x3, eq, L0\n goto_tb 0, 0x3000\nL0:\n goto_tb 1, 0x2000\n"}}),
              " brcond.i64 x1, x2, eq, L4\n brcond.i64 x1, x3, eq, L4\n goto_tb 0, 0x3000\n"
              "L4:\n goto_tb 1, 0x2000\n");
}

TEST(Join, CallsKeepTwoSlots) {
    EXPECT_EQ(joined({{0x1000, " brcond.i64 x1, x2, eq, L0\n goto_tb 0, 0x1008\nL0:\n goto_tb 1, 0x2000\n"},
                      {0x1008, " call_tb @0x1010, 0, 1, 0x4000\n"}}),
              " brcond.i64 x1, x2, eq, L3\n call_tb @0x1010, 0, 1, 0x4000\nL3:\n goto_tb 2, 0x2000\n");
}

/// The loop through `tbs`, in `passes` passes.
std::string joined_loop(unsigned passes, std::initializer_list<Tb> tbs) {
    Function f(layout());
    Join join;
    join.begin(f, Join::Shape::Loop);
    for (unsigned pass = 0; pass < passes; ++pass) {
        if (pass != 0) join.next_pass();
        for (const Tb& tb : tbs) EXPECT_TRUE(join.add(tb_function(tb)));
    }
    EXPECT_TRUE(join.finish());
    EXPECT_TRUE(f.loop);
    EXPECT_TRUE(f.self_loop);
    EXPECT_EQ(f.guest_insns, 2 * passes * tbs.size());
    if (std::string error = verify(f); !error.empty()) return error;
    return print(f);
}

TEST(Join, LoopOfOneGoesStraightOnForSomePasses) {
    EXPECT_EQ(joined_loop(3, {{0x1000,
                               " ---- 0000000000001000\n add.i64 %0, x1, $0x1\n mov.i64 x1, %0\n"
                               " brcond.i64 x1, x2, ne, L0\n goto_tb 0, 0x1008\nL0:\n goto_tb 1, 0x1000\n"}}),
              " ---- 0000000000001000\n add.i64 %0, x1, $0x1\n mov.i64 x1, %0\n brcond.i64 x1, x2, eq, L6\n"
              " ---- 0000000000001000\n add.i64 %1, x1, $0x1\n mov.i64 x1, %1\n brcond.i64 x1, x2, eq, L6\n"
              " ---- 0000000000001000\n add.i64 %2, x1, $0x1\n mov.i64 x1, %2\n brcond.i64 x1, x2, ne, L9\n"
              "L6:\n goto_tb 0, 0x1008\n"
              "L9:\n goto_tb 1, 0x1000\n");
}

TEST(Join, LoopOfSeveralLeavesWhereItsWayDoesNotGo) {
    // The way is 0x1000, 0x1010, 0x1008; its branches go to 0x2000, and once to the middle of a later block.
    EXPECT_EQ(joined_loop(1, {{0x1000,
                               " ---- 0000000000001000\n brcond.i64 x1, x2, eq, L0\n goto_tb 0, 0x100c\nL0:\n"
                               " goto_tb 1, 0x1010\n"},
                              {0x1010,
                               " ---- 0000000000001010\n brcond.i64 x1, x3, eq, L0\n goto_tb 0, 0x1008\nL0:\n"
                               " goto_tb 1, 0x2000\n"},
                              {0x1008,
                               " ---- 0000000000001008\n add.i64 x1, x1, $0x1\n ---- 000000000000100c\n"
                               " add.i64 x3, x3, $0x1\n goto_tb 0, 0x1000\n"}}),
              " ---- 0000000000001000\n brcond.i64 x1, x2, ne, L5\n"
              " ---- 0000000000001010\n brcond.i64 x1, x3, eq, L8\n"
              " ---- 0000000000001008\n add.i64 x1, x1, $0x1\n"
              "L5:\n ---- 000000000000100c\n add.i64 x3, x3, $0x1\n goto_tb 0, 0x1000\n"
              "L8:\n goto_tb 1, 0x2000\n");
}

TEST(Join, SaysWhatTheRegionCovers) {
    Function f(layout());
    Join join;
    join.begin(f);
    EXPECT_TRUE(join.add(tb_function({0x1000, " goto_tb 0, 0x1020\n", 3})));
    EXPECT_TRUE(join.add(tb_function({0x1020, " goto_tb 0, 0x1010\n", 3})));
    EXPECT_TRUE(join.add(tb_function({0x1010, " goto_tb 0, 0x1000\n", 3})));
    EXPECT_TRUE(join.finish());
    EXPECT_EQ(verify(f), "");
    EXPECT_EQ(f.guest_pc, 0x1000u);
    EXPECT_EQ(f.guest_size, 0x28u);
    EXPECT_EQ(f.guest_insns, 6u);
    EXPECT_EQ(f.tb_flags, 3u);
}

TEST(Join, Refusals) {
    Function f(layout());
    Join join;
    join.begin(f);
    EXPECT_TRUE(join.add(tb_function({0x1000, " goto_tb 0, 0x1008\n"})));
    EXPECT_FALSE(join.add(tb_function({0x1000, " goto_tb 0, 0x1008\n"})));
    EXPECT_FALSE(join.add(tb_function({0xff8, " goto_tb 0, 0x1000\n"})));
    EXPECT_FALSE(join.add(tb_function({0x1008, " goto_tb 0, 0x1000\n", 1})));
    const std::string sets_flags =
        " env_st.i32 $0x1, " + env_at(offsetof(Env, tb_flags)) + ", 32\n goto_tb 0, 0x1000\n";
    EXPECT_FALSE(join.add(tb_function({0x1008, sets_flags})));
    EXPECT_TRUE(join.finish());
    EXPECT_EQ(print(f), " goto_tb 0, 0x1008\n");
}

TEST(Join, TooManyExits) {
    Function f(layout());
    Join join;
    join.begin(f);
    for (u64 i = 0; i <= kMaxSlots; ++i) {
        Function part(layout());
        part.guest_pc = 0x1000 + i * 8;
        EXPECT_EQ(parse(" brcond.i64 x1, x2, eq, L0\n goto_tb 0, 0x1000\nL0:\n goto_tb 1, 0x2000\n", part), "");
        for (Insn& insn : part.insns) {
            if (insn.op == Op::goto_tb) insn.imm[1] = insn.imm[0] == 0 ? 0x1008 + i * 8 : 0x2000 + i * 8;
        }
        EXPECT_TRUE(join.add(part));
    }
    EXPECT_FALSE(join.finish());
}

}  // namespace
}  // namespace dragoman::ir::test
