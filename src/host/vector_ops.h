// One vector IR op on raw bytes, element by element: the interpreter's vector ops, and what the tests of other back
// ends compare with.
#pragma once

#include "ir/function.h"

namespace dragoman::host {

/// An op with all that selects its meaning.
struct VectorOp {
    ir::Op op;
    ir::Type type;   ///< T
    ir::Type type2;  ///< S
    ir::VectorRules rules;
    u64 imm[2];
};

/// Most inputs that an op has: three, the mask, the old value.
inline constexpr unsigned kMaxVectorInputs = 5;

/// Computes `op` from the values at in[0..] to `out`, which may be one of them. Values of 8 bytes and less are 64-bit
/// cells, masks too. Not for ops that access memory.
void evaluate(const VectorOp& op, void* out, const void* const* in);

/// Copies the elements of 1 << size_log2 bytes for which `mask` has a bit; touches no memory of the others.
void copy_elements(void* to, const void* from, u64 mask, unsigned element_bytes);

}  // namespace dragoman::host
