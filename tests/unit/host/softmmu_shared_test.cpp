// Accesses that share a softmmu lookup: random sequences of them do in generated code what the interpreter does with
// one lookup each, whatever the TLB holds, wherever pages end and whoever raises.
#include <random>

#include "ir/passes/passes.h"
#include "softmmu_fixture.h"

namespace dragoman::host_test {
namespace {

struct Step {
    enum { Load, Store, StoreConst, FloatLoad, FloatStore, MoveBase, Other, Branch } kind;
    unsigned base, reg, size_log2;
    bool sign;
    i64 displacement;
};

constexpr unsigned kBases[] = {5, 6, 25};
constexpr unsigned kData[] = {7, 8, 26, 27, 28};

std::vector<Step> random_steps(std::mt19937& random) {
    auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    std::vector<Step> steps(4 + below(20));
    for (Step& s : steps) {
        unsigned kind = below(20);
        s.kind = kind < 6    ? Step::Load
                 : kind < 11 ? Step::Store
                 : kind < 13 ? Step::StoreConst
                 : kind < 15 ? Step::FloatLoad
                 : kind < 16 ? Step::FloatStore
                 : kind < 17 ? Step::MoveBase
                 : kind < 19 ? Step::Other
                             : Step::Branch;
        s.base = kBases[below(3)];
        s.reg = kData[below(5)];
        s.size_log2 = s.kind == Step::FloatLoad ? 3 : s.kind == Step::FloatStore ? 2 + below(2) : below(4);
        s.sign = below(2) != 0;
        s.displacement = static_cast<i64>(below(12)) * 8 - 40 + (below(6) == 0 ? 3 : 0);
    }
    return steps;
}

void build(Builder& b, const std::vector<Step>& steps) {
    u64 pc = 0x1000;
    const u32 out = b.new_label();
    for (const Step& s : steps) {
        b.insn_start(pc);
        pc += 4;
        const MemOp m = FakeMmu::mem(s.size_log2, s.sign);
        switch (s.kind) {
            case Step::Load: b.guest_ld(x(s.reg), x(s.base), m, s.displacement); break;
            case Step::Store: b.guest_st(x(s.reg), x(s.base), m, s.displacement); break;
            case Step::StoreConst:
                b.guest_st(b.c64(s.sign ? 0 : 0x1234'5678'9abc * s.reg), x(s.base), m, s.displacement);
                break;
            case Step::FloatLoad: b.guest_ld(f(s.reg), x(s.base), m, s.displacement); break;
            case Step::FloatStore: b.guest_st(f(s.reg), x(s.base), m, s.displacement); break;
            case Step::MoveBase:
                b.op_to(Op::add, x(s.base), {x(s.base), b.c64(static_cast<u64>(s.displacement))});
                break;
            case Step::Other: b.op_to(Op::mul, x(s.reg), {x(s.reg), x(kData[s.size_log2])}); break;
            case Step::Branch: b.brcond(Cond::Ltu, x(s.reg), b.c64(u64{1} << 62), out); break;
        }
    }
    b.exit_tb(static_cast<u32>(ExitReason::Syscall), b.address(0x2000));
    b.label(out);
    b.exit_tb(static_cast<u32>(ExitReason::Syscall), b.address(0x3000));
}

class Side : public FakeMmu {
public:
    explicit Side(Kind kind) : FakeMmu(kind) {}

    unsigned shared = 0;  ///< accesses that share a lookup

    /// What runs; @returns the guest pc where it stopped.
    u64 run(const std::vector<Step>& steps) {
        make_current();
        host_->reset_code();
        ir::Function function(host_->layout());
        function.guest_pc = 0x1000;
        function.guest_size = 4;
        Builder b(function);
        build(b, steps);
        if (host_->backend().shares_lookups()) {
            ir::share_lookups(function, scratch_);
            for (const ir::Insn& insn : function.insns) shared += insn.op == Op::page_ld || insn.op == Op::page_st;
        }
        EXPECT_EQ("", ir::verify(function));
        ir::liveness(function);
        TestHost::Tb tb = host_->compile(function);
        if (host_->run(tb) == ExitReason::Syscall) return env().pc;
        u64 pc = 0;
        for (const host::InsnMapEntry& e : tb.info.insn_map) {
            if (e.host_offset <= static_cast<u32>(position_ - tb.code)) pc = 0x1000 + e.pc_offset;
        }
        return pc;
    }

private:
    ir::LookupScratch scratch_;
};

class SoftmmuShared : public testing::TestWithParam<Kind> {};

TEST_P(SoftmmuShared, DoesWhatSingleAccessesDo) {
    std::mt19937 random(1);
    Side generated(GetParam()), reference(Kind::Interp);
    for (unsigned round = 0; round < 1500; ++round) {
        const std::vector<Step> steps = random_steps(random);
        const unsigned state = static_cast<unsigned>(random() % 6);
        // Bases around the end of a page, or well inside.
        u64 bases[3];
        for (u64& base : bases) base = kGuestPage + 4096 + (random() % 2 == 0 ? 4096 : 2048) + random() % 64 - 32;
        u64 end[2];
        for (Side* side : {&reference, &generated}) {
            side->unmap_all();
            if (state != 0) side->map(kGuestPage + 4096);
            if (state >= 2) side->map(kGuestPage + 8192, true, state != 2);
            side->raising_page_ = state == 3 ? kGuestPage + 8192 : ir::kNoPage;
            if (state == 3) side->tlb_[2] = {ir::kNoPage, ir::kNoPage, ir::kNoPage, 0};
            side->fills_ = state == 4 && side == &generated;
            if (state == 4) side->unmap_all();
            for (unsigned i = 1; i < 32; ++i) side->env().x[i] = 0x1234'5678'9abc'def0u * i;
            for (unsigned i = 0; i < 32; ++i) side->env().f[i] = 0x4000'1234'5678'0000 + i;
            for (unsigned i = 0; i < 3; ++i) side->env().x[kBases[i]] = bases[i];
            for (unsigned i = 0; i < side->memory_.size(); ++i) side->memory_[i] = static_cast<u8>(i * 11 + round);
        }
        end[0] = reference.run(steps);
        end[1] = generated.run(steps);
        ASSERT_EQ(end[0], end[1]) << "round " << round;
        for (unsigned i = 1; i < 32; ++i)
            ASSERT_EQ(reference.env().x[i], generated.env().x[i]) << "x" << i << ", round " << round;
        for (unsigned i = 0; i < 32; ++i)
            ASSERT_EQ(reference.env().f[i], generated.env().f[i]) << "f" << i << ", round " << round;
        ASSERT_TRUE(reference.memory_ == generated.memory_) << "round " << round;
    }
    EXPECT_GT(generated.shared, 3000u);
}

/// After the first access has filled the TLB, the others of the group do not ask the MMU.
TEST_P(SoftmmuShared, OneMissPerGroup) {
    Side side(GetParam());
    side.fills_ = true;
    side.env().x[25] = kGuestPage + 0x100;
    side.run({{Step::Load, 25, 26, 3, false, 0},
              {Step::Store, 25, 7, 2, false, 8},
              {Step::Load, 25, 27, 1, false, 16},
              {Step::Store, 25, 28, 0, false, 24}});
    EXPECT_EQ(1u, side.calls_.size());
    EXPECT_EQ(4u, side.shared);
}

INSTANTIATE_TEST_SUITE_P(BackEnds, SoftmmuShared, testing::Values(Kind::X64, Kind::X64Plain),
                         [](const auto& info) { return info.param == Kind::X64 ? "x64" : "x64_plain"; });

}  // namespace
}  // namespace dragoman::host_test
