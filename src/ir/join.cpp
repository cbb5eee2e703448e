#include "ir/join.h"

#include <algorithm>

#include "ir/env.h"

namespace dragoman::ir {

namespace {

/// Whether it stores to Env::tb_flags: what follows may then be other code than that of this state.
bool writes_tb_flags(const Insn& insn) {
    constexpr u64 kStart = offsetof(Env, tb_flags), kEnd = kStart + sizeof(Env::tb_flags);
    return insn.op == Op::env_st && insn.imm[0] < kEnd && insn.imm[0] + insn.mem().bytes() > kStart;
}

bool leaves_block(const Insn& insn) { return insn.op == Op::br || has(info(insn.op).flags, OpFlags::Terminator); }

}  // namespace

void Join::begin(Function& out) {
    out_ = &out;
    parts_.clear();
    exits_.clear();
    polls_.clear();
    slots_ = 0;
    out.guest_size = out.guest_insns = 0;
}

Join::Part* Join::part_at(u64 pc) {
    auto part = std::find_if(parts_.begin(), parts_.end(), [pc](const Part& p) { return p.pc == pc; });
    return part != parts_.end() ? &*part : nullptr;
}

/// The variable of the region that stands for `v`. Env and globals are the same in all functions.
Var Join::import(const Function& part, Var v) {
    if (v == kNoVar || v <= part.global_count()) return v;
    if (vars_[v] == kNoVar) {
        const Variable& old = part.vars[v];
        vars_[v] = old.kind == VarKind::Const ? out_->constant(old.type, old.value, old.guest_address)
                                              : out_->new_var(old.kind, old.type);
    }
    return vars_[v];
}

bool Join::add(const Function& part) {
    Function& f = *out_;
    if (parts_.empty()) {
        f.guest_pc = part.guest_pc;
        f.tb_flags = part.tb_flags;
    }
    if (part.guest_pc < f.guest_pc || part.tb_flags != f.tb_flags || part_at(part.guest_pc) != nullptr ||
        std::any_of(part.insns.begin(), part.insns.end(), writes_tb_flags)) {
        return false;
    }
    const u32 own = f.new_label();
    const u32 first_label = f.label_count;
    f.label_count += part.label_count;
    vars_.assign(part.vars.size(), kNoVar);
    emit(Op::label, own);
    for (const Insn& insn : part.insns) {
        Insn& copy = f.insns.emplace_back(insn);
        for (unsigned a = 0; a < unsigned{insn.outputs} + insn.inputs; ++a) copy.args[a] = import(part, insn.args[a]);
        if (insn.op == Op::label || insn.op == Op::br || insn.op == Op::brcond) copy.imm[0] += first_label;
    }
    parts_.push_back({part.guest_pc, own, static_cast<u32>(f.insns.size()), false});
    f.guest_size = std::max(f.guest_size, static_cast<u32>(part.guest_pc + part.guest_size - f.guest_pc));
    f.guest_insns += part.guest_insns;
    f.short_branches |= part.short_branches;
    return true;
}

void Join::emit(Op op, u64 imm0, u64 imm1) {
    Insn& insn = out_->insns.emplace_back();
    insn = {};
    insn.op = op;
    insn.imm[0] = imm0;
    insn.imm[1] = imm1;
}

bool Join::finish() {
    find_loop_heads();
    if (!resolve()) return false;
    thread_branches();
    while (straighten()) {
    }
    return true;
}

void Join::find_loop_heads() {
    u32 i = 0;
    for (Part& from : parts_) {
        for (; i < from.end; ++i) {
            const Insn& insn = out_->insns[i];
            if (insn.op != Op::goto_tb) continue;
            Part* to = part_at(insn.imm[1]);
            if (to != nullptr && to <= &from) to->loop_head = true;
        }
    }
}

void Join::emit_poll(u64 pc) {
    Function& f = *out_;
    polls_.push_back({pc, f.new_label()});
    const Var request = f.new_var(VarKind::Ebb, Type::I32);
    emit(Op::env_ld, offsetof(Env, request), MemOp{.size_log2 = 2}.pack());
    Insn& load = f.insns.back();
    load.type = Type::I32;
    load.outputs = load.inputs = 1;
    load.args[0] = request;
    load.args[1] = kEnvVar;
    const Var none = f.constant(Type::I32, 0);
    emit(Op::brcond, polls_.back().label, static_cast<u64>(Cond::Ne));
    Insn& branch = f.insns.back();
    branch.type = Type::I32;
    branch.inputs = 2;
    branch.args[0] = request;
    branch.args[1] = none;
}

bool Join::take_slots(unsigned count, u64& first) {
    first = slots_;
    slots_ += count;
    return slots_ <= kMaxSlots;
}

/// Jumps between the parts become branches, the others get slots of the whole function.
bool Join::resolve() {
    Function& f = *out_;
    insns_.swap(f.insns);
    f.insns.clear();
    auto part = parts_.begin();
    for (std::size_t i = 0; i < insns_.size(); ++i) {
        const Insn insn = insns_[i];
        const bool begins_part = part != parts_.end() && insn.op == Op::label && insn.imm[0] == part->label;
        u64 slot;
        switch (insn.op) {
            case Op::goto_tb: {
                const u64 pc = insn.imm[1];
                auto known = std::find_if(exits_.begin(), exits_.end(), [pc](const Exit& e) { return e.pc == pc; });
                if (const Part* to = part_at(pc)) {
                    emit(Op::br, to->label);
                } else if (known != exits_.end()) {
                    emit(Op::br, known->label);
                } else {
                    if (!take_slots(1, slot)) return false;
                    exits_.push_back({pc, f.new_label()});
                    emit(Op::label, exits_.back().label);
                    emit(Op::goto_tb, slot, pc);
                }
                break;
            }
            case Op::call_tb:
                if (!take_slots(2, slot)) return false;
                f.insns.push_back(insn);
                f.insns.back().imm[0] = slot | (slot + 1) << 8;
                break;
            case Op::call_ptr:
                if (!take_slots(1, slot)) return false;
                f.insns.push_back(insn);
                f.insns.back().imm[0] = slot;
                break;
            default: f.insns.push_back(insn); break;
        }
        if (!begins_part) continue;
        if (part->loop_head) emit_poll(part->pc);
        ++part;
    }
    for (const Exit& poll : polls_) {
        emit(Op::label, poll.label);
        const Var pc = f.constant(Type::I64, poll.pc, true);
        emit(Op::exit_tb, static_cast<u64>(ExitReason::Request));
        Insn& exit = f.insns.back();
        exit.type = Type::I64;
        exit.inputs = 1;
        exit.args[0] = pc;
    }
    return true;
}

/// A branch to a place from which another branch leads on goes where that one goes.
void Join::thread_branches() {
    Function& f = *out_;
    labels_.resize(f.label_count);
    for (u32 l = 0; l < f.label_count; ++l) labels_[l] = l;
    for (std::size_t i = 0; i < f.insns.size(); ++i) {
        if (f.insns[i].op != Op::label) continue;
        std::size_t next = i + 1;
        while (next < f.insns.size() && (f.insns[next].op == Op::label || f.insns[next].op == Op::insn_start)) ++next;
        if (next < f.insns.size() && f.insns[next].op == Op::br) {
            labels_[f.insns[i].imm[0]] = static_cast<u32>(f.insns[next].imm[0]);
        }
    }
    for (Insn& insn : f.insns) {
        if (insn.op != Op::br && insn.op != Op::brcond) continue;
        // Cycles of nothing but branches end at some label of theirs.
        for (u32 steps = 0; steps < f.label_count && labels_[insn.imm[0]] != insn.imm[0]; ++steps) {
            insn.imm[0] = labels_[insn.imm[0]];
        }
    }
}

/// Takes out what is not reached, labels that nothing goes to, and branches to what follows.
/// @returns whether that has left something to do
bool Join::straighten() {
    Function& f = *out_;
    labels_.assign(f.label_count, 0);
    for (const Insn& insn : f.insns) {
        if (insn.op == Op::br || insn.op == Op::brcond) ++labels_[insn.imm[0]];
    }
    insns_.clear();
    bool reached = true;
    auto is = [&](std::size_t i, Op op) { return i < f.insns.size() && f.insns[i].op == op; };
    auto is_label = [&](std::size_t i, u64 label) { return is(i, Op::label) && f.insns[i].imm[0] == label; };
    for (std::size_t i = 0; i < f.insns.size(); ++i) {
        Insn insn = f.insns[i];
        if (insn.op == Op::label) {
            if (labels_[insn.imm[0]] == 0) continue;
            reached = true;
        }
        if (!reached) continue;
        if (insn.op == Op::br && is_label(i + 1, insn.imm[0])) continue;
        if (insn.op == Op::brcond && is(i + 1, Op::br) && is_label(i + 2, insn.imm[0])) {
            insn.imm[0] = f.insns[i + 1].imm[0];
            insn.imm[1] = static_cast<u64>(invert(static_cast<Cond>(insn.imm[1])));
            ++i;
        }
        insns_.push_back(insn);
        reached = !leaves_block(insn);
    }
    const bool changed = insns_.size() != f.insns.size();
    f.insns.swap(insns_);
    return changed;
}

}  // namespace dragoman::ir
