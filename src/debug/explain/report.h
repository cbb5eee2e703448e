// What the page says about a run, worked out from its profile: functions with what they and their callees cost, who
// calls whom, and blocks with all their translations taken together.
#pragma once

#include <map>
#include <vector>

#include "engine/profile.h"

namespace dragoman::debug {

struct Report {
    /// All translations of one guest address.
    struct Block {
        const engine::BlockProfile* shown;  ///< the one that ran most
        unsigned translations = 0;
        u64 executions = 0, insns = 0;
        std::vector<engine::BlockExit> exits;  ///< by falling count
    };
    struct Function {
        std::string name;    ///< of the symbol, else of the address
        std::string module;  ///< last part of the path
        u64 entry = 0;       ///< lowest address of a block of it that ran
        u64 self = 0;        ///< guest instructions
        u64 total = 0;       ///< with those of what it calls; recursion counted once
        u64 calls = 0;
        std::vector<u32> blocks;              ///< numbers in Report::blocks, by address
        std::map<u32, u64> callers, callees;  ///< numbers of functions, and how often
    };

    explicit Report(const engine::Profile::Snapshot& profile);

    double share(u64 part) const { return insns != 0 ? static_cast<double>(part) / static_cast<double>(insns) : 0; }
    /// "main+0x1c"
    std::string place(const Block& block) const;

    u64 insns = 0;                    ///< all guest instructions
    std::vector<Block> blocks;        ///< by address; those that ran
    std::vector<Function> functions;  ///< numbered as in the profile
    std::vector<u32> by_self;         ///< numbers of functions that ran, the dearest first
    std::vector<engine::CallNode> calls;
    std::vector<u64> node_totals;  ///< of `calls`: with what they call
};

}  // namespace dragoman::debug
