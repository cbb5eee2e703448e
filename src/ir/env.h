// The part of the guest CPU state (`env`) that every guest, the engine and every back end share. A
// guest's own state is a struct derived from Env; translated code addresses all of it through one
// fixed host register.
#pragma once

#include <cstddef>

#include "base/bits.h"

namespace dragoman::guest {
class Runtime;  // guest/runtime.h
}

namespace dragoman::ir {

/// Why translated code returned to the execution loop.
enum class ExitReason : u32 {
    None = 0,
    Slot,     ///< an unchained goto_tb/call_tb: exit_slot/exit_host_pc say whose, so where it goes (env->pc is not set)
    Lookup,   ///< env->pc must be looked up (jump-cache miss, state change)
    Request,  ///< env->request was set
    Exception,  ///< env->exception holds a guest exception number; env->pc is precise
    StaleCode,  ///< the TB at env->pc has found its guest code changed
    Syscall,    ///< environment call of the guest; env->pc is the instruction after it
    Halt,       ///< the hart waits for an interrupt (system mode); env->pc is the instruction after it
    Unboxed,    ///< the TB at env->pc takes a float register for boxed that is not (ir::Function::boxed_at_entry)
    Budget,     ///< Env::insn_budget is used up; env->pc is the instruction to go on with
    Check,      ///< the TB with exit_host_pc was not entered: other flags, or a request (env->pc is not set)
};

/// Env::exception for a host fault (SIGSEGV, SIGBUS) that a guest memory access took: the operating
/// system layer has kept the details. Smaller numbers are the guest's own.
inline constexpr u32 kExceptionHostFault = 0x10000;
/// A helper's access to guest address env->exception_value failed; like a host fault, but nobody has details.
inline constexpr u32 kExceptionHelperFault = 0x10004;
/// A debugger's breakpoint or single step stopped the guest; env->pc is the instruction to run next.
inline constexpr u32 kExceptionDebug = 0x10001;
/// The instruction at env->pc is about to hit a debugger's watchpoint at env->exception_value (system mode).
inline constexpr u32 kExceptionWatch = 0x10005;
/// User mode: the instruction at env->pc is in a section (engine/sections.h), which the caller of run() goes through.
inline constexpr u32 kExceptionSection = 0x10006;
/// A guest access with MemOp::aligned had a misaligned address (env->exception_value). The back end leaves with
/// ExitReason::Exception after setting env->pc to the instruction and exit_host_pc to the access's code position; with
/// softmmu it calls MmuCalls::raise.
inline constexpr u32 kExceptionMisalignedLoad = 0x10002;
inline constexpr u32 kExceptionMisalignedStore = 0x10003;  ///< stores and atomics

/// Entry of the direct-mapped jump cache. Index: (pc >> 1) % kJumpCacheSize.
struct JumpCacheEntry {
    u64 pc;            ///< guest address; kNoPc when empty
    const u8* target;  ///< checked entry of its TB
};

// System mode: translated code finds host memory for guest virtual addresses in a TLB per MMU index.

inline constexpr unsigned kMmuIndexes = 4;
/// The MMU index without translation, which all address spaces share (RISC-V: M mode).
inline constexpr unsigned kMmuIndexPhysical = 3;

/// One page of a softmmu TLB. A tag is the page's guest virtual address when that kind of access may go to host memory
/// directly; any other value (kNoPage, or the address with low bits set) sends the access to the slow path.
struct alignas(32) TlbEntry {
    u64 read, write, fetch;
    u64 addend;  ///< host address = guest virtual address + addend
};
inline constexpr u64 kNoPage = ~u64{0};

/// The TLB in force for one MMU index: entry of a virtual address at
/// entries + ((address >> 12 << 5) & mask) bytes. The memory room owns the tables and changes this view when the
/// address space is switched or a table is resized.
struct TlbView {
    u64 mask;  ///< (number of entries - 1) << 5
    TlbEntry* entries;
};

/// Words of Env::scratch: more than the temporaries that can be live in one TB.
inline constexpr unsigned kSpillSlots = 512;

inline constexpr unsigned kFloatConstants = 16, kVectorConstants = 40;

inline constexpr u64 kNoPc = ~u64{0};  ///< odd: no guest address that is ever looked up
inline constexpr unsigned kJumpCacheBits = 12;
inline constexpr unsigned kJumpCacheSize = 1u << kJumpCacheBits;

/// Common head of the guest CPU state. Plain data: translated code reads it by offset.
struct alignas(64) Env {
    u64 exception_value;  ///< fault address or other value of the exception (RISC-V: tval)
    // Return stack of guest calls run as host call/ret pairs (x64 back end).
    u8* return_sp;             ///< top of the return stack while outside translated code
    u8* return_base;           ///< its highest address: an empty stack; a sentinel frame lies there
    u64 host_sp;               ///< host stack pointer to use for helper calls and exits
    u32 host_fp_control;       ///< the host's own FP control word, restored on exit
    u32 fp_control;            ///< host FP control/status word while outside translated code (MXCSR)
    u32 in_code;               ///< non-zero while the thread is inside translated code or its helpers
    u64 scratch[kSpillSlots];  ///< back end's own spill space
    alignas(16) u64 float_constants[kFloatConstants][2];    ///< back end's own: masks and the like
    u8 flag_tables[96];                                     ///< back end's own
    alignas(64) u8 vector_constants[kVectorConstants][64];  ///< back end's own
    u64 float_args[3];  ///< back end's own: operands, and then the result, of an op computed in soft float
    u32 float_op;
    u32 float_control;         ///< back end's own: the FP control word at the last fflags_get
    void* backend_data;        ///< back end's own per-vCPU data
    void* vcpu;                ///< engine::Vcpu this env belongs to
    guest::Runtime* runtime;   ///< what helpers may ask for; of the engine that env is attached to
    TlbView tlb[kMmuIndexes];  ///< system mode
    i64 insn_budget;           ///< system mode with instruction counting: instructions that may still start
    const void* blocks;  ///< points to the pointer to the host::BlockTable that jump-cache misses search; null: none
    JumpCacheEntry jump_cache[kJumpCacheSize];

    alignas(64) u64 pc;      ///< guest pc; valid outside translated code
    ExitReason exit_reason;  ///< set on exit
    u32 exit_slot;           ///< ExitReason::Slot: slot number in the TB that contains exit_host_pc
    const u8* exit_host_pc;  ///< ExitReason::Slot, Check: an address inside the TB's code
    u32 exception;           ///< guest exception number (guest-defined)

    // What nearly every TB addresses: from here on to the guest's registers behind Env, within reach of short
    // displacements (GuestLayout::env_bias).
    /// What is left of the entries into TBs that count them (Function::counts_entries) until one is looked at. 0: it is
    /// the one that ExitReason::Check comes from.
    u32 entries_left;
    const u8* slot_exit;   ///< back end's own: where unlinked slots go
    const u8* check_exit;  ///< back end's own: where checked entries go that do not match
    /// Back end's own: what is left of the passes through loops until one is looked at (host/x64/loops.h).
    u32 loop_left, loop_sample;
    /// TB state flags that the state now has (31 bits: bit 31 stays clear). A TB's checked entry
    /// compares the whole 64-bit word {tb_flags, request} with its own flags, so that one compare
    /// sees both a state change and a request.
    u32 tb_flags;
    /// Non-zero: leave translated code at the next checked entry. Set from any thread or signal handler.
    u32 request;
};
static_assert(offsetof(Env, request) + sizeof(u32) == sizeof(Env));

}  // namespace dragoman::ir
