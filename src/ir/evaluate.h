// The value of integer ops on constants (docs/ir.md has the semantics).
#pragma once

#include "ir/op_table.h"
#include "ir/types.h"

namespace dragoman::ir {

/// Result of the pure integer op `op` of type `t` on inputs `a` and `b` (I32 values zero-extended), with
/// the op's constants. Conversions give the result for their fixed pair of types. Knows all
/// ops with the Int flag and without side effects, but setcond.
u64 evaluate(Op op, Type t, u64 a, u64 b, u64 imm0, u64 imm1);

}  // namespace dragoman::ir
