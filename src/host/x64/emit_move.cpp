// Copies, and conversions that only move bits.
#include "host/x64/emit_float.h"
#include "host/x64/emit_memory.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Type;
using ir::Var;

void emit_mov(Emitter& e, const Insn& insn) {
    Var out = insn.out(), in = insn.in(0);
    if (e.ra.in_reg(in)) return e.ra.define_alias(out, e.ra.use(in));
    if (e.ra.is_const(in) && e.ra.is_unpinned_global(out) && e.is_imm(in, insn.type) && is_int(insn.type) &&
        !e.ra.used_soon_after(out)) {
        e.c.mov(e.ra.home(out, 64), e.ra.const_value(in));
        return e.ra.defined_in_memory(out);
    }
    if (!e.ra.is_pinned(out) && (e.ra.is_const(in) || e.ra.used_soon(in))) {
        return e.ra.define_alias(out, e.ra.use(in));
    }
    HostReg d = e.ra.target(out);
    e.ra.materialize(in, d);
    e.ra.define(out, d);
    if (e.ra.is_const(in)) e.ra.note_const(in, d);
}

void emit_trunc(Emitter& e, const Insn& insn) {
    Var out = insn.out(), in = insn.in(0);
    if (e.ra.prefers_memory(in)) {
        HostReg d = e.ra.target(out);
        e.c.mov(r32(d), e.ra.home(in, 32));
        return e.ra.define(out, d);
    }
    e.ra.define_alias(out, e.ra.use(in));
}

void emit_ext_s(Emitter& e, const Insn& insn) {
    Var in = insn.in(0);
    Emitter::Rm a = e.use_rm(in);
    HostReg d = e.ra.target_from(insn.out(), in);
    if (a.is_reg) {
        e.c.op_reg(0x63, d, a.reg, true);
    } else {
        e.c.op_mem(0x63, d, kRbp, a.displacement, true);
    }
    e.ra.define(insn.out(), d);
}

void emit_ext_u(Emitter& e, const Insn& insn) {
    Var in = insn.in(0);
    Emitter::Rm a = e.use_rm(in);
    HostReg d = e.ra.target_from(insn.out(), in);
    if (a.is_reg) {
        e.c.op_reg(0x8b, d, a.reg, false);
    } else {
        e.c.op_mem(0x8b, d, kRbp, a.displacement, false);
    }
    e.ra.define(insn.out(), d);
}

void emit_ext_any(Emitter& e, const Insn& insn) { e.ra.define_alias(insn.out(), e.ra.use(insn.in(0))); }

void emit_bitcast(Emitter& e, const Insn& insn) {
    Var out = insn.out(), in = insn.in(0);
    if (e.ra.prefers_memory(in)) {
        HostReg d = e.ra.target(out);
        e.ra.load(d, e.ra.home(in), e.ra.type(out));
        if (insn.type == Type::F32) box_f32(e, d);
        return e.ra.define(out, d);
    }
    HostReg a = e.ra.use(in);
    if (insn.type == Type::Mask || insn.type2 == Type::Mask) {
        if (!e.features().avx512) return e.ra.define_alias(out, a);
        const HostReg d = e.ra.target(out);
        is_mask(d) ? e.c.kmovq(opmask(d), r64(a)) : e.c.kmovq(r64(d), opmask(a));
        return e.ra.define(out, d);
    }
    if (is_xmm(a) == (class_of(insn.type) == RegClass::Xmm)) return e.ra.define_alias(out, a);
    HostReg d = e.ra.target(out);
    is_xmm(d) ? move_to_xmm(e, d, a, insn.type) : move_from_xmm(e, d, a, insn.type);
    e.ra.define(out, d);
}

}  // namespace dragoman::host::x64
