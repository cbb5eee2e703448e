// Stores to a few bytes of RAM that somebody wants to know of: of harts and of devices.
#pragma once

#include <functional>

#include "memory/physical_space.h"

namespace dragoman::memory {

// Why stores to a page take the slow path (bits of Region::code_pages).
inline constexpr u8 kPageHasCode = 1, kPageIsWatched = 2;

/// Calls `function` after each store that touches [address, address + bytes), on the thread that stores; only while
/// the map is built, after the engine was made. All of it lies in one page of RAM, else nothing happens.
/// `function` may read and write memory; stores of its own call it, too.
/// @returns false when it is not RAM
bool watch_stores(PhysicalSpace& space, u64 address, u64 bytes, std::function<void()> function);

}  // namespace dragoman::memory
