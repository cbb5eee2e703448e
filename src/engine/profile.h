// What a run of the guest went through, for --explain: which blocks ran, how they were left and through which calls
// they were come to, with the listings of all that was translated. Off by default: then it costs nothing. When it is
// on, TBs are not chained, and the execution loop tells of each that has run, so that translated code is what it always
// is.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "engine/symbols.h"
#include "host/host.h"
#include "ir/function.h"

namespace dragoman::engine {

class CallTrace;
class Listing;

/// How control leaves a TB.
enum class ExitKind : u8 {
    Jump,    ///< to another TB: by a jump, a branch, or because the block ends
    Call,    ///< to a function that returns behind the block
    Return,  ///< back to a caller
};

/// One guest instruction of a block.
struct GuestInsn {
    u64 pc;
    std::string bytes, text;
    Symbols::Line source;
};

/// A way out of a block that was taken.
struct BlockExit {
    u64 target;  ///< guest address
    ExitKind kind;
    u32 insns;  ///< guest instructions up to it
    u64 count;
};

/// What is known of one TB. The same guest address may occur several times (other flags, retranslated).
struct BlockProfile {
    u64 pc = 0;
    u32 flags = 0;
    u32 function = 0;  ///< number in Profile::Snapshot::functions
    u32 guest_insns = 0;
    u32 guest_bytes = 0;
    u32 host_bytes = 0;
    u64 executions = 0;
    u64 insns = 0;  ///< guest instructions that these executions went through, those that a branch skips included
    std::vector<BlockExit> exits;
    std::vector<GuestInsn> guest;
    std::string ir, ir_optimised, host_code;
};

/// Code that calls lead to, as far as it is known where one function ends and the next begins.
struct FunctionProfile {
    std::string name;    ///< empty: no symbol says
    std::string module;  ///< path of the file that it is in; empty: none
    u64 entry = 0;       ///< where it was first come to
};

/// A function as it is called through one chain of callers.
struct CallNode {
    u32 parent;    ///< number of its caller in the list, which stands in front of it; its own for the root
    u32 function;  ///< of the root meaningless
    u64 calls = 0;
    u64 insns = 0;  ///< guest instructions, without those of what it calls
};

class Profile {
public:
    /// What of a TB says where its exits lead.
    struct Exits {
        struct Direct {
            ExitKind kind = ExitKind::Jump;
            u32 insns = 0;
        };
        Direct slots[ir::kMaxSlots];
        bool calls = false, returns = false;  ///< indirectly
        u32 insns = 0;
        u64 end = 0;  ///< guest address behind it
    };
    struct Block : BlockProfile {
        std::string symbol;  ///< of the function that it begins in; empty: unknown
        std::string module;
        Exits leaves;
    };

    struct Snapshot {
        std::vector<BlockProfile> blocks;
        std::vector<FunctionProfile> functions;
        std::vector<CallNode> calls;  ///< the root first
    };

    Profile();
    ~Profile();

    /// A new TB. @returns its number
    u32 record_guest(const ir::Function& f, const Listing& listing);
    void record_ir(u32 number, const ir::Function& f);
    void record_host(u32 number, const host::CompiledCode& compiled, std::string disassembly);

    // For CallTrace.
    /// The newest block at `pc` with `flags`, which lives as long as this does; null: there is none.
    const Block* find(u64 pc, u32 flags, u32& number) const;
    /// The function with this symbol, or without one that begins at `entry`.
    u32 function(const std::string& symbol, const std::string& module, u64 entry);

    std::shared_ptr<CallTrace> add_trace();
    /// Its vCPU is gone.
    void retire(const std::shared_ptr<CallTrace>& trace);

    Snapshot snapshot() const;

    // A child of fork finds no lock of this held.
    void before_fork() DRAGOMAN_UNCHECKED_LOCKING;
    void after_fork() DRAGOMAN_UNCHECKED_LOCKING;

private:
    mutable Mutex lock_;
    std::vector<std::unique_ptr<Block>> blocks_ DRAGOMAN_GUARDED_BY(lock_);
    std::map<std::pair<u64, u32>, u32> newest_ DRAGOMAN_GUARDED_BY(lock_);
    std::vector<FunctionProfile> functions_ DRAGOMAN_GUARDED_BY(lock_);
    std::map<std::pair<std::string, u64>, u32> function_numbers_ DRAGOMAN_GUARDED_BY(lock_);

    mutable Mutex traces_lock_;  // taken before all others
    std::vector<std::shared_ptr<CallTrace>> traces_ DRAGOMAN_GUARDED_BY(traces_lock_);
    std::shared_ptr<CallTrace> retired_ DRAGOMAN_GUARDED_BY(traces_lock_);
};

}  // namespace dragoman::engine
