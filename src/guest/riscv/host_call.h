// Calls from guest code that the operating-system layer has provided (the vDSO) straight into the host.
// They are made by an instruction in the custom-1 space that means something only inside that code:
// anywhere else it is as illegal as on hardware.
#pragma once

#include "base/bits.h"

namespace dragoman::riscv {

/// Gets a0 and a1, returns the new a0. May not raise.
using HostCall = u64 (*)(u64 a0, u64 a1);

inline constexpr unsigned kMaxHostCalls = 8;

/// Which of them there are, and where. Set once, before guest code runs.
struct HostCalls {
    u64 start = 0, end = 0;  ///< guest addresses of the code that may make them
    HostCall functions[kMaxHostCalls] = {};
};

/// The instruction that makes call `index`.
constexpr u32 host_call_insn(unsigned index) { return index << 20 | 0x2b; }

struct DisasContext;
/// Translates the current instruction if it is a host call at a place where that is allowed.
bool trans_host_call(DisasContext& ctx);

}  // namespace dragoman::riscv
