// Joins the functions of several TBs into one: what was a direct jump between two of them becomes a branch. The
// foundation of code for regions, loops of several TBs first of all.
#pragma once

#include <vector>

#include "ir/function.h"

namespace dragoman::ir {

/// Makes one function of the TBs of a region. Keep it from region to region: it keeps its memory.
///
/// * The TBs are laid out in the order in which they are added. One that only the TB in front of it goes to becomes
///   part of that TB's extended basic block, so that passes and allocator look at both as one piece.
/// * A TB that is jumped to from itself or from one behind it is a **switch point**: it begins with a look at
///   Env::request, so every cycle polls, and leaves with ExitReason::Request at a place where all state is in globals.
/// * Jumps to other addresses stay exits. All exits to one address share a slot.
class Join {
public:
    /// Begins a region in `out`, which has been reset.
    void begin(Function& out);
    /// Appends a TB's function, which is right by the verifier. The first one is the region's entry.
    /// @returns false when it cannot be part of the region, which then is as before: a TB at that address is there
    ///          already, it begins before the entry, or it has or makes other TB state flags
    bool add(const Function& part);
    /// After the last TB. @returns false when there are more than kMaxSlots exits; the function is of no use then
    bool finish();

private:
    struct Part {
        u64 pc;
        u32 label;
        u32 end;  ///< index behind its last instruction
        bool loop_head;
    };
    struct Exit {
        u64 pc;
        u32 label;
    };
    Part* part_at(u64 pc);
    Var import(const Function& part, Var v);
    void find_loop_heads();
    void emit(Op op, u64 imm0 = 0, u64 imm1 = 0);
    void emit_poll(u64 pc);
    bool take_slots(unsigned count, u64& first);
    bool resolve();
    void thread_branches();
    bool straighten();

    Function* out_ = nullptr;
    std::vector<Part> parts_;
    std::vector<Exit> exits_, polls_;
    InsnList insns_;           // the function while it is rewritten
    std::vector<Var> vars_;    // of the part being added: the variable in *out_
    std::vector<u32> labels_;  // by label: where it leads, or how often it is branched to
    unsigned slots_ = 0;
};

}  // namespace dragoman::ir
