// Guest registers that hold 32-bit values all through a loop: W instructions extend their results, which costs an
// instruction each, mostly one that the next pass waits for. Where nothing in the loop looks at the high
// halves, they are left to what leaves it (Function::state).
//
// A loop is entered only after a pass through its plain TB, of which one is all that is known: registers may have held
// anything before. So a register is extended from the start on if such a pass leaves it so.
#include <algorithm>

#include "ir/effects.h"
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

bool is_candidate(const Function& f, Var v) { return f.is_global(v) && f.vars[v].type == Type::I64; }

/// Whether `v` holds the sign extension of its low half, as far as `extended` says.
bool is_extended(const Function& f, const std::vector<bool>& extended, Var v) {
    if (!f.is_const(v)) return extended[v];
    return !f.vars[v].guest_address && fits_i32(static_cast<i64>(f.vars[v].value));
}

/// Whether the output of `insn` is the sign extension of its low half.
bool writes_extended(const Function& f, const std::vector<bool>& extended, const Insn& insn) {
    auto input = [&](unsigned i) { return is_extended(f, extended, insn.in(i)); };
    auto constant = [&](unsigned i, u64 low, u64 high) {
        const Var v = insn.in(i);
        return f.is_const(v) && !f.vars[v].guest_address && f.vars[v].value >= low && f.vars[v].value <= high;
    };
    switch (insn.op) {
        case Op::mov: return input(0);
        case Op::ext_s:
        case Op::setcond: return true;
        case Op::sextract: return insn.imm[1] <= 32;
        case Op::extract: return insn.imm[1] < 32;
        case Op::guest_ld: return insn.mem().size_log2 + (insn.mem().sign ? 0 : 1) <= 2;
        case Op::and_: return (input(0) && input(1)) || constant(1, 0, low_mask(31));
        case Op::or_:
        case Op::xor_:
        case Op::andc:
        case Op::orc:
        case Op::eqv:
        case Op::min_s:
        case Op::min_u:
        case Op::max_s:
        case Op::max_u: return input(0) && input(1);
        case Op::not_: return input(0);
        case Op::sar: return input(0);
        case Op::shr: return constant(1, 33, 63);
        case Op::movcond: return input(2) && input(3);
        default: return false;
    }
}

/// Whether `label` is where the loop is left.
bool leaves(const Function& f, u64 label) {
    const BasicBlock& block = f.blocks[f.block_of(static_cast<u32>(label))];
    return block.only_leaves && f.insns[block.end - 1].imm[1] != f.guest_pc;
}

/// Whether passes have branches within them: else each branch leaves or begins anew.
bool has_joins(const Function& f) {
    return std::any_of(f.blocks.begin(), f.blocks.end(),
                       [](const BasicBlock& b) { return b.label != kNoLabel && !b.only_leaves; });
}

/// Goes on over `insn`. @returns whether it writes an extension.
bool step(const Function& f, std::vector<bool>& extended, const Insn& insn) {
    const bool extends = insn.outputs == 1 && type_bits(insn.type) == 64 && writes_extended(f, extended, insn);
    for (unsigned i = 0; i < insn.outputs; ++i) extended[insn.args[i]] = extends;
    return extends;
}

/// Registers that hold an extension after one pass, whatever all of them held before.
GlobalSet extended_by_pass(const Function& f, std::vector<bool>& extended) {
    if (has_joins(f)) return {};
    extended.assign(f.vars.size(), false);
    bool begun = false;
    for (const Insn& insn : f.insns) {
        if (insn.op == Op::label || insn.op == Op::br) break;
        if (insn.op == Op::brcond && !leaves(f, insn.imm[0])) break;
        if (insn.op == Op::insn_start && insn.imm[0] == f.guest_pc) {
            if (begun) break;  // the next pass
            begun = true;
        }
        step(f, extended, insn);
    }
    GlobalSet found;
    for (unsigned i = 0; i < f.global_count(); ++i) {
        if (const Var v = global_var(i); extended[v] && is_candidate(f, v)) found.add(i);
    }
    return found;
}

/// Those of `candidates` that are always written with a sign extension.
GlobalSet always_extended(const Function& f, GlobalSet candidates, std::vector<bool>& extended) {
    for (;;) {
        extended.assign(f.vars.size(), false);
        candidates.for_each([&](unsigned global) { extended[global_var(global)] = true; });
        GlobalSet others;
        for (const Insn& insn : f.insns) {
            if (step(f, extended, insn)) continue;
            for (unsigned i = 0; i < insn.outputs; ++i) {
                if (is_candidate(f, insn.args[i])) others.add(insn.args[i] - 1);
            }
        }
        others &= candidates;
        if (others.empty()) return candidates;
        candidates -= others;
    }
}

/// Registers whose low halves alone are kept, but whose high halves the next pass looks at.
GlobalSet seen_whole(const Function& f, const LiveSet& live) {
    GlobalSet whole;
    f.state.extended().for_each([&](unsigned global) {
        const Var v = global_var(global);
        if (live.live(f, v) && !live.low_half_live(f, v)) whole.add(global);
    });
    return whole;
}

}  // namespace

void narrow_globals(Function& f, PassContext& context) {
    f.form_blocks();
    f.state.assign_extended(always_extended(f, extended_by_pass(f, context.flags), context.flags));
    LiveSet& live = context.live;
    while (!f.state.empty()) {
        GlobalSet gains;  // an extension of these goes
        live.begin(f);
        for (std::size_t i = f.insns.size(); i-- > 0;) {
            Insn& insn = f.insns[i];
            const bool extends = extends_low_half(insn) || insn.op == Op::ext_s;
            if (extends && f.is_narrow(insn.out()) && live.low_half_live(f, insn.out())) gains.add(insn.out() - 1);
            live.step(f, insn);
        }
        const GlobalSet kept = gains - seen_whole(f, live);
        if (kept == f.state.extended()) return;
        f.state.assign_extended(kept);
    }
}

}  // namespace dragoman::ir
