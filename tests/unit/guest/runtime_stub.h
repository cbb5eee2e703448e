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

}  // namespace dragoman::guest
