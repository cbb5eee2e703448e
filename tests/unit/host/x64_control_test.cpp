// x64 back end: entering and leaving code, slots, jumps, calls, returns, helpers and faults.
#include "unit/host/harness.h"

#include <sys/ucontext.h>

#include <csetjmp>

#include "ir/parser.h"
#include "ir/verifier.h"

namespace dragoman::test {
namespace {

using ir::Builder;
using ir::Cond;
using ir::ExitReason;
using ir::HelperFlags;
using ir::MemOp;
using ir::Type;

constexpr u32 kSyscall = static_cast<u32>(ExitReason::Syscall);

TEST(X64Control, ExitKeepsGlobals) {
    Machine m;
    for (unsigned i = 0; i < kInts; ++i) m.env->x[i] = 100 + i;
    for (unsigned i = 0; i < kFloats; ++i) m.env->f[i] = 200 + i;
    m.run([](Builder&) {});
    for (unsigned i = 0; i < kInts; ++i) EXPECT_EQ(m.env->x[i], 100 + i);
    for (unsigned i = 0; i < kFloats; ++i) EXPECT_EQ(m.env->f[i], 200 + i);
}

TEST(X64Control, CheckedEntryComparesFlagsAndRequest) {
    Machine m;
    auto tb = m.compile(0x4000, [](Builder& b) { b.exit_tb(kSyscall, b.address(0x2000)); });
    m.env->tb_flags = 3;
    m.run(tb);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Lookup);
    EXPECT_EQ(m.env->pc, 0x4000u);
    m.env->tb_flags = 0;
    m.env->request = 1;
    m.run(tb);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Request);
    EXPECT_EQ(m.env->pc, 0x4000u);
    m.env->request = 0;
    m.run(tb);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Syscall);
}

TEST(X64Control, CountedEntriesLeaveWhenASampleIsDue) {
    Machine m;
    auto tb = m.compile(0x4000, [](Builder& b) {
        b.function().counts_entries = true;
        b.op_to(ir::Op::add, x(0), {x(0), b.c64(1)});
        b.exit_tb(kSyscall, b.address(0x2000));
    });
    m.env->entries_left = 3;
    for (u32 left : {2, 1}) {
        m.run(tb);
        EXPECT_EQ(m.env->exit_reason, ExitReason::Syscall);
        EXPECT_EQ(m.env->entries_left, left);
    }
    // Who leaves for another reason has not entered.
    m.env->tb_flags = 1;
    m.run(tb);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Lookup);
    EXPECT_EQ(m.env->entries_left, 1u);
    m.env->tb_flags = 0;
    m.run(tb);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Lookup);
    EXPECT_EQ(m.env->pc, 0x4000u);
    EXPECT_EQ(m.env->entries_left, 0u);
    EXPECT_EQ(m.env->x[0], 2u);
}

TEST(X64Control, SlotsLinkAndUnlink) {
    Machine m;
    // Two exits: a branch that becomes a patchable jcc, and the jump behind it.
    auto from = m.compile(0x4000, [](Builder& b) {
        u32 taken = b.new_label();
        b.brcond(Cond::Ltu, x(0), b.c64(10), taken);
        b.goto_tb(0, 0x4010);
        b.label(taken);
        b.goto_tb(1, 0x3000);
    });
    auto target = m.compile(0x4010, [](Builder& b) { b.exit_tb(kSyscall, b.address(0x7000)); });
    auto back = m.compile(0x3000, [](Builder& b) { b.exit_tb(kSyscall, b.address(0x8000)); });
    EXPECT_TRUE(from.info.slots[0].used);
    EXPECT_FALSE(from.info.slots[0].checked);
    EXPECT_TRUE(from.info.slots[1].checked);
    EXPECT_EQ(from.info.slots[1].target_pc, 0x3000u);

    auto run = [&](u64 value) {
        m.env->x[0] = value;
        m.run(from);
        return m.env->pc;
    };
    EXPECT_EQ(run(20), 0x4010u);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Slot);
    EXPECT_EQ(m.env->exit_slot, 0u);
    EXPECT_GE(m.env->exit_host_pc, from.code);
    EXPECT_LT(m.env->exit_host_pc, from.code + from.info.size);
    EXPECT_EQ(run(5), 0x3000u);
    EXPECT_EQ(m.env->exit_slot, 1u);

    m.backend->link(from.code, from.info.slots[0], target.entry());
    m.backend->link(from.code, from.info.slots[1], back.checked());
    EXPECT_EQ(run(20), 0x7000u);
    EXPECT_EQ(run(5), 0x8000u);
    m.backend->unlink(from.code, from.info.slots[1]);
    EXPECT_EQ(run(5), 0x3000u);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Slot);
    EXPECT_EQ(run(20), 0x7000u);
}

TEST(X64Control, PatchedFieldsLieInOneWord) {
    Machine m;
    for (unsigned padding = 0; padding < 16; ++padding) {
        m.next += 1;  // any alignment of the TB
        auto tb = m.compile(0x4000, [&](Builder& b) {
            u32 taken = b.new_label();
            for (unsigned i = 0; i < padding; ++i) b.op_to(ir::Op::add, x(0), {x(0), b.c64(1)});
            b.brcond(Cond::Eq, x(0), x(1), taken);
            b.call_tb(0, 0x4010, 2, 0x4004);
            b.label(taken);
            b.goto_tb(1, 0x3000);
        });
        for (unsigned s = 0; s < 3; ++s) {
            u64 field = reinterpret_cast<u64>(tb.code) + tb.info.slots[s].patch_offset;
            EXPECT_EQ(field / 8, (field + 3) / 8);
        }
    }
}

void put_in_jump_cache(Machine& m, u64 pc, const Machine::Tb& tb) {
    m.env->jump_cache[(pc >> 1) % ir::kJumpCacheSize] = {pc, tb.code + tb.info.checked_entry};
}

TEST(X64Control, IndirectJumpThroughTheJumpCache) {
    for (unsigned reg : {0u, 4u, 14u}) {
        Machine m;
        auto from = m.compile(0x4000, [&](Builder& b) { b.goto_ptr(x(reg)); });
        m.env->x[reg] = 0x123456;
        m.run(from);
        EXPECT_EQ(m.env->exit_reason, ExitReason::Lookup);
        EXPECT_EQ(m.env->pc, 0x123456u);
        put_in_jump_cache(m, 0x123456, m.compile(0x123456, [](Builder& b) { b.exit_tb(kSyscall, b.address(0x7000)); }));
        m.run(from);
        EXPECT_EQ(m.env->exit_reason, ExitReason::Syscall);
        EXPECT_EQ(m.env->pc, 0x7000u);
    }
}

TEST(X64Control, IndirectJumpClearsTheLowestBit) {
    Machine m;
    auto jump = m.compile(0x4000, [&](Builder& b) { b.goto_ptr(b.andi(x(3), ~u64{1})); });
    auto call = m.compile(0x4000, [&](Builder& b) {
        ir::Var target = b.andi(x(3), ~u64{1});
        b.mov_to(x(3), b.address(0x4004));
        b.call_ptr(target, 1, 0x4004);
    });
    auto ret = m.compile(0x4000, [&](Builder& b) { b.ret_ptr(b.andi(x(14), ~u64{1})); });
    put_in_jump_cache(m, 0x9000, m.compile(0x9000, [](Builder& b) { b.exit_tb(kSyscall, b.address(0x7000)); }));
    for (const auto* tb : {&jump, &call, &ret}) {
        for (u64 target : {0x9000, 0x9001, 0x8000, 0x8001}) {
            m.env->x[3] = m.env->x[14] = target;
            m.run(*tb);
            if (target == 0x9000) {
                EXPECT_EQ(m.env->pc, 0x7000u);
            }
            // An odd target may miss, and is looked up then.
            if (target == 0x9001 && m.env->exit_reason == ExitReason::Lookup) {
                EXPECT_EQ(m.env->pc, 0x9000u);
            }
            if (target < 0x9000) {
                EXPECT_EQ(m.env->pc, 0x8000u);
            }
        }
    }
}

/// A recursive guest function: x0 counts down, x1 adds up on the way back.
struct Recursion {
    static constexpr u64 kCaller = 0x1000, kAfterCall = 0x1004, kFunction = 0x5000, kReturn = 0x5008, kEnd = 0x9000;
    Machine m;
    Machine::Tb caller, after, function, landing;
    explicit Recursion(bool return_stack = true, u64 high = 0)
        : m(host::make_x64(), options(return_stack)), high_(high) {
        // The guest's own stack for link registers is in plain memory, addressed by x2.
        caller = m.compile(high + kCaller, [&](Builder& b) {
            b.mov_to(x(3), b.address(high + kAfterCall));
            b.call_tb(0, high + kFunction, 1, high + kAfterCall);
        });
        after = m.compile(high + kAfterCall, [&](Builder& b) { b.exit_tb(kSyscall, b.address(high + kEnd)); });
        function = m.compile(high + kFunction, [&](Builder& b) {
            u32 recurse = b.new_label();
            b.brcond(Cond::Ne, x(0), b.c64(0), recurse);
            b.ret_ptr(x(3));
            b.label(recurse);
            b.op_to(ir::Op::sub, x(0), {x(0), b.c64(1)});
            b.op_to(ir::Op::sub, x(2), {x(2), b.c64(8)});
            b.guest_st(x(3), x(2), MemOp{});
            b.mov_to(x(3), b.address(high + kReturn));
            b.call_tb(0, high + kFunction, 1, high + kReturn);
        });
        landing = m.compile(high + kReturn, [&](Builder& b) {
            b.op_to(ir::Op::add, x(1), {x(1), b.c64(1)});
            b.guest_ld(x(3), x(2), MemOp{});
            b.op_to(ir::Op::add, x(2), {x(2), b.c64(8)});
            b.ret_ptr(x(3));
        });
        auto link = [&](Machine::Tb& from, unsigned slot, Machine::Tb& to) {
            m.backend->link(from.code, from.info.slots[slot],
                            from.info.slots[slot].checked ? to.checked() : to.entry());
        };
        link(caller, 0, function);
        link(function, 0, function);
        if (return_stack) {
            link(caller, 1, after);
            link(function, 1, landing);
        }
        put_in_jump_cache(m, high + kAfterCall, after);
        put_in_jump_cache(m, high + kReturn, landing);
        memory.resize(400000);
    }
    static host::Options options(bool return_stack) {
        host::Options o;
        o.return_stack = return_stack;
        return o;
    }
    void run(u64 depth) {
        m.env->x[0] = depth;
        m.env->x[1] = 0;
        m.env->x[2] = reinterpret_cast<u64>(memory.data() + memory.size());
        m.run(caller);
        EXPECT_EQ(m.env->exit_reason, ExitReason::Syscall);
        EXPECT_EQ(m.env->pc, high_ + kEnd);
        EXPECT_EQ(m.env->x[1], depth);
    }
    u64 high_;
    std::vector<u64> memory;
};

TEST(X64Control, CallsAndReturns) {
    Recursion r;
    for (u64 depth : {0, 1, 2, 100, 1000}) {
        r.run(depth);
        EXPECT_EQ(r.m.env->return_sp, r.m.env->return_base);
    }
}

TEST(X64Control, CallsAndReturnsAtHighAddresses) {
    Recursion r(true, 0x2aaaaaa000);
    r.run(100);
    EXPECT_EQ(r.m.env->return_sp, r.m.env->return_base);
}

TEST(X64Control, CallsWithoutReturnStack) {
    Recursion r(false);
    r.run(1000);
    EXPECT_EQ(r.m.env->return_sp, r.m.env->return_base);
}

// ---- Faults -------------------------------------------------------------------------------------

Machine* handler_machine;
unsigned fixups, guest_faults;
u64 fault_offset;
const Machine::Tb* faulting_tb;

void on_fault(int, siginfo_t* info, void* context) {
    auto* uc = static_cast<ucontext_t*>(context);
    Machine& m = *handler_machine;
    if (m.env->in_code == 0) abort();
    const u8* position = m.backend->fault_code_position(m.env, uc);
    if (m.backend->fixup_fault(m.env, uc, reinterpret_cast<u64>(info->si_addr))) {
        ++fixups;
        return;
    }
    if (faulting_tb == nullptr || position < faulting_tb->code ||
        position >= faulting_tb->code + faulting_tb->info.size)
        abort();
    ++guest_faults;
    fault_offset = static_cast<u64>(position - faulting_tb->code);
    const host::CompiledCode& made = faulting_tb->info;
    ir::StateEntries insn;
    for (const host::InsnMapEntry& e : made.insn_map) {
        if (e.host_offset <= fault_offset) insn = {made.states.data() + e.state, e.state_count};
    }
    m.backend->restore_state(m.env, uc, {.guest_pc = 0x4000, .tb = made.state.entries(), .insn = insn});
    m.env->exit_reason = ExitReason::Exception;
    m.env->pc = 0xfa17;
    m.backend->redirect_to_exit(m.env, uc);
}

/// Handles SIGSEGV and SIGBUS on a stack of their own for the time of a test.
class FaultHandler {
public:
    explicit FaultHandler(Machine& m) : stack_(1 << 16) {
        handler_machine = &m;
        fixups = guest_faults = 0;
        faulting_tb = nullptr;
        stack_t s{stack_.data(), 0, stack_.size()};
        sigaltstack(&s, &old_stack_);
        struct sigaction action {};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigaction(SIGSEGV, &action, &old_segv_);
        sigaction(SIGBUS, &action, &old_bus_);
    }
    ~FaultHandler() {
        sigaction(SIGSEGV, &old_segv_, nullptr);
        sigaction(SIGBUS, &old_bus_, nullptr);
        sigaltstack(&old_stack_, nullptr);
    }

private:
    std::vector<char> stack_;
    stack_t old_stack_;
    struct sigaction old_segv_, old_bus_;
};

TEST(X64Control, DeepRecursionOverflowsTheReturnStack) {
    Recursion r;
    FaultHandler handler(r.m);
    r.run(300000);
    EXPECT_GT(fixups, 0u);
    EXPECT_EQ(guest_faults, 0u);
    r.run(10);
}

TEST(X64Control, StaleReturnStackEntriesAreDropped) {
    Recursion r;
    r.run(3);
    u8* base = r.m.env->return_sp;
    // Frames that never return, as longjmp leaves them.
    auto abandon = r.m.compile(0x6000, [&](Builder& b) { b.call_tb(0, 0x6100, 1, 0x6004); });
    auto leave = r.m.compile(0x6100, [](Builder& b) { b.exit_tb(kSyscall, b.address(0x6200)); });
    r.m.backend->link(abandon.code, abandon.info.slots[0], leave.checked());
    for (unsigned i = 0; i < 5; ++i) r.m.run(abandon);
    EXPECT_EQ(r.m.env->return_sp, base - 5 * 16);
    // A call below them that returns above them.
    r.run(10);
    EXPECT_EQ(r.m.env->return_sp, base - 5 * 16);
    // A guest return to the address of a frame under the stale ones drops these.
    auto call_out = r.m.compile(0x6400, [&](Builder& b) { b.call_tb(0, 0x6500, 1, Recursion::kAfterCall); });
    auto jumper = r.m.compile(0x6500, [&](Builder& b) { b.goto_ptr(x(4)); });
    r.m.backend->link(call_out.code, call_out.info.slots[0], jumper.checked());
    r.m.backend->link(call_out.code, call_out.info.slots[1], r.after.checked());
    auto returner = r.m.compile(0x6600, [&](Builder& b) { b.ret_ptr(x(3)); });
    put_in_jump_cache(r.m, 0x6600, returner);
    r.m.env->return_sp = base;
    r.m.env->x[4] = 0x6700;
    r.m.run(call_out);  // misses the jump cache: one frame, and back to the loop
    EXPECT_EQ(r.m.env->return_sp, base - 16);
    for (unsigned i = 0; i < 5; ++i) r.m.run(abandon);
    r.m.env->x[3] = Recursion::kAfterCall;
    r.m.run(returner);
    EXPECT_EQ(r.m.env->pc, Recursion::kEnd);
    EXPECT_EQ(r.m.env->return_sp, base);
    // Too many stale frames to look through: after enough misses the stack is emptied.
    for (unsigned i = 0; i < 100; ++i) r.m.run(abandon);
    for (unsigned i = 0; i < 40; ++i) r.m.run(returner);
    EXPECT_EQ(r.m.env->pc, Recursion::kEnd);
    EXPECT_EQ(r.m.env->return_sp, base);
}

TEST(X64Control, IndirectCalls) {
    Recursion r;
    auto caller = r.m.compile(0x6000, [&](Builder& b) {
        b.mov_to(x(3), b.address(0x6004));
        b.call_ptr(x(4), 1, 0x6004);
    });
    auto callee = r.m.compile(0x7000, [&](Builder& b) { b.ret_ptr(x(3)); });
    auto after = r.m.compile(0x6004, [&](Builder& b) { b.exit_tb(kSyscall, b.address(0x6200)); });
    r.m.backend->link(caller.code, caller.info.slots[1], after.checked());
    r.m.env->x[4] = 0x7000;
    r.m.run(caller);
    EXPECT_EQ(r.m.env->exit_reason, ExitReason::Lookup);
    EXPECT_EQ(r.m.env->pc, 0x7000u);
    EXPECT_EQ(r.m.env->return_sp, r.m.env->return_base - 16);
    r.m.run(callee);  // returns through the frame that the missed call has left
    EXPECT_EQ(r.m.env->pc, 0x6200u);
    put_in_jump_cache(r.m, 0x7000, callee);
    r.m.run(caller);
    EXPECT_EQ(r.m.env->exit_reason, ExitReason::Syscall);
    EXPECT_EQ(r.m.env->pc, 0x6200u);
    EXPECT_EQ(r.m.env->return_sp, r.m.env->return_base);
}

TEST(X64Control, FaultsArePrecise) {
    Machine m;
    FaultHandler handler(m);
    auto tb = m.compile(0x4000, [](Builder& b) {
        for (unsigned i = 0; i < 8; ++i) b.op_to(ir::Op::add, x(i), {x(i), b.c64(1)});
        b.op_to(ir::Op::add, x(14), {x(14), b.c64(1)});
        b.mov_to(f(1), f(0));
        b.insn_start(0x4004);
        b.guest_ld(x(5), x(6), MemOp{}, 16);
        b.insn_start(0x4008);
        b.op_to(ir::Op::add, x(0), {x(0), b.c64(100)});
        b.exit_tb(kSyscall, b.address(0x2000));
    });
    faulting_tb = &tb;
    for (unsigned i = 0; i < kInts; ++i) m.env->x[i] = i * 1000;
    for (unsigned i = 0; i < kFloats; ++i) m.env->f[i] = 0x4000000000000000 + i;
    m.run(tb);
    EXPECT_EQ(guest_faults, 1u);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Exception);
    EXPECT_EQ(m.env->pc, 0xfa17u);
    for (unsigned i = 0; i < kInts; ++i) EXPECT_EQ(m.env->x[i], i * 1000 + (i < 8 || i == 14));
    EXPECT_EQ(m.env->f[1], 0x4000000000000000u);
    EXPECT_EQ(m.env->f[3], 0x4000000000000003u);
    const host::InsnMapEntry* found = nullptr;
    for (const auto& e : tb.info.insn_map) {
        if (e.host_offset <= fault_offset) found = &e;
    }
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->pc_offset, 4u);
    EXPECT_EQ(found->state_count, 0u);
    m.run([](Builder&) {});  // and all is well afterwards
}

/// Runs `text` as the TB at 0x4000, which takes a fault.
void run_to_fault(Machine& m, std::string_view text, bool loop = false, const ir::GlobalSet& extended = {}) {
    ir::Function fn(m.layout);
    fn.guest_pc = 0x4000;
    fn.loop = loop;
    ASSERT_EQ(ir::parse(text, fn), "");
    fn.state.assign_extended(extended);
    ASSERT_EQ(ir::verify(fn), "");
    ASSERT_TRUE(!loop || m.backend->suits_loop(fn));
    const auto tb = m.compile(fn);
    faulting_tb = &tb;
    const unsigned before = guest_faults;
    m.run(tb);
    EXPECT_EQ(guest_faults, before + 1);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Exception);
    faulting_tb = nullptr;
}

// x0..x10 are pinned, x11 and up live in env. Nothing is mapped below 64 KiB, where these loads go.
TEST(X64Control, LoadsOverTheirBaseAreRestored) {
    for (u64 guest_base : {0, 0x4000}) {
        host::Options options;
        options.guest_base = guest_base;
        Machine m(host::make_x64(), options);
        FaultHandler handler(m);
        auto fill = [&] {
            for (unsigned i = 0; i < kInts; ++i) m.env->x[i] = i * 0x100;
        };
        // add x2, x2, x3; ld x2, 8(x2) after folding
        fill();
        run_to_fault(m, " guest_ld.i64 x2, [x2 + x3 << 0 + 0x8], u64 {x2 = access - 0x8}\n exit_tb x0, lookup\n");
        EXPECT_EQ(m.env->x[2], 0x500u);
        EXPECT_EQ(m.env->x[3], 0x300u);
        // addi x4, x4, 16; lw x4, -8(x4)
        fill();
        run_to_fault(m, " guest_ld.i64 x4, [x4 + 0x8], s32 {x4 = access + 0x8}\n exit_tb x0, lookup\n");
        EXPECT_EQ(m.env->x[4], 0x410u);
        // The same of registers that live in env, and of one that is in a temporary.
        fill();
        run_to_fault(m, " guest_ld.i64 x12, [x12 + x13 << 3 - 0x10], u8 {x12 = access + 0x10}\n exit_tb x0, lookup\n");
        EXPECT_EQ(m.env->x[12], 0xc00u + (0xd00 << 3));
        fill();
        run_to_fault(m,
                     " add.i64 %0, x1, x14\n guest_ld.i64 x5, [%0 + 0x4], s16 {x5 = access - 0x4}\n"
                     " exit_tb x0, lookup\n");
        EXPECT_EQ(m.env->x[5], 0xf00u);
        // One that is in place costs nothing, a constant address and a big-endian load are found, too.
        fill();
        run_to_fault(m, " guest_ld.i64 x6, [x6 + 0x4], s16 {x6 = access - 0x4}\n exit_tb x0, lookup\n");
        EXPECT_EQ(m.env->x[6], 0x600u);
        fill();
        run_to_fault(m, " guest_ld.i64 x7, [$0x2000 + 0x10], u64.be {x7 = access - 0x10}\n exit_tb x0, lookup\n");
        EXPECT_EQ(m.env->x[7], 0x2000u);
        for (unsigned i = 8; i < kInts; ++i) EXPECT_EQ(m.env->x[i], i * 0x100u);
    }
}

TEST(X64Control, MapsOfConstantsAndAddresses) {
    Machine m;
    FaultHandler handler(m);
    m.env->x[14] = 5;
    run_to_fault(m,
                 " ---- 0000000000004000 {x1 = 0x77}\n guest_ld.i64 x2, [$0x100], u64 {x3 = pc + 0x20, x12 = sext32 "
                 "0x80000000}\n"
                 " exit_tb x0, lookup\n");
    EXPECT_EQ(m.env->x[3], 0x4020u);
    EXPECT_EQ(m.env->x[12], 0xffff'ffff'8000'0000);
    EXPECT_EQ(m.env->x[14], 5u);
    EXPECT_EQ(m.env->x[1], 0u);  // its own map is all that counts at an op that has one
    run_to_fault(m, " ---- 0000000000004000 {x1 = 0x77}\n guest_ld.i64 x2, [$0x100], u64\n exit_tb x0, lookup\n");
    EXPECT_EQ(m.env->x[1], 0x77u);
}

// A loop whose plan gives registers that live in env those of pinned ones, with registers that are left to be extended
// and a register that a load overwrites.
TEST(X64Control, FaultsInALoopWithItsOwnPlan) {
    Machine m;
    FaultHandler handler(m);
    for (unsigned i = 0; i < kInts; ++i) m.env->x[i] = 0x100 + i;
    m.env->x[0] = 3;                      // counts
    m.env->x[1] = 0x0000'0001'7fff'fff0;  // narrow, pinned
    m.env->x[11] = 0x7fff'fffe;           // narrow, exchanged
    u64 cell = 0x10;
    m.env->x[12] = reinterpret_cast<u64>(&cell);
    ir::GlobalSet extended;
    extended.add(1);
    extended.add(11);
    // The address of the second load is 8 in the last pass.
    run_to_fault(m,
                 "L0:\n"
                 " add.i64 x0, x0, $0xffffffffffffffff\n"
                 " add.i64 x1, x1, $0x10\n"
                 " add.i64 x11, x11, $0x1\n"
                 " add.i64 x13, x13, $0x2\n"
                 " mov.i64 x14, x12\n"
                 " movcond.i64.i64 x14, x0, $0x0, $0x100, x14, eq\n"
                 " guest_ld.i64 x14, [x14], u64 {x14 = access}\n"
                 " brcond.i64 x0, $0x64, eq, L1\n"
                 " goto_tb 0, 0x4000\n"
                 "L1:\n"
                 " goto_tb 1, 0x5000\n",
                 true, extended);
    EXPECT_EQ(m.env->x[0], 0u);
    EXPECT_EQ(m.env->x[1], 0xffff'ffff'8000'0020);
    EXPECT_EQ(m.env->x[11], 0xffff'ffff'8000'0001);
    EXPECT_EQ(m.env->x[12], reinterpret_cast<u64>(&cell));
    EXPECT_EQ(m.env->x[13], 0x10du + 6);
    EXPECT_EQ(m.env->x[14], 0x100u);
    for (unsigned i : {2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 10u, 15u}) EXPECT_EQ(m.env->x[i], 0x100u + i) << i;
}

TEST(X64Control, MisalignedAccessesLeave) {
    Machine m;
    alignas(8) static u64 word[2] = {1, 2};
    MemOp aligned{.size_log2 = 3, .aligned = true};
    auto load = m.compile(0x4000, [&](Builder& b) {
        b.insn_start(0x4006);
        b.guest_ld(x(5), x(6), aligned, 4);
        b.exit_tb(kSyscall, b.address(0x2000));
    });
    m.env->x[5] = 99;
    m.env->x[6] = reinterpret_cast<u64>(word);
    m.run(load);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Exception);
    EXPECT_EQ(m.env->exception, ir::kExceptionMisalignedLoad);
    EXPECT_EQ(m.env->exception_value, reinterpret_cast<u64>(word) + 4);
    EXPECT_EQ(m.env->pc, 0x4006u);
    EXPECT_EQ(m.env->x[5], 99u);
    EXPECT_GE(m.env->exit_host_pc, load.code);
    m.env->x[6] += 4;
    m.run(load);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Syscall);
    EXPECT_EQ(m.env->x[5], 2u);

    auto add = m.compile(0x4000, [&](Builder& b) {
        b.atomic(ir::Op::atomic_add, x(5), x(6), x(7), aligned);
        b.exit_tb(kSyscall, b.address(0x2000));
    });
    m.run(add);
    EXPECT_EQ(m.env->exception, ir::kExceptionMisalignedStore);
}

TEST(X64Control, GuestBase) {
    static u64 memory[16];
    host::Options options;
    options.guest_base = reinterpret_cast<u64>(memory);
    Machine m(host::make_x64(), options);
    m.env->x[0] = 42;
    m.env->x[1] = 16;
    m.env->x[14] = 64;
    m.run([](Builder& b) {
        b.guest_st(x(0), x(1), MemOp{});
        b.guest_ld(x(2), b.c64(16), MemOp{});
        b.guest_st(b.c64(7), x(14), MemOp{}, 8);
        b.guest_ld(f(0), x(1), MemOp{});
        b.atomic(ir::Op::atomic_add, x(3), x(1), x(0), MemOp{.size_log2 = 3, .aligned = true});
        b.atomic(ir::Op::atomic_max_s, x(4), x(1), b.c64(1000), MemOp{});
        b.atomic_cmpxchg(x(5), x(1), b.c64(1000), b.c64(5), MemOp{});
    });
    EXPECT_EQ(memory[2], 5u);
    EXPECT_EQ(memory[9], 7u);
    EXPECT_EQ(m.env->x[2], 42u);
    EXPECT_EQ(m.env->f[0], 42u);
    EXPECT_EQ(m.env->x[3], 42u);
    EXPECT_EQ(m.env->x[4], 84u);
    EXPECT_EQ(m.env->x[5], 1000u);
}

// ---- Helpers ------------------------------------------------------------------------------------

Machine* helper_machine;
const u8* return_address;

void raising_helper(ir::Env* env, u64 value) {
    auto* t = static_cast<TestEnv*>(env);
    return_address = helper_machine->backend->helper_return_address(env);
    EXPECT_EQ(t->x[1], 11u);
    EXPECT_EQ(t->x[13], 13u);
    if (value == 0) return;
    env->exit_reason = ExitReason::Exception;
    env->exception_value = value;
    env->pc = 0xabc;
    helper_machine->backend->exit_from_helper(env);
}

TEST(X64Control, HelperRaises) {
    ir::GuestLayout layout = test_layout();
    layout.helpers.push_back(
        ir::make_helper("raise", raising_helper, HelperFlags::MayRaise | HelperFlags::NoWriteGlobals));
    Machine m(host::make_x64(), {}, layout);
    helper_machine = &m;
    auto tb = m.compile(0x4000, [](Builder& b) {
        b.mov_to(x(1), b.c64(11));
        b.mov_to(x(13), b.c64(13));
        b.insn_start(0x4004);
        b.call(0, ir::kNoVar, {b.env(), x(0)});
        b.insn_start(0x4008);
        b.mov_to(x(1), b.c64(12));
        b.exit_tb(kSyscall, b.address(0x2000));
    });
    m.run(tb);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Syscall);
    EXPECT_EQ(m.env->x[1], 12u);

    m.env->x[0] = 77;
    m.run(tb);
    EXPECT_EQ(m.env->exit_reason, ExitReason::Exception);
    EXPECT_EQ(m.env->exception_value, 77u);
    EXPECT_EQ(m.env->x[1], 11u);
    u64 offset = static_cast<u64>(return_address - 1 - tb.code);
    u32 pc = ~0u;
    for (const auto& e : tb.info.insn_map) {
        if (e.host_offset <= offset) pc = e.pc_offset;
    }
    EXPECT_EQ(pc, 4u);
}

TEST(X64Control, CapacityIsRespected) {
    Machine m;
    ir::Function fn(test_layout());
    Builder b(fn);
    for (unsigned i = 0; i < 2000; ++i) b.op_to(ir::Op::mul, x(14), {x(15), b.c64(0x123456789 + i)});
    b.exit_tb(kSyscall, b.address(0x2000));
    ir::liveness(fn);
    host::CompiledCode info;
    for (std::size_t capacity : {0, 100, 5000, 20000}) {
        std::memset(m.next, 0x5a, 40000);
        EXPECT_FALSE(m.backend->compile(*m.scratch, fn, m.next, capacity, info));
        for (std::size_t i = capacity; i < 40000; ++i) ASSERT_EQ(m.next[i], 0x5a);
    }
    EXPECT_TRUE(m.backend->compile(*m.scratch, fn, m.next, 100000, info));
}

TEST(X64Control, AbsoluteAddressesAreRecorded) {
    Machine m;
    u64 high = 0x2aaaaaa000;
    auto tb = m.compile(high, [&](Builder& b) {
        b.mov_to(x(1), b.address(high + 0x123));
        b.mov_to(x(14), b.address(high + 0x456));
        b.goto_tb(0, high + 0x789);
    });
    unsigned found = 0;
    for (const host::Relocation& r : tb.info.relocations) {
        if (r.kind != host::Relocation::Kind::GuestAddress) continue;
        u64 value = 0;
        std::memcpy(&value, tb.code + r.offset, r.size);
        EXPECT_EQ(value, r.value);
        ++found;
    }
    EXPECT_EQ(found, 2u);  // both moves; exits have no guest address
}

}  // namespace
}  // namespace dragoman::test
