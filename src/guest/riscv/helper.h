// The helpers of the RISC-V guest: C++ functions that translated code calls. One row each; the
// enumerator is the number by which the IR names the helper.
#pragma once

#include "guest/riscv/state.h"
#include "ir/helper.h"

// clang-format off
//  X(name, flags): the function is helper_<name>
#define DRAGOMAN_RISCV_HELPERS(X)                        \
    /* integer (helper_int.cpp) */                       \
    X(xperm4, NoReadGlobals | NoSideEffects)             \
    X(xperm8, NoReadGlobals | NoSideEffects)             \
    X(brev8, NoReadGlobals | NoSideEffects)              \
    /* memory (helper_mem.cpp) */                        \
    X(fence_i, None)                                     \
    X(cbo_zero, NoReadGlobals | MayRaise)                \
    X(cbo_check, NoReadGlobals | MayRaise)               \
    X(amocas_q, MayRaise)
// clang-format on

namespace dragoman::riscv {

/// Number of a helper.
enum class Helper : unsigned {
#define X(name, flags) name,
    DRAGOMAN_RISCV_HELPERS(X)
#undef X
};

u64 helper_xperm4(u64 rs1, u64 rs2);
u64 helper_xperm8(u64 rs1, u64 rs2);
u64 helper_brev8(u64 rs1);
void helper_fence_i(ir::Env* env);
void helper_cbo_zero(ir::Env* env, u64 address);
void helper_cbo_check(ir::Env* env, u64 address);
void helper_amocas_q(ir::Env* env, u64 address, u32 rd, u32 rs2);

}  // namespace dragoman::riscv
