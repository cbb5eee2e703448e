#include "host/x64/allocator.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "host/x64/nan_checks.h"
#include "ir/effects.h"

namespace dragoman::host::x64 {

using ir::kNoVar;
using ir::Op;
using ir::OpFlags;
using ir::Type;
using ir::Var;
using ir::VarKind;

namespace {

/// F32 values are kept in memory as in registers: boxed (emit_float.h).
Type image_type(Type t) { return t == Type::F32 ? Type::F64 : t; }

/// The size of a value in memory, as the logarithm of words.
unsigned slot_class(Type t) {
    return t < Type::V128 || t == Type::Mask ? 0 : static_cast<unsigned>(std::countr_zero(ir::type_bytes(t) / 8));
}

constexpr u16 kFirstSlot = 2;  // behind kMissCounterOffset and kOperandOffset

}  // namespace

void Allocator::begin_function(const ir::Function& f) {
    f_ = &f;
    locked_ = 0;
    occupied_ = 0;
    std::fill(std::begin(chain_), std::end(chain_), kNoVar);
    if (initial_.empty()) {
        initial_.resize(1 + f.global_count());
        for (unsigned i = 0; i < f.global_count(); ++i) {
            State& s = initial_[ir::global_var(i)];
            s.reg = plan_->reg_of_global[i];
            s.pinned = s.reg != kNoReg;
            s.in_memory = !s.pinned;
        }
    }
    state_.assign(initial_.begin(), initial_.end());
    state_.resize(f.vars.size());
    for (std::vector<u16>& slots : free_slots_) slots.clear();
    has_wide_ = false;
    slot_count_ = kFirstSlot;
    guest_constants.clear();
    compute_next_uses();
}

void Allocator::release_last(unsigned last) {
    const ir::Insn& insn = f_->insns[index_];
    for (; last != 0; last &= last - 1) {
        const Var v = insn.args[std::countr_zero(last)];
        if (state_[v].reg != kNoReg || state_[v].slot != kNoSlot) release(v);
    }
}

bool Allocator::is_input(Var v) const {
    const ir::Insn& insn = f_->insns[index_];
    for (unsigned a = insn.outputs, end = insn.outputs + insn.inputs; a < end; ++a) {
        if (insn.args[a] == v) return true;
    }
    return false;
}

// ---- Where variables are ------------------------------------------------------------------------

void Allocator::attach(Var v, HostReg r) {
    has_wide_ |= type(v) >= Type::V128;
    State& s = state_[v];
    s.reg = r;
    s.next = chain_[r];
    chain_[r] = v;
    occupied_ |= mask_of(r);
}

void Allocator::detach(Var v) {
    State& s = state_[v];
    if (s.reg == kNoReg) return;
    Var* link = &chain_[s.reg];
    while (*link != v) link = &state_[*link].next;
    *link = s.next;
    if (chain_[s.reg] == kNoVar) occupied_ &= ~mask_of(s.reg);
    s.reg = kNoReg;
    s.next = kNoVar;
}

void Allocator::release(Var v) {
    detach(v);
    State& s = state_[v];
    if (f_->vars[v].kind == VarKind::Ebb && s.slot != kNoSlot) {
        free_slots_[slot_class(type(v))].push_back(s.slot);
        s.slot = kNoSlot;
        s.in_memory = false;
    }
}

void Allocator::spill(Var v) {
    State& s = state_[v];
    if (!f_->is_global(v) && s.slot == kNoSlot) {
        const unsigned size = slot_class(type(v));
        if (std::vector<u16>& slots = free_slots_[size]; !slots.empty()) {
            s.slot = slots.back();
            slots.pop_back();
        } else {
            s.slot = slot_count_;
            slot_count_ = static_cast<u16>(slot_count_ + (1u << size));
            DRAGOMAN_ASSERT(slot_count_ <= kSpillSlotEnd);
        }
    }
    store(home_displacement(v), s.reg, image_type(type(v)));
    s.in_memory = true;
}

void Allocator::vacate(HostReg r, bool inputs_live) {
    HostReg free_reg = kNoReg;
    bool searched = false;
    for (Var v = chain_[r]; v != kNoVar;) {
        State& s = state_[v];
        Var next = s.next;
        bool live = s.next_use != kNever || (inputs_live && is_input(v));
        if (live && !is_clean(v)) {
            if (!searched) {
                searched = true;
                RegMask candidates = scratch_for(type(v)) & ~(locked_ | occupied_ | mask_of(r));
                if (candidates != 0) {
                    free_reg = static_cast<HostReg>(std::countr_zero(candidates));
                    move(free_reg, r, widest(r));
                }
            }
            if (free_reg == kNoReg) spill(v);
        }
        detach(v);
        if (live && free_reg != kNoReg) attach(v, free_reg);
        v = next;
    }
}

bool Allocator::only_dead_residents(HostReg r) const {
    for (Var v = chain_[r]; v != kNoVar; v = state_[v].next) {
        if (state_[v].next_use != kNever && !is_clean(v)) return false;
    }
    return true;
}

/// Higher: cheaper to give up.
u32 Allocator::eviction_score(HostReg r) const {
    u32 nearest = kNever;
    u32 clean = 1;
    for (Var v = chain_[r]; v != kNoVar; v = state_[v].next) {
        u32 use = is_input(v) ? index_ : state_[v].next_use;
        nearest = std::min(nearest, use);
        if (use != kNever && !is_clean(v)) clean = 0;
    }
    return nearest * 2 + clean * 8;
}

HostReg Allocator::scratch_of(RegMask allowed) {
    RegMask candidates = allowed & ~locked_;
    DRAGOMAN_ASSERT(candidates != 0);
    HostReg best;
    if (RegMask empty = candidates & ~occupied_; empty != 0) {
        best = static_cast<HostReg>(std::countr_zero(empty));
    } else {
        best = static_cast<HostReg>(std::countr_zero(candidates));
        u32 best_score = eviction_score(best);
        for (RegMask rest = candidates & (candidates - 1); rest != 0; rest &= rest - 1) {
            HostReg r = static_cast<HostReg>(std::countr_zero(rest));
            u32 score = eviction_score(r);
            if (score > best_score) {
                best = r;
                best_score = score;
            }
        }
        lock(best);
        vacate(best, true);
    }
    lock(best);
    return best;
}

void Allocator::claim(HostReg r) {
    lock(r);
    vacate(r, true);
}

unsigned Allocator::free_scratch(RegClass c) const {
    return static_cast<unsigned>(std::popcount(scratch_of_class(c) & ~locked_));
}

// ---- Inputs -------------------------------------------------------------------------------------

i32 Allocator::home_displacement(Var v) const {
    u32 offset;
    if (f_->is_global(v)) {
        offset = f_->vars[v].offset;
    } else {
        DRAGOMAN_ASSERT(state_[v].slot != kNoSlot);
        offset = static_cast<u32>(offsetof(ir::Env, scratch)) + state_[v].slot * 8u;
    }
    return static_cast<i32>(offset - plan_->env_bias);
}

void Allocator::materialize(Var v, HostReg r, bool keep_flags) {
    const ir::Variable& variable = f_->vars[v];
    if (variable.kind == VarKind::Fixed) {
        c_.lea(r64(r), env(0, 64));
    } else if (variable.kind != VarKind::Const) {
        load(r, home_displacement(v), image_type(variable.type));
    } else if (variable.guest_address) {
        // The immediate is the last field of the instruction.
        load_const(r, variable.value, variable.type, true);
        u8 size = fits_u32(variable.value) || fits_i32(static_cast<i64>(variable.value)) ? 4 : 8;
        guest_constants.push_back({c_.here() - size, size, variable.value});
    } else {
        load_const(r, variable.value, variable.type, keep_flags);
    }
}

HostReg Allocator::use(Var v) {
    HostReg r = state_[v].reg;
    if (r == kNoReg) {
        r = scratch_of(scratch_for(type(v)));
        materialize(v, r);
        attach(v, r);
    }
    lock(r);
    return r;
}

bool Allocator::prefers_memory(Var v) const {
    if (state_[v].reg != kNoReg || is_const(v) || v == ir::kEnvVar) return false;
    if (!used_soon(v)) return true;
    return (scratch_for(type(v)) & ~(locked_ | occupied_)) == 0;
}

void Allocator::use_in(Var v, HostReg r) {
    HostReg from = state_[v].reg;
    if (from == kNoReg) {
        claim(r);
        materialize(v, r);
        return;
    }
    // The copy is all that this instruction needs of `v`, unless it is an input twice.
    const ir::Insn& insn = f_->insns[index_];
    unsigned times = 0;
    for (unsigned a = insn.outputs, end = insn.outputs + insn.inputs; a < end; ++a) times += insn.args[a] == v;
    bool consumed = times == 1 && dies(v) && !is_pinned(v);
    if (from == r) {
        lock(r);
        if (consumed) detach(v);
        vacate(r, true);  // what else is here, or lives on, gets a copy elsewhere; the value stays
        return;
    }
    bool was_locked = is_locked(from);
    lock(from);
    claim(r);
    move(r, from, type(v));
    if (!was_locked) unlock(from);
    if (consumed) detach(v);
}

// ---- Outputs ------------------------------------------------------------------------------------

HostReg Allocator::coalesce(Var out) const {
    if (f_->vars[out].kind != VarKind::Ebb) return kNoReg;
    constexpr u32 kWindow = 12;
    constexpr unsigned kMaxSteps = 4;
    Var v = out;
    u32 at = index_;
    Var global = kNoVar;
    for (unsigned step = 0; step < kMaxSteps && global == kNoVar; ++step) {
        u16 next = step == 0 ? next_use_of_output(out) : next_use(at, 0);
        if (next > index_ + kWindow) return kNoReg;
        at = next;
        const ir::Insn& insn = f_->insns[at];
        const ir::OpInfo& op = info(insn.op);
        if (insn.outputs != 1 || insn.op == Op::call || op.typing == ir::OpTyping::Select ||
            has(op.flags, OpFlags::MayFault) || class_of(type(insn.out())) != class_of(type(out))) {
            return kNoReg;
        }
        bool first = insn.in(0) == v;
        if (!first && !(has(op.flags, OpFlags::Commutative) && insn.in(1) == v)) return kNoReg;
        if (next_use(at, first ? 1 : 2) != kNever) return kNoReg;
        v = insn.out();
        if (is_pinned(v)) {
            global = v;
        } else if (f_->vars[v].kind != VarKind::Ebb) {
            return kNoReg;
        }
    }
    if (global == kNoVar) return kNoReg;
    HostReg r = plan_->reg_of_global[global - 1];
    if (!only_dead_residents(r)) return kNoReg;
    // The global's old value must not be needed any more.
    for (u32 i = index_ + 1; i <= at; ++i) {
        const ir::Insn& insn = f_->insns[i];
        if (insn.op == Op::call || reads_all_globals(*f_, insn)) return kNoReg;
        for (unsigned a = i == at ? 1 : 0; a < static_cast<unsigned>(insn.outputs + insn.inputs); ++a) {
            if (insn.args[a] == global) return kNoReg;
        }
    }
    return r;
}

HostReg Allocator::target(Var out) {
    HostReg r = is_pinned(out) ? plan_->reg_of_global[out - 1] : coalesce(out);
    if (r != kNoReg) {
        vacate(r, false);
        lock(r);
        if (is_xmm(r) && nan_checks_) nan_checks_->overwrite(r);
        return r;
    }
    return scratch_of(scratch_for(type(out)));
}

HostReg Allocator::target_from(Var out, Var from) {
    HostReg r = state_[from].reg;
    if (!is_pinned(out) && r != kNoReg && (mask_of(r) & plan_->scratch()) != 0 && only_dead_residents(r) &&
        coalesce(out) == kNoReg) {
        vacate(r, false);
        lock(r);
        if (is_xmm(r) && nan_checks_) nan_checks_->overwrite(r);
        return r;
    }
    return target(out);
}

void Allocator::define(Var out, HostReg r) { define_alias(out, r); }

void Allocator::define_alias(Var out, HostReg r) {
    State& s = state_[out];
    unsigned output = 0;
    for (unsigned a = 1; a < f_->insns[index_].outputs; ++a) {
        if (f_->insns[index_].args[a] == out) output = a;
    }
    s.next_use = next_use(index_, output);
    if (is_pinned(out)) {
        HostReg pinned = plan_->reg_of_global[out - 1];
        if (pinned == r) return;
        lock(r);
        vacate(pinned, false);
        move(pinned, r, type(out));
        return;
    }
    detach(out);
    if (f_->is_global(out)) {
        s.in_memory = (store_dead_[index_] >> output & 1) == 0;
        if (s.in_memory) store(home_displacement(out), r, type(out));
        if (s.next_use != kNever) attach(out, r);
        return;
    }
    s.in_memory = false;
    if (s.next_use == kNever) return;
    if (f_->vars[out].kind == VarKind::Tb && (mask_of(r) & plan_->scratch()) == 0) {
        // Only scratch registers are looked through when TB temporaries are stored.
        lock(r);
        HostReg own = scratch_of(scratch_for(type(out)));
        move(own, r, type(out));
        r = own;
    }
    attach(out, r);
}

void Allocator::defined_in_memory(Var out) {
    detach(out);
    state_[out].next_use = next_use_of_output(out);
    state_[out].in_memory = true;
}

// ---- Control flow -------------------------------------------------------------------------------

void Allocator::sync() {
    for (RegMask regs = occupied_ & plan_->scratch(); regs != 0; regs &= regs - 1) {
        HostReg r = static_cast<HostReg>(std::countr_zero(regs));
        for (Var v = chain_[r]; v != kNoVar; v = state_[v].next) {
            if (f_->vars[v].kind == VarKind::Tb && !state_[v].in_memory && state_[v].next_use != kNever) spill(v);
        }
    }
}

void Allocator::forget_all() {
    for (RegMask regs = occupied_; regs != 0; regs &= regs - 1) {
        HostReg r = static_cast<HostReg>(std::countr_zero(regs));
        while (chain_[r] != kNoVar) detach(chain_[r]);
    }
}

void Allocator::spill_for_call(bool borrowers) {
    RegMask regs = occupied_ & (borrowers ? ~RegMask{0} : plan_->scratch());
    for (; regs != 0; regs &= regs - 1) {
        HostReg r = static_cast<HostReg>(std::countr_zero(regs));
        for (Var v = chain_[r]; v != kNoVar; v = state_[v].next) {
            if (state_[v].next_use != kNever && !is_clean(v)) spill(v);
        }
    }
}

void Allocator::forget_scratch() {
    for (RegMask regs = occupied_ & plan_->scratch(); regs != 0; regs &= regs - 1) {
        HostReg r = static_cast<HostReg>(std::countr_zero(regs));
        while (chain_[r] != kNoVar) detach(chain_[r]);
    }
    locked_ &= ~plan_->scratch();
}

// ---- Vectors ------------------------------------------------------------------------------------

Type Allocator::widest(HostReg r) const {
    if (r < kFirstXmm) return Type::I64;
    Type t = is_mask(r) ? Type::Mask : Type::F64;
    for (Var v = chain_[r]; v != kNoVar; v = state_[v].next) {
        if (ir::is_vector(type(v)) && type(v) > t) t = type(v);
    }
    return t;
}

void Allocator::spill_wide() {
    for (RegMask regs = occupied_ & (kScratchXmms | plan_->vector_scratch | kScratchMasks); regs != 0;
         regs &= regs - 1) {
        const auto r = static_cast<HostReg>(std::countr_zero(regs));
        for (Var v = chain_[r]; v != kNoVar;) {
            const Var next = state_[v].next;
            if (type(v) >= Type::V128) {
                if ((state_[v].next_use != kNever || is_input(v)) && !is_clean(v)) spill(v);
                detach(v);
            }
            v = next;
        }
    }
}

// ---- Moves --------------------------------------------------------------------------------------

void Allocator::load_const(HostReg r, u64 value, Type t, bool keep_flags) {
    if (is_mask(r)) {
        if (value == 0) return c_.kxorq(opmask(r), opmask(r), opmask(r));
        HostReg g = scratch(RegClass::Gpr);
        load_const(g, value, Type::I64, true);
        c_.kmovq(opmask(r), r64(g));
        unlock(g);
        return;
    }
    if (is_xmm(r)) {
        if (t == Type::F32) value |= ~u64{0} << 32;
        if (value == 0) {
            if (r >= xmm_reg(16)) {
                c_.vpxord(xmm(r), xmm(r), xmm(r));
            } else if (features_.avx) {
                c_.vxorps(xmm(r), xmm(r), xmm(r));
            } else {
                c_.xorps(xmm(r), xmm(r));
            }
            return;
        }
        HostReg g = scratch(RegClass::Gpr);
        load_const(g, value, Type::I64, true);
        features_.avx ? c_.vmovq(xmm(r), r64(g)) : c_.movq(xmm(r), r64(g));
        unlock(g);
        return;
    }
    if (value == 0 && !keep_flags) {
        c_.op_reg(0x33, r, r, false);
    } else {
        c_.mov_imm(r, value, t != Type::I32);
    }
}

void Allocator::load(HostReg r, const Xbyak::Address& from, Type t) {
    if (is_mask(r)) return c_.kmovq(opmask(r), from);
    switch (t) {
        case Type::V128: features_.avx ? c_.vmovups(xmm(r), from) : c_.movups(xmm(r), from); break;
        case Type::V256: c_.vmovups(ymm(r), from); break;
        case Type::V512: c_.vmovups(zmm(r), from); break;
        case Type::Mask: c_.mov(r64(r), from); break;
        case Type::I32: c_.mov(r32(r), from); break;
        case Type::I64: c_.mov(r64(r), from); break;
        case Type::F32: features_.avx ? c_.vmovss(xmm(r), from) : c_.movss(xmm(r), from); break;
        case Type::F64: features_.avx ? c_.vmovsd(xmm(r), from) : c_.movsd(xmm(r), from); break;
        default: DRAGOMAN_UNREACHABLE();
    }
}

void Allocator::store(const Xbyak::Address& to, HostReg r, Type t) {
    if (is_mask(r)) return c_.kmovq(to, opmask(r));
    if (nan_checks_) nan_checks_->observe(r);
    switch (t) {
        case Type::V128: features_.avx ? c_.vmovups(to, xmm(r)) : c_.movups(to, xmm(r)); break;
        case Type::V256: c_.vmovups(to, ymm(r)); break;
        case Type::V512: c_.vmovups(to, zmm(r)); break;
        case Type::Mask: c_.mov(to, r64(r)); break;
        case Type::I32: c_.mov(to, r32(r)); break;
        case Type::I64: c_.mov(to, r64(r)); break;
        case Type::F32: features_.avx ? c_.vmovss(to, xmm(r)) : c_.movss(to, xmm(r)); break;
        case Type::F64: features_.avx ? c_.vmovsd(to, xmm(r)) : c_.movsd(to, xmm(r)); break;
        default: DRAGOMAN_UNREACHABLE();
    }
}

void Allocator::load(HostReg r, i32 displacement, Type t) {
    if (r >= kFirstXmm) return load(r, memory(ir::type_bits(t), kRbp, displacement), t);
    c_.op_mem(0x8b, r, kRbp, displacement, t != Type::I32);
}

void Allocator::store(i32 displacement, HostReg r, Type t) {
    if (r >= kFirstXmm) return store(memory(ir::type_bits(t), kRbp, displacement), r, t);
    c_.op_mem(0x89, r, kRbp, displacement, t != Type::I32);
}

void Allocator::move(HostReg to, HostReg from, Type t) {
    if (to == from) return;
    if (is_mask(to)) return c_.kmovq(opmask(to), opmask(from));
    if (is_xmm(to)) {
        if (nan_checks_) {
            nan_checks_->observe(from);
            nan_checks_->flush_if_named(to);
        }
        if (t == Type::V256) return c_.vmovaps(ymm(to), ymm(from));
        if (t == Type::V512) return c_.vmovaps(zmm(to), zmm(from));
        features_.avx ? c_.vmovaps(xmm(to), xmm(from)) : c_.movaps(xmm(to), xmm(from));
    } else {
        c_.op_reg(0x8b, to, from, t != Type::I32);
    }
}

}  // namespace dragoman::host::x64
