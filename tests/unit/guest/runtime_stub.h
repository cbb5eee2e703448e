// What the engine would provide to the guest's helpers, for tests that only translate: nothing runs.
#pragma once

#include <cstdlib>

#include "guest/runtime.h"

namespace dragoman::guest {

[[noreturn]] void raise(ir::Env*, u32, u64) { std::abort(); }
void fence_i(ir::Env*) { std::abort(); }
void load(ir::Env*, void*, u64, unsigned) { std::abort(); }
void store(ir::Env*, u64, const void*, unsigned) { std::abort(); }
void* atomic_pointer(ir::Env*, u64, unsigned) { std::abort(); }
u64 time_nanoseconds(ir::Env*) { std::abort(); }
u64 mmu_load(ir::Env*, u64, unsigned, unsigned) { std::abort(); }
void mmu_store(ir::Env*, u64, u64, unsigned, unsigned) { std::abort(); }
void* mmu_atomic_pointer(ir::Env*, u64, unsigned, unsigned) { std::abort(); }
bool physical_load(ir::Env*, u64, unsigned, u64&) { std::abort(); }
bool physical_compare_exchange(ir::Env*, u64, unsigned, u64, u64, bool&) { std::abort(); }
void flush_tlb(ir::Env*, const TlbFlush&) { std::abort(); }
void switch_address_space(ir::Env*, u64, u64) { std::abort(); }
u64 time_ticks(ir::Env*) { std::abort(); }
u64 cycles() { std::abort(); }
void request_exit(ir::Env*) { std::abort(); }
void timer_changed(ir::Env*) { std::abort(); }

}  // namespace dragoman::guest
