// Where a translation block goes and where it ends, for every guest: forward branches inside it, exits and their slots,
// calls and returns. A guest's translator only says what an instruction does.
#pragma once

#include "ir/builder.h"

namespace dragoman::guest {

/// Where a translation stands after an instruction.
enum class DisasState : u8 {
    Next,      ///< go on with the following instruction
    TooMany,   ///< the block must end before the next instruction
    NoReturn,  ///< the instruction has ended the block itself (all paths left it)
};

/// How far a block goes.
enum class BlockKind : u8 {
    Extended,  ///< on past conditional branches, and into their targets if these come: an ordinary TB
    Counted,   ///< to the first branch: either all of its instructions are executed, or one raises an exception
    Basic,     ///< to the first branch: a piece of a region (engine/region)
    Leaving,   ///< the same, and it always goes back to the execution loop: what is run to see where it goes
};

/// The way through one block. `pc` and `length` are those of the instruction that is being translated.
class BlockFlow {
public:
    ir::Builder* b;
    u64 pc;           ///< address of the current instruction
    unsigned length;  ///< its bytes
    BlockKind kind;
    DisasState state;
    bool joined;    ///< the current instruction is come to by a branch, too
    u32 flags;      ///< TB state flags of the TB
    u32 flags_now;  ///< those in force behind the instructions so far; env->tb_flags holds them

    /// Before the first instruction.
    void begin(ir::Builder& builder, BlockKind block_kind);
    /// Before the insn_start of the instruction at `next`, to which pending branches may lead.
    void before_insn(u64 next) { joined = pending_count_ != 0 && bind_pending(next); }
    /// Behind the last instruction; `next` is the address that follows.
    void end(u64 next);

    /// Address behind the current instruction.
    u64 next_pc() const { return pc + length; }

    /// Behind an exit that some paths take: the others go on with the next instruction.
    void go_on() { state = kind == BlockKind::Counted ? DisasState::TooMany : DisasState::Next; }

    // What the current instruction does. Everything but a branch ends the block.

    void jump(u64 target);
    void jump_indirect(ir::Var target);
    /// Goes to `target` if (lhs cond rhs), else on. In an extended block, a forward branch does not end it.
    void branch(ir::Cond cond, ir::Var lhs, ir::Var rhs, u64 target);
    /// A call, which comes back to next_pc(); the guest's return address has been written.
    void call(u64 target);
    void call_indirect(ir::Var target);
    /// A jump that returns from a call.
    void ret(ir::Var target);
    /// The TB state flags or the translations may have changed: look the next instruction up.
    void end_with_lookup() { jump_indirect(b->address(next_pc())); }

    /// An exit to `target` with the TB state flags `now`, which env->tb_flags holds: for paths that are out of line
    /// (TranslatorOps::finish).
    void exit_to(u64 target, u32 now);
    bool has_slots(unsigned count) const { return next_slot_ + kMaxPending + 2 + count <= ir::kMaxSlots; }

private:
    /// A forward branch whose target the block has not reached: the target becomes a label inside the block when
    /// translation gets there, an exit when it does not.
    struct Pending {
        u64 target;
        u32 label;
        u32 flags;  ///< TB state flags in force
    };
    /// More than four gain next to nothing, and cost programs that end soon: what is behind the fifth branch
    /// is often not run (a static hello: 4 % of its time).
    static constexpr unsigned kMaxPending = 4;
    static_assert(kMaxPending + 2 <= ir::kMaxSlots);  // the end of a block needs up to two

    bool leaves() const { return kind == BlockKind::Leaving; }
    u32 pending_label(u64 target);
    bool bind_pending(u64 next);
    void exit_to(u64 target) { exit_to(target, flags_now); }
    void leave(u64 target, u32 now);

    unsigned next_slot_;
    unsigned pending_count_;
    Pending pending_[kMaxPending];
};

}  // namespace dragoman::guest
