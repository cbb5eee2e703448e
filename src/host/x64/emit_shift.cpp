// Shifts and rotations; bit fields.
#include "host/x64/emit_integer.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Type;
using ir::Var;

namespace {

enum class Shift : u8 { Shl, Shr, Sar, Rol, Ror };

template <class Count>
void shift(CodeWriter& c, Shift op, const Xbyak::Reg& r, const Count& count) {
    switch (op) {
        case Shift::Shl: return c.shl(r, count);
        case Shift::Shr: return c.shr(r, count);
        case Shift::Sar: return c.sar(r, count);
        case Shift::Rol: return c.rol(r, count);
        case Shift::Ror: return c.ror(r, count);
    }
}

void emit_shift_const(Emitter& e, const Insn& insn, Shift op, unsigned n) {
    unsigned bits = ir::type_bits(insn.type);
    Var a = insn.in(0), out = insn.out();
    Emitter::Rm x = e.use_rm(a);
    HostReg d = e.ra.target_from(out, a);
    bool copy = x.is_reg && x.reg != d;
    if (n == 0) {
        load_rm(e, d, x, insn.type);
    } else if (op == Shift::Shl && n == 1 && copy) {
        e.c.lea(gpr(d, bits), e.c.ptr[r64(x.reg) + r64(x.reg)]);
    } else if (op == Shift::Shl && n <= 3 && copy) {
        e.c.lea(gpr(d, bits), e.c.ptr[r64(x.reg) * (1 << n)]);
    } else if ((op == Shift::Rol || op == Shift::Ror) && e.features().bmi2 && (copy || !x.is_reg)) {
        auto right = static_cast<u8>(op == Shift::Ror ? n : bits - n);
        x.is_reg ? e.c.rorx(gpr32e(d, bits), gpr(x.reg, bits), right) : e.c.rorx(gpr32e(d, bits), x.mem(), right);
    } else {
        load_rm(e, d, x, insn.type);
        constexpr u8 kExtension[] = {4, 5, 7, 0, 1};  // of opcodes d1 (by 1) and c1
        e.c.op_reg(n == 1 ? 0xd1 : 0xc1, kExtension[static_cast<unsigned>(op)], d, bits == 64);
        if (n != 1) e.c.db(static_cast<int>(n));
    }
    e.ra.define(out, d);
}

/// shl by 1 to 3 whose only use is the add that follows: one lea.
bool emit_shift_add(Emitter& e, const Insn& insn, unsigned n) {
    u32 next = e.next_op();
    if (n < 1 || n > 3 || next == 0 || insn.type != Type::I64) return false;
    const Insn& add = e.f->insns[next];
    Var shifted = insn.out();
    if (add.op != ir::Op::add || add.type != Type::I64 || e.ra.next_use(e.index, 0) != next) return false;
    unsigned position = add.in(0) == shifted ? 0 : 1;
    Var other = add.in(1 - position);
    if (add.in(position) != shifted || other == shifted || e.ra.is_const(other)) return false;
    // The shifted value itself must not be needed: overwritten by the add, or a temporary that dies there.
    bool gone = add.out() == shifted ||
                (e.f->vars[shifted].kind == ir::VarKind::Ebb && e.ra.next_use(next, 1 + position) == Allocator::kNever);
    if (!gone) return false;
    Var a = insn.in(0);
    HostReg x = e.ra.use(a);
    HostReg y = e.ra.use(other);
    bool a_dies = e.ra.dies(a) && a != other;
    e.fuse(next);
    HostReg d = a_dies && a != add.out() ? e.ra.target_from(add.out(), a) : e.ra.target(add.out());
    e.c.lea(r64(d), e.c.ptr[r64(y) + r64(x) * (1 << n)]);
    if (a_dies) e.ra.release_input(a);
    e.ra.define(add.out(), d);
    return true;
}

void emit_shift(Emitter& e, const Insn& insn, Shift op) {
    unsigned bits = ir::type_bits(insn.type);
    Var a = insn.in(0), b = insn.in(1), out = insn.out();
    if (e.ra.is_const(b)) {
        if (op == Shift::Shl && emit_shift_add(e, insn, static_cast<unsigned>(e.ra.const_value(b)) & (bits - 1)))
            return;
        return emit_shift_const(e, insn, op, static_cast<unsigned>(e.ra.const_value(b)) & (bits - 1));
    }
    if (e.features().bmi2 && op <= Shift::Sar) {
        HostReg count = e.ra.use(b);
        Emitter::Rm x = e.use_rm(a);
        HostReg d = e.ra.target_from(out, a);
        Xbyak::Reg32e to = gpr32e(d, bits), n = gpr32e(count, bits), from = gpr32e(x.reg & 15, bits);
        const Xbyak::Address memory_source = x.mem();
        const Xbyak::Operand& source = x.is_reg ? static_cast<const Xbyak::Operand&>(from) : memory_source;
        switch (op) {
            case Shift::Shl: e.c.shlx(to, source, n); break;
            case Shift::Shr: e.c.shrx(to, source, n); break;
            default: e.c.sarx(to, source, n); break;
        }
        return e.ra.define(out, d);
    }
    HostReg x = e.ra.use(a);
    bool own = x != kRcx && x != e.ra.reg_of(b);
    if (!own) {
        HostReg copy = e.ra.scratch_of(kScratchGprs & ~mask_of(kRcx));
        e.ra.move(copy, x, insn.type);
        e.ra.unlock(x);
        x = copy;
    }
    e.ra.use_in(b, kRcx);
    HostReg d = own ? e.ra.target_from(out, a) : e.ra.target(out);
    e.ra.move(d, x, insn.type);
    shift(e.c, op, gpr(d, bits), e.c.cl);
    e.ra.define(out, d);
}

}  // namespace

void emit_shl(Emitter& e, const Insn& insn) { emit_shift(e, insn, Shift::Shl); }
void emit_shr(Emitter& e, const Insn& insn) { emit_shift(e, insn, Shift::Shr); }
void emit_sar(Emitter& e, const Insn& insn) { emit_shift(e, insn, Shift::Sar); }
void emit_rotl(Emitter& e, const Insn& insn) { emit_shift(e, insn, Shift::Rol); }
void emit_rotr(Emitter& e, const Insn& insn) { emit_shift(e, insn, Shift::Ror); }

// ---- bit fields ---------------------------------------------------------------------------------

namespace {

/// d = zero- or sign-extended low `len` bits (8, 16, 32) of `x`, a variable's place.
void extend(Emitter& e, HostReg d, const Emitter::Rm& x, unsigned len, bool sign, Type t) {
    if (x.is_reg) {
        Xbyak::Reg from = gpr(x.reg, len);
        if (len == 32) {
            sign&& t == Type::I64 ? e.c.movsxd(r64(d), r32(x.reg)) : e.c.mov(r32(d), r32(x.reg));
        } else {
            sign ? e.c.movsx(gpr(d, ir::type_bits(t)), from) : e.c.movzx(r32(d), from);
        }
        return;
    }
    Xbyak::Address from = x.mem(len);
    if (len == 32) {
        sign&& t == Type::I64 ? e.c.movsxd(r64(d), from) : e.c.mov(r32(d), from);
    } else {
        sign ? e.c.movsx(gpr(d, ir::type_bits(t)), from) : e.c.movzx(r32(d), from);
    }
}

void emit_field(Emitter& e, const Insn& insn, bool sign) {
    auto pos = static_cast<unsigned>(insn.imm[0]), len = static_cast<unsigned>(insn.imm[1]);
    unsigned bits = ir::type_bits(insn.type);
    Var a = insn.in(0);
    Emitter::Rm x = e.use_rm(a);
    bool natural = len == 8 || len == 16 || len == 32;
    if (pos == 0 && natural) {
        HostReg d = e.ra.target_from(insn.out(), a);
        extend(e, d, x, len, sign, insn.type);
        return e.ra.define(insn.out(), d);
    }
    HostReg d = e.ra.target_from(insn.out(), a);
    Xbyak::Reg r = gpr(d, bits);
    if (pos + len == 32 && bits == 64) {  // the low word shifted right
        if (sign) {
            extend(e, d, x, 32, true, Type::I64);
            e.c.sar(r, static_cast<int>(pos));
        } else {
            load_rm(e, d, x, Type::I32);
            e.c.shr(r32(d), static_cast<int>(pos));
        }
        return e.ra.define(insn.out(), d);
    }
    load_rm(e, d, x, insn.type);
    if (pos + len == bits) {
        if (pos != 0) sign ? e.c.sar(r, static_cast<int>(pos)) : e.c.shr(r, static_cast<int>(pos));
    } else if (sign) {
        if (natural) {
            e.c.shr(r, static_cast<int>(pos));
            extend(e, d, Emitter::Rm::in_reg(d), len, true, insn.type);
        } else {
            e.c.shl(r, static_cast<int>(bits - pos - len));
            e.c.sar(r, static_cast<int>(bits - len));
        }
    } else {
        if (pos != 0 && !(len > 31)) e.c.shr(r, static_cast<int>(pos));
        if (natural && len < 32) {
            extend(e, d, Emitter::Rm::in_reg(d), len, false, insn.type);
        } else if (len <= 31) {
            e.c.and_(r32(d), static_cast<u32>(low_mask(len)));
        } else {
            e.c.shl(r, static_cast<int>(bits - pos - len));
            e.c.shr(r, static_cast<int>(bits - len));
        }
    }
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_extract(Emitter& e, const Insn& insn) { emit_field(e, insn, false); }
void emit_sextract(Emitter& e, const Insn& insn) { emit_field(e, insn, true); }

// base with bits [pos, pos+len) replaced: rotate the field down to bit 0, shift it out, insert by rotating.
void emit_deposit(Emitter& e, const Insn& insn) {
    auto pos = static_cast<unsigned>(insn.imm[0]), len = static_cast<unsigned>(insn.imm[1]);
    unsigned bits = ir::type_bits(insn.type);
    Type t = insn.type;
    Var base = insn.in(0), field = insn.in(1);
    if (len == bits) {
        HostReg d = copy_to_target(e, insn.out(), field);
        return e.ra.define(insn.out(), d);
    }
    HostReg f = e.ra.use(field);
    HostReg b = e.ra.use(base);
    HostReg t1 = e.ra.scratch(RegClass::Gpr);
    e.ra.move(t1, f, t);
    if (f != b) e.ra.unlock(f);
    e.c.shl(gpr(t1, bits), static_cast<int>(bits - len));  // field at the top
    HostReg d = e.ra.target_from(insn.out(), base);
    // When the output is the field's register, t1 has it already.
    e.ra.move(d, b, t);
    e.c.ror(gpr(d, bits), static_cast<int>(pos));  // old field at the bottom
    e.c.shr(gpr(d, bits), static_cast<int>(len));
    e.c.or_(gpr(d, bits), gpr(t1, bits));
    e.c.rol(gpr(d, bits), static_cast<int>(pos + len));
    e.ra.define(insn.out(), d);
}

}  // namespace dragoman::host::x64
