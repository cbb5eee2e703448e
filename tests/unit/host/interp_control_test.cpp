// The interpreter's branches, links, exits, helper calls and memory accesses, including faults on the host.
#include <sys/ucontext.h>

#include <csignal>

#include "unit/host/host_fixture.h"

namespace dragoman::host_test {
namespace {

TestHost* running = nullptr;  // for helpers and the signal handler

u64 mixed_arguments(u64 a, float b, u32 c, double d, u64 e) {
    return a + static_cast<u64>(b * 10) + c + static_cast<u64>(d) + e;
}
float half(float v) { return v / 2; }
void count_up(TestEnv* env) { ++env->misc[0]; }
void raise_from_helper(TestEnv* env) {
    env->exit_reason = ExitReason::Exception;
    env->misc[1] = reinterpret_cast<u64>(running->backend().helper_return_address(env));
    running->backend().exit_from_helper(env);
}

std::vector<ir::HelperInfo> helpers() {
    using ir::HelperFlags, ir::make_helper;
    return {make_helper("mixed_arguments", mixed_arguments, HelperFlags::NoReadGlobals),
            make_helper("half", half, HelperFlags::NoReadGlobals), make_helper("count_up", count_up, HelperFlags::None),
            make_helper("raise_from_helper", raise_from_helper, HelperFlags::MayRaise)};
}

class InterpControl : public ::testing::Test {
protected:
    InterpControl() { running = &host; }
    TestHost host{host::make_interp(), {}, helpers()};

    static constexpr MemOp mem(unsigned size_log2, bool sign = false) {
        return {.size_log2 = static_cast<u8>(size_log2), .sign = sign};
    }
};

constexpr u32 kSyscall = static_cast<u32>(ExitReason::Syscall);

TEST_F(InterpControl, LoopInsideTheTb) {
    host.run_code([](Builder& b) {
        u32 loop = b.new_label();
        b.mov_to(x(1), b.c64(10));
        b.mov_to(x(2), b.c64(0));
        b.label(loop);
        b.mov_to(x(2), b.add(x(2), x(1)));
        b.mov_to(x(1), b.addi(x(1), -1));
        b.brcond(Cond::Ne, x(1), b.c64(0), loop);
    });
    EXPECT_EQ(55u, host.env().x[2]);
}

TEST_F(InterpControl, TbTemporariesLiveAcrossLabels) {
    host.env().x[1] = 3;
    host.run_code([](Builder& b) {
        Var kept = b.tb_temp(Type::I64);
        b.mov_to(kept, b.addi(x(1), 1));
        u32 skip = b.new_label();
        b.br(skip);
        b.label(skip);
        b.mov_to(x(2), b.addi(kept, 1));
    });
    EXPECT_EQ(5u, host.env().x[2]);
}

TEST_F(InterpControl, UnlinkedSlotLeavesAndLinkedSlotContinues) {
    auto first = host.compile([](Builder& b) {
        b.insn_start(0x1000);
        b.goto_tb(0, 0x2000);
    });
    auto second = host.compile(
        [](Builder& b) {
            b.insn_start(0x2000);
            b.mov_to(x(1), b.addi(x(1), 1));
            b.exit_tb(kSyscall, b.address(0x2004));
        },
        0x2000);
    EXPECT_EQ(ExitReason::Slot, host.run(first));
    EXPECT_EQ(0x2000u, host.env().pc);
    EXPECT_EQ(0u, host.env().exit_slot);
    EXPECT_GE(host.env().exit_host_pc, first.code);
    EXPECT_LT(host.env().exit_host_pc, first.code + first.info.size);
    host.link(first, 0, second);
    EXPECT_EQ(ExitReason::Syscall, host.run(first));
    EXPECT_EQ(1u, host.env().x[1]);
    host.backend().unlink(first.code, first.info.slots[0]);
    EXPECT_EQ(ExitReason::Slot, host.run(first));
}

TEST_F(InterpControl, BackwardSlotsAreCheckedAndSeeRequests) {
    auto loop = host.compile([](Builder& b) {
        b.insn_start(0x1000);
        b.mov_to(x(1), b.addi(x(1), 1));
        u32 on = b.new_label();
        b.brcond(Cond::Ne, x(1), b.c64(100), on);
        b.env_st(b.c32(1), offsetof(ir::Env, request), MemOp{.size_log2 = 2});
        b.label(on);
        b.goto_tb(0, 0x1000);
    });
    EXPECT_TRUE(loop.info.slots[0].checked);
    host.link(loop, 0, loop);
    EXPECT_EQ(ExitReason::Request, host.run(loop));
    EXPECT_EQ(100u, host.env().x[1]);
    EXPECT_EQ(0x1000u, host.env().pc);
}

TEST_F(InterpControl, CheckedEntryLeavesWhenFlagsDiffer) {
    auto tb = host.compile([](Builder& b) { b.exit_tb(kSyscall, b.address(0)); }, 0x3000, 5);
    EXPECT_EQ(ExitReason::Lookup, host.run(tb));
    EXPECT_EQ(0x3000u, host.env().pc);
    host.env().tb_flags = 5;
    EXPECT_EQ(ExitReason::Syscall, host.run(tb));
}

TEST_F(InterpControl, IndirectJumpsGoThroughTheJumpCache) {
    for (Op op : {Op::goto_ptr, Op::call_ptr, Op::ret_ptr}) {
        host.reset_code();
        for (auto& e : host.env().jump_cache) e = {ir::kNoPc, nullptr};
        host.env().x[1] = 0x4000;
        auto jump = host.compile([&](Builder& b) {
            if (op == Op::goto_ptr) b.goto_ptr(x(1));
            if (op == Op::call_ptr) b.call_ptr(x(1), 0, 0x1004);
            if (op == Op::ret_ptr) b.ret_ptr(x(1));
        });
        auto target = host.compile([](Builder& b) { b.exit_tb(kSyscall, b.address(0x4004)); }, 0x4000);
        EXPECT_EQ(ExitReason::Lookup, host.run(jump));
        EXPECT_EQ(0x4000u, host.env().pc);
        host.add_to_jump_cache(target);
        EXPECT_EQ(ExitReason::Syscall, host.run(jump));
    }
}

TEST_F(InterpControl, CallTbJumpsThroughItsFirstSlot) {
    auto call = host.compile([](Builder& b) { b.call_tb(2, 0x5000, 3, 0x1004); });
    auto target = host.compile([](Builder& b) { b.exit_tb(kSyscall, b.address(0x5004)); }, 0x5000);
    EXPECT_EQ(ExitReason::Slot, host.run(call));
    EXPECT_EQ(2u, host.env().exit_slot);
    host.link(call, 2, target);
    EXPECT_EQ(ExitReason::Syscall, host.run(call));
}

TEST_F(InterpControl, HelpersTakeArgumentsOfAllTypes) {
    host.env().x[1] = 1000;
    host.env().f[1] = std::bit_cast<u64>(200.0);
    host.run_code([](Builder& b) {
        Var quarter = b.function().constant(Type::F32, std::bit_cast<u32>(2.5f));
        Var result = b.temp(Type::F32);
        b.call(1, result, {quarter});
        b.call(0, x(2), {x(1), result, b.c32(3), f(1), b.c64(7)});
        b.call(2, ir::kNoVar, {b.env()});
    });
    EXPECT_EQ(1000u + 12 + 3 + 200 + 7, host.env().x[2]);
    EXPECT_EQ(1u, host.env().misc[0]);
}

TEST_F(InterpControl, RaisingHelperLeavesAndItsInstructionIsFound) {
    auto tb = host.compile([](Builder& b) {
        b.insn_start(0x1000);
        b.mov_to(x(1), b.c64(1));
        b.insn_start(0x1004);
        b.call(3, ir::kNoVar, {b.env()});
        b.insn_start(0x1008);
        b.mov_to(x(1), b.c64(2));
        b.exit_tb(kSyscall, b.address(0x100c));
    });
    EXPECT_EQ(ExitReason::Exception, host.run(tb));
    EXPECT_EQ(1u, host.env().x[1]);
    u64 offset = host.env().misc[1] - reinterpret_cast<u64>(tb.code);
    ASSERT_EQ(3u, tb.info.insn_map.size());
    EXPECT_GT(offset - 1, tb.info.insn_map[1].host_offset - 1);
    EXPECT_LT(offset, tb.info.insn_map[2].host_offset);
    EXPECT_EQ(4u, tb.info.insn_map[1].pc_offset);
}

TEST_F(InterpControl, GuestMemory) {
    alignas(8) u8 bytes[32] = {0x01, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88};
    host.env().x[1] = reinterpret_cast<u64>(bytes);
    host.env().x[2] = 1;
    host.run_code([](Builder& b) {
        b.guest_ld(x(3), x(1), mem(0, true), 1);
        b.guest_ld(x(4), x(1), mem(1), 1);
        MemOp swapped = mem(2);
        swapped.big_endian = true;
        b.guest_ld(x(5), x(1), swapped, 0);
        MemOp scaled = mem(0);
        scaled.scale = 2;
        b.emit(Op::guest_ld, Type::I64, {x(6)}, {x(1), x(2)}, scaled.pack(), 0);
        b.guest_st(x(4), x(1), mem(3), 8);
        b.guest_st(x(5), x(1), swapped, 16);
        Var word = b.temp(Type::I32);
        b.guest_ld(word, x(1), mem(1, true), 2);
        b.convert_to(Op::ext_u, x(7), word);
    });
    TestEnv& env = host.env();
    EXPECT_EQ(~u64{0x7d}, env.x[3]);
    EXPECT_EQ(0x8382u, env.x[4]);
    EXPECT_EQ(0x01828384u, env.x[5]);
    EXPECT_EQ(0x85u, env.x[6]);
    EXPECT_EQ(0xffff8483u, env.x[7]);
    EXPECT_EQ(0x82, bytes[8]);
    EXPECT_EQ(0, bytes[10]);
    EXPECT_EQ(0, std::memcmp(bytes, bytes + 16, 4));
}

TEST_F(InterpControl, Atomics) {
    struct Case {
        Op op;
        u32 before, operand, after;
    };
    const Case cases[] = {
        {Op::atomic_xchg, 1, 2, 2},
        {Op::atomic_add, 0xffffffff, 2, 1},
        {Op::atomic_and, 6, 3, 2},
        {Op::atomic_or, 6, 3, 7},
        {Op::atomic_xor, 6, 3, 5},
        {Op::atomic_min_s, 0xffffffff, 1, 0xffffffff},
        {Op::atomic_min_u, 0xffffffff, 1, 1},
        {Op::atomic_max_s, 0xffffffff, 1, 1},
        {Op::atomic_max_u, 0xffffffff, 1, 0xffffffff},
    };
    for (const Case& c : cases) {
        host.reset_code();
        alignas(8) u32 cell[2] = {c.before, 0x12345678};
        host.env().x[1] = reinterpret_cast<u64>(cell);
        host.env().x[2] = c.operand;
        host.run_code([&](Builder& b) { b.atomic(c.op, x(3), x(1), x(2), mem(2, true)); });
        EXPECT_EQ(c.after, cell[0]) << ir::info(c.op).name;
        EXPECT_EQ(0x12345678u, cell[1]);
        EXPECT_EQ(static_cast<u64>(sign_extend(c.before, 32)), host.env().x[3]) << ir::info(c.op).name;
    }
    u16 cell = 5;
    host.env().x[1] = reinterpret_cast<u64>(&cell);
    host.run_code([](Builder& b) {
        b.atomic_cmpxchg(x(3), x(1), b.c64(5), b.c64(6), mem(1));
        b.atomic_cmpxchg(x(4), x(1), b.c64(5), b.c64(7), mem(1));
    });
    EXPECT_EQ(6, cell);
    EXPECT_EQ(5u, host.env().x[3]);
    EXPECT_EQ(6u, host.env().x[4]);
}

TEST_F(InterpControl, GuestState) {
    host.env().misc[2] = 0x8877665544332211;
    host.run_code([](Builder& b) {
        b.env_ld(x(1), misc_offset(2) + 4, mem(2, true));
        b.env_st(x(1), misc_offset(3), mem(1));
    });
    EXPECT_EQ(0xffffffff88776655u, host.env().x[1]);
    EXPECT_EQ(0x6655u, host.env().misc[3]);
}

TEST_F(InterpControl, MisalignedAccessLeavesWithItsAddress) {
    MemOp aligned = mem(2);
    aligned.aligned = true;
    u32 cells[2] = {};
    host.env().x[1] = reinterpret_cast<u64>(cells) + 1;
    auto tb = host.compile([&](Builder& b) {
        b.insn_start(0x1000);
        b.mov_to(x(2), b.c64(1));
        b.insn_start(0x1004);
        b.atomic(Op::atomic_add, x(2), x(1), b.c64(1), aligned);
        b.exit_tb(kSyscall, b.address(0x1008));
    });
    EXPECT_EQ(ExitReason::Exception, host.run(tb));
    EXPECT_EQ(ir::kExceptionMisalignedStore, host.env().exception);
    EXPECT_EQ(reinterpret_cast<u64>(cells) + 1, host.env().exception_value);
    EXPECT_EQ(0x1004u, host.env().pc);
    EXPECT_EQ(1u, host.env().x[2]);
}

const u8* fault_position = nullptr;
const TestHost::Tb* faulting = nullptr;

void on_fault(int, siginfo_t*, void* context) {
    auto* uc = static_cast<ucontext_t*>(context);
    TestEnv& env = running->env();
    fault_position = running->backend().fault_code_position(&env, uc);
    ir::StateEntries insn;
    for (const host::InsnMapEntry& e : faulting->info.insn_map) {
        if (faulting->code + e.host_offset <= fault_position) {
            insn = {faulting->info.states.data() + e.state, e.state_count};
        }
    }
    running->backend().restore_state(&env, uc, {.guest_pc = faulting->pc, .tb = {}, .insn = insn});
    env.exit_reason = ExitReason::Exception;
    running->backend().redirect_to_exit(&env, uc);
}

TEST_F(InterpControl, HostFaultIsAttributedAndLeaves) {
    struct sigaction action {
    }, old{};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, &old);
    auto tb = host.compile([&](Builder& b) {
        b.insn_start(0x1000);
        b.mov_to(x(2), b.c64(1));
        b.insn_start(0x1004);
        b.guest_ld(x(2), b.c64(8), mem(3));
        b.insn_start(0x1008);
        b.exit_tb(kSyscall, b.address(0x1008));
    });
    faulting = &tb;
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(ExitReason::Exception, host.run(tb));
        u64 offset = static_cast<u64>(fault_position - tb.code);
        EXPECT_GE(offset, tb.info.insn_map[1].host_offset);
        EXPECT_LT(offset, tb.info.insn_map[2].host_offset);
        EXPECT_EQ(1u, host.env().x[2]);
        EXPECT_EQ(0u, host.env().in_code);
    }
    // A load over its base, of which the addition in front of it has gone.
    auto over_base = host.compile([&](Builder& b) {
        b.insn_start(0x1000);
        ir::Function& function = b.function();
        const ir::StateEntry entry{.global = 1, .base = ir::StateBase::Access, .displacement = -0x18};
        b.emit(Op::guest_ld, Type::I64, {x(2)}, {x(2), x(3)}, MemOp{.scale = 1}.pack(), 0x20).state =
            function.add_point({&entry, 1});
        b.exit_tb(kSyscall, b.address(0x1008));
    });
    faulting = &over_base;
    host.env().x[2] = 0x100;
    host.env().x[3] = 0x10;
    EXPECT_EQ(ExitReason::Exception, host.run(over_base));
    EXPECT_EQ(0x128u, host.env().x[2]);
    EXPECT_EQ(0x10u, host.env().x[3]);
    sigaction(SIGSEGV, &old, nullptr);
}

TEST_F(InterpControl, ListingNamesOpsAndGuestAddresses) {
    auto tb = host.compile([](Builder& b) {
        b.insn_start(0x1000);
        b.mov_to(x(1), b.addi(x(2), 16));
        b.exit_tb(kSyscall, b.address(0x1004));
    });
    std::string text = host.backend().disassemble(tb.code, tb.info, tb.pc);
    EXPECT_NE(std::string::npos, text.find("0x1000:\n"));
    EXPECT_NE(std::string::npos, text.find("add.i64 t"));
    EXPECT_NE(std::string::npos, text.find("$0x10"));
}

}  // namespace
}  // namespace dragoman::host_test
