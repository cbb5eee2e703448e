#include "host/x64/loops.h"

#include <algorithm>

#include "ir/effects.h"

namespace dragoman::host::x64 {

using ir::Op;

namespace {

bool waits_for_stores(const ir::Insn& insn) {
    if (insn.op == Op::mb) return (insn.imm[0] & static_cast<u64>(ir::Barrier::StoreLoad)) != 0;
    if (insn.op == Op::v_ld || insn.op == Op::v_st || insn.op == Op::v_gather) return false;
    return has(ir::info(insn.op).flags, ir::OpFlags::MayFault) &&
           ((insn.op != Op::guest_ld && insn.op != Op::guest_st) || insn.mem().aligned ||
            insn.mem().order == ir::MemOrder::SeqCst);
}

bool suits(const ir::Insn& insn) {
    switch (insn.op) {
        case Op::call:
        case Op::call_tb:
        case Op::call_ptr:
        case Op::ret_ptr:
        case Op::goto_ptr:
        case Op::exit_tb: return false;
        default: return !waits_for_stores(insn);
    }
}

/// Ops on a part of a mask register that are as well done in memory.
bool is_bytes_of_mask(const ir::Insn& insn) {
    if (insn.op == Op::v_mask_put && insn.in(1) != insn.out()) return false;
    return (insn.op == Op::v_mask_put || insn.op == Op::v_mask_get) && ir::is_whole_integer(insn.imm[0], insn.imm[1]);
}

}  // namespace

bool may_count(const ir::Function& f) { return std::none_of(f.insns.begin(), f.insns.end(), waits_for_stores); }

bool suits_loop(const ir::Function& f) { return std::all_of(f.insns.begin(), f.insns.end(), suits); }

void LoopPlan::build(const RegisterPlan& usual, const ir::Function& f, bool vectors) {
    plan = usual;
    swaps.clear();
    state.clear();
    const unsigned globals = f.global_count();
    uses_.assign(globals, 0);
    written_.assign(globals, false);
    for (const ir::Insn& insn : f.insns) {
        for (unsigned a = 0; a < unsigned{insn.outputs} + insn.inputs; ++a) {
            if (!f.is_global(insn.args[a]) || is_bytes_of_mask(insn)) continue;
            ++uses_[insn.args[a] - 1];
            if (a < insn.outputs) written_[insn.args[a] - 1] = true;
        }
    }
    exchange(usual, f, ir::is_int, ir::Type::I64);
    if (vectors) exchange(usual, f, ir::is_vector, ir::Type::F64);
    find_changed(f);
    f.state.extended().for_each([&](unsigned global) {
        const HostReg reg = plan.reg_of_global[global];
        const bool in_env = reg == kNoReg;
        state.add({.global = static_cast<u16>(global),
                   .base = in_env ? ir::StateBase::Home : ir::StateBase::Register,
                   .extend = ir::StateExtend::Sign32,
                   .where = in_env ? global : reg});
    });
}

/// How far the loop's writes reach: ops that replace low parts of what is there.
void LoopPlan::find_changed(const ir::Function& f) {
    changed_.assign(f.global_count(), 0);
    for (const ir::Insn& insn : f.insns) {
        if (ir::writes_any_global(f, insn)) return changed_.clear();
        for (unsigned a = 0; a < insn.outputs; ++a) {
            const ir::Var v = insn.args[a];
            if (!f.is_global(v)) continue;
            u64 bytes = ~u32{0};
            if (insn.op == ir::Op::v_blend_low && insn.in(1) == v) bytes = insn.imm[0];
            if (insn.op == ir::Op::v_mask_put && insn.in(1) == v) bytes = (insn.imm[0] + insn.imm[1] + 7) / 8;
            changed_[v - 1] = std::max(changed_[v - 1], static_cast<u32>(bytes));
        }
    }
}

/// Globals in env of the wanted types, those that are used most first, take the place of unused ones of type
/// `displaced`.
void LoopPlan::exchange(const RegisterPlan& usual, const ir::Function& f, bool (*is_wanted)(ir::Type),
                        ir::Type displaced) {
    const unsigned globals = f.global_count();
    auto type = [&](unsigned global) { return f.vars[ir::global_var(global)].type; };
    auto home = [&](unsigned global) {
        return static_cast<i32>(f.vars[ir::global_var(global)].offset) - static_cast<i32>(usual.env_bias);
    };
    auto is_unused = [&](unsigned i) {
        return type(i) == displaced && usual.reg_of_global[i] != kNoReg && uses_[i] == 0;
    };
    for (;;) {
        unsigned best = globals, unused = globals;
        for (unsigned i = 0; i < globals; ++i) {
            if (plan.reg_of_global[i] != kNoReg || uses_[i] == 0 || !is_wanted(type(i))) continue;
            if (best == globals || uses_[i] > uses_[best]) best = i;
        }
        // The lowest register first: those below 16 have more instructions.
        for (unsigned i = 0; i < globals; ++i) {
            if (!is_unused(i) || plan.reg_of_global[i] == kNoReg) continue;
            if (unused == globals || usual.reg_of_global[i] < usual.reg_of_global[unused]) unused = i;
        }
        if (best == globals || unused == globals) break;
        const HostReg reg = usual.reg_of_global[unused];
        plan.reg_of_global[unused] = kNoReg;
        plan.reg_of_global[best] = reg;
        swaps.push_back({reg, written_[best], home(best), home(unused), type(best), displaced});
        state.add({.global = static_cast<u16>(unused), .where = unused});
        // One that is not written is in env as well.
        if (written_[best] && !f.state.extended().has(best)) {
            state.add({.global = static_cast<u16>(best), .base = ir::StateBase::Register, .where = reg});
        }
    }
}

}  // namespace dragoman::host::x64
