// A region of joined TBs does what its TBs do one by one, on both back ends, and leaves when it is asked to.
#include "ir/join.h"

#include "ir/passes/passes.h"
#include "unit/host/host_fixture.h"

namespace dragoman::host_test {
namespace {

constexpr u64 kHead = 0x1000, kOdd = 0x1010, kEven = 0x1020, kTail = 0x1030, kOut = 0x1040;
constexpr u32 kSyscall = static_cast<u32>(ExitReason::Syscall);

struct Piece {
    u64 pc;
    void (*build)(Builder& b);
};

/// Steps of the Collatz sequence from x1 to 1, counted in x2 (pinned), summed in x30 (in env); x3: the sum of the odd
/// ones. One TB is only come to by falling through, one from two places.
const Piece kPieces[] = {
    {kHead,
     [](Builder& b) {
         const u32 even = b.new_label();
         b.insn_start(kHead);
         b.brcond(Cond::TstEq, x(1), b.c64(1), even);
         b.goto_tb(0, kOdd);
         b.label(even);
         b.goto_tb(1, kEven);
     }},
    {kOdd,
     [](Builder& b) {
         b.insn_start(kOdd);
         b.mov_to(x(3), b.add(x(3), x(1)));
         b.mov_to(x(1), b.addi(b.mul(x(1), b.c64(3)), 1));
         b.goto_tb(0, kTail);
     }},
    {kEven,
     [](Builder& b) {
         Var kept = b.tb_temp(Type::I64);
         const u32 next = b.new_label();
         b.insn_start(kEven);
         b.mov_to(kept, b.shri(x(1), 1));
         b.br(next);
         b.label(next);
         b.mov_to(x(1), kept);
         b.goto_tb(0, kTail);
     }},
    {kTail,
     [](Builder& b) {
         const u32 out = b.new_label();
         b.insn_start(kTail);
         b.mov_to(x(2), b.addi(x(2), 1));
         b.mov_to(x(30), b.add(x(30), x(1)));
         // Somebody wants the vCPU back after x4 steps.
         b.env_st(b.trunc(b.setcond(Cond::Eq, x(2), x(4))), offsetof(ir::Env, request), {.size_log2 = 2});
         b.brcond(Cond::Eq, x(1), b.c64(1), out);
         b.goto_tb(0, kHead);
         b.label(out);
         b.goto_tb(1, kOut);
     }},
    {kOut,
     [](Builder& b) {
         b.insn_start(kOut);
         b.exit_tb(kSyscall, b.address(kOut + 4));
     }},
};

class JoinRun : public ::testing::TestWithParam<std::unique_ptr<host::Backend> (*)()> {
protected:
    TestHost host{GetParam()()};

    ir::Function build(const Piece& piece) {
        ir::Function f(host.layout());
        f.guest_pc = piece.pc;
        f.guest_size = 16;
        Builder b(f);
        piece.build(b);
        return f;
    }

    TestHost::Tb compile(ir::Function& f, bool optimised) {
        EXPECT_EQ("", ir::verify(f));
        ir::PassContext passes;
        for (unsigned i = 0; i < f.global_count(); ++i) passes.rewriter.set_pinned(i, host.backend().is_pinned(i));
        if (optimised) {
            ir::optimise(f, passes);
            EXPECT_EQ("", ir::verify(f));
        } else {
            ir::liveness(f);
        }
        return host.compile(f);
    }

    /// The TBs from `first` to `last`, joined.
    TestHost::Tb region(unsigned first, unsigned last, bool optimised) {
        ir::Function f(host.layout());
        ir::Join join;
        join.begin(f);
        for (unsigned i = first; i <= last; ++i) EXPECT_TRUE(join.add(build(kPieces[i])));
        EXPECT_TRUE(join.finish());
        return compile(f, optimised);
    }

    /// @returns x2, x3 and x30 mixed
    u64 run(const TestHost::Tb& tb, u64 start, u64 stop_after = 0) {
        TestEnv& env = host.env();
        env.request = 0;
        env.x[1] = start;
        env.x[2] = env.x[3] = env.x[30] = 0;
        env.x[4] = stop_after;
        const ExitReason reason = host.run(tb);
        EXPECT_EQ(reason, stop_after != 0 ? ExitReason::Request : ExitReason::Syscall);
        EXPECT_EQ(env.pc, stop_after != 0 ? kHead : kOut + 4);
        return (env.x[2] * 1000003 + env.x[3]) * 1000003 + env.x[30];
    }
};

/// The same in C++.
u64 expected(u64 n, u64 steps = ~u64{0}) {
    u64 count = 0, odd = 0, sum = 0;
    do {
        if ((n & 1) != 0) odd += n;
        n = (n & 1) != 0 ? n * 3 + 1 : n / 2;
        sum += n;
    } while (++count != steps && n != 1);
    return (count * 1000003 + odd) * 1000003 + sum;
}

TEST_P(JoinRun, WholeRegion) {
    for (bool optimised : {false, true}) {
        TestHost::Tb tb = region(0, 4, optimised);
        for (u64 start : {1, 2, 3, 7, 27, 97}) EXPECT_EQ(run(tb, start), expected(start)) << start;
    }
}

TEST_P(JoinRun, LinkedToWhatStayedOutside) {
    for (bool optimised : {false, true}) {
        TestHost::Tb loop = region(0, 3, optimised);
        ir::Function f = build(kPieces[4]);
        TestHost::Tb out = compile(f, optimised);
        ASSERT_EQ(loop.info.slots[0].target_pc, kOut);
        EXPECT_FALSE(loop.info.slots[1].used);
        host.link(loop, 0, out);
        for (u64 start : {1, 3, 27}) EXPECT_EQ(run(loop, start), expected(start)) << start;
    }
}

TEST_P(JoinRun, LeavesWhenAsked) {
    for (bool optimised : {false, true}) {
        TestHost::Tb tb = region(0, 4, optimised);
        for (u64 steps : {1, 2, 5, 100}) EXPECT_EQ(run(tb, 27, steps), expected(27, steps)) << steps;
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, JoinRun, ::testing::Values(&host::make_x64, &host::make_interp),
                         [](const auto& info) { return info.index == 0 ? "x64" : "interp"; });

}  // namespace
}  // namespace dragoman::host_test
