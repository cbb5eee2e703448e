// One forward walk over the blocks of a function in which several passes rewrite each instruction in turn. The
// walk numbers values: it knows for every variable which value it holds now, and for every value which
// instruction computed it from which values, a variable that still holds it, and what is known about its bits.
// So a pass sees through copies and over any distance within an extended basic block, and a rewritten
// instruction is at once visible to the passes of the next. Over a join goes what is the same on all ways to it.
#pragma once

#include <span>
#include <vector>

#include "ir/effects.h"
#include "ir/function.h"

namespace dragoman::ir {

/// Number of a value within one walk; 0 is none.
using ValueId = u32;

struct Value {
    u64 zeros = 0;       ///< integers: bits known to be 0 (I32: the upper half counts as 0)
    u32 def = 0;         ///< position (from 1) of the instruction that computed it; 0: not known
    Var home = kNoVar;   ///< a variable that held it last; see Rewriter::holder
    ValueId in[4] = {};  ///< values of that instruction's inputs
    ValueId twin = 0;    ///< the same value in another form (bitcast, fbox, funbox), when known
    u8 width = 64;       ///< integers: the value is the sign extension of its low `width` bits
    u8 output = 0;       ///< which of that instruction's outputs it is
};

class Rewriter;

/// A pass of the forward walk: changes `insn` in place, and may emit instructions before it.
/// @returns false when `insn` is to be dropped.
using Rewrite = bool (*)(Rewriter&, Insn&);

/// A set of passes of the walk, by their positions in it.
using PassSet = u32;

class Rewriter {
public:
    /// Says whether global `index` lives in a host register. Until told so, none counts as pinned.
    void set_pinned(unsigned index, bool pinned) {
        if (index >= pinned_.size()) pinned_.resize(index + 1);
        pinned_[index] = pinned;
    }

    /// Says that an index in a load's address costs nothing.
    void set_free_index(bool on) { free_index_ = on; }
    bool free_index() const { return free_index_; }
    bool puts_right(const Insn& insn) const { return puts_output_right(*f_, insn); }

    /// Runs `passes` over `f`. `interest[op]` has bit i set when pass i may do something with `op`.
    void run(Function& f, std::span<const Rewrite> passes, const PassSet* interest);
    /// The same with all passes for all ops.
    void run(Function& f, std::span<const Rewrite> passes);

    Function& function() { return *f_; }
    Type type(Var v) const { return f_->vars[v].type; }
    bool is_temp(Var v) const { return f_->vars[v].kind == VarKind::Ebb || f_->vars[v].kind == VarKind::Tb; }
    bool is_global(Var v) const { return f_->is_global(v); }
    bool is_const(Var v) const { return f_->is_const(v); }
    u64 const_value(Var v) const { return f_->vars[v].value; }
    /// `v`, or the constant that it is known to hold.
    Var constant_of(Var v) {
        if (is_const(v)) return v;
        Var home = known(v).home;
        return home != kNoVar && is_const(home) ? home : v;
    }
    /// A constant whose value may be computed with: not one that derives from the guest pc.
    bool is_number(Var v) const { return f_->vars[v].kind == VarKind::Const && !f_->vars[v].guest_address; }
    /// Whether `v` is a global that lives in a host register.
    bool is_pinned(Var v) const { return v - 1 < pinned_.size() && pinned_[v - 1] != 0; }
    /// Whether reading global `to` is no dearer than reading global `from`.
    bool as_cheap(Var to, Var from) const { return is_pinned(to) || !is_pinned(from); }
    /// Whether an instruction had better read `to`, from which `from` was computed: it shortens the chain of
    /// dependences, and must not make a temporary live longer than the guest register that takes its place.
    bool better_source(Var to, Var from) const {
        return !is_global(from) || is_const(to) || (is_global(to) && as_cheap(to, from));
    }

    // Values
    /// The value that `v` holds now.
    ValueId value_of(Var v) {
        const VarState& s = states_[v];
        return s.epoch == epoch_[kind_index(v)] ? s.value : fresh_value(v);
    }
    const Value& value(ValueId id) const { return values_[id]; }
    /// Values have the numbers below that.
    ValueId value_count() const { return static_cast<ValueId>(values_.size()); }
    const Value& known(Var v) { return values_[value_of(v)]; }
    /// The instruction that computed what `v` holds, as one of its outputs (Value::output); null when that is not
    /// known.
    const Insn* def(Var v) { return def_of(value_of(v)); }
    const Insn* def_of(ValueId id) const { return values_[id].def == 0 ? nullptr : &out_[values_[id].def - 1]; }
    /// A variable that holds value `id` now, or kNoVar.
    Var holder(ValueId id) {
        Var v = values_[id].home;
        return id != 0 && v != kNoVar && value_of(v) == id ? v : kNoVar;
    }
    /// A variable that now holds input `i` of the instruction that computed what `v` holds, or kNoVar.
    Var def_input(Var v, unsigned i) { return holder(known(v).in[i]); }
    void set_home(ValueId id, Var v) { values_[id].home = v; }
    /// Instructions between the one that computed value `id` and now.
    u32 distance(ValueId id) const { return position() - values_[id].def; }

    /// Whether some funbox reads what is not known to be boxed.
    bool unboxed_reads = false;

    // New code
    Var constant(Type t, u64 v, bool guest_address = false);
    Var temp(Type t);
    /// Emits an instruction with one output, a new temporary, before the current one.
    Var emit(Op op, Type t, std::initializer_list<Var> ins, u64 imm0 = 0, u64 imm1 = 0);
    /// Makes `insn` compute `op` instead, into the same output.
    void replace(Insn& insn, Op op, Type t, std::initializer_list<Var> ins, u64 imm0 = 0, u64 imm1 = 0);
    /// Makes the instruction at position `p`, which has one output, compute `op` from the same inputs: with one output
    /// more, a new temporary. `old`: which of the two outputs the one is that it has now. @returns the temporary
    Var widen(u32 p, Op op, unsigned old);
    void replace_by(Insn& insn, Var v) { replace(insn, Op::mov, type(v), {v}); }
    /// The type is that of the output.
    void replace_by_constant(Insn& insn, u64 v, bool guest_address = false) {
        replace_by(insn, constant(type(insn.out()), v, guest_address));
    }

    // Moving code between the current instruction and an earlier one
    /// Whether nothing since the instruction that computed `v` (the last to write it) looked at `v`.
    bool unused_since_def(Var v) { return known(v).def != 0 && states_[v].last_access == known(v).def; }
    /// Whether `v` was neither read nor written after position `p`.
    bool untouched_since(Var v, u32 p) const { return states_[v].last_access <= p; }
    /// Whether nothing after position `p` needed precise globals or may have changed them.
    bool no_barrier_since(u32 p) const { return barrier_ <= p; }
    /// Of the last instruction that is finished.
    u32 position() const { return static_cast<u32>(out_.size()); }
    /// The instruction at position `p`.
    Insn& at(u32 p) { return out_[p - 1]; }
    /// Makes the instruction that computed value `id` write `v` instead of what it wrote, and what has read that
    /// since read `v`. @returns false, and changes nothing, when that is too far back.
    bool retarget(ValueId id, Var v);
    /// Makes the instruction that computed what `v` holds, and that nothing has looked at since, a mere copy of its
    /// first input. @returns a variable that holds that input now. What `v` holds must not be read any more.
    Var undo(Var v);
    /// Takes back the instruction that computed what `v` holds from an input that `v` held before, when nothing has
    /// looked at `v` since: then `v` holds that input again. @returns whether that was so.
    bool take_back(Var v, unsigned input);

private:
    struct VarState {
        ValueId value = 0;
        u32 epoch = 0;        // when `value` was valid
        u32 last_access = 0;  // position of the last instruction that names the variable
    };
    // What the walk knows of the ways to a label in front. A register that changes on one of them is found in changes_,
    // with what it held before; of the others it is enough that they have not changed.
    struct Label {
        bool branched = false;  // a branch to it has been met; the rest is as it was at the first one
        u32 epoch = 0;          // of globals
        std::size_t changes = 0;
    };
    struct Change {
        Var var;
        ValueId before;  // 0: not known
    };
    /// What a register holds at a label by the ways there that have been met so far; 0: not known.
    struct Joined {
        u32 label;
        Var var;
        ValueId value;
    };

    unsigned kind_index(Var v) const { return static_cast<unsigned>(f_->vars[v].kind); }
    ValueId fresh_value(Var v);
    void set_state(Var v, ValueId id) {
        states_[v].value = id;
        states_[v].epoch = epoch_[kind_index(v)];
    }
    void bind(Var v, ValueId id) {
        note_change(v);
        set_state(v, id);
    }
    /// What `v` holds is not known any more.
    void forget_value(Var v) {
        note_change(v);
        states_[v].epoch = 0;
    }
    void note_change(Var v) {
        if (notes_changes_ && is_global(v)) changes_.push_back({v, named_value(v)});
    }
    /// The value that `v` holds, if it has a number.
    ValueId named_value(Var v) const {
        const VarState& s = states_[v];
        return s.epoch == epoch_[kind_index(v)] ? s.value : 0;
    }
    void at_label(const Insn& insn);
    void at_branch(u32 label);
    void join(u32 label);
    void take_joined(u32 label);
    ValueId& joined_value(u32 label, const Change& first);
    ValueId join_values(Var v, ValueId a, ValueId b);
    void append(const Insn& insn);
    void define_outputs(const Insn& insn, const ValueId* inputs);
    void define_further_outputs(const Insn& insn, const ValueId* inputs);
    /// A new value: output `output` of the instruction at `position`.
    ValueId define(Var out, unsigned output, u32 position, const ValueId* inputs) {
        auto id = static_cast<ValueId>(values_.size());
        Value& value = values_.emplace_back();
        value = {};
        value.def = position;
        value.output = static_cast<u8>(output);
        value.home = out;
        for (unsigned i = 0; i < 4; ++i) value.in[i] = inputs[i];
        return id;
    }
    void learn_bits(const Insn& insn, Value& value) const;
    bool is_no_op(const Insn& insn);
    void forget(VarKind kind) { epoch_[static_cast<unsigned>(kind)] = ++last_epoch_; }

    Function* f_ = nullptr;
    std::vector<u8> pinned_;  // by global index
    InsnList out_;
    PlainVector<Value> values_;
    std::vector<VarState> states_;  // by variable
    std::vector<Label> labels_;
    PlainVector<Change> changes_;  // to globals, since the first branch
    PlainVector<Joined> joined_;
    bool notes_changes_ = false;
    u32 epoch_[5] = {};  // by VarKind
    u32 last_epoch_ = 0;
    u32 barrier_ = 0;  // position of the last instruction that needs or may change globals
    bool unreachable_ = false;
    bool free_index_ = false;
};

}  // namespace dragoman::ir
