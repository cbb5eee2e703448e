// The loops of a function, found in the ways that its blocks were left by.
#pragma once

#include <string>
#include <vector>

#include "debug/explain/report.h"

namespace dragoman::debug {

struct Loop {
    u32 function;
    u32 head;                 ///< the block that its passes begin with
    std::vector<u32> blocks;  ///< all of them, those of loops inside included, by address
    u64 passes = 0;           ///< how often its end led back to the head
    u64 entries = 0;          ///< how often it was come to from outside
    u64 insns = 0;            ///< guest instructions, without those of what it calls
    unsigned depth = 0;       ///< how many loops of the function it is in
    std::string name;         ///< "file.c:24-29", or where it is
};

/// The dearest first.
std::vector<Loop> find_loops(const Report& report, u32 function);

}  // namespace dragoman::debug
