// Guest accesses of system mode in both back ends, with a made-up TLB and MMU: hits, misses, page crossings, every size
// and kind of access, and precise state where the MMU raises.
#include "softmmu_fixture.h"

namespace dragoman::host_test {
namespace {

class Softmmu : public testing::TestWithParam<Kind>, protected FakeMmu {
protected:
    Softmmu() : FakeMmu(GetParam()) {}

    /// Distinct values in all registers.
    void fill_registers() {
        for (unsigned i = 1; i < 32; ++i) env().x[i] = 0x1111'0000'0000 * i + i;
        for (unsigned i = 0; i < 32; ++i) env().f[i] = 0x4000'0000'0000'0000 + i;
    }
    void expect_registers_but(unsigned integer, unsigned floating = 99) {
        for (unsigned i = 1; i < 32; ++i) {
            EXPECT_TRUE(i == integer || env().x[i] == 0x1111'0000'0000 * i + i) << "x" << i;
        }
        for (unsigned i = 0; i < 32; ++i) {
            EXPECT_TRUE(i == floating || env().f[i] == 0x4000'0000'0000'0000u + i) << "f" << i;
        }
    }
    /// A TB of one instruction of 4 bytes: a call, which leaves its return address in x1.
    TestHost::Tb compile_call(u64 pc, u64 callee) {
        return host_->compile(
            [&](Builder& b) {
                b.insn_start(pc);
                b.mov_to(x(1), b.address(pc + 4));
                b.call_tb(0, callee, 1, pc + 4);
            },
            pc);
    }
    /// Runs a TB in which the MMU raises; checks that the back end names the instruction at 0x1008.
    void run_raising(const std::function<void(Builder&)>& build) {
        raising_ = true;
        TestHost::Tb tb = host_->compile(build);
        EXPECT_EQ(ExitReason::Exception, host_->run(tb));
        raising_ = false;
        const auto offset = static_cast<u32>(position_ - tb.code);
        u32 pc_offset = ~0u;
        for (const host::InsnMapEntry& e : tb.info.insn_map) {
            if (e.host_offset <= offset) pc_offset = e.pc_offset;
        }
        EXPECT_EQ(8u, pc_offset);
    }
};

std::string kind_name(const testing::TestParamInfo<Kind>& info) {
    switch (info.param) {
        case Kind::X64: return "x64";
        case Kind::X64Plain: return "x64_plain";
        default: return "interp";
    }
}
INSTANTIATE_TEST_SUITE_P(BackEnds, Softmmu, testing::Values(Kind::X64, Kind::X64Plain, Kind::Interp), kind_name);

/// Pinned and unpinned registers of the layout.
constexpr unsigned kRegisters[] = {5, 6, 25, 26};

TEST_P(Softmmu, VectorsOfEverySizeHitAndMiss) {
    constexpr Type kTypes[] = {Type::V128, Type::V256, Type::V512};
    for (unsigned i = 0; i < 3 && type_bytes(kTypes[i]) <= host_->backend().vector_bytes(); ++i) {
        const Type t = kTypes[i];
        const MemOp m = mem(4 + i);
        for (bool hit : {true, false}) {
            unmap_all();
            if (hit) map(kGuestPage);
            // Misaligned accesses hit, too; the last one reaches into the next page.
            for (u64 address : {kGuestPage + 0x140, kGuestPage + 0x143, kGuestPage + 4096 - 8}) {
                host_->reset_code();
                calls_.clear();
                fill_registers();
                env().x[5] = address - 0x20;
                env().x[6] = kGuestPage + 0x800;
                std::memset(at(kGuestPage + 0x800), 0, 256);
                const std::string loaded(reinterpret_cast<char*>(at(address)), m.bytes());
                host_->run_code([&](Builder& b) {
                    Var first = b.temp(t), second = b.temp(t);
                    b.guest_ld(first, x(5), m, 0x20);
                    b.guest_ld(second, x(5), m, 0x20);  // the first one lives across this
                    b.guest_st(first, x(6), m);
                    b.guest_st(second, x(6), m, 0x40);
                });
                const bool hits = hit && address + m.bytes() <= kGuestPage + 4096;
                EXPECT_EQ(calls_.size(), (hits ? 0u : 2u) + (hit ? 0u : 2u)) << type_name(t) << std::hex << address;
                EXPECT_EQ(std::string(reinterpret_cast<char*>(at(kGuestPage + 0x800)), m.bytes()), loaded);
                EXPECT_EQ(std::string(reinterpret_cast<char*>(at(kGuestPage + 0x840)), m.bytes()), loaded);
                env().x[5] = 0x1111'0000'0000 * 5 + 5;
                expect_registers_but(6);
            }
        }
    }
}

TEST_P(Softmmu, LoadsOfEverySizeHitAndMiss) {
    for (bool hit : {true, false}) {
        unmap_all();
        if (hit) map(kGuestPage);
        for (unsigned size = 0; size < 4; ++size) {
            for (bool sign : {false, true}) {
                for (bool big : {false, true}) {
                    for (unsigned base : kRegisters) {
                        for (unsigned rd : kRegisters) {
                            host_->reset_code();
                            calls_.clear();
                            fill_registers();
                            env().x[base] = kGuestPage + 0x110;
                            host_->run_code(
                                [&](Builder& b) { b.guest_ld(x(rd), x(base), mem(size, sign, big), -0x10); });
                            u64 v = peek(kGuestPage + 0x100, 1u << size);
                            if (big) v = __builtin_bswap64(v) >> (64 - (8u << size));
                            if (sign) v = static_cast<u64>(sign_extend(v, 8u << size));
                            EXPECT_EQ(v, env().x[rd]);
                            env().x[base] = 0x1111'0000'0000 * base + base;
                            expect_registers_but(rd);
                            if (hit) {
                                EXPECT_TRUE(calls_.empty());
                            } else {
                                ASSERT_EQ(1u, calls_.size());
                                EXPECT_EQ((MmuCall{'l', kGuestPage + 0x100, 0, 1u << size, kMmuIndex}), calls_[0]);
                            }
                        }
                    }
                }
            }
        }
    }
}

TEST_P(Softmmu, StoresOfEverySizeHitAndMiss) {
    for (bool hit : {true, false}) {
        unmap_all();
        if (hit) map(kGuestPage, false, true);
        for (unsigned size = 0; size < 4; ++size) {
            for (bool big : {false, true}) {
                for (unsigned base : kRegisters) {
                    for (unsigned rs : kRegisters) {
                        host_->reset_code();
                        calls_.clear();
                        fill_registers();
                        env().x[rs] = 0xfedc'ba98'7654'3210;
                        env().x[base] = kGuestPage + 0x200;
                        const u64 value = env().x[rs];
                        const u64 behind = peek(kGuestPage + 0x200 + (1u << size), 8);
                        host_->run_code([&](Builder& b) {
                            b.guest_st(x(rs), x(base), mem(size, false, big));
                            b.mov_to(x(7), x(rs));  // the value is still there
                        });
                        u64 v = value & low_mask(8u << size);
                        if (big) v = __builtin_bswap64(v) >> (64 - (8u << size));
                        EXPECT_EQ(v, peek(kGuestPage + 0x200, 1u << size));
                        EXPECT_EQ(behind, peek(kGuestPage + 0x200 + (1u << size), 8));
                        EXPECT_EQ(value, env().x[7]);
                        std::vector<MmuCall> expected;
                        if (!hit) expected.push_back({'s', kGuestPage + 0x200, v, 1u << size, kMmuIndex});
                        EXPECT_EQ(expected, calls_);
                    }
                }
            }
        }
    }
}

TEST_P(Softmmu, StoresConstants) {
    constexpr u64 kValues[] = {0, 1, ~u64{0}, 0x8000'0000, 0x1234'5678'9abc'def0};
    for (bool hit : {true, false}) {
        if (hit) map(kGuestPage);
        for (unsigned size = 0; size < 4; ++size) {
            for (bool big : {false, true}) {
                for (u64 value : kValues) {
                    host_->reset_code();
                    fill_registers();
                    env().x[25] = kGuestPage + 8;
                    host_->run_code([&](Builder& b) { b.guest_st(b.c64(value), x(25), mem(size, false, big)); });
                    u64 v = value & low_mask(8u << size);
                    if (big) v = __builtin_bswap64(v) >> (64 - (8u << size));
                    EXPECT_EQ(v, peek(kGuestPage + 8, 1u << size));
                    expect_registers_but(25);
                }
            }
        }
        unmap_all();
    }
}

TEST_P(Softmmu, FloatsHitAndMiss) {
    for (bool hit : {true, false}) {
        unmap_all();
        if (hit) map(kGuestPage);
        for (unsigned reg : {1u, 30u}) {
            for (bool big : {false, true}) {
                host_->reset_code();
                fill_registers();
                env().x[5] = kGuestPage + 0x40;
                const u64 in = peek(kGuestPage + 0x40, 8);
                host_->run_code([&](Builder& b) {
                    b.guest_ld(f(reg), x(5), mem(3, false, big));
                    b.guest_st(f(reg), x(5), mem(3, false, big), 8);
                    b.guest_st(f(reg), x(5), mem(2, false, big), 16);  // low word
                    Var single = b.temp(Type::F32);
                    b.guest_ld(single, x(5), mem(2, false, big), 4);
                    b.guest_st(single, x(5), mem(2, false, big), 24);
                });
                const u64 value = big ? __builtin_bswap64(in) : in;
                EXPECT_EQ(value, env().f[reg]);
                EXPECT_EQ(in, peek(kGuestPage + 0x48, 8));
                const u32 low = static_cast<u32>(value);
                EXPECT_EQ(big ? __builtin_bswap32(low) : low, peek(kGuestPage + 0x50, 4));
                EXPECT_EQ(peek(kGuestPage + 0x44, 4), peek(kGuestPage + 0x58, 4));
                env().x[5] = 0x1111'0000'0000 * 5 + 5;
                expect_registers_but(5, reg);
            }
        }
    }
}

TEST_P(Softmmu, IndexAndScale) {
    map(kGuestPage);
    for (i64 displacement : {i64{0}, i64{24}, i64{0x7fff'0000}, i64{-0x7fff'0000}}) {
        for (bool constant_base : {false, true}) {
            host_->reset_code();
            fill_registers();
            env().x[25] = kGuestPage - static_cast<u64>(displacement);
            env().x[26] = 0x10;
            host_->run_code([&](Builder& b) {
                Var base = constant_base ? b.c64(env().x[25]) : x(25);
                MemOp m = mem(3);
                m.scale = 2;
                b.emit(Op::guest_ld, Type::I64, {x(27)}, {base, x(26)}, m.pack(), static_cast<u64>(displacement));
                m.scale = 3;
                b.emit(Op::guest_st, Type::I64, {}, {x(27), base, x(26)}, m.pack(), static_cast<u64>(displacement));
            });
            EXPECT_EQ(peek(kGuestPage + 0x40, 8), env().x[27]);
            EXPECT_EQ(peek(kGuestPage + 0x40, 8), peek(kGuestPage + 0x80, 8));
            EXPECT_TRUE(calls_.empty());
        }
    }
}

TEST_P(Softmmu, AccessesThatCrossAPageMiss) {
    map(kGuestPage);
    map(kGuestPage + 4096);
    env().x[5] = kGuestPage + 4093;
    host_->run_code([&](Builder& b) {
        b.guest_ld(x(6), x(5), mem(3));
        b.guest_st(x(6), x(5), mem(2), 0);
    });
    ASSERT_EQ(2u, calls_.size());
    EXPECT_EQ((MmuCall{'l', kGuestPage + 4093, 0, 8, kMmuIndex}), calls_[0]);
    EXPECT_EQ('s', calls_[1].kind);
    EXPECT_EQ(peek(kGuestPage + 4093, 8), env().x[6]);
}

TEST_P(Softmmu, OtherPageOfTheSameEntryMisses) {
    map(kGuestPage);
    env().x[5] = kGuestPage - kEntries * 4096;  // not in memory_: only a raising MMU may see it
    run_raising([&](Builder& b) {
        b.insn_start(0x1008);
        b.guest_ld(x(6), x(5), mem(3));
        b.exit_tb(static_cast<u32>(ExitReason::Syscall), b.address(0x1004));
    });
    EXPECT_EQ(kGuestPage - kEntries * 4096, env().exception_value);
}

TEST_P(Softmmu, TagsWithLowBitsMiss) {
    map(kGuestPage);
    tlb_[0].write |= 1;
    env().x[5] = kGuestPage + 1;
    host_->run_code([&](Builder& b) { b.guest_st(x(6), x(5), mem(0)); });
    EXPECT_EQ(1u, calls_.size());
}

TEST_P(Softmmu, RaisingMissIsPrecise) {
    fill_registers();
    env().x[5] = kGuestPage + 16;
    run_raising([&](Builder& b) {
        b.insn_start(0x1000);
        b.op_to(Op::add, x(6), {x(6), b.c64(1)});
        b.op_to(Op::add, x(28), {x(28), b.c64(1)});
        b.op_to(Op::fadd, f(3), {f(3), f(3)});
        b.insn_start(0x1008);
        b.guest_ld(x(7), x(5), mem(3));
        b.insn_start(0x100c);
        b.op_to(Op::add, x(6), {x(6), b.c64(1)});
        b.exit_tb(static_cast<u32>(ExitReason::Syscall), b.address(0x1004));
    });
    EXPECT_EQ(kFault, env().exception);
    EXPECT_EQ(kGuestPage + 16, env().exception_value);
    EXPECT_EQ(0x1111'0000'0000u * 6 + 7, env().x[6]);
    EXPECT_EQ(0x1111'0000'0000u * 28 + 29, env().x[28]);
    EXPECT_EQ(0x1111'0000'0000u * 7 + 7, env().x[7]);
    const double third = std::bit_cast<double>(0x4000'0000'0000'0003);
    EXPECT_EQ(std::bit_cast<u64>(third + third), env().f[3]);
    EXPECT_EQ(env().return_base, env().return_sp);
}

TEST_P(Softmmu, MisalignedAccessesRaiseWhereTheOpSaysSo) {
    map(kGuestPage);
    env().x[5] = kGuestPage + 2;
    raising_ = false;
    auto run = [&](const std::function<void(Builder&)>& access) {
        TestHost::Tb tb = host_->compile([&](Builder& b) {
            b.insn_start(0x1000);
            access(b);
            b.exit_tb(static_cast<u32>(ExitReason::Syscall), b.address(0x1004));
        });
        EXPECT_EQ(ExitReason::Exception, host_->run(tb));
        EXPECT_EQ(kGuestPage + 2, env().exception_value);
        EXPECT_TRUE(calls_.empty());
    };
    run([&](Builder& b) { b.guest_ld(x(6), x(5), mem(2, false, false, true)); });
    EXPECT_EQ(ir::kExceptionMisalignedLoad, env().exception);
    run([&](Builder& b) { b.guest_st(x(6), x(5), mem(3, false, false, true)); });
    EXPECT_EQ(ir::kExceptionMisalignedStore, env().exception);
    run([&](Builder& b) { b.atomic(Op::atomic_add, x(6), x(5), x(7), mem(2, false, false, true)); });
    EXPECT_EQ(ir::kExceptionMisalignedStore, env().exception);
}

TEST_P(Softmmu, AtomicsHitAndMiss) {
    struct Case {
        Op op;
        u64 (*result)(u64 old, u64 v);
    };
    constexpr Case kCases[] = {
        {Op::atomic_xchg, [](u64, u64 v) { return v; }},
        {Op::atomic_add, [](u64 old, u64 v) { return old + v; }},
        {Op::atomic_and, [](u64 old, u64 v) { return old & v; }},
        {Op::atomic_or, [](u64 old, u64 v) { return old | v; }},
        {Op::atomic_xor, [](u64 old, u64 v) { return old ^ v; }},
        {Op::atomic_max_u, [](u64 old, u64 v) { return std::max(old, v); }},
        {Op::atomic_min_s, [](u64 old, u64 v) { return static_cast<i64>(old) < static_cast<i64>(v) ? old : v; }},
    };
    for (bool hit : {true, false}) {
        unmap_all();
        if (hit) map(kGuestPage);
        for (const Case& c : kCases) {
            for (unsigned base : kRegisters) {
                for (unsigned rs : kRegisters) {
                    for (unsigned rd : kRegisters) {
                        if (base == rs) continue;
                        host_->reset_code();
                        calls_.clear();
                        fill_registers();
                        env().x[base] = kGuestPage + 0x18;
                        env().x[rs] = 0x0123'4567'89ab'cdef;
                        const u64 old = peek(kGuestPage + 0x18, 8);
                        host_->run_code([&](Builder& b) { b.atomic(c.op, x(rd), x(base), x(rs), mem(3)); });
                        EXPECT_EQ(old, env().x[rd]);
                        EXPECT_EQ(c.result(old, 0x0123'4567'89ab'cdef), peek(kGuestPage + 0x18, 8));
                        EXPECT_EQ(hit ? 0u : 1u, calls_.size());
                    }
                }
            }
        }
    }
}

TEST_P(Softmmu, CompareExchange) {
    for (bool hit : {true, false}) {
        unmap_all();
        if (hit) map(kGuestPage);
        for (bool equal : {true, false}) {
            for (unsigned base : kRegisters) {
                for (unsigned rs : {7u, 27u}) {
                    host_->reset_code();
                    fill_registers();
                    const u64 old = peek(kGuestPage + 0x20, 4);
                    env().x[base] = kGuestPage + 0x20;
                    env().x[28] = equal ? old : ~old;
                    env().x[rs] = 0x5a5a'0000 + base;
                    host_->run_code([&](Builder& b) { b.atomic_cmpxchg(x(9), x(base), x(28), x(rs), mem(2, true)); });
                    EXPECT_EQ(static_cast<u64>(sign_extend(old, 32)), env().x[9]);
                    EXPECT_EQ(equal ? 0x5a5a'0000 + base : old, peek(kGuestPage + 0x20, 4));
                    EXPECT_EQ(0x1111'0000'0000u * 8 + 8, env().x[8]);
                }
            }
        }
    }
}

TEST_P(Softmmu, ReadOnlyPagesMissForStoresAndAtomics) {
    map(kGuestPage, true, false);
    env().x[5] = kGuestPage;
    host_->run_code([&](Builder& b) {
        b.guest_ld(x(6), x(5), mem(3));
        b.guest_st(x(6), x(5), mem(3), 8);
        b.atomic(Op::atomic_add, x(6), x(5), x(7), mem(3));
    });
    ASSERT_EQ(2u, calls_.size());
    EXPECT_EQ('s', calls_[0].kind);
    EXPECT_EQ('a', calls_[1].kind);
}

/// Jumps to another guest page ask the jump cache, as the page's mapping may change. User and kernel addresses differ
/// in the code that compares them.
TEST_P(Softmmu, JumpsToOtherPagesLookTheTargetUp) {
    if (GetParam() == Kind::Interp) GTEST_SKIP() << "leaves that to the engine, which does not link them";
    constexpr u64 kPageEnds[] = {0x2000, 0x3f'1234'5000, 0xffff'ffff'8000'1000};
    for (u64 page : kPageEnds) {
        const std::function<void(Builder&)> jumps[] = {
            [&](Builder& b) { b.goto_tb(0, page); },
            [&](Builder& b) { b.call_tb(0, page, 1, page + 0x40); },
            [&](Builder& b) {
                u32 label = b.new_label();
                b.brcond(Cond::Eq, x(5), x(5), label);
                b.goto_tb(0, page - 0x40);
                b.label(label);
                b.goto_tb(1, page);
            },
        };
        for (const auto& jump : jumps) {
            host_->reset_code();
            TestHost::Tb tb = host_->compile(
                [&](Builder& b) {
                    b.insn_start(page - 4);
                    jump(b);
                },
                page - 4);
            for (const host::Slot& slot : tb.info.slots) EXPECT_TRUE(!slot.used || slot.target_pc == page - 0x40);
            EXPECT_EQ(ExitReason::Lookup, host_->run(tb));
            EXPECT_EQ(page, env().pc);
            TestHost::Tb next = host_->compile(
                [&](Builder& b) {
                    b.insn_start(page);
                    b.exit_tb(static_cast<u32>(ExitReason::Syscall), b.address(page + 4));
                },
                page);
            host_->add_to_jump_cache(next);
            EXPECT_EQ(ExitReason::Syscall, host_->run(tb));
            EXPECT_EQ(page + 4, env().pc);
            env().jump_cache[(page >> 1) % ir::kJumpCacheSize].pc = ir::kNoPc;
            host_->backend().reset_return_stack(&env());
        }
    }
}

/// A call to another page leaves a return address that works, whether or not the callee was known.
TEST_P(Softmmu, CallsToOtherPagesReturn) {
    for (bool known : {false, true}) {
        host_->reset_code();
        TestHost::Tb caller = compile_call(0x1100, 0x5000);
        TestHost::Tb callee = host_->compile(
            [&](Builder& b) {
                b.insn_start(0x5000);
                b.ret_ptr(x(1));
            },
            0x5000);
        TestHost::Tb after = host_->compile(
            [&](Builder& b) {
                b.insn_start(0x1104);
                b.exit_tb(static_cast<u32>(ExitReason::Syscall), b.address(0x1108));
            },
            0x1104);
        if (GetParam() != Kind::Interp) host_->link(caller, 1, after);
        env().jump_cache[(0x5000 >> 1) % ir::kJumpCacheSize].pc = ir::kNoPc;
        host_->add_to_jump_cache(after);
        if (known) host_->add_to_jump_cache(callee);
        if (GetParam() == Kind::Interp) {
            EXPECT_EQ(ExitReason::Slot, host_->run(caller));
            EXPECT_EQ(ExitReason::Syscall, host_->run(callee));
        } else if (known) {
            EXPECT_EQ(ExitReason::Syscall, host_->run(caller));
        } else {
            EXPECT_EQ(ExitReason::Lookup, host_->run(caller));
            EXPECT_EQ(ExitReason::Syscall, host_->run(callee));
        }
        EXPECT_EQ(0x1108u, env().pc);
        EXPECT_EQ(env().return_base, env().return_sp);
    }
}

/// The return stack may be emptied while translated code is in a helper or the slow path: the return that follows
/// then looks its target up.
TEST_P(Softmmu, ReturnStackMayBeEmptiedDuringAnAccess) {
    if (GetParam() == Kind::Interp) GTEST_SKIP() << "has none";
    TestHost::Tb caller = compile_call(0x1100, 0x1200);
    TestHost::Tb callee = host_->compile(
        [&](Builder& b) {
            b.insn_start(0x1200);
            b.guest_ld(x(6), x(5), mem(3));
            b.ret_ptr(x(1));
        },
        0x1200);
    host_->link(caller, 0, callee);
    env().x[5] = kGuestPage;
    resets_ = true;
    EXPECT_EQ(ExitReason::Lookup, host_->run(caller));
    EXPECT_EQ(0x1104u, env().pc);
    EXPECT_EQ(peek(kGuestPage, 8), env().x[6]);
    EXPECT_EQ(env().return_base, env().return_sp);
}

}  // namespace
}  // namespace dragoman::host_test
