// The optimisation passes over a translation block: one function per file of this folder. optimise.cpp has
// their order.
//
// Most of them run in one forward walk (rewriter.h): each gets one instruction at a time, with all that
// is known about its operands, and rewrites it. They share these rules:
// * Nothing is moved past a write of what it reads: the rewriter hands out only variables that hold the value now.
// * State stays precise: a write to a guest register moves or goes only within a stretch without an op that
//   may fault, a helper that looks at globals, a branch or a label.
// * Float ops that accrue exception flags are neither folded nor removed.
// * Constants that derive from the guest pc keep their mark.
#pragma once

#include "ir/liveness.h"
#include "ir/passes/rewriter.h"

namespace dragoman::ir {

/// A set of accesses that share_lookups considers.
struct LookupGroup {
    Var base;
    i64 offset;       ///< that was added to the base since the first access
    i64 low, high;    ///< the bytes accessed, from the base as the first access sees it: [low, high)
    u32 first, last;  ///< instructions
    u32 block;
    u32 members;
    u8 mmu_index;
    bool write;
    Var addend;
};
struct LookupScratch {
    std::vector<LookupGroup> groups;
    struct Member {
        u32 group;   ///< index + 1
        i64 offset;  ///< LookupGroup::offset at the access
    };
    std::vector<Member> members;  ///< by instruction
};

/// Of assume_boxed: globals that are boxed at a label.
struct BoxedLabel {
    GlobalSet boxed;
    u32 seen;  ///< number of the last walk that has come past it
};

/// Scratch memory of the passes. One per translating thread; keep it from TB to TB.
struct PassContext {
    LiveSet live;
    Rewriter rewriter;
    bool softmmu_pages = false;  ///< run share_lookups
    LookupScratch lookups;
    std::vector<u16> label_uses;
    bool assume_boxed = false;  ///< Function::boxed_at_entry may be set
    std::vector<BoxedLabel> boxed_labels;
    bool after_pass = true;   ///< of a loop: a whole pass has been done when it is entered; else do not narrow_globals
    std::vector<bool> flags;  ///< narrow_globals
};

/// Runs all passes on `f`. Fills Insn::dead as `liveness` does.
void optimise(Function& f, PassContext& context);

void select_values(Function& f, std::vector<u16>& label_uses);

bool propagate_copies(Rewriter& r, Insn& insn);
bool fold_constants(Rewriter& r, Insn& insn);
bool simplify_bits(Rewriter& r, Insn& insn);
bool form_rotations(Rewriter& r, Insn& insn);
bool fold_addresses(Rewriter& r, Insn& insn);
bool fuse_branches(Rewriter& r, Insn& insn);
bool unbox_floats(Rewriter& r, Insn& insn);
bool pair_results(Rewriter& r, Insn& insn);
bool forward_globals(Rewriter& r, Insn& insn);

void assume_boxed(Function& f, PassContext& context);

void share_lookups(Function& f, LookupScratch& scratch);

/// Finds the registers of a loop of which only the low halves need be kept (Function::state).
void narrow_globals(Function& f, PassContext& context);

void dead_env_stores(Function& f);

void dead_code(Function& f, PassContext& context);

}  // namespace dragoman::ir
