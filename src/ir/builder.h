// Emits IR: one member per op, taking and returning variables. Guests write their translation with
// it. No optimisation happens here.
#pragma once

#include <initializer_list>

#include "ir/function.h"

namespace dragoman::ir {

class Builder {
public:
    explicit Builder(Function& function) : f_(function) {}

    Function& function() { return f_; }

    // Variables
    Var env() const { return kEnvVar; }
    Var temp(Type t) { return f_.new_var(VarKind::Ebb, t); }
    Var tb_temp(Type t) { return f_.new_var(VarKind::Tb, t); }
    Var c32(u32 v) { return f_.constant(Type::I32, v); }
    Var c64(u64 v) { return f_.constant(Type::I64, v); }
    /// A constant that derives from the guest pc.
    Var address(u64 v) { return f_.constant(Type::I64, v, true); }
    Type type(Var v) const { return f_.vars[v].type; }

    // Structure
    void insn_start(u64 pc) { emit(Op::insn_start, Type::None, {}, {}, pc); }
    u32 new_label() { return f_.new_label(); }
    void label(u32 l) {
        f_.joins = true;
        exit_label(l);
    }
    /// A label behind which nothing but an exit stands.
    void exit_label(u32 l) {
        f_.short_branches |= is_close(l);
        if (l < 64) f_.placed_labels |= u64{1} << l;
        emit(Op::label, Type::None, {}, {}, l);
    }
    void br(u32 l) {
        note_branch(l);
        emit(Op::br, Type::None, {}, {}, l);
    }
    void brcond(Cond c, Var a, Var b, u32 l) {
        note_branch(l);
        emit(Op::brcond, type(a), {}, {a, b}, l, static_cast<u64>(c));
    }
    /// Goes on at guest address `pc` with the TB state flags of this TB (unless env->tb_flags changed).
    /// `other_flags`: they have changed, so that it goes to another TB even where the address is this one's.
    void goto_tb(unsigned slot, u64 pc, bool other_flags = false) {
        if (!links(pc)) return goto_ptr(address(pc));
        f_.self_loop |= pc == f_.guest_pc && !other_flags;
        emit(Op::goto_tb, Type::None, {}, {}, slot, pc).attributes = other_flags ? kOtherFlags : 0;
    }
    /// Guest call of `pc` that returns to `return_pc`; uses two slots.
    void call_tb(unsigned slot, u64 pc, unsigned return_slot, u64 return_pc) {
        if (!links(pc)) return call_ptr(address(pc), return_slot, return_pc);
        if (!links(return_pc)) return goto_tb(slot, pc);
        emit(Op::call_tb, Type::I64, {}, {address(return_pc)}, slot, pc).return_slot = return_slot;
    }
    /// Indirect jump to the guest address in `pc`.
    void goto_ptr(Var pc) { emit(Op::goto_ptr, Type::I64, {}, {pc}); }
    /// Indirect guest call.
    void call_ptr(Var pc, unsigned return_slot, u64 return_pc) {
        if (!links(return_pc)) return goto_ptr(pc);
        emit(Op::call_ptr, Type::I64, {}, {pc, address(return_pc)}).return_slot = return_slot;
    }
    /// Indirect jump that is a guest return.
    void ret_ptr(Var pc) { emit(Op::ret_ptr, Type::I64, {}, {pc}); }
    /// Back to the execution loop (ExitReason) with env->pc = pc.
    void exit_tb(u32 reason, Var pc) { emit(Op::exit_tb, Type::I64, {}, {pc}, reason); }
    void mb(u8 barrier_bits) { emit(Op::mb, Type::None, {}, {}, barrier_bits); }

    /// Calls helper number `id`; `out` is kNoVar for helpers without result.
    void call(unsigned id, Var out, std::initializer_list<Var> args);

    // Ops in SSA style: the result is a new EBB temporary. `op_to` writes an existing variable.
    Var op(Op o, Type t, std::initializer_list<Var> ins, u64 imm0 = 0, u64 imm1 = 0) {
        Var out = temp(result_type(o, t));
        emit(o, t, {out}, ins, imm0, imm1);
        return out;
    }
    void op_to(Op o, Var out, std::initializer_list<Var> ins, u64 imm0 = 0, u64 imm1 = 0) {
        emit(o, op_type(o, out, ins), {out}, ins, imm0, imm1);
    }

    void mov_to(Var out, Var in) { emit(Op::mov, type(out), {out}, {in}); }

    // Shorthands; types are those of the first input
    Var add(Var a, Var b) { return same(Op::add, a, b); }
    Var sub(Var a, Var b) { return same(Op::sub, a, b); }
    Var mul(Var a, Var b) { return same(Op::mul, a, b); }
    Var and_(Var a, Var b) { return same(Op::and_, a, b); }
    Var or_(Var a, Var b) { return same(Op::or_, a, b); }
    Var xor_(Var a, Var b) { return same(Op::xor_, a, b); }
    Var shl(Var a, Var b) { return same(Op::shl, a, b); }
    Var shr(Var a, Var b) { return same(Op::shr, a, b); }
    Var sar(Var a, Var b) { return same(Op::sar, a, b); }
    Var not_(Var a) { return op(Op::not_, type(a), {a}); }
    Var neg(Var a) { return op(Op::neg, type(a), {a}); }
    Var addi(Var a, i64 imm) { return add(a, f_.constant(type(a), static_cast<u64>(imm))); }
    Var andi(Var a, u64 imm) { return and_(a, f_.constant(type(a), imm)); }
    Var shli(Var a, unsigned n) { return shl(a, f_.constant(type(a), n)); }
    Var shri(Var a, unsigned n) { return shr(a, f_.constant(type(a), n)); }
    Var sari(Var a, unsigned n) { return sar(a, f_.constant(type(a), n)); }
    Var extract(Var a, unsigned pos, unsigned len) { return op(Op::extract, type(a), {a}, pos, len); }
    Var sextract(Var a, unsigned pos, unsigned len) { return op(Op::sextract, type(a), {a}, pos, len); }
    /// I32 -> I64.
    Var ext_s(Var a) { return convert(Op::ext_s, Type::I64, a); }
    Var ext_u(Var a) { return convert(Op::ext_u, Type::I64, a); }
    /// I64 -> I32.
    Var trunc(Var a) { return convert(Op::trunc, Type::I32, a); }
    /// I64 0 or 1.
    Var setcond(Cond c, Var a, Var b) { return op(Op::setcond, type(a), {a, b}, static_cast<u64>(c)); }
    /// (a c b) ? v1 : v2.
    Var movcond(Cond c, Var a, Var b, Var v1, Var v2) {
        Var out = temp(type(v1));
        movcond_to(out, c, a, b, v1, v2);
        return out;
    }
    void movcond_to(Var out, Cond c, Var a, Var b, Var v1, Var v2) {
        Insn& i = emit(Op::movcond, type(v1), {out}, {a, b, v1, v2}, static_cast<u64>(c));
        i.type2 = type(a);
    }
    /// Conversion ops: `t` is the type of the result, the source type is that of `a`.
    Var convert(Op o, Type t, Var a, u64 imm0 = 0, u64 imm1 = 0) {
        Var out = temp(t);
        convert_to(o, out, a, imm0, imm1);
        return out;
    }
    void convert_to(Op o, Var out, Var a, u64 imm0 = 0, u64 imm1 = 0) {
        Insn& i = emit(o, type(out), {out}, {a}, imm0, imm1);
        i.type2 = type(a);
    }

    // Guest memory: address = base + displacement. The value's type is that of the variable. A store of 4 bytes
    // of an F64 stores the low word of the register image.
    void guest_ld(Var out, Var base, MemOp m, i64 displacement = 0) {
        emit(Op::guest_ld, type(out), {out}, {base, kNoVar}, m.pack(), static_cast<u64>(displacement));
    }
    /// A load that overwrites its own base register, a global: should it fault, the register is the access's address
    /// less the displacement, so it need not be in place.
    void guest_ld_over_base(Var base, MemOp m, i64 displacement) {
        guest_ld(base, base, m, displacement);
        const StateEntry entry{
            .global = static_cast<u16>(base - 1), .base = StateBase::Access, .displacement = -displacement};
        f_.insns.back().state = f_.add_point({&entry, 1});
    }
    void guest_st(Var value, Var base, MemOp m, i64 displacement = 0) {
        emit(Op::guest_st, type(value), {}, {value, base, kNoVar}, m.pack(), static_cast<u64>(displacement));
    }
    /// atomic_* but cmpxchg: out = old value.
    void atomic(Op o, Var out, Var address, Var value, MemOp m) {
        emit(o, type(value), {out}, {address, value}, m.pack());
    }
    void atomic_cmpxchg(Var out, Var address, Var expected, Var desired, MemOp m) {
        emit(Op::atomic_cmpxchg, type(desired), {out}, {address, expected, desired}, m.pack());
    }

    // Guest state outside the globals; `offset` in bytes from env.
    void env_ld(Var out, u32 offset, MemOp m) { emit(Op::env_ld, type(out), {out}, {kEnvVar}, offset, m.pack()); }
    void env_st(Var value, u32 offset, MemOp m) {
        emit(Op::env_st, type(value), {}, {value, kEnvVar}, offset, m.pack());
    }

    // Vectors of elements
    /// The result is a new EBB temporary.
    Var vector_op(Op o, Type t, Element element, std::initializer_list<Var> ins, u64 imm0 = 0, u64 imm1 = 0) {
        Var out = temp(result_type(o, t));
        emit(o, t, {out}, ins, imm0, imm1).attributes = VectorRules{element, false}.pack();
        return out;
    }
    /// `scalar` (I64 or float) in all elements.
    Var splat(Type t, Element element, Var scalar) {
        Var out = temp(t);
        Insn& i = emit(Op::v_splat, t, {out}, {scalar});
        i.type2 = type(scalar);
        i.attributes = VectorRules{element, false}.pack();
        return out;
    }
    /// The same, computed where `mask` has a bit; elsewhere the result is `old`.
    Var masked_op(Op o, Type t, Element element, std::initializer_list<Var> ins, Var mask, Var old, u64 imm0 = 0,
                  u64 imm1 = 0);
    /// Loads the elements at base + offsets + displacement; the offsets have 64 bits, and those of 32-bit elements fill
    /// the lower half.
    Var gather(Type t, Element element, Var base, Var offsets, MemOp m, i64 displacement) {
        Var out = temp(t);
        emit(Op::v_gather, t, {out}, {base, offsets}, m.pack(), static_cast<u64>(displacement)).attributes =
            VectorRules{element, false}.pack();
        return out;
    }
    /// Stores the elements of `value` for which `mask` has a bit.
    void masked_store(Element element, Var value, Var base, Var mask, MemOp m, i64 displacement) {
        emit_long(Op::v_st, type(value), {}, {value, base, mask}, m.pack(), static_cast<u64>(displacement)).attributes =
            VectorRules{element, true}.pack();
    }

    // Accrued floating-point exception flags (fpenv::Flag).
    void fflags_get(Var out) { emit(Op::fflags_get, Type::I64, {out}, {}); }
    void fflags_set(Var value) { emit(Op::fflags_set, Type::I64, {}, {value}); }

    /// The general form, for callers that have the parts already.
    Insn& emit(Op o, Type t, std::initializer_list<Var> outs, std::initializer_list<Var> ins, u64 imm0 = 0,
               u64 imm1 = 0) {
        // Both lists are written where this is called: the compiler knows their lengths.
        if (outs.size() + ins.size() > 3) return emit_long(o, t, outs, ins, imm0, imm1);
        Var args[3] = {};
        unsigned n = 0;
        for (Var v : outs) args[n++] = v;
        for (Var v : ins) args[n++] = v;
        return append(head(o, t, outs.size(), ins.size()), args[0], args[1], args[2], imm0, imm1);
    }

private:
    void note_branch(u32 l) { f_.branches_back |= l >= 64 || (f_.placed_labels >> l & 1) != 0; }
    /// Whether a branch to `label` stands a few instructions before this point.
    bool is_close(u32 label) const {
        constexpr std::size_t kClose = 5;
        const InsnList& insns = f_.insns;
        for (std::size_t i = insns.size(); i-- > 0 && i + kClose >= insns.size();) {
            if (insns[i].op == Op::brcond && insns[i].imm[0] == label) return true;
        }
        return false;
    }
    /// An instruction's first bytes, up to args, as one number: appending is made for a cheap call.
    static constexpr u64 head(Op o, Type t, std::size_t outputs, std::size_t inputs) {
        return static_cast<u64>(o) | static_cast<u64>(t) << 8 | u64{outputs} << 24 | u64{inputs} << 32;
    }
    Insn& append(u64 head, Var a, Var b, Var c, u64 imm0, u64 imm1);
    Insn& append_growing(u64 head, Var a, Var b, Var c, u64 imm0, u64 imm1);
    Insn& emit_long(Op o, Type t, std::initializer_list<Var> outs, std::initializer_list<Var> ins, u64 imm0, u64 imm1);
    bool links(u64 pc) const { return pc - f_.link_start <= f_.link_end - f_.link_start; }
    Var same(Op o, Var a, Var b) { return op(o, type(a), {a, b}); }
    static Type result_type(Op o, Type t) {
        switch (info(o).typing) {
            case OpTyping::Cmp:
            case OpTyping::VecReduce: return Type::I64;
            case OpTyping::VecMask: return Type::Mask;
            default: return t;
        }
    }
    Type op_type(Op o, Var out, std::initializer_list<Var> ins) const {
        return info(o).typing == OpTyping::Cmp ? type(*ins.begin()) : type(out);
    }

    Function& f_;
};

}  // namespace dragoman::ir
