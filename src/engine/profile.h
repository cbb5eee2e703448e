// Execution counts and listings of all TBs, for --explain. Off by default: then it costs nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/symbols.h"
#include "host/host.h"
#include "ir/builder.h"

namespace dragoman::engine {

class Listing;

/// What is known of one TB. The same guest address may occur several times (other flags, retranslated).
struct BlockProfile {
    u64 pc = 0;
    std::string name;      ///< "function+0x1c"; empty: unknown
    Symbols::Line source;  ///< that its first instruction was compiled from
    u32 flags = 0;
    u32 guest_insns = 0;
    u32 guest_bytes = 0;
    u32 host_bytes = 0;
    u64 executions = 0;
    std::vector<u64> successors;  ///< guest addresses that its direct jumps go to
    std::string guest_code, ir, ir_optimised, host_code;
};

class Profile {
public:
    static constexpr u32 kNone = ~u32{0};
    static constexpr u32 kMaxBlocks = 1 << 20;

    ~Profile();

    /// The counters, which all vCPUs share (counts of threads that run the same TB at once may be lost).
    u64* counters();

    /// Emits the counting of a new TB into `b`'s function, behind its first insn_start.
    /// @returns the TB's number, kNone when there are too many.
    u32 emit_counter(ir::Builder& b);
    void record_ir(u32 number, const ir::Function& f, const Listing& listing, bool optimised);
    void record_host(u32 number, const host::CompiledCode& compiled, std::string disassembly);

    std::vector<BlockProfile> snapshot() const;

private:
    mutable Mutex lock_;
    u64* counters_ DRAGOMAN_GUARDED_BY(lock_) = nullptr;
    std::vector<std::unique_ptr<BlockProfile>> blocks_ DRAGOMAN_GUARDED_BY(lock_);
};

}  // namespace dragoman::engine
