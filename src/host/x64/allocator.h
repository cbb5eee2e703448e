// Register allocation of one TB, linear and forward. It knows at any moment where each variable's value
// is, and emits the moves, loads and stores that bring values where an op needs them.
//
// * Pinned globals live in their register always. Other globals live in env; a scratch register may hold a
//   copy. Writes go through to env at once, unless the global is written again before its value in env
//   can matter: so env is up to date wherever state must be precise.
// * Temporaries live in scratch registers, and in spill slots of env when those run out. A temporary may
//   also *borrow* a pinned register: as a copy of its global (mov, trunc), or because its only use computes
//   that global (coalescing). Whatever borrows is moved away before the register is written.
// * Constants are immediates; one that was put into a register is found there again.
//
// Within one instruction: first get all inputs (`use`, `use_in`, operands), then the outputs (`target`,
// `define`). Registers that were handed out stay locked until the instruction ends.
#pragma once

#include <vector>

#include "host/x64/code_writer.h"
#include "host/x64/features.h"

namespace dragoman::host::x64 {

enum class RegClass : u8 { Gpr, Xmm, Mask };

/// Without AVX-512 masks are in general registers (Allocator::register_class).
constexpr RegClass class_of(ir::Type t) {
    return ir::is_int(t) ? RegClass::Gpr : t == ir::Type::Mask ? RegClass::Mask : RegClass::Xmm;
}

class NanChecks;

class Allocator {
public:
    Allocator(const RegisterPlan& plan, CodeWriter& code) : plan_(&plan), c_(code) {}

    /// Another plan, or the same one changed, from the next function on.
    void set_plan(const RegisterPlan& plan) {
        plan_ = &plan;
        initial_.clear();
    }

    void set_features(const Features& features) { features_ = features; }
    /// Whom to tell when a float register is copied or stored.
    void set_nan_checks(NanChecks* checks) { nan_checks_ = checks; }
    void begin_function(const ir::Function& f);

    /// Goes on to instruction `index`, which is emitted together with the current one: registers stay locked.
    void fuse_insn(u32 index) {
        index_ = index;
        const ir::Insn& insn = f_->insns[index];
        const u16* const uses = next_uses_.data() + index * ir::kMaxArgs;
        State* const state = state_.data();
        for (unsigned a = insn.outputs, end = insn.outputs + insn.inputs; a < end; ++a) {
            if (insn.args[a] != ir::kNoVar) state[insn.args[a]].next_use = uses[a];
        }
    }

    // Per instruction
    void begin_insn(u32 index) {
        locked_ = 0;
        fuse_insn(index);
    }
    void end_insn() {
        if (const unsigned last = last_uses_[index_]; last != 0) release_last(last);
    }

    // Questions
    ir::Type type(ir::Var v) const { return f_->vars[v].type; }
    bool is_const(ir::Var v) const { return f_->is_const(v); }
    u64 const_value(ir::Var v) const { return f_->vars[v].value; }
    /// Register that holds `v` now, or kNoReg.
    HostReg reg_of(ir::Var v) const { return state_[v].reg; }
    bool in_reg(ir::Var v) const { return state_[v].reg != kNoReg; }
    bool in_scratch(ir::Var v) const { return in_reg(v) && (mask_of(reg_of(v)) & plan_->scratch()) != 0; }
    /// Whether the value of input `v` is not needed after this instruction.
    bool dies(ir::Var v) const { return state_[v].next_use == kNever; }
    bool is_pinned(ir::Var v) const { return state_[v].pinned; }
    /// Whether the home of `v` holds its value: a store may have been left out because another one follows.
    bool is_at_home(ir::Var v) const { return state_[v].in_memory; }
    /// The register that global `index` always is in, or kNoReg.
    HostReg reg_of_pinned(unsigned index) const { return plan_->reg_of_global[index]; }
    bool is_unpinned_global(ir::Var v) const { return f_->is_global(v) && !state_[v].pinned; }
    /// Whether `v` is read again soon, so that a copy in a register is worth having.
    bool used_soon(ir::Var v) const { return state_[v].next_use < index_ + 16; }
    /// Same for output `out` of the current instruction.
    bool used_soon_after(ir::Var out) const { return next_use_of_output(out) < index_ + 16; }
    /// Where variable operand `arg` of instruction `index` is read next; kNever, kFar (in another block).
    u16 next_use(u32 index, unsigned arg) const { return next_uses_[index * ir::kMaxArgs + arg]; }
    /// Whether a variable other than the pinned global is in `r`.
    bool has_residents(HostReg r) const { return (occupied_ & mask_of(r)) != 0; }
    bool is_locked(HostReg r) const { return (locked_ & mask_of(r)) != 0; }

    // Inputs
    /// `v` in a register of its class.
    HostReg use(ir::Var v);
    /// Whether `v` should be read from memory rather than be loaded first (one use, not in a register).
    bool prefers_memory(ir::Var v) const;
    /// Memory home of `v` (a global or a spilled temporary); valid when it is not in a register.
    Xbyak::Address home(ir::Var v) const { return home(v, ir::type_bits(type(v))); }
    Xbyak::Address home(ir::Var v, unsigned bits) const { return memory(bits, kRbp, home_displacement(v)); }
    /// The same as a displacement from the env register.
    i32 home_displacement(ir::Var v) const;
    /// Loads `v`, which is in no register, into `r` without noting it.
    void materialize(ir::Var v, HostReg r, bool keep_flags = false);
    /// A copy of `v` in the scratch register `r`, which may be overwritten.
    void use_in(ir::Var v, HostReg r);

    /// `r` (where the output of this instruction is) also holds constant `v`.
    void note_const(ir::Var v, HostReg r) {
        if (state_[v].reg == kNoReg && state_[v].next_use != kNever) attach(v, r);
    }

    /// Takes `v` out of its scratch register; it is in its home then, or an immediate.
    void to_memory(ir::Var v) {
        if (!is_clean(v)) spill(v);
        detach(v);
    }

    /// An input of an instruction that was fused with this one has been read for the last time.
    void release_input(ir::Var v) {
        if (!is_pinned(v)) release(v);
    }

    // Scratch registers
    /// A free scratch register for the rest of this instruction.
    HostReg scratch(RegClass c) { return scratch_of(scratch_of_class(c)); }
    /// The same for a vector.
    HostReg vector_scratch() { return scratch_of(kScratchXmms | plan_->vector_scratch); }
    HostReg scratch_of(RegMask allowed);
    /// Frees the particular scratch register `r` for this instruction; its values move elsewhere.
    void claim(HostReg r);
    void lock(HostReg r) { locked_ |= mask_of(r); }
    void unlock(HostReg r) { locked_ &= ~mask_of(r); }
    /// How many scratch registers are not locked.
    unsigned free_scratch(RegClass c) const;

    // Outputs
    /// Register to compute `out` into. May be one of the inputs' registers only if `out` is that
    /// input, or will become it (see coalescing).
    HostReg target(ir::Var out);
    /// Same, but prefers the register of the dying input `from` (whose value is then overwritten).
    HostReg target_from(ir::Var out, ir::Var from);
    /// Says that `out` is now in `r`; stores it when it lives in memory.
    void define(ir::Var out, HostReg r);
    /// `out` becomes the value of `r`, in which an input lives: no code where possible.
    void define_alias(ir::Var out, HostReg r);
    /// `out`, a global in env, has been written in memory by the op itself.
    void defined_in_memory(ir::Var out);

    // Control flow
    /// Before a branch out of the extended basic block: stores TB temporaries.
    void sync();
    /// At a label, or behind a jump: no register holds anything but pinned globals.
    void forget_all();
    /// Before a helper call: values in scratch registers that live on go to memory. `borrowers`: also those
    /// in pinned registers, because the helper may change globals.
    void spill_for_call(bool borrowers);
    /// After it: scratch registers hold nothing.
    void forget_scratch();

    // Vectors
    /// Whether a temporary of more than 8 bytes may be in a scratch register.
    bool has_wide() const { return has_wide_; }
    /// Before what keeps no more than the low 8 bytes of scratch registers: longer temporaries that live on, and masks,
    /// go to memory.
    void spill_wide();

    // Moves
    void load_const(HostReg r, u64 value, ir::Type t, bool keep_flags = false);
    void load(HostReg r, const Xbyak::Address& from, ir::Type t);
    void store(const Xbyak::Address& to, HostReg r, ir::Type t);
    /// The same with memory at a displacement from the env register.
    void load(HostReg r, i32 displacement, ir::Type t);
    void store(i32 displacement, HostReg r, ir::Type t);
    void move(HostReg to, HostReg from, ir::Type t);
    /// Env's field at `offset`, as a displacement from the env register.
    i32 env_displacement(std::size_t offset) const {
        return static_cast<i32>(static_cast<i64>(offset) - static_cast<i64>(plan_->env_bias));
    }
    Xbyak::Address env(i64 offset, unsigned bits) const {
        return memory(bits, kRbp, offset - static_cast<i64>(plan_->env_bias));
    }

    static constexpr u16 kNever = 0xffff, kFar = 0xfffe;

    /// Guest-address constants that were written as immediates: reported to the owner of the relocations.
    struct ConstantField {
        u32 offset;
        u8 size;
        u64 value;
    };
    std::vector<ConstantField> guest_constants;

private:
    static constexpr RegMask scratch_of_class(RegClass c) {
        return c == RegClass::Gpr ? kScratchGprs : c == RegClass::Mask ? kScratchMasks : kScratchXmms;
    }
    RegMask scratch_for(ir::Type t) const {
        return ir::is_vector(t) ? kScratchXmms | plan_->vector_scratch : scratch_of_class(register_class(t));
    }
    RegClass register_class(ir::Type t) const {
        const RegClass c = class_of(t);
        return c == RegClass::Mask && !features_.avx512 ? RegClass::Gpr : c;
    }
    /// The widest type of what is in `r`, as a type to move it by.
    ir::Type widest(HostReg r) const;

    /// Which output of the current instruction `out` is: kNoOutput for other variables.
    unsigned output_number(ir::Var out) const {
        const ir::Insn& insn = f_->insns[index_];
        for (unsigned a = 0; a < insn.outputs; ++a) {
            if (insn.args[a] == out) return a;
        }
        return kNoOutput;
    }
    u16 next_use_of_output(ir::Var out) const {
        const unsigned a = output_number(out);
        return a == kNoOutput ? kNever : next_use(index_, a);
    }

    static constexpr unsigned kNoOutput = ~0u;
    static constexpr u16 kNoSlot = 0xffff;
    struct State {
        HostReg reg = kNoReg;
        bool in_memory = false;  ///< home holds the value
        bool pinned = false;     ///< a global that `reg` belongs to
        u16 next_use = kNever;
        u16 slot = kNoSlot;
        ir::Var next = ir::kNoVar;  ///< chain of variables in the same register
    };

    void compute_next_uses();
    /// Of the current instruction's operands (bits), which are not read any more.
    void release_last(unsigned last);
    bool is_input(ir::Var v) const;
    bool is_clean(ir::Var v) const { return state_[v].in_memory || is_const(v); }
    void attach(ir::Var v, HostReg r);
    void detach(ir::Var v);
    void release(ir::Var v);
    /// Moves live values out of `r`. `inputs_live`: inputs of this instruction count as live.
    void vacate(HostReg r, bool inputs_live);
    void spill(ir::Var v);
    HostReg coalesce(ir::Var out) const;
    bool only_dead_residents(HostReg r) const;
    u32 eviction_score(HostReg r) const;

    const RegisterPlan* plan_;
    CodeWriter& c_;
    Features features_;
    NanChecks* nan_checks_ = nullptr;
    const ir::Function* f_ = nullptr;
    u32 index_ = 0;
    RegMask locked_ = 0;
    RegMask occupied_ = 0;          ///< registers with a chain
    ir::Var chain_[kHostRegCount];  ///< first variable of each register's chain
    std::vector<State> state_;
    std::vector<u16> next_uses_;  ///< [insn][arg]
    std::vector<u8> last_uses_;   ///< [insn], bit i: what operand i, not pinned, holds behind it is not read any more
    std::vector<u8> store_dead_;  ///< [insn], bit i: output i, a global in env, is overwritten before that matters
    std::vector<u16> free_slots_[4];  ///< of 8, 16, 32 and 64 bytes
    bool has_wide_ = false;
    u16 slot_count_ = 0;

    // Backward walk. Epochs only grow, so that marks of earlier functions count for nothing.
    struct Mark {
        u32 epoch;
        u16 use;
        u32 overwritten;  ///< epoch between two points of precise state
    };
    std::vector<Mark> marks_;
    u32 last_epoch_ = 0;
    std::vector<State> initial_;  ///< of env and the globals
};

}  // namespace dragoman::host::x64
