// Attributes of guest accesses in both back ends: addresses of 32 bits, memory orders.
#include "unit/host/harness.h"

#include "ir/verifier.h"

namespace dragoman::test {
namespace {

using ir::Builder;
using ir::MemOp;
using ir::MemOrder;
using ir::Op;
using ir::Type;
using ir::Var;

class Accesses : public testing::TestWithParam<bool> {
protected:
    Accesses() {
        memory = static_cast<u8*>(
            mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
        for (unsigned i = 0; i < 4096; ++i) memory[i] = static_cast<u8>(i * 7 + 1);
    }
    ~Accesses() override { munmap(memory, 4096); }
    u64 word(unsigned offset) const {
        u64 v;
        std::memcpy(&v, memory + offset, sizeof v);
        return v;
    }

    Machine m{GetParam() ? host::make_x64() : host::make_interp()};
    u8* memory;
};

INSTANTIATE_TEST_SUITE_P(BackEnds, Accesses, testing::Bool(),
                         [](const auto& info) { return std::string(info.param ? "x64" : "interp"); });

// x1 is pinned, x12 and up are not; both have bits above the lowest 32.
TEST_P(Accesses, AddressesWrap) {
    const u64 above = u64{0x1234} << 32, address = reinterpret_cast<u64>(memory);
    const MemOp wraps{.size_log2 = 3, .wrap32 = true};
    for (unsigned base : {1u, 12u}) {
        m.env->x[base] = above + address;
        m.env->x[2] = m.env->x[13] = 0xffff'ffff'0000'0008;
        m.env->x[3] = 0x0102030405060708;
        const u64 first = word(0), indexed = word(24), before = word(64);
        m.rewind();
        m.run([&](Builder& b) {
            b.guest_ld(x(4), x(base), wraps);
            MemOp scaled = wraps;
            scaled.scale = 1;
            b.emit(Op::guest_ld, Type::I64, {x(5)}, {x(base), x(base == 1 ? 2 : 13)}, scaled.pack(), 8);
            MemOp swapped = wraps;
            swapped.big_endian = true;
            b.guest_st(x(3), x(base), swapped, 32);
            b.emit(Op::guest_st, Type::I64, {}, {x(3), x(base), x(2)}, swapped.pack(), 32);
            b.guest_ld(f(0), x(base), wraps, 24);
            b.guest_st(b.c64(77), x(base), wraps, 48);
            b.guest_ld(x(6), b.c64(above + address + 24), wraps);
            Var cell = b.addi(x(base), 64);
            MemOp aligned = wraps;
            aligned.aligned = true;
            b.atomic(Op::atomic_add, x(7), cell, x(3), aligned);
            b.atomic(Op::atomic_max_u, x(8), cell, b.c64(1), wraps);
            b.atomic_cmpxchg(x(9), cell, x(8), b.c64(before), wraps);
            EXPECT_NE(ir::verify(b.function()), "");  // the exit is to come
        });
        EXPECT_EQ(m.env->x[4], first);
        EXPECT_EQ(m.env->x[5], indexed);
        EXPECT_EQ(word(32), 0x0807060504030201u);
        EXPECT_EQ(word(40), 0x0807060504030201u);
        EXPECT_EQ(m.env->f[0], indexed);
        EXPECT_EQ(word(48), 77u);
        EXPECT_EQ(m.env->x[6], indexed);
        EXPECT_EQ(m.env->x[7], before);
        EXPECT_EQ(m.env->x[8], before + 0x0102030405060708);
        EXPECT_EQ(m.env->x[9], before + 0x0102030405060708);
        EXPECT_EQ(word(64), before);
    }
}

TEST_P(Accesses, OrdersChangeNoValues) {
    m.env->x[1] = reinterpret_cast<u64>(memory);
    for (MemOrder order : {MemOrder::Plain, MemOrder::Acquire, MemOrder::Release, MemOrder::AcqRel, MemOrder::SeqCst}) {
        const MemOp op{.size_log2 = 3, .order = order};
        const bool loads = order != MemOrder::Release && order != MemOrder::AcqRel;
        const bool stores = order != MemOrder::Acquire && order != MemOrder::AcqRel;
        const u64 old = word(8);
        m.env->x[2] = m.env->x[3] = 0;
        m.rewind();
        m.run([&](Builder& b) {
            if (loads) b.guest_ld(x(2), x(1), op, 8);
            b.atomic(Op::atomic_xchg, x(3), b.addi(x(1), 8), b.c64(5), op);
            b.mb(static_cast<u8>(ir::Barrier::Full));
            if (stores) b.guest_st(b.c64(static_cast<u64>(order) + 10), x(1), op, 8);
        });
        EXPECT_EQ(m.env->x[2], loads ? old : 0u);
        EXPECT_EQ(m.env->x[3], old);
        EXPECT_EQ(word(8), stores ? static_cast<u64>(order) + 10 : 5u);
    }
}

// What x86-64 gives for free costs nothing: only a store with SeqCst has a barrier.
TEST(X64Accesses, TheHostsOrderIsFree) {
    Machine m;
    auto size = [&](Op op, MemOrder order) {
        return m
            .compile(0x1000,
                     [&](Builder& b) {
                         const MemOp access{.size_log2 = 3, .order = order};
                         op == Op::guest_ld ? b.guest_ld(x(2), x(1), access) : b.guest_st(x(2), x(1), access);
                         b.goto_tb(0, 0x2000);
                     })
            .info.size;
    };
    const u32 load = size(Op::guest_ld, MemOrder::Plain), store = size(Op::guest_st, MemOrder::Plain);
    EXPECT_EQ(size(Op::guest_ld, MemOrder::Acquire), load);
    EXPECT_EQ(size(Op::guest_ld, MemOrder::SeqCst), load);
    EXPECT_EQ(size(Op::guest_st, MemOrder::Release), store);
    EXPECT_GT(size(Op::guest_st, MemOrder::SeqCst), store);
}

}  // namespace
}  // namespace dragoman::test
