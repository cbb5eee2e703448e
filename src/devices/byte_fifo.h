// A serial port's ring of bytes between guest and host, in either direction.
#pragma once

#include "base/bits.h"
#include "devices/state.h"

namespace dragoman::devices {

/// Up to `kDepth` bytes, oldest first. Its owner asks full() before push(), and `count` before front() and pop().
template <unsigned kDepth>
struct ByteFifo {
    u8 bytes[kDepth]{};
    u8 first = 0, count = 0;

    bool full() const { return count == kDepth; }
    void clear() { first = count = 0; }
    void push(u8 byte) { bytes[(first + count++) % kDepth] = byte; }
    u8 front() const { return bytes[first]; }
    u8 pop() {
        const u8 byte = bytes[first];
        first = static_cast<u8>((first + 1) % kDepth);
        --count;
        return byte;
    }

    void visit(State& state) {
        state.bytes("bytes", bytes);
        state.field("first", first, kDepth - 1);
        state.field("count", count, kDepth);
    }
};

}  // namespace dragoman::devices
