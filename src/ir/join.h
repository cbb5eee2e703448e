// Joins the functions of several blocks into one: what was a direct jump between two of them becomes a branch. All code
// for more than one block is made by it: loops of one block, loops of several, and what comes after them.
#pragma once

#include <vector>

#include "ir/function.h"

namespace dragoman::ir {

/// Makes one function of the blocks of a region. Keep it from region to region: it keeps its memory.
///
/// The blocks are laid out in the order in which they are added. One that only the block in front of it goes to becomes
/// part of that block's extended basic block, so that passes and allocator look at both as one piece.
///
/// A jump to a guest address leads, in this order,
/// * to the next place behind it where the code of that address is, at the start of a block or inside it;
/// * in an ordinary region to a block in front of it, or itself. Such a block is a **switch point**: it begins with a
///   look at Env::request, so every cycle polls, and leaves with ExitReason::Request at a place where all state is in
///   globals;
/// * in a loop that is followed for several passes (Function::loop) back to the entry, as a goto_tb to the function's
///   own address: the back end makes the edge;
/// * out. Exits to one address that come from branches share a slot.
class Join {
public:
    enum class Shape : u8 {
        Region,
        Loop,  ///< one way round, in as many copies as there are passes
    };

    /// Begins a region in `out`, which has been reset.
    void begin(Function& out, Shape shape = Shape::Region);
    /// What is added from now on belongs to the next pass of a loop.
    void next_pass() { ++pass_; }
    /// Appends a block's function, which is right by the verifier. The first one is the region's entry.
    /// @returns false when it cannot be part of the region, which then is as before: a block at that address is there
    ///          already (in this pass), it begins before the entry, or it has or makes other TB state flags
    bool add(const Function& part);
    /// After the last block. @returns false when there are more than kMaxSlots exits; the function is of no use then
    bool finish();

private:
    struct Part {
        u64 pc;
        u32 label;
        u32 end;  ///< index behind its last instruction
        u32 pass;
        bool loop_head;
    };
    /// Jumps to a guest address that lead to no place yet; in the end, an exit.
    struct Pending {
        u64 pc;
        u32 label;
        u32 attributes;  ///< of the goto_tb
    };
    Part* part_at(u64 pc);
    Var import(const Function& part, Var v);
    void find_loop_heads();
    Insn& emit(Op op, u64 imm0 = 0, u64 imm1 = 0);
    void emit_poll(u64 pc);
    void emit_poll_exits();
    u32 pending_label(const Insn& go);
    void bind_pending(u64 pc);
    void resolve();
    void thread_branches();
    bool straighten();
    void place_exits();
    bool number_slots();
    void find_short_branches();
    void find_branches_back();

    Function* out_ = nullptr;
    Shape shape_ = Shape::Region;
    u32 pass_ = 0;
    std::vector<Part> parts_;
    std::vector<Pending> pending_, polls_;
    InsnList insns_;           // the function while it is rewritten
    std::vector<Var> vars_;    // of the part being added: the variable in *out_
    std::vector<u32> labels_;  // by label: where it leads, how often it is branched to, or whether it stands above
};

}  // namespace dragoman::ir
