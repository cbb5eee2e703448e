// Bit counting, byte order, carry-less multiplication; each with a fallback for CPUs without the instruction.
#include "host/x64/emit_integer.h"
#include "host/x64/emit_memory.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Type;
using ir::Var;

namespace {

/// bsr / bsf leave the output undefined for zero.
void scan_fallback(Emitter& e, HostReg d, HostReg x, unsigned bits, bool leading) {
    e.c.test(gpr(x, bits), gpr(x, bits));
    u32 zero = e.c.jcc_short(Cc::E);
    if (leading) {
        e.c.bsr(gpr(d, bits), gpr(x, bits));
        e.c.xor_(r32(d), bits - 1);
    } else {
        e.c.bsf(gpr(d, bits), gpr(x, bits));
    }
    u32 done = e.c.jump_short();
    e.c.bind_short(zero);
    e.ra.load_const(d, bits, Type::I32);
    e.c.bind_short(done);
}

}  // namespace

void emit_clz(Emitter& e, const Insn& insn) {
    unsigned bits = ir::type_bits(insn.type);
    HostReg x = e.ra.use(insn.in(0));
    HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    if (e.features().lzcnt) {
        e.c.lzcnt(gpr(d, bits), gpr(x, bits));
    } else {
        scan_fallback(e, d, x, bits, true);
    }
    e.ra.define(insn.out(), d);
}

void emit_ctz(Emitter& e, const Insn& insn) {
    unsigned bits = ir::type_bits(insn.type);
    HostReg x = e.ra.use(insn.in(0));
    HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    if (e.features().bmi1) {
        e.c.tzcnt(gpr(d, bits), gpr(x, bits));
    } else {
        scan_fallback(e, d, x, bits, false);
    }
    e.ra.define(insn.out(), d);
}

void emit_popcnt(Emitter& e, const Insn& insn) {
    unsigned bits = ir::type_bits(insn.type);
    if (!e.features().popcnt) {
        e.ra.use_in(insn.in(0), kRax);
        e.ra.claim(kRcx);
        e.ra.claim(kRdx);
        if (bits == 32) e.c.mov(e.c.eax, e.c.eax);
        e.call_common(Common::Popcnt);
        return e.ra.define(insn.out(), kRax);
    }
    HostReg x = e.ra.use(insn.in(0));
    HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    e.c.popcnt(gpr(d, bits), gpr(x, bits));
    e.ra.define(insn.out(), d);
}

void emit_bswap(Emitter& e, const Insn& insn) {
    HostReg d = copy_to_target(e, insn.out(), insn.in(0));
    insn.type == Type::I64 ? e.c.bswap(r64(d)) : e.c.bswap(r32(d));
    e.ra.define(insn.out(), d);
}

// Bytes that equal zero become ff; the complement is what is asked for.
void emit_orc_b(Emitter& e, const Insn& insn) {
    HostReg x = e.ra.use(insn.in(0));
    HostReg v = e.ra.scratch(RegClass::Xmm);
    HostReg zero = e.ra.scratch(RegClass::Xmm);
    move_to_xmm(e, v, x, insn.type);
    e.ra.load_const(zero, 0, Type::F64);
    e.features().avx ? e.c.vpcmpeqb(xmm(v), xmm(v), xmm(zero)) : e.c.pcmpeqb(xmm(v), xmm(zero));
    HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    move_from_xmm(e, d, v, insn.type);
    e.c.not_(gpr(d, ir::type_bits(insn.type)));
    e.ra.define(insn.out(), d);
}

namespace {

/// Through a routine of the prologue area: rax = clmul(rdx, rcx), all three overwritten.
void clmul_fallback(Emitter& e, const Insn& insn, bool high) {
    Var a = insn.in(0), b = insn.in(1);
    HostReg y = e.ra.use(b);
    if (y == kRdx) {
        HostReg copy = e.ra.scratch_of(mask_of(kRcx));
        e.ra.move(copy, y, Type::I64);
        e.ra.unlock(y);
        y = copy;
    }
    e.ra.use_in(a, kRdx);
    e.ra.claim(kRcx);
    e.ra.move(kRcx, y, Type::I64);
    e.ra.claim(kRax);
    bool narrow = insn.type == Type::I32;
    if (narrow) {
        e.c.mov(e.c.edx, e.c.edx);
        e.c.mov(e.c.ecx, e.c.ecx);
    }
    e.call_common(high && !narrow ? Common::ClmulHigh : Common::ClmulLow);
    if (high && narrow) e.c.shr(e.c.rax, 32);
    e.ra.define(insn.out(), kRax);
}

void emit_clmul_half(Emitter& e, const Insn& insn, bool high) {
    if (!e.features().pclmul) return clmul_fallback(e, insn, high);
    HostReg x = e.ra.use(insn.in(0));
    HostReg y = e.ra.use(insn.in(1));
    HostReg vx = e.ra.scratch(RegClass::Xmm);
    HostReg vy = e.ra.scratch(RegClass::Xmm);
    move_to_xmm(e, vx, x, insn.type);
    move_to_xmm(e, vy, y, insn.type);
    e.features().avx ? e.c.vpclmulqdq(xmm(vx), xmm(vx), xmm(vy), 0) : e.c.pclmulqdq(xmm(vx), xmm(vy), 0);
    HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    if (high && insn.type == Type::I64) {
        e.features().avx ? e.c.vpsrldq(xmm(vx), xmm(vx), 8) : e.c.psrldq(xmm(vx), 8);
    }
    move_from_xmm(e, d, vx, Type::I64);
    if (high && insn.type == Type::I32) e.c.shr(r64(d), 32);
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_clmul(Emitter& e, const Insn& insn) { emit_clmul_half(e, insn, false); }
void emit_clmulh(Emitter& e, const Insn& insn) { emit_clmul_half(e, insn, true); }

}  // namespace dragoman::host::x64
