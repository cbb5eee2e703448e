// Guest atomics as host atomics: one locked instruction where x86 has it, else a compare-and-exchange loop.
// x86's locked operations are sequentially consistent, which is more than RVWMO's aq and rl ask for.
#include "host/x64/emit_memory.h"
#include "host/x64/softmmu.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::MemOp;
using ir::Op;
using ir::Type;
using ir::Var;

namespace {

/// The value in rax or another register `r`, `1 << size_log2` bytes of it, extended to `t` as the op says.
void extend_old(Emitter& e, HostReg r, MemOp m, Type t) {
    unsigned bits = ir::type_bits(t);
    if (8u << m.size_log2 == bits) return;
    switch (m.size_log2) {
        case 0: m.sign ? e.c.movsx(gpr(r, bits), r8(r)) : e.c.movzx(r32(r), r8(r)); break;
        case 1: m.sign ? e.c.movsx(gpr(r, bits), r16(r)) : e.c.movzx(r32(r), r16(r)); break;
        default: m.sign ? e.c.movsxd(r64(r), r32(r)) : e.c.mov(r32(r), r32(r)); break;
    }
}

/// Address operand; checked for alignment if the op asks for it. It keeps at most one scratch register.
Xbyak::Address atomic_address(Emitter& e, Var address, MemOp m) {
    if (e.shared.options.softmmu) return softmmu_pointer(e, address, m);
    Xbyak::Address a = guest_address(e, address, ir::kNoVar, m, 0, 8u << m.size_log2);
    if (m.aligned) check_alignment(e, a, m, ir::kExceptionMisalignedStore);
    return a;
}

void lock_guest(Emitter& e) {
    e.guest_segment();
    e.c.lock();
}

bool result_unused(const Emitter& e) {
    return e.ra.next_use(e.index, 0) == Allocator::kNever && !e.f->is_global(e.f->insns[e.index].out());
}

/// xchg and add: the instruction gives back the old value in the register of the operand.
void emit_exchange(Emitter& e, const Insn& insn, bool add) {
    MemOp m = insn.mem();
    unsigned size = 8u << m.size_log2;
    Xbyak::Address address = atomic_address(e, insn.in(0), m);
    HostReg value = e.ra.use(insn.in(1));
    if (add && result_unused(e)) {
        lock_guest(e);
        e.c.add(address, gpr(value, size));
        return;
    }
    // Not the output's own register: a fault must find it unchanged.
    HostReg old = e.ra.scratch(RegClass::Gpr);
    e.ra.move(old, value, insn.type);
    if (add) {
        lock_guest(e);
        e.c.xadd(address, gpr(old, size));
    } else {
        e.guest_segment();
        e.c.xchg(address, gpr(old, size));
    }
    extend_old(e, old, m, insn.type);
    e.ra.define(insn.out(), old);
}

/// rcx = rax op value, where the value is in a register or in memory.
void combine(CodeWriter& c, Op op, const Xbyak::Operand& value, unsigned size) {
    unsigned width = size == 64 ? 64 : 32;
    Xbyak::Reg old = gpr(kRax, width), fresh = gpr(kRcx, width);
    c.mov(fresh, old);
    auto choose = [&](Cc take_value) {
        Xbyak::Address narrow(size, false, value.isMEM() ? value.getAddress().getRegExp(false) : Xbyak::RegExp());
        if (value.isMEM()) {
            c.cmp(gpr(kRax, size), narrow);
        } else {
            c.cmp(gpr(kRax, size), gpr(static_cast<HostReg>(value.getIdx()), size));
        }
        c.cmov(take_value, fresh, value);
    };
    switch (op) {
        case Op::atomic_and: return c.and_(fresh, value);
        case Op::atomic_or: return c.or_(fresh, value);
        case Op::atomic_xor: return c.xor_(fresh, value);
        case Op::atomic_min_s: return choose(Cc::G);
        case Op::atomic_min_u: return choose(Cc::A);
        case Op::atomic_max_s: return choose(Cc::L);
        default: return choose(Cc::B);
    }
}

/// and, or, xor whose old value nobody wants.
bool emit_locked_logic(Emitter& e, const Insn& insn) {
    Op op = insn.op;
    if (!result_unused(e) || (op != Op::atomic_and && op != Op::atomic_or && op != Op::atomic_xor)) return false;
    MemOp m = insn.mem();
    Xbyak::Address address = atomic_address(e, insn.in(0), m);
    Xbyak::Reg value = gpr(e.ra.use(insn.in(1)), 8u << m.size_log2);
    lock_guest(e);
    switch (op) {
        case Op::atomic_and: e.c.and_(address, value); break;
        case Op::atomic_or: e.c.or_(address, value); break;
        default: e.c.xor_(address, value); break;
    }
    return true;
}

bool in_pinned_register(Emitter& e, Var v) { return e.ra.in_reg(v) && !e.ra.in_scratch(v); }

/// Input `v` in its pinned register, or else in the scratch register `scratch`.
HostReg input_register(Emitter& e, Var v, HostReg scratch) {
    if (in_pinned_register(e, v)) return e.ra.use(v);
    e.ra.use_in(v, scratch);
    return scratch;
}

/// The address for an op that needs rax and rcx.
Xbyak::Address loop_address(Emitter& e, Var v, MemOp m) {
    if (e.shared.options.softmmu) return softmmu_pointer(e, v, m);
    if (m.wrap32) {
        e.ra.use_in(v, kRdx);
        e.c.mov(e.c.edx, e.c.edx);
    }
    Xbyak::Address address = memory(8u << m.size_log2, m.wrap32 ? kRdx : input_register(e, v, kRdx), 0);
    if (m.aligned) check_alignment(e, address, m, ir::kExceptionMisalignedStore);
    return address;
}

/// A compare-and-exchange loop: rax the old value, rcx the new one, rdx the address unless that is pinned. The
/// operand is in a pinned register or in env.
void emit_loop(Emitter& e, const Insn& insn) {
    if (emit_locked_logic(e, insn)) return;
    MemOp m = insn.mem();
    unsigned size = 8u << m.size_log2;
    unsigned width = size == 64 ? 64 : 32;
    Xbyak::Reg value_reg = gpr(kRcx, width);
    Xbyak::Address value_memory = e.ra.env(static_cast<i64>(kOperandOffset), width);
    bool value_pinned = in_pinned_register(e, insn.in(1));
    HostReg v = e.ra.use(insn.in(1));
    if (value_pinned) {
        value_reg = gpr(v, width);
    } else {
        e.c.mov(value_memory, gpr(v, width));
        e.ra.unlock(v);
    }
    Xbyak::Address address = loop_address(e, insn.in(0), m);
    e.ra.claim(kRax);
    e.ra.claim(kRcx);
    e.guest_segment();
    load_gpr(e, kRax, address, m.size_log2, false, size == 64 ? Type::I64 : Type::I32);
    u32 again = e.c.here();
    combine(e.c, insn.op, value_pinned ? static_cast<const Xbyak::Operand&>(value_reg) : value_memory, size);
    lock_guest(e);
    e.c.cmpxchg(address, gpr(kRcx, size));
    e.c.jcc_to(Cc::NE, again);
    extend_old(e, kRax, m, insn.type);
    e.ra.define(insn.out(), kRax);
}

}  // namespace

void emit_atomic_xchg(Emitter& e, const Insn& insn) { emit_exchange(e, insn, false); }
void emit_atomic_add(Emitter& e, const Insn& insn) { emit_exchange(e, insn, true); }
void emit_atomic_and(Emitter& e, const Insn& insn) { emit_loop(e, insn); }
void emit_atomic_or(Emitter& e, const Insn& insn) { emit_loop(e, insn); }
void emit_atomic_xor(Emitter& e, const Insn& insn) { emit_loop(e, insn); }
void emit_atomic_min_s(Emitter& e, const Insn& insn) { emit_loop(e, insn); }
void emit_atomic_min_u(Emitter& e, const Insn& insn) { emit_loop(e, insn); }
void emit_atomic_max_s(Emitter& e, const Insn& insn) { emit_loop(e, insn); }
void emit_atomic_max_u(Emitter& e, const Insn& insn) { emit_loop(e, insn); }

void emit_atomic_cmpxchg(Emitter& e, const Insn& insn) {
    MemOp m = insn.mem();
    unsigned size = 8u << m.size_log2;
    const bool address_first = e.shared.options.softmmu;  // the lookup needs all scratch registers
    Xbyak::Address address = address_first ? loop_address(e, insn.in(0), m) : Xbyak::Address(0);
    HostReg desired = input_register(e, insn.in(2), kRcx);
    if (!address_first) address = loop_address(e, insn.in(0), m);
    e.ra.use_in(insn.in(1), kRax);
    lock_guest(e);
    e.c.cmpxchg(address, gpr(desired, size));
    extend_old(e, kRax, m, insn.type);
    e.ra.define(insn.out(), kRax);
}

}  // namespace dragoman::host::x64
