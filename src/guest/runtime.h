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

// System mode.

enum class Access : u8 { Load, Store, Fetch };

/// Accesses through softmmu for translated code's slow path, and for helpers with MayRaise: `size_log2` 0..3, any
/// alignment. They raise what the guest's MMU says (CpuOps::translate), access and misaligned exceptions included.
/// Values are zero-extended.
u64 mmu_load(ir::Env* env, u64 address, unsigned size_log2, unsigned mmu_index);
void mmu_store(ir::Env* env, u64 address, u64 value, unsigned size_log2, unsigned mmu_index);
/// Host address for an aligned atomic access of `bytes` in RAM; raises an access fault for devices.
void* mmu_atomic_pointer(ir::Env* env, u64 address, unsigned bytes, unsigned mmu_index);

/// Aligned physical accesses of a page-table walk, 4 or 8 bytes. False: access error.
bool physical_load(ir::Env* env, u64 address, unsigned bytes, u64& value);
bool physical_compare_exchange(ir::Env* env, u64 address, unsigned bytes, u64 expected, u64 desired, bool& swapped);

/// Which cached translations of virtual addresses an instruction drops on its own hart.
struct TlbFlush {
    bool one_address = false;  ///< only those of the page that holds `address`
    bool one_space = false;    ///< only those of the address spaces with number `asid`, not global ones
    u64 address = 0;
    u64 asid = 0;
};
void flush_tlb(ir::Env* env, const TlbFlush& what);
/// The hart changes to the address space `id` (whatever tells address spaces apart: satp), numbered `asid`.
/// Cached translations of it may still be there from an earlier visit, and are valid then.
void switch_address_space(ir::Env* env, u64 id, u64 asid);

/// The machine's real-time counter, as `time` shows it.
u64 time_ticks(ir::Env* env);
/// A monotonic counter of cycles, which also stands for retired instructions.
u64 cycles();
/// The hart has an interrupt to take that was masked so far: Engine::run returns Request at the next TB end.
void request_exit(ir::Env* env);
/// A timer compare register of the hart has changed: CpuOps::next_timer tells the deadline.
void timer_changed(ir::Env* env);

}  // namespace dragoman::guest
