// Single-precision values in registers that hold them boxed. Where that is known, reading one costs nothing: funbox is
// told so. It is known of a register that only fbox has written on all ways to the read. Of a register that nobody has
// written since the function began it is assumed: a program that reads a float has put a float there. Whoever compiles
// the function tests the assumption where it begins, once for all registers (Function::boxed_at_entry).
#include "ir/effects.h"
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

constexpr u64 kBoxMask = 0xffffffff'00000000;
/// Walks over the function with what is known of each register.
class Walk {
public:
    Walk(Function& f, std::vector<BoxedLabel>& labels) : f_(f), labels_(labels) {}

    /// Finds out what is boxed where if `boxed` is in the beginning. `mark`: tells the reads of boxed registers so.
    void run(const GlobalSet& boxed, bool mark) {
        labels_.assign(f_.label_count, {GlobalSet::all(), 0});
        passes_ = 0;
        do {
            again_ = false;
            pass(boxed, false);
        } while (again_);
        if (mark) pass(boxed, true);
    }

    GlobalSet boxed_reads;  ///< registers that are boxed at some read that does not say so yet
    GlobalSet other_reads;  ///< those that may not be
    GlobalSet kept;         ///< those that are boxed wherever the function goes on at its own start

private:
    void pass(GlobalSet now, bool mark) {
        ++passes_;
        boxed_reads.clear();
        other_reads.clear();
        kept = GlobalSet::all();
        for (Insn& insn : f_.insns) {
            switch (insn.op) {
                case Op::insn_start: continue;
                case Op::label: {
                    BoxedLabel& label = labels_[insn.imm[0]];
                    now = label.boxed &= now;
                    label.seen = passes_;
                    continue;
                }
                case Op::br:
                case Op::brcond: branch(labels_[insn.imm[0]], now); break;
                case Op::goto_tb:
                    if (insn.imm[1] == f_.guest_pc) kept &= now;
                    break;
                case Op::funbox: read(insn, now, mark); break;
                default: break;
            }
            if (writes_any_global(f_, insn)) now.clear();
            for (unsigned i = 0; i < insn.outputs; ++i) {
                const Var out = insn.args[i];
                if (f_.is_global(out)) boxes(insn, now) ? now.add(out - 1) : now.remove(out - 1);
            }
            // Nobody goes on from here.
            if (insn.op == Op::br || has(info(insn.op).flags, OpFlags::Terminator)) now = GlobalSet::all();
        }
    }

    void branch(BoxedLabel& label, const GlobalSet& now) {
        if ((label.boxed - now).empty()) return;
        label.boxed &= now;
        if (label.seen == passes_) again_ = true;  // what is behind it has been walked with more
    }

    void read(Insn& insn, const GlobalSet& now, bool mark) {
        const Var from = insn.in(0);
        if (insn.imm[0] != 0 || !f_.is_global(from)) return;
        if (!now.has(from - 1)) {
            other_reads.add(from - 1);
            return;
        }
        boxed_reads.add(from - 1);
        if (mark) insn.imm[0] = 1;
    }

    /// Whether `insn` writes a boxed value.
    bool boxes(const Insn& insn, const GlobalSet& now) const {
        if (insn.op == Op::fbox) return true;
        if (insn.op != Op::mov) return false;
        const Var from = insn.in(0);
        return f_.is_const(from) ? f_.vars[from].value >= kBoxMask : f_.is_global(from) && now.has(from - 1);
    }

    Function& f_;
    std::vector<BoxedLabel>& labels_;
    u32 passes_ = 0;
    bool again_ = false;
};

}  // namespace

void assume_boxed(Function& f, PassContext& context) {
    Walk walk(f, context.boxed_labels);
    walk.run({}, true);
    if (!context.assume_boxed || walk.other_reads.empty()) return;
    walk.run(GlobalSet::all(), false);
    GlobalSet assumed = walk.boxed_reads;
    // A loop is entered once: what is assumed there must hold in all its passes.
    for (;;) {
        walk.run(assumed, false);
        if ((assumed - walk.kept).empty()) break;
        assumed &= walk.kept;
    }
    walk.run(assumed, true);
    f.boxed_at_entry = assumed;
}

}  // namespace dragoman::ir
