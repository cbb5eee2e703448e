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

void Join::begin(Function& out, Shape shape) {
    out_ = &out;
    shape_ = shape;
    pass_ = 0;
    parts_.clear();
    pending_.clear();
    polls_.clear();
    out.guest_size = out.guest_insns = 0;
    out.loop = shape == Shape::Loop;
}

Join::Part* Join::part_at(u64 pc) {
    auto part =
        std::find_if(parts_.begin(), parts_.end(), [this, pc](const Part& p) { return p.pc == pc && p.pass == pass_; });
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
    if (f.point_ends.size() + part.point_ends.size() > 0xffff || !part.state.empty()) return false;
    if (part.guest_pc < f.guest_pc || part.tb_flags != f.tb_flags || part_at(part.guest_pc) != nullptr ||
        (!part.marks_flags && std::any_of(part.insns.begin(), part.insns.end(), writes_tb_flags))) {
        return false;
    }
    const u32 own = f.new_label();
    const u32 first_label = f.label_count;
    f.label_count += part.label_count;
    vars_.assign(part.vars.size(), kNoVar);
    emit(Op::label, own);
    const auto first_point = static_cast<u16>(f.point_ends.size());
    for (std::size_t i = 0; i < part.point_ends.size(); ++i) {
        Insn whose{};
        whose.state = static_cast<u16>(i + 1);
        f.add_point(part.point(whose));
    }
    for (const Insn& insn : part.insns) {
        Insn& copy = f.insns.emplace_back(insn);
        for (unsigned a = 0; a < unsigned{insn.outputs} + insn.inputs; ++a) copy.args[a] = import(part, insn.args[a]);
        if (insn.op == Op::label || insn.op == Op::br || insn.op == Op::brcond) copy.imm[0] += first_label;
        if (insn.state != 0) copy.state = static_cast<u16>(insn.state + first_point);
    }
    parts_.push_back({part.guest_pc, own, static_cast<u32>(f.insns.size()), pass_, false});
    f.guest_size = std::max(f.guest_size, static_cast<u32>(part.guest_pc + part.guest_size - f.guest_pc));
    f.guest_insns += part.guest_insns;
    f.marks_flags |= part.marks_flags;
    f.overwrites_env |= part.overwrites_env;
    f.short_branches |= part.short_branches;
    return true;
}

Insn& Join::emit(Op op, u64 imm0, u64 imm1) {
    Insn& insn = out_->insns.emplace_back();
    insn = {};
    insn.op = op;
    insn.imm[0] = imm0;
    insn.imm[1] = imm1;
    return insn;
}

bool Join::finish() {
    out_->joins = true;  // for all that is known here
    if (shape_ == Shape::Region) find_loop_heads();
    resolve();
    thread_branches();
    while (straighten()) {
    }
    place_exits();
    find_short_branches();
    find_branches_back();
    return number_slots();
}

void Join::find_loop_heads() {
    u32 i = 0;
    for (Part& from : parts_) {
        for (; i < from.end; ++i) {
            const Insn& insn = out_->insns[i];
            if (insn.op != Op::goto_tb || insn.attributes != 0) continue;
            Part* to = part_at(insn.imm[1]);
            if (to != nullptr && to <= &from) to->loop_head = true;
        }
    }
}

void Join::emit_poll(u64 pc) {
    Function& f = *out_;
    polls_.push_back({pc, f.new_label(), 0});
    const Var request = f.new_var(VarKind::Ebb, Type::I32);
    Insn& load = emit(Op::env_ld, offsetof(Env, request), MemOp{.size_log2 = 2}.pack());
    load.type = Type::I32;
    load.outputs = load.inputs = 1;
    load.args[0] = request;
    load.args[1] = kEnvVar;
    const Var none = f.constant(Type::I32, 0);
    Insn& branch = emit(Op::brcond, polls_.back().label, static_cast<u64>(Cond::Ne));
    branch.type = Type::I32;
    branch.inputs = 2;
    branch.args[0] = request;
    branch.args[1] = none;
}

void Join::emit_poll_exits() {
    for (const Pending& poll : polls_) {
        emit(Op::label, poll.label);
        const Var pc = out_->constant(Type::I64, poll.pc, true);
        Insn& exit = emit(Op::exit_tb, static_cast<u64>(ExitReason::Request));
        exit.type = Type::I64;
        exit.inputs = 1;
        exit.args[0] = pc;
    }
}

u32 Join::pending_label(const Insn& go) {
    auto known = std::find_if(pending_.begin(), pending_.end(),
                              [&go](const Pending& p) { return p.pc == go.imm[1] && p.attributes == go.attributes; });
    if (known != pending_.end()) return known->label;
    pending_.push_back({go.imm[1], out_->new_label(), go.attributes});
    return pending_.back().label;
}

/// The code of `pc` comes here: jumps that have waited for it lead to it.
void Join::bind_pending(u64 pc) {
    auto known = std::find_if(pending_.begin(), pending_.end(),
                              [pc](const Pending& p) { return p.pc == pc && p.attributes == 0; });
    if (known == pending_.end()) return;
    emit(Op::label, known->label);
    pending_.erase(known);
}

/// All direct jumps become branches: to code of the region, or to exits at its end.
void Join::resolve() {
    Function& f = *out_;
    insns_.swap(f.insns);
    f.insns.clear();
    auto part = parts_.begin();
    for (const Insn& insn : insns_) {
        if (insn.op == Op::goto_tb) {
            const bool joins = shape_ == Shape::Region && insn.attributes == 0;
            const Part* to = joins ? part_at(insn.imm[1]) : nullptr;
            emit(Op::br, to != nullptr ? to->label : pending_label(insn));
            continue;
        }
        if (insn.op == Op::insn_start) bind_pending(insn.imm[0]);
        f.insns.push_back(insn);
        if (part == parts_.end() || insn.op != Op::label || insn.imm[0] != part->label) continue;
        bind_pending(part->pc);
        if (part->loop_head) emit_poll(part->pc);
        ++part;
    }
    emit_poll_exits();
    for (const Pending& exit : pending_) {
        emit(Op::label, exit.label);
        emit(Op::goto_tb, 0, exit.pc).attributes = exit.attributes;
    }
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
        // Where both ways lead out, the branch stays as the block has it.
        if (insn.op == Op::brcond && is(i + 1, Op::br) && is_label(i + 2, insn.imm[0]) && !is(i + 3, Op::goto_tb)) {
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

/// An exit that is jumped to is put in place of the jump, with a slot of its own if there are enough.
void Join::place_exits() {
    Function& f = *out_;
    constexpr u32 kNone = ~u32{0};
    std::vector<u32>& exit_of = labels_;  // by label: the goto_tb behind it
    exit_of.assign(f.label_count, kNone);
    unsigned slots = 0;
    for (std::size_t i = 0; i < f.insns.size(); ++i) {
        const Op op = f.insns[i].op;
        if (op == Op::goto_tb || op == Op::call_tb || op == Op::call_ptr) slots += op == Op::call_tb ? 2 : 1;
        if (op == Op::goto_tb && i != 0 && f.insns[i - 1].op == Op::label) {
            exit_of[f.insns[i - 1].imm[0]] = static_cast<u32>(i);
        }
    }
    std::vector<u32> uses(f.label_count, 0);
    for (const Insn& insn : f.insns) {
        if (insn.op == Op::br || insn.op == Op::brcond) ++uses[insn.imm[0]];
    }
    bool unused = false;
    for (Insn& insn : f.insns) {
        if (insn.op != Op::br || exit_of[insn.imm[0]] == kNone) continue;
        u32& left = uses[insn.imm[0]];
        if (left != 1 && ++slots > kMaxSlots) return;
        unused |= --left == 0;
        insn = f.insns[exit_of[insn.imm[0]]];
    }
    if (unused) straighten();
}

/// Exits get the slots of the whole function.
bool Join::number_slots() {
    Function& f = *out_;
    unsigned slots = 0;
    for (Insn& insn : f.insns) {
        switch (insn.op) {
            case Op::goto_tb:
                f.self_loop |= insn.imm[1] == f.guest_pc && insn.attributes == 0;
                insn.imm[0] = slots++;
                break;
            case Op::call_tb:
                insn.imm[0] = slots++;
                insn.return_slot = slots++;
                break;
            case Op::call_ptr: insn.return_slot = slots++; break;
            default: break;
        }
    }
    return slots <= kMaxSlots;
}

/// Function::branches_back: functions without them need no blocks.
void Join::find_branches_back() {
    labels_.assign(out_->label_count, 0);
    for (const Insn& insn : out_->insns) {
        if (insn.op == Op::label) labels_[insn.imm[0]] = 1;
        if ((insn.op == Op::br || insn.op == Op::brcond) && labels_[insn.imm[0]] != 0) out_->branches_back = true;
    }
}

/// Function::short_branches, as the builder finds them.
void Join::find_short_branches() {
    constexpr std::size_t kClose = 5;
    const InsnList& insns = out_->insns;
    for (std::size_t i = 0; i < insns.size(); ++i) {
        if (insns[i].op != Op::brcond) continue;
        for (std::size_t j = i + 1; j <= i + kClose && j < insns.size(); ++j) {
            if (insns[j].op == Op::label && insns[j].imm[0] == insns[i].imm[0]) out_->short_branches = true;
        }
    }
}

}  // namespace dragoman::ir
