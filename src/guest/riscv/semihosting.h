// RISC-V's semihosting call (RISC-V Semihosting specification): an ebreak between two shifts that do nothing.
#pragma once

#include "guest/riscv/model.h"
#include "guest/riscv/state.h"

namespace dragoman::riscv {

/// The call's three instructions, uncompressed and in one page: slli x0, x0, 0x1f; ebreak; srai x0, x0, 7. The
/// breakpoint exception's pc is that of the second.
inline constexpr u32 kSemihostingCall[3] = {0x01f01013, 0x00100073, 0x40705013};

/// Where the call begins whose ebreak is at `pc`; nothing can be a call there when it would cross a page: kNoCall.
inline constexpr u64 kNoCall = ~u64{0};
constexpr u64 semihosting_call_start(u64 pc) {
    constexpr u64 kPageMask = ~u64{0xfff};
    bool one_page = ((pc - 4) & kPageMask) == ((pc + 7) & kPageMask);
    return one_page ? pc - 4 : kNoCall;
}

/// Operation and parameter (a0, a1), and where the result goes (a0).
inline u32 semihosting_operation(const ir::Env* env) { return static_cast<u32>(hart(env)->gpr[10]); }
inline u64 semihosting_parameter(const ir::Env* env) { return register_address(*hart(env), hart(env)->gpr[11]); }
/// Goes on behind the ebreak with `result`.
inline void finish_semihosting(ir::Env* env, u64 result) {
    hart(env)->gpr[10] = result;
    env->pc += 4;
}

}  // namespace dragoman::riscv
