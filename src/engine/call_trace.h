// Follows one vCPU from block to block, and keeps the tree of calls that it has gone through: each node is a function
// as it is called through one chain of callers, as a flame graph shows it.
#pragma once

#include <unordered_map>
#include <vector>

#include "engine/profile.h"
#include "engine/tb.h"

namespace dragoman::engine {

class CallTrace {
public:
    explicit CallTrace(Profile& profile) : profile_(profile) {}

    static constexpr int kNoSlot = -1;       ///< it was left by an indirect jump, or by the execution loop's leave
    static constexpr int kCallersSlot = -2;  ///< it has returned through the back end's return stack
    /// `tb` has run and was left for `next`, by its direct exit `slot` or one of these. On the vCPU's thread.
    void ran(const TranslationBlock& tb, int slot, u64 next);

    /// Adds what this has seen to `snapshot`. Any thread.
    void add_to(Profile::Snapshot& snapshot) const;
    /// Adds what `other` has seen, whose vCPU is gone, to this.
    void absorb(const CallTrace& other);

private:
    struct Passed {
        const Profile::Block* block = nullptr;
        u32 number = 0;
        u32 function = kUnknown;
        u64 executions = 0, insns = 0;
        std::vector<BlockExit> exits;
    };
    struct Frame {
        u32 node;
        u64 return_pc;
    };
    static constexpr u32 kUnknown = ~u32{0};
    /// Deeper recursion counts for the node at this depth, and what is beyond so many nodes for the caller.
    static constexpr std::size_t kMaxDepth = 200, kMaxNodes = std::size_t{1} << 18;
    static constexpr std::size_t kMaxFrames = std::size_t{1} << 16;

    Passed& passed(const TranslationBlock& tb) DRAGOMAN_REQUIRES(lock_);
    void come_to(Passed& at, u64 pc) DRAGOMAN_REQUIRES(lock_);
    u32 function_of(Passed& at, u64 pc, bool called) DRAGOMAN_REQUIRES(lock_);
    void call(u32 function, u64 return_pc) DRAGOMAN_REQUIRES(lock_);
    bool return_to(u64 pc) DRAGOMAN_REQUIRES(lock_);
    u32 child(u32 parent, u32 function) DRAGOMAN_REQUIRES(lock_);

    Profile& profile_;
    mutable Mutex lock_;
    std::unordered_map<const u8*, Passed> passed_ DRAGOMAN_GUARDED_BY(lock_);  ///< by host code
    std::vector<CallNode> nodes_ DRAGOMAN_GUARDED_BY(lock_){{.parent = 0, .function = kUnknown}};
    std::vector<u32> depths_ DRAGOMAN_GUARDED_BY(lock_){0};             ///< of nodes_
    std::unordered_map<u64, u32> children_ DRAGOMAN_GUARDED_BY(lock_);  ///< by parent << 32 | function
    std::vector<Frame> frames_ DRAGOMAN_GUARDED_BY(lock_);

    // How the last block was left.
    u64 expected_ DRAGOMAN_GUARDED_BY(lock_) = 0, return_pc_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    ExitKind left_by_ DRAGOMAN_GUARDED_BY(lock_) = ExitKind::Jump;
};

}  // namespace dragoman::engine
