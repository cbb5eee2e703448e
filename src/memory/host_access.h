// Guest memory accesses in one access of the host's, so that other harts never see half of one, nor one twice; in the
// order of x86-64's own, so that who plays a hart (debuggers, tests) can follow a device's protocol. x86-64 takes any
// alignment.
#pragma once

#include "base/bits.h"

namespace dragoman::memory {

/// @param size 1, 2, 4 or 8 bytes. @returns the value, zero-extended
__attribute__((no_sanitize("alignment"))) inline u64 load_once(const u8* from, unsigned size) {
    switch (size) {
        case 1: return __atomic_load_n(from, __ATOMIC_ACQUIRE);
        case 2: return __atomic_load_n(reinterpret_cast<const u16*>(from), __ATOMIC_ACQUIRE);
        case 4: return __atomic_load_n(reinterpret_cast<const u32*>(from), __ATOMIC_ACQUIRE);
        default: return __atomic_load_n(reinterpret_cast<const u64*>(from), __ATOMIC_ACQUIRE);
    }
}

/// Stores the low `size` bytes of `value`; `size` as for load_once.
__attribute__((no_sanitize("alignment"))) inline void store_once(u8* to, unsigned size, u64 value) {
    switch (size) {
        case 1: __atomic_store_n(to, static_cast<u8>(value), __ATOMIC_RELEASE); break;
        case 2: __atomic_store_n(reinterpret_cast<u16*>(to), static_cast<u16>(value), __ATOMIC_RELEASE); break;
        case 4: __atomic_store_n(reinterpret_cast<u32*>(to), static_cast<u32>(value), __ATOMIC_RELEASE); break;
        default: __atomic_store_n(reinterpret_cast<u64*>(to), value, __ATOMIC_RELEASE); break;
    }
}

}  // namespace dragoman::memory
