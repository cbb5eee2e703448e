#include "ir/passes/rewriter.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <iterator>

#include "base/error.h"

namespace dragoman::ir {

void Rewriter::run(Function& f, std::span<const Rewrite> passes, const PassSet* interest) {
    f_ = &f;
    out_.clear();
    out_.reserve(f.insns.size() + 16);
    values_.clear();
    values_.push_back({});
    states_.assign(f.vars.size(), {});
    last_epoch_ = 0;
    for (unsigned i = 0; i < 5; ++i) epoch_[i] = ++last_epoch_;
    barrier_ = 0;
    unreachable_ = false;
    unboxed_reads = false;

    if (f.branches_back) f.form_blocks();
    labels_.assign(f.label_count, {});
    changes_.clear();
    joined_.clear();
    notes_changes_ = false;

    for (Insn& insn : f.insns) {
        if (insn.op == Op::insn_start) {
            if (!unreachable_) out_.push_back(insn);
            continue;
        }
        if (insn.op == Op::label) at_label(insn);
        if (unreachable_) continue;
        if (info(insn.op).typing == OpTyping::None && !has(info(insn.op).flags, OpFlags::EndsBlock)) {
            out_.push_back(insn);  // insn_start, label, mb: no pass has anything to do with them
            continue;
        }
        bool keep = true;
        for (PassSet wanted = interest[static_cast<unsigned>(insn.op)]; wanted != 0 && keep;) {
            const auto pass = static_cast<unsigned>(std::countr_zero(wanted));
            keep = passes[pass](*this, insn);
            // It may be another op by now.
            wanted = interest[static_cast<unsigned>(insn.op)] & (~PassSet{1} << pass);
        }
        if (keep && !is_no_op(insn)) append(insn);
    }
    std::swap(f.insns, out_);
}

void Rewriter::run(Function& f, std::span<const Rewrite> passes) {
    PassSet all[kOpCount];
    std::fill(std::begin(all), std::end(all), (PassSet{1} << passes.size()) - 1);
    run(f, passes, all);
}

/// A move of a value to where it is already.
bool Rewriter::is_no_op(const Insn& insn) { return insn.op == Op::mov && value_of(insn.out()) == value_of(insn.in(0)); }

/// The block of `insn`, a label, begins, unless nothing leads there.
void Rewriter::at_label(const Insn& insn) {
    const auto label = static_cast<u32>(insn.imm[0]);
    const bool entered_backward = f_->branches_back && f_->blocks[f_->block_of(label)].entered_backward;
    const bool branched = labels_[label].branched;
    const bool falls_through = !unreachable_;
    if (unreachable_ && !branched && !entered_backward) return;
    // Branches that only skip nothing go.
    while (!out_.empty() && (out_.back().op == Op::br || out_.back().op == Op::brcond) && out_.back().imm[0] == label) {
        out_.pop_back();
    }
    unreachable_ = false;
    forget(VarKind::Ebb);
    forget(VarKind::Tb);
    if (entered_backward || (branched && (!f_->joins || (&insn + 1)->op == Op::goto_tb))) {
        forget(VarKind::Global);
    } else if (branched) {
        if (falls_through) join(label);
        take_joined(label);
    }
    barrier_ = position() + 1;
}

void Rewriter::at_branch(u32 label) {
    Label& to = labels_[label];
    if (to.branched) return join(label);
    to = {true, epoch_[static_cast<unsigned>(VarKind::Global)], changes_.size()};
    notes_changes_ = f_->joins;
}

/// Control comes to `label` from here, too.
void Rewriter::join(u32 label) {
    Label& to = labels_[label];
    if (to.epoch != epoch_[static_cast<unsigned>(VarKind::Global)]) {
        to.epoch = 0;  // all may have been written on the way here
        return;
    }
    GlobalSet seen;
    for (std::size_t i = to.changes; i < changes_.size(); ++i) {
        const Change change = changes_[i];
        if (seen.has(change.var - 1)) continue;
        seen.add(change.var - 1);
        const ValueId there = joined_value(label, change);
        const ValueId both = join_values(change.var, there, named_value(change.var));
        joined_value(label, change) = both;
    }
}

/// Control goes on at `label`.
void Rewriter::take_joined(u32 label) {
    const Label& to = labels_[label];
    if (to.epoch != epoch_[static_cast<unsigned>(VarKind::Global)]) return forget(VarKind::Global);
    GlobalSet seen;
    for (std::size_t i = to.changes, end = changes_.size(); i < end; ++i) {
        const Change change = changes_[i];
        if (seen.has(change.var - 1)) continue;
        seen.add(change.var - 1);
        const ValueId value = joined_value(label, change);
        if (value != 0) bind(change.var, value);
        else forget_value(change.var);
    }
}

/// `first`: the first change since the first branch to the label, so that it says what was held there.
ValueId& Rewriter::joined_value(u32 label, const Change& first) {
    for (Joined& one : joined_) {
        if (one.label == label && one.var == first.var) return one.value;
    }
    joined_.push_back({label, first.var, first.before});
    return joined_.back().value;
}

/// What is known of a register that holds `a` or `b`.
ValueId Rewriter::join_values(Var v, ValueId a, ValueId b) {
    if (a == b || a == 0 || b == 0) return a == b ? a : 0;
    const u64 zeros = values_[a].zeros & values_[b].zeros;
    const u8 width = std::max(values_[a].width, values_[b].width);
    if (!is_int(type(v)) || (zeros == 0 && width >= type_bits(type(v)))) return 0;
    const auto id = static_cast<ValueId>(values_.size());
    Value& value = values_.emplace_back();
    value = {};
    value.home = v;
    value.zeros = zeros;
    value.width = width;
    return id;
}

ValueId Rewriter::fresh_value(Var v) {
    auto id = static_cast<ValueId>(values_.size());
    Value& value = values_.emplace_back();
    value = {};
    value.home = v;
    const Variable& var = f_->vars[v];
    if (var.kind == VarKind::Const && !var.guest_address && is_int(var.type)) {
        i64 s = sign_extend(var.value, type_bits(var.type));
        value.zeros = ~var.value;
        value.width = static_cast<u8>(64 - __builtin_clrsbll(s));
    } else if (var.type == Type::I32) {
        value.zeros = ~low_mask(32);
        value.width = 32;
    }
    set_state(v, id);  // it has held that since it was written last
    return id;
}

Var Rewriter::constant(Type t, u64 v, bool guest_address) {
    Var c = f_->constant(t, v, guest_address);
    if (c >= states_.size()) states_.resize(f_->vars.size());
    return c;
}

Var Rewriter::temp(Type t) {
    Var v = f_->new_var(VarKind::Ebb, t);
    states_.resize(f_->vars.size());
    return v;
}

Var Rewriter::emit(Op op, Type t, std::initializer_list<Var> ins, u64 imm0, u64 imm1) {
    Insn insn{};
    insn.outputs = 1;
    insn.args[0] = temp(t);
    replace(insn, op, t, ins, imm0, imm1);
    append(insn);
    return insn.args[0];
}

void Rewriter::replace(Insn& insn, Op op, Type t, std::initializer_list<Var> ins, u64 imm0, u64 imm1) {
    insn.op = op;
    insn.type = t;
    insn.type2 = Type::None;
    insn.inputs = static_cast<u8>(ins.size());
    unsigned n = insn.outputs;
    for (Var v : ins) insn.args[n++] = v;
    insn.imm[0] = imm0;
    insn.imm[1] = imm1;
    insn.state = 0;
    insn.attributes = 0;
}

Var Rewriter::widen(u32 p, Op op, unsigned old) {
    Insn& insn = at(p);
    DRAGOMAN_ASSERT(insn.outputs == 1 && info(op).outputs == 2 && info(op).inputs == insn.inputs);
    const Var present = insn.out();
    const Var added = temp(type(present));
    const ValueId id = value_of(present);
    DRAGOMAN_ASSERT(values_[id].def == p);
    insn.op = op;
    for (unsigned i = insn.inputs; i > 0; --i) insn.args[i + 1] = insn.args[i];
    insn.outputs = 2;
    insn.args[old] = present;
    insn.args[1 - old] = added;
    values_[id].output = static_cast<u8>(old);
    ValueId inputs[4];
    for (unsigned i = 0; i < 4; ++i) inputs[i] = values_[id].in[i];
    const ValueId other = define(added, 1 - old, p, inputs);
    if (is_int(type(added))) learn_bits(insn, values_[other]);
    bind(added, other);
    states_[added].last_access = p;
    return added;
}

bool Rewriter::retarget(ValueId id, Var v) {
    constexpr u32 kWindow = 8;
    const u32 def = values_[id].def;
    const unsigned output = values_[id].output;
    const Var old = at(def).out(output);
    u32 last = states_[old].last_access;
    if (last > def + kWindow) return false;
    for (unsigned i = 0; i < at(def).outputs; ++i) {
        if (at(def).out(i) == v) return false;
    }
    for (u32 p = def + 1; p <= last; ++p) {
        Insn& insn = at(p);
        for (unsigned i = 0; i < insn.inputs; ++i) {
            Var& input = insn.args[insn.outputs + i];
            if (input == old) input = v;
        }
    }
    at(def).args[output] = v;
    forget_value(old);
    set_home(id, v);
    bind(v, id);
    states_[v].last_access = last;
    return true;
}

Var Rewriter::undo(Var v) {
    const ValueId id = value_of(v);
    const ValueId input = values_[id].in[0];
    const u32 def = values_[id].def;
    Var source = at(def).in(0);
    Var copy = temp(type(source));
    Insn& insn = at(def);
    insn.args[0] = copy;
    replace(insn, Op::mov, type(source), {source});
    bind(copy, input);
    states_[copy].last_access = def;
    if (source == v) {
        bind(v, input);
        set_home(input, v);
        return v;
    }
    forget_value(v);
    set_home(input, copy);
    return copy;
}

bool Rewriter::take_back(Var v, unsigned input) {
    const ValueId id = value_of(v);
    const u32 def = values_[id].def;
    if (def == 0 || at(def).outputs != 1 || at(def).out() != v || at(def).in(input) != v || !unused_since_def(v) ||
        !no_barrier_since(def))
        return false;
    const ValueId before = values_[id].in[input];
    Insn& insn = at(def);
    insn.args[0] = temp(type(v));
    replace(insn, Op::mov, type(v), {constant(type(v), 0)});  // nobody reads it
    bind(v, before);
    set_home(before, v);
    // Who has looked at `v` last before is known only if it is the instruction that computed it.
    const u32 earlier = values_[before].def;
    bool adjacent = earlier != 0;
    for (u32 p = earlier + 1; adjacent && p < def; ++p) adjacent = at(p).op == Op::insn_start;
    if (adjacent) states_[v].last_access = earlier;
    return true;
}

void Rewriter::append(const Insn& insn) {
    // Field by field: what was written just now as small fields is slow to read as large ones.
    Insn& copy = out_.emplace_back();
    std::memcpy(static_cast<void*>(&copy), &insn, offsetof(Insn, args));
    copy.attributes = insn.attributes;
    copy.imm[0] = insn.imm[0];
    copy.imm[1] = insn.imm[1];
    const unsigned outputs = insn.outputs, end = outputs + insn.inputs;
    for (unsigned a = 0; a < outputs; ++a) copy.args[a] = insn.args[a];
    const u32 here = position();
    ValueId inputs[4] = {};
    for (unsigned a = outputs; a < end; ++a) {
        const Var v = copy.args[a] = insn.args[a];
        if (v == kNoVar) continue;
        if (a - outputs < 4) inputs[a - outputs] = value_of(v);
        states_[v].last_access = here;
    }
    OpFlags flags = info(insn.op).flags;
    if (has(flags, OpFlags::SideEffects) && (reads_all_globals(*f_, insn) || writes_any_global(*f_, insn))) {
        barrier_ = here;
        if (writes_any_global(*f_, insn)) forget(VarKind::Global);
        if (insn.op == Op::br || has(flags, OpFlags::Terminator)) unreachable_ = true;
        if (insn.op == Op::br || insn.op == Op::brcond) {
            at_branch(static_cast<u32>(insn.imm[0]));
        }
    }
    if (insn.outputs != 0) define_outputs(insn, inputs);
}

void Rewriter::define_outputs(const Insn& insn, const ValueId* inputs) {
    Var out = insn.out();
    states_[out].last_access = position();
    if (insn.op == Op::mov) {
        bind(out, inputs[0]);
        // A guest register is the better home: the temporary can die.
        bool better = is_global(out) && is_temp(values_[inputs[0]].home);
        if (better || holder(inputs[0]) == kNoVar) set_home(inputs[0], out);
        return;
    }
    const ValueId id = define(out, 0, position(), inputs);
    Value& value = values_[id];
    if (is_int(type(out))) learn_bits(insn, value);
    if (insn.op == Op::fbox || insn.op == Op::bitcast) {
        value.twin = inputs[0];
        values_[inputs[0]].twin = id;
    } else if (insn.op == Op::funbox) {
        values_[inputs[0]].twin = id;
        if (insn.imm[0] != 0) value.twin = inputs[0];
    }
    bind(out, id);
    if (insn.outputs > 1) define_further_outputs(insn, inputs);
}

void Rewriter::define_further_outputs(const Insn& insn, const ValueId* inputs) {
    for (unsigned i = 1; i < insn.outputs; ++i) {
        const Var out = insn.out(i);
        states_[out].last_access = position();
        const ValueId other = define(out, i, position(), inputs);
        if (is_int(type(out))) learn_bits(insn, values_[other]);
        bind(out, other);
    }
}

}  // namespace dragoman::ir
