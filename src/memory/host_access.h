// Guest memory accesses in one access of the host's, so that other harts never see half of one, nor one twice. x86-64
// takes any alignment.
#pragma once

#include "base/bits.h"

namespace dragoman::memory {

/// @param size 1, 2, 4 or 8 bytes. @returns the value, zero-extended
__attribute__((no_sanitize("alignment"))) inline u64 load_once(const u8* from, unsigned size) {
    switch (size) {
        case 1: return *static_cast<const volatile u8*>(from);
        case 2: return *reinterpret_cast<const volatile u16*>(from);
        case 4: return *reinterpret_cast<const volatile u32*>(from);
        default: return *reinterpret_cast<const volatile u64*>(from);
    }
}

/// Stores the low `size` bytes of `value`; `size` as for load_once.
__attribute__((no_sanitize("alignment"))) inline void store_once(u8* to, unsigned size, u64 value) {
    switch (size) {
        case 1: *static_cast<volatile u8*>(to) = static_cast<u8>(value); break;
        case 2: *reinterpret_cast<volatile u16*>(to) = static_cast<u16>(value); break;
        case 4: *reinterpret_cast<volatile u32*>(to) = static_cast<u32>(value); break;
        default: *reinterpret_cast<volatile u64*>(to) = value; break;
    }
}

}  // namespace dragoman::memory
