// Integer arithmetic and logic with two-operand forms, shifts, comparisons that give values.
#include "host/x64/emit_integer.h"

namespace dragoman::host::x64 {

using ir::Cond;
using ir::Insn;
using ir::Type;
using ir::Var;

namespace {

enum class Alu : u8 { Add, Or, And, Sub, Xor };

template <class A, class B>
void alu(CodeWriter& c, Alu op, const A& to, const B& from) {
    switch (op) {
        case Alu::Add: return c.add(to, from);
        case Alu::Or: return c.or_(to, from);
        case Alu::And: return c.and_(to, from);
        case Alu::Sub: return c.sub(to, from);
        case Alu::Xor: return c.xor_(to, from);
    }
}

/// The opcode of `op reg, rm`, and /n of its immediate form.
unsigned opcode(Alu op) {
    constexpr u8 kOpcodes[] = {0x03, 0x0b, 0x23, 0x2b, 0x33};
    return kOpcodes[static_cast<u8>(op)];
}
bool is_logic(Alu op) { return op != Alu::Add && op != Alu::Sub; }
unsigned extension(Alu op) { return opcode(op) >> 3; }

void alu_rm(CodeWriter& c, Alu op, HostReg to, const Emitter::Rm& from, unsigned bits) {
    if (from.is_reg) {
        c.op_reg(opcode(op), to, from.reg, bits == 64);
    } else {
        c.op_mem(opcode(op), to, kRbp, from.displacement, bits == 64);
    }
}

/// `op [out], b` when `out`, a global in env, is also the first input and in no register.
bool emit_in_memory(Emitter& e, const Insn& insn, Alu op, Var b) {
    Var out = insn.out();
    if (!e.ra.is_unpinned_global(out) || e.ra.in_reg(out) || e.ra.used_soon_after(out) || b == out) return false;
    unsigned bits = ir::type_bits(insn.type);
    if (e.is_imm(b, insn.type)) {
        alu(e.c, op, e.ra.home(out, bits), e.imm(b));
    } else {
        alu(e.c, op, e.ra.home(out, bits), gpr(e.ra.use(b), bits));
    }
    e.ra.defined_in_memory(out);
    return true;
}

/// out = a op b.
void emit_alu(Emitter& e, const Insn& insn, Alu op) {
    Var a = insn.in(0), b = insn.in(1);
    const bool commutative = op != Alu::Sub;
    if (commutative && (e.ra.is_const(a) || (insn.out() == b && a != b))) std::swap(a, b);
    if (a == insn.out() && emit_in_memory(e, insn, op, b)) return;

    unsigned bits = ir::type_bits(insn.type);
    if (e.is_imm(b, insn.type)) {
        Emitter::Rm x = e.use_rm(a);
        HostReg d = e.ra.target_from(insn.out(), a);
        load_rm(e, d, x, insn.type);
        e.c.op_imm(extension(op), d, static_cast<i32>(e.imm(b)), bits == 64);
        e.note_flags(d, bits == 64, is_logic(op));
        return e.ra.define(insn.out(), d);
    }
    // Keep the operand that lives on in its register, compute in the other's.
    if (commutative && !e.ra.dies(a) && e.ra.dies(b) && e.ra.in_scratch(b)) std::swap(a, b);
    if (commutative && e.ra.prefers_memory(a) && !e.ra.prefers_memory(b)) std::swap(a, b);
    Emitter::Rm x = e.use_rm(a);
    Emitter::Rm y = e.use_rm(b);
    HostReg d = e.ra.target_from(insn.out(), a);
    if (y.is_reg && y.reg == d && !(x.is_reg && x.reg == d)) {
        if (commutative) {
            alu_rm(e.c, op, d, x, bits);
        } else {  // a - d == -d + a
            e.c.neg(gpr(d, bits));
            alu_rm(e.c, Alu::Add, d, x, bits);
        }
    } else {
        load_rm(e, d, x, insn.type);
        alu_rm(e.c, op, d, y, bits);
        e.note_flags(d, bits == 64, is_logic(op));
    }
    e.ra.define(insn.out(), d);
}

}  // namespace

void load_rm(Emitter& e, HostReg d, const Emitter::Rm& from, Type t) {
    if (from.is_reg) {
        e.ra.move(d, from.reg, t);
    } else {
        e.ra.load(d, from.displacement, t);
    }
}

HostReg copy_to_target(Emitter& e, Var out, Var a) {
    Emitter::Rm x = e.use_rm(a);
    HostReg d = e.ra.target_from(out, a);
    load_rm(e, d, x, e.ra.type(a));
    return d;
}

// ---- add, sub -----------------------------------------------------------------------------------

namespace {

/// out = a + constant, by the shortest way.
void emit_add_imm(Emitter& e, const Insn& insn, Var a, i32 value) {
    unsigned bits = ir::type_bits(insn.type);
    if (a == insn.out() && e.ra.is_unpinned_global(a) && !e.ra.in_reg(a) && !e.ra.used_soon_after(a)) {
        e.c.add(e.ra.home(a, bits), static_cast<u32>(value));
        return e.ra.defined_in_memory(a);
    }
    Emitter::Rm x = e.use_rm(a);
    HostReg d = e.ra.target_from(insn.out(), a);
    if (x.is_reg && x.reg != d) {
        e.c.op_mem(0x8d, d, x.reg, value, bits == 64);
    } else {
        load_rm(e, d, x, insn.type);
        if (value == 128) {
            e.c.op_imm(extension(Alu::Sub), d, -128, bits == 64);
        } else {
            e.c.op_imm(extension(Alu::Add), d, value, bits == 64);
        }
        e.note_flags(d, bits == 64, false);
    }
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_add(Emitter& e, const Insn& insn) {
    Var a = insn.in(0), b = insn.in(1);
    if (e.ra.is_const(a)) std::swap(a, b);
    if (e.is_imm(b, insn.type)) return emit_add_imm(e, insn, a, static_cast<i32>(e.imm(b)));
    if (e.ra.prefers_memory(a) || e.ra.prefers_memory(b) || insn.out() == a || insn.out() == b) {
        return emit_alu(e, insn, Alu::Add);
    }
    HostReg x = e.ra.use(a);
    HostReg y = e.ra.use(b);
    HostReg d = e.ra.target_from(insn.out(), e.ra.dies(b) && !e.ra.dies(a) ? b : a);
    unsigned bits = ir::type_bits(insn.type);
    if (d == x) {
        e.c.op_reg(opcode(Alu::Add), d, y, bits == 64);
    } else if (d == y) {
        e.c.op_reg(opcode(Alu::Add), d, x, bits == 64);
    } else {
        if ((x & 7) == 5) std::swap(x, y);  // rbp and r13 as a base need a displacement
        e.c.lea(gpr(d, bits), e.c.ptr[r64(x) + r64(y)]);
    }
    e.ra.define(insn.out(), d);
}

void emit_sub(Emitter& e, const Insn& insn) {
    Var a = insn.in(0), b = insn.in(1);
    if (e.is_imm(b, insn.type) && e.imm(b) != 0x80000000) {
        return emit_add_imm(e, insn, a, -static_cast<i32>(e.imm(b)));
    }
    if (e.ra.is_const(a) && e.ra.const_value(a) == 0) {
        HostReg d = copy_to_target(e, insn.out(), b);
        e.c.neg(gpr(d, ir::type_bits(insn.type)));
        return e.ra.define(insn.out(), d);
    }
    emit_alu(e, insn, Alu::Sub);
}

void emit_neg(Emitter& e, const Insn& insn) {
    HostReg d = copy_to_target(e, insn.out(), insn.in(0));
    e.c.neg(gpr(d, ir::type_bits(insn.type)));
    e.ra.define(insn.out(), d);
}

// ---- logic --------------------------------------------------------------------------------------

namespace {

/// out = a & mask for masks that have a better form than an immediate. False: not one of them.
bool emit_and_mask(Emitter& e, const Insn& insn, Var a, u64 mask) {
    bool wide = insn.type == Type::I64;
    if (mask == 0xff || mask == 0xffff || (wide && mask == 0xffffffff)) {
        Emitter::Rm x = e.use_rm(a);
        HostReg d = e.ra.target_from(insn.out(), a);
        unsigned bits = mask == 0xff ? 8 : mask == 0xffff ? 16 : 32;
        x.bits = static_cast<u16>(bits);
        if (bits == 32) {
            x.is_reg ? e.c.mov(r32(d), r32(x.reg)) : e.c.mov(r32(d), x.mem());
        } else {
            x.is_reg ? e.c.movzx(r32(d), gpr(x.reg, bits)) : e.c.movzx(r32(d), x.mem());
        }
        e.ra.define(insn.out(), d);
        return true;
    }
    if (!wide || fits_i32(static_cast<i64>(mask))) {
        if (!wide || mask > 0x7fffffff) return false;
        // A positive mask needs no 64-bit operation.
        if (insn.out() == a && e.ra.is_unpinned_global(a) && !e.ra.in_reg(a)) return false;
        HostReg d = copy_to_target(e, insn.out(), a);
        e.c.and_(r32(d), static_cast<u32>(mask));
        e.note_flags(d, wide, true);  // the sign is clear in either width
        e.ra.define(insn.out(), d);
        return true;
    }
    if (fits_u32(mask)) {
        Emitter::Rm x = e.use_rm(a);
        HostReg d = e.ra.target_from(insn.out(), a);
        x.is_reg ? e.ra.move(d, x.reg, Type::I32) : e.c.mov(r32(d), e.ra.home(a, 32));
        e.c.and_(r32(d), static_cast<u32>(mask));
        e.ra.define(insn.out(), d);
        return true;
    }
    if (std::has_single_bit(~mask)) {
        HostReg d = copy_to_target(e, insn.out(), a);
        e.c.btr(r64(d), static_cast<u8>(std::countr_zero(~mask)));
        e.ra.define(insn.out(), d);
        return true;
    }
    return false;
}

/// or / xor with a single high bit.
bool emit_single_bit(Emitter& e, const Insn& insn, bool flip) {
    Var b = insn.in(1);
    if (insn.type != Type::I64 || !e.ra.is_const(b) || e.is_imm(b, Type::I64)) return false;
    u64 bit = e.ra.const_value(b);
    if (!std::has_single_bit(bit)) return false;
    HostReg d = copy_to_target(e, insn.out(), insn.in(0));
    auto n = static_cast<u8>(std::countr_zero(bit));
    flip ? e.c.btc(r64(d), n) : e.c.bts(r64(d), n);
    e.ra.define(insn.out(), d);
    return true;
}

}  // namespace

namespace {

/// Whether this is the `& ~1` of an indirect jump's target, which the jump can do itself.
bool masks_jump_target(Emitter& e, const Insn& insn) {
    u16 use = e.ra.next_use(e.index, 0);
    if (use >= Allocator::kFar || e.f->vars[insn.out()].kind != ir::VarKind::Ebb) return false;
    const Insn& jump = e.f->insns[use];
    return (jump.op == ir::Op::ret_ptr || jump.op == ir::Op::goto_ptr || jump.op == ir::Op::call_ptr) &&
           jump.in(0) == insn.out();
}

}  // namespace

void emit_and_(Emitter& e, const Insn& insn) {
    Var a = insn.in(0), b = insn.in(1);
    if (e.ra.is_const(a)) std::swap(a, b);
    if (e.ra.is_const(b) && e.ra.const_value(b) == ~u64{1} && insn.type == Type::I64 && masks_jump_target(e, insn)) {
        e.ra.define_alias(insn.out(), e.ra.use(a));
        e.unmasked_target = insn.out();
        return;
    }
    if (e.ra.is_const(b) && emit_and_mask(e, insn, a, e.ra.const_value(b))) return;
    emit_alu(e, insn, Alu::And);
}

void emit_or_(Emitter& e, const Insn& insn) {
    if (!emit_single_bit(e, insn, false)) emit_alu(e, insn, Alu::Or);
}

void emit_xor_(Emitter& e, const Insn& insn) {
    if (e.is_imm(insn.in(1), insn.type) && e.imm(insn.in(1)) == ~u32{0}) return emit_not_(e, insn);
    if (!emit_single_bit(e, insn, true)) emit_alu(e, insn, Alu::Xor);
}

void emit_not_(Emitter& e, const Insn& insn) {
    HostReg d = copy_to_target(e, insn.out(), insn.in(0));
    e.c.not_(gpr(d, ir::type_bits(insn.type)));
    e.ra.define(insn.out(), d);
}

namespace {

/// out = a op ~b for and, or; out = ~(a ^ b) for xor.
void emit_inverted(Emitter& e, const Insn& insn, Alu op) {
    Var a = insn.in(0), b = insn.in(1);
    unsigned bits = ir::type_bits(insn.type);
    Emitter::Rm x = e.use_rm(a);
    HostReg y = e.ra.use(b);
    HostReg d;
    if (op == Alu::And && e.features().bmi1) {
        d = e.ra.target(insn.out());
        Xbyak::Reg32e to = gpr32e(d, bits), inverted = gpr32e(y, bits);
        x.is_reg ? e.c.andn(to, inverted, gpr(x.reg, bits)) : e.c.andn(to, inverted, x.mem());
        e.note_flags(d, bits == 64, true);
        return e.ra.define(insn.out(), d);
    }
    d = e.ra.target_from(insn.out(), b);
    if (x.is_reg && x.reg == d && y != d) {
        if (op == Alu::Xor) {
            alu(e.c, op, gpr(d, bits), gpr(y, bits));
            e.c.not_(gpr(d, bits));
        } else {  // a & ~b == ~(~a | b); a | ~b == ~(~a & b)
            e.c.not_(gpr(d, bits));
            alu(e.c, op == Alu::And ? Alu::Or : Alu::And, gpr(d, bits), gpr(y, bits));
            e.c.not_(gpr(d, bits));
        }
        return e.ra.define(insn.out(), d);
    }
    if (x.is_reg && x.reg == d) {  // both inputs are one register
        e.ra.load_const(d, op == Alu::And ? 0 : ~u64{0}, insn.type);
        return e.ra.define(insn.out(), d);
    }
    e.ra.move(d, y, insn.type);
    e.c.not_(gpr(d, bits));
    alu_rm(e.c, op, d, x, bits);
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_andc(Emitter& e, const Insn& insn) { emit_inverted(e, insn, Alu::And); }
void emit_orc(Emitter& e, const Insn& insn) { emit_inverted(e, insn, Alu::Or); }
void emit_eqv(Emitter& e, const Insn& insn) { emit_inverted(e, insn, Alu::Xor); }

// ---- conditions ---------------------------------------------------------------------------------

void emit_setcond(Emitter& e, const Insn& insn) {
    auto cond = static_cast<Cond>(insn.imm[0]);
    Var a = insn.in(0), b = insn.in(1), out = insn.out();
    // Clearing the whole register first is better than extending afterwards, if no operand is in it.
    if (HostReg d = e.ra.is_pinned(out) ? e.ra.reg_of(out) : kNoReg;
        d != kNoReg && e.ra.reg_of(a) != d && e.ra.reg_of(b) != d) {
        e.ra.target(out);
        e.c.xor_(r32(d), r32(d));
        Cc cc = e.compare(cond, insn.type, a, b);
        e.c.setcc(cc, d);
        return e.ra.define(out, d);
    }
    Cc cc = e.compare(cond, insn.type, a, b);
    HostReg d = e.ra.target(out);
    e.c.setcc(cc, d);
    e.c.movzx(r32(d), r8(d));
    e.ra.define(out, d);
}

namespace {

/// Whether the operands of a movcond, the last two to be loaded if they are not, fit in scratch registers.
bool fits_scratch(const Emitter& e, std::initializer_list<Var> operands, Type compared) {
    RegMask regs = 0;
    Var a = operands.begin()[2], b = operands.begin()[3];
    unsigned needed = e.ra.is_const(a) && e.ra.is_const(b), i = 0;  // only one can be an immediate
    for (Var v : operands) {
        if (e.ra.in_scratch(v)) {
            regs |= mask_of(e.ra.reg_of(v));
        } else if (i >= 2 && !e.ra.in_reg(v) && !(e.is_imm(v, compared) && fits_u32(e.ra.const_value(v)))) {
            ++needed;
        }
        ++i;
    }
    return static_cast<unsigned>(std::popcount(regs & kScratchGprs)) + needed <= 3;
}

}  // namespace

void emit_movcond(Emitter& e, const Insn& insn) {
    auto cond = static_cast<Cond>(insn.imm[0]);
    Var v1 = insn.in(2), v2 = insn.in(3), out = insn.out();
    Type t = insn.type;
    if (is_float(t)) return emit_movcond_float(e, insn);
    unsigned bits = ir::type_bits(t);
    // The value that cmov takes cannot be an immediate, the other can.
    if (e.ra.is_const(v1)) {
        std::swap(v1, v2);
        cond = ir::invert(cond);
    }
    if (e.ra.is_const(v1)) e.ra.use(v1);
    // Neither value is loaded yet: mov and cmov take them from memory, and leave the flags alone. Four operands
    // can be more than there are scratch registers.
    for (Var v : {v2, v1}) {
        if (e.ra.in_scratch(v) && !(v == v1 && e.ra.is_const(v)) &&
            !fits_scratch(e, {v1, v2, insn.in(0), insn.in(1)}, insn.type2)) {
            e.ra.to_memory(v);
        }
    }
    Emitter::Rm x1 = e.where(v1), x2 = e.where(v2);
    Cc cc = e.compare(cond, insn.type2, insn.in(0), insn.in(1));
    for (Var v : {insn.in(0), insn.in(1)}) {
        HostReg r = e.ra.reg_of(v);
        if (r != kNoReg && !(x1.is_reg && x1.reg == r) && !(x2.is_reg && x2.reg == r)) e.ra.unlock(r);
    }
    HostReg d = e.ra.target_from(out, v2);
    if (x1.is_reg && d == x1.reg) {
        std::swap(v1, v2);
        std::swap(x1, x2);
        cc = invert(cc);
    }
    if (x2.is_reg) {
        e.ra.move(d, x2.reg, t);
    } else {
        e.ra.materialize(v2, d, true);
    }
    if (!x1.is_reg && e.ra.is_const(v1)) {
        x1 = Emitter::Rm::in_reg(e.ra.scratch(RegClass::Gpr));
        e.ra.materialize(v1, x1.reg, true);
    }
    x1.is_reg ? e.c.cmov(cc, gpr(d, bits), gpr(x1.reg, bits)) : e.c.cmov(cc, gpr(d, bits), x1.mem());
    e.ra.define(out, d);
}

void emit_movcond_float(Emitter& e, const Insn& insn) {
    Var v1 = insn.in(2), v2 = insn.in(3);
    HostReg r1 = e.ra.use(v1);
    HostReg r2 = e.ra.use(v2);
    Cc cc = e.compare(static_cast<Cond>(insn.imm[0]), insn.type2, insn.in(0), insn.in(1));
    HostReg d = e.ra.target(insn.out());
    HostReg other = r1;
    if (d == r1) {
        other = r2;
        cc = invert(cc);
    } else {
        e.ra.move(d, r2, insn.type);
    }
    u32 over = e.c.jcc_short(invert(cc));
    e.ra.move(d, other, insn.type);
    e.c.bind_short(over);
    e.ra.define(insn.out(), d);
}

namespace {

/// out = (a cond b) ? a : b.
void emit_minmax(Emitter& e, const Insn& insn, Cc take_b) {
    Var a = insn.in(0), b = insn.in(1);
    unsigned bits = ir::type_bits(insn.type);
    if (insn.out() == b && a != b) std::swap(a, b);
    HostReg x = e.ra.use(a);
    HostReg y = e.ra.use(b);
    HostReg d = e.ra.target_from(insn.out(), a);
    if (d == y) std::swap(x, y);
    e.c.cmp(gpr(x, bits), gpr(y, bits));
    e.ra.move(d, x, insn.type);
    e.c.cmov(take_b, gpr(d, bits), gpr(y, bits));
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_min_s(Emitter& e, const Insn& insn) { emit_minmax(e, insn, Cc::G); }
void emit_min_u(Emitter& e, const Insn& insn) { emit_minmax(e, insn, Cc::A); }
void emit_max_s(Emitter& e, const Insn& insn) { emit_minmax(e, insn, Cc::L); }
void emit_max_u(Emitter& e, const Insn& insn) { emit_minmax(e, insn, Cc::B); }

}  // namespace dragoman::host::x64
