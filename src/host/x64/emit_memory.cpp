// Guest memory accesses, accesses to env, barriers.
#include "host/x64/emit_memory.h"

#include <bit>

#include "host/x64/emit_float.h"
#include "host/x64/softmmu.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::kNoVar;
using ir::MemOp;
using ir::Type;
using ir::Var;

namespace {

Xbyak::Address full_address(Emitter& e, Var base, Var index, unsigned scale, i64 displacement, unsigned bits) {
    if (index == kNoVar && fits_i32(displacement) && !e.ra.is_const(base)) {
        return memory(bits, e.ra.use(base), displacement);
    }
    Xbyak::RegExp exp;
    if (e.ra.is_const(base)) {
        u64 sum = e.ra.const_value(base) + static_cast<u64>(displacement);
        bool relocated = e.f->vars[base].guest_address;
        if (!relocated && fits_i32(static_cast<i64>(sum))) {
            displacement = static_cast<i64>(sum);
        } else {
            exp = exp + r64(e.ra.use(base));
        }
    } else {
        exp = exp + r64(e.ra.use(base));
    }
    if (index != kNoVar) exp = exp + r64(e.ra.use(index)) * (1 << scale);
    if (!fits_i32(displacement)) {
        HostReg t = e.ra.scratch(RegClass::Gpr);
        e.ra.load_const(t, static_cast<u64>(displacement), Type::I64, true);
        if (exp.getBase().getBit() != 0) {
            auto base_reg = static_cast<HostReg>(exp.getBase().getIdx());
            e.c.add(r64(t), r64(base_reg));
            e.ra.unlock(base_reg);
        }
        Xbyak::RegExp sum = r64(t);
        if (index != kNoVar) sum = sum + r64(e.ra.use(index)) * (1 << scale);
        return Xbyak::Address(bits, false, sum);
    }
    return Xbyak::Address(bits, false, exp + static_cast<std::size_t>(displacement));
}

}  // namespace

Xbyak::Address guest_address(Emitter& e, Var base, Var index, MemOp m, i64 displacement, unsigned bits) {
    const Xbyak::Address address = full_address(e, base, index, m.scale, displacement, bits);
    if (!m.wrap32) return address;
    const HostReg sum = e.ra.scratch(RegClass::Gpr);
    e.c.lea(r32(sum), address);
    const Xbyak::RegExp exp = address.getRegExp(false);
    for (const Xbyak::Reg& part : {exp.getBase(), exp.getIndex()}) {
        if (part.getBit() != 0) e.ra.unlock(static_cast<HostReg>(part.getIdx()));
    }
    e.ra.lock(sum);
    return memory(bits, sum, 0);
}

void load_gpr(Emitter& e, HostReg d, const Xbyak::Address& from, unsigned size_log2, bool sign, Type t) {
    bool wide = t == Type::I64;
    switch (size_log2) {
        case 0:
        case 1:
            if (sign) {
                e.c.movsx(gpr(d, wide ? 64 : 32), from);
            } else {
                e.c.movzx(r32(d), from);
            }
            break;
        case 2:
            if (sign && wide) {
                e.c.movsxd(r64(d), from);
            } else {
                e.c.mov(r32(d), from);
            }
            break;
        default: e.c.mov(r64(d), from); break;
    }
}

void swap_loaded(Emitter& e, HostReg d, unsigned size_log2, bool sign, Type t) {
    if (size_log2 == 0) return;
    if (size_log2 == 3) return e.c.bswap(r64(d));
    e.c.bswap(r32(d));
    if (size_log2 == 1) {
        sign ? e.c.sar(r32(d), 16) : e.c.shr(r32(d), 16);
    }
    if (sign && t == Type::I64) e.c.movsxd(r64(d), r32(d));
}

unsigned load_opcode(unsigned size_log2, bool sign, bool wide) {
    constexpr unsigned kTwo = CodeWriter::kTwoByte;
    switch (size_log2) {
        case 0: return kTwo | (sign ? 0xbe : 0xb6);
        case 1: return kTwo | (sign ? 0xbf : 0xb7);
        case 2: return sign && wide ? 0x63 : 0x8b;
        default: return 0x8b;
    }
}

namespace {

void store_gpr(Emitter& e, const Xbyak::Address& to, HostReg r, unsigned size_log2) {
    e.c.mov(to, gpr(r, 8u << size_log2));
}

/// The next instruction does the guest access at `address`.
void begin_access(Emitter& e, const Xbyak::Address& address) {
    if (e.f->insns[e.index].state != 0) {
        const Xbyak::RegExp exp = address.getRegExp(false);
        auto number = [](const Xbyak::Reg& r) { return r.getBit() != 0 ? static_cast<HostReg>(r.getIdx()) : kNoReg; };
        const HostReg index = number(exp.getIndex());
        const auto scale = index == kNoReg ? 0 : std::countr_zero(static_cast<unsigned>(exp.getScale()));
        e.map_access(number(exp.getBase()), index, static_cast<unsigned>(scale), static_cast<i32>(exp.getDisp()));
    }
    e.guest_segment();
}

void load_value(Emitter& e, Var out, const Xbyak::Address& from, MemOp m, bool guest) {
    Type t = e.ra.type(out);
    HostReg d = e.ra.target(out);
    if (is_mask(d)) {
        e.ra.load(d, from, t);
    } else if (is_xmm(d)) {
        if (m.big_endian) {
            HostReg g = e.ra.scratch(RegClass::Gpr);
            if (guest) begin_access(e, from);
            load_gpr(e, g, from, m.size_log2, false, Type::I64);
            swap_loaded(e, g, m.size_log2, false, Type::I64);
            move_to_xmm(e, d, g, t);
        } else {
            if (guest) begin_access(e, from);
            e.ra.load(d, from, t);
            if (t == Type::F32) box_f32(e, d);
        }
    } else {
        if (guest) begin_access(e, from);
        load_gpr(e, d, from, m.size_log2, m.sign, t);
        if (m.big_endian) swap_loaded(e, d, m.size_log2, m.sign, t);
    }
    e.ra.define(out, d);
}

/// Whether `value` is to be stored as an immediate.
bool stores_immediate(Emitter& e, Var value, unsigned size_log2) {
    return e.ra.is_const(value) && !e.ra.in_reg(value) && !e.f->vars[value].guest_address &&
           (size_log2 != 3 || fits_i32(static_cast<i64>(e.ra.const_value(value))));
}

void store_value(Emitter& e, Var value, const Xbyak::Address& to, MemOp m, bool guest) {
    Type t = e.ra.type(value);
    if (m.big_endian && m.size_log2 != 0) {
        HostReg g = e.ra.scratch(RegClass::Gpr);
        HostReg v = e.ra.use(value);
        is_xmm(v) ? move_from_xmm(e, g, v, t) : e.ra.move(g, v, Type::I64);
        m.size_log2 == 3 ? e.c.bswap(r64(g)) : e.c.bswap(r32(g));
        if (m.size_log2 == 1) e.c.shr(r32(g), 16);
        if (guest) begin_access(e, to);
        return store_gpr(e, to, g, m.size_log2);
    }
    if (is_int(t) && stores_immediate(e, value, m.size_log2)) {
        if (guest) begin_access(e, to);
        u64 v = e.ra.const_value(value);
        e.c.mov(to, m.size_log2 == 3 ? v : v & low_mask(8u << m.size_log2));
        return;
    }
    HostReg v = e.ra.use(value);
    if (guest) begin_access(e, to);
    if (is_xmm(v)) {
        e.ra.store(to, v, m.size_log2 == 2 ? Type::F32 : m.size_log2 == 3 ? Type::F64 : t);
    } else if (is_mask(v)) {
        e.ra.store(to, v, t);
    } else {
        store_gpr(e, to, v, m.size_log2);
    }
}

}  // namespace

void move_to_xmm(Emitter& e, HostReg to, HostReg from, Type t) {
    if (ir::type_bits(t) == 32) {
        e.features().avx ? e.c.vmovd(xmm(to), r32(from)) : e.c.movd(xmm(to), r32(from));
        if (t == Type::F32) box_f32(e, to);
    } else {
        e.features().avx ? e.c.vmovq(xmm(to), r64(from)) : e.c.movq(xmm(to), r64(from));
    }
}

void move_from_xmm(Emitter& e, HostReg to, HostReg from, Type t) {
    if (ir::type_bits(t) == 32) {
        e.features().avx ? e.c.vmovd(r32(to), xmm(from)) : e.c.movd(r32(to), xmm(from));
    } else {
        e.features().avx ? e.c.vmovq(r64(to), xmm(from)) : e.c.movq(r64(to), xmm(from));
    }
}

void check_alignment(Emitter& e, const Xbyak::Address& address, MemOp m, u32 exception) {
    if (m.size_log2 == 0) return;
    // Without index and displacement the address is in a register already.
    Xbyak::RegExp exp = address.getRegExp(false);
    HostReg r;
    if (exp.getBase().getBit() != 0 && exp.getIndex().getBit() == 0 && exp.getDisp() == 0) {
        r = static_cast<HostReg>(exp.getBase().getIdx());
    } else {
        r = e.ra.scratch(RegClass::Gpr);
        e.c.lea(r64(r), address);
        e.ra.unlock(r);
    }
    e.c.test(r8(r), static_cast<u32>(m.bytes() - 1));
    u32 access = e.c.here();
    e.no_resume(e.cold(e.c.jcc(Cc::NE), [r, exception, access, pc = e.insn_pc](Emitter& e) {
        e.c.mov(e.env(offsetof(ir::Env, exception_value), 64), r64(r));
        e.c.mov(e.env(offsetof(ir::Env, exception), 32), exception);
        e.load_guest_address(kRax, pc);
        e.c.lea(e.c.rdx, e.c.ptr[e.c.rip + (static_cast<int>(access) - static_cast<int>(e.c.here() + 7))]);
        e.jump_common(Common::ExitException);
    }));
}

namespace {

/// Whether the access is [base + displacement] of an integer, as nearly all are: encoded without xbyak.
bool is_plain(Emitter& e, const Insn& insn, Var value, Var base, Var index) {
    const MemOp m = insn.mem();
    // Only SeqCst asks for more than the host gives (full_barrier).
    return index == kNoVar && !m.big_endian && !m.aligned && !m.wrap32 && m.order != ir::MemOrder::SeqCst &&
           is_int(e.ra.type(value)) && !e.ra.is_const(base) && fits_i32(insn.displacement());
}

void load_plain(Emitter& e, const Insn& insn) {
    const MemOp m = insn.mem();
    bool wide = insn.type == Type::I64;
    HostReg base = e.ra.use(insn.in(0));
    HostReg d = e.ra.target(insn.out());
    if (insn.state != 0) e.map_access(base, kNoReg, 0, insn.displacement());
    e.guest_segment();
    e.c.op_mem(load_opcode(m.size_log2, m.sign, wide), d, base, static_cast<i32>(insn.displacement()),
               m.size_log2 == 3 || (m.sign && wide));
    e.ra.define(insn.out(), d);
}

void store_plain(Emitter& e, const Insn& insn) {
    const unsigned size_log2 = insn.mem().size_log2;
    const Var value = insn.in(0);
    HostReg base = e.ra.use(insn.in(1));
    const bool immediate = stores_immediate(e, value, size_log2);
    const HostReg v = immediate ? kNoReg : e.ra.use(value);
    if (insn.state != 0) e.map_access(base, kNoReg, 0, insn.displacement());
    e.guest_segment();
    if (immediate) return e.c.mov_mem_imm(size_log2, base, static_cast<i32>(insn.displacement()), e.imm(value));
    if (size_log2 == 1) e.c.db(0x66);
    e.c.op_mem(size_log2 == 0 ? 0x88 : 0x89, v, base, static_cast<i32>(insn.displacement()), size_log2 == 3,
               size_log2 == 0);
}

}  // namespace

/// x86 reorders only a store with a later load (SDM vol. 3, 9.2.2), so this is the only barrier there is: all orders
/// but that of SeqCst stores are those of plain accesses. The word above the return stack's top is in cache for sure.
static void full_barrier(Emitter& e) {
    e.c.lock();
    e.c.or_(e.c.dword[e.c.rsp], 0);
}

void emit_guest_ld(Emitter& e, const Insn& insn) {
    if (e.shared.options.softmmu) return softmmu_load(e, insn);
    if (is_plain(e, insn, insn.out(), insn.in(0), insn.in(1))) return load_plain(e, insn);
    MemOp m = insn.mem();
    Xbyak::Address from = guest_address(e, insn.in(0), insn.in(1), m, insn.displacement(), 8u << m.size_log2);
    if (m.aligned) check_alignment(e, from, m, ir::kExceptionMisalignedLoad);
    load_value(e, insn.out(), from, m, true);
}

void emit_guest_st(Emitter& e, const Insn& insn) {
    if (e.shared.options.softmmu) return softmmu_store(e, insn);
    if (is_plain(e, insn, insn.in(0), insn.in(1), insn.in(2))) return store_plain(e, insn);
    MemOp m = insn.mem();
    Xbyak::Address to = guest_address(e, insn.in(1), insn.in(2), m, insn.displacement(), 8u << m.size_log2);
    if (m.aligned) check_alignment(e, to, m, ir::kExceptionMisalignedStore);
    if (m.big_endian && insn.in(2) != kNoVar && !m.wrap32) {
        // The swapped value needs a register of its own: two for the address would be too many.
        e.ra.unlock(e.ra.reg_of(insn.in(2)));
        HostReg sum = e.ra.scratch(RegClass::Gpr);
        e.c.lea(r64(sum), to);
        const Xbyak::Reg base = to.getRegExp(false).getBase();
        if (base.getBit() != 0) e.ra.unlock(static_cast<HostReg>(base.getIdx()));
        to = memory(8u << m.size_log2, sum, 0);
    }
    store_value(e, insn.in(0), to, m, true);
    if (m.order == ir::MemOrder::SeqCst) full_barrier(e);
}

namespace {

Xbyak::Address env_field(Emitter& e, Var pointer, i64 offset, unsigned bits) {
    if (pointer == ir::kEnvVar) return e.ra.env(offset, bits);
    return memory(bits, e.ra.use(pointer), offset);
}

}  // namespace

void emit_env_ld(Emitter& e, const Insn& insn) {
    MemOp m = insn.mem();
    load_value(e, insn.out(), env_field(e, insn.in(0), static_cast<i64>(insn.imm[0]), 8u << m.size_log2), m, false);
}

void emit_env_st(Emitter& e, const Insn& insn) {
    MemOp m = insn.mem();
    store_value(e, insn.in(0), env_field(e, insn.in(1), static_cast<i64>(insn.imm[0]), 8u << m.size_log2), m, false);
}

void emit_mb(Emitter& e, const Insn& insn) {
    if ((insn.imm[0] & static_cast<u64>(ir::Barrier::StoreLoad)) != 0) full_barrier(e);
}

}  // namespace dragoman::host::x64
