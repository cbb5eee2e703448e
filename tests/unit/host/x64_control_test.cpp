// x64 back end: entering and leaving code, slots, jumps, calls and returns.
#include "unit/host/harness.h"

namespace dragoman::test {
namespace {

using ir::Builder;
using ir::Cond;
using ir::ExitReason;

TEST(X64Control, ExitKeepsGlobals) {
    Machine m;
    for (unsigned i = 0; i < kInts; ++i) m.env->x[i] = 100 + i;
    for (unsigned i = 0; i < kFloats; ++i) m.env->f[i] = 200 + i;
    m.run([](Builder&) {});
    for (unsigned i = 0; i < kInts; ++i) EXPECT_EQ(m.env->x[i], 100 + i);
    for (unsigned i = 0; i < kFloats; ++i) EXPECT_EQ(m.env->f[i], 200 + i);
}

TEST(X64Control, Add) {
    Machine m;
    m.env->x[1] = 5;
    m.env->x[2] = 7;
    auto tb = m.run([](Builder& b) {
        b.op_to(ir::Op::add, x(0), {x(1), x(2)});
        b.op_to(ir::Op::add, x(14), {x(1), x(0)});
        b.op_to(ir::Op::add, x(15), {x(15), b.c64(3)});
    });
    EXPECT_EQ(m.env->x[0], 12u) << m.listing(tb);
    EXPECT_EQ(m.env->x[14], 17u) << m.listing(tb);
    EXPECT_EQ(m.env->x[15], 3u) << m.listing(tb);
}

}  // namespace
}  // namespace dragoman::test
