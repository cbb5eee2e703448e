// Names of guest addresses for people: listings, profiles. The engine asks; what knows is in src/debug.
#pragma once

#include <string>

#include "base/bits.h"

namespace dragoman::engine {

class Symbols {
public:
    /// Where a guest address is in the source.
    struct Line {
        std::string file;  ///< as the compiler was given it; empty: unknown
        int number = 0;    ///< from 1
        bool operator==(const Line&) const = default;
    };

    virtual ~Symbols() = default;
    /// "function" or "function+0x1c"; empty when there is none. Any thread, also in a child of fork.
    virtual std::string name(u64 address) = 0;
    /// The source line that the instruction at `address` was compiled from.
    virtual Line line(u64 address) = 0;
    /// Path of the file that `address` is in; empty: in none.
    virtual std::string module(u64 address) = 0;
};

}  // namespace dragoman::engine
