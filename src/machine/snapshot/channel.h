// Where a saved machine goes to or comes from: a sequence of bytes.
#pragma once

#include <span>
#include <string>

#include "base/bits.h"

namespace dragoman::machine {

class ByteSink {
public:
    virtual ~ByteSink() = default;
    /// Takes all of `bytes`. @returns 0 or an errno value
    virtual int write(std::span<const u8> bytes) = 0;
};

class ByteSource {
public:
    virtual ~ByteSource() = default;
    /// Reads until `to` is full or there is no more; `got` says how much. @returns 0 or an errno value
    virtual int read(std::span<u8> to, std::size_t& got) = 0;
};

}  // namespace dragoman::machine
