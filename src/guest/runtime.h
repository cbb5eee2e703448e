// What guest helpers may ask of whoever runs them. The engine implements these functions; guests
// include only this header, so that imports stay one way.
#pragma once

#include "ir/env.h"

namespace dragoman::guest {

/// Raises guest exception `exception` for the instruction that called the running helper (which must
/// have HelperFlags::MayRaise). `value`: fault address or instruction bits.
[[noreturn]] void raise(ir::Env* env, u32 exception, u64 value);

/// The guest executed an instruction-fetch fence.
void fence_i(ir::Env* env);

/// Copies guest memory to `to` / to guest memory from `from`, from a helper with MayRaise. An access
/// that faults raises what the hardware would at the calling instruction; then nothing returns.
void load(ir::Env* env, void* to, u64 address, unsigned bytes);
void store(ir::Env* env, u64 address, const void* from, unsigned bytes);

/// Host pointer to guest address `address` for an atomic access of `bytes` (power of two, aligned),
/// after the access has been checked for writing; raises like store.
void* atomic_pointer(ir::Env* env, u64 address, unsigned bytes);

/// Nanoseconds for the `time` CSR's clock: monotonic host time.
u64 time_nanoseconds(ir::Env* env);

}  // namespace dragoman::guest
