// The extension contexts behind the float registers in a signal frame: the vector state, and where the shadow stack was
// (uapi asm/sigcontext.h, asm/ptrace.h, arch/riscv/kernel/signal.c).
#pragma once

#include "guest/riscv/state.h"

namespace dragoman::linux_abi {
class Task;
}

namespace dragoman::linux_abi::riscv {

/// __riscv_ctx_hdr: each context begins with one; magic and size 0 end the list.
struct ContextHeader {
    u32 magic, size;
};

/// Bytes that a context with registers of `vlenb` bytes takes, its header included.
u64 vector_context_size(unsigned vlenb);

/// Whether frames of `hart` have a vector context: programs without vectors get the frame that they have always had.
inline bool has_vector_context(const dragoman::riscv::Hart& hart) { return hart.vector.used != 0; }

/// Sets CSRs as a program could have left them.
void set_vector_csrs(dragoman::riscv::VectorState& out, u64 vtype, u64 vl, u64 vstart, u64 vcsr);

/// Writes the context at guest address `header`, that of its ContextHeader, and the header that ends the list.
bool write_vector_context(const Task& task, const dragoman::riscv::Hart& hart, u64 header);

/// The same for a shadow stack, whose token is at guest address `token` (__sc_riscv_cfi_state).
bool write_shadow_context(const Task& task, u64 token, u64 header);
inline constexpr u64 kShadowContextSize = sizeof(ContextHeader) + sizeof(u64);

/// Reads the contexts of the list that begins at `header` into `out` and `shadow_token`, which stay as they are where
/// there is none. False: it is not one that the kernel would have written.
bool read_extension_contexts(const Task& task, u64 header, dragoman::riscv::VectorState& out, u64& shadow_token);

}  // namespace dragoman::linux_abi::riscv
