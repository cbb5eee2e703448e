// Control flow: labels and branches, and all the ways out of a TB.
#include "host/x64/emitter.h"

namespace dragoman::host::x64 {

using ir::Cond;
using ir::Insn;
using ir::Type;
using ir::Var;

namespace {

Cc cc_of(Cond cond) {
    switch (cond) {
        case Cond::Eq:
        case Cond::TstEq: return Cc::E;
        case Cond::Ne:
        case Cond::TstNe: return Cc::NE;
        case Cond::Lt: return Cc::L;
        case Cond::Ge: return Cc::GE;
        case Cond::Le: return Cc::LE;
        case Cond::Gt: return Cc::G;
        case Cond::Ltu: return Cc::B;
        case Cond::Geu: return Cc::AE;
        case Cond::Leu: return Cc::BE;
        case Cond::Gtu: return Cc::A;
    }
    DRAGOMAN_UNREACHABLE();
}

bool is_test(Cond c) { return c == Cond::TstEq || c == Cond::TstNe; }

/// `a & b` against zero; `b` may be a constant of any size.
Cc emit_test(Emitter& e, Cond cond, Type t, Var a, Var b) {
    unsigned bits = ir::type_bits(t);
    bool equal = cond == Cond::TstEq;
    if (e.ra.is_const(b)) {
        u64 mask = e.ra.const_value(b);
        HostReg ra = e.ra.use(a);
        if (t == Type::I64 && !fits_u32(mask) && std::has_single_bit(mask)) {
            e.compare_start = e.c.here();
            e.c.bt(r64(ra), static_cast<u8>(std::countr_zero(mask)));
            return equal ? Cc::AE : Cc::B;
        }
        if (mask <= 0xff) {
            e.compare_start = e.c.here();
            e.c.test(r8(ra), static_cast<u32>(mask));
            return equal ? Cc::E : Cc::NE;
        }
        if (fits_u32(mask)) {
            e.compare_start = e.c.here();
            e.c.test(r32(ra), static_cast<u32>(mask));
            return equal ? Cc::E : Cc::NE;
        }
    }
    HostReg ra = e.ra.use(a);
    HostReg rb = e.ra.use(b);
    e.compare_start = e.c.here();
    e.c.test(gpr(ra, bits), gpr(rb, bits));
    return equal ? Cc::E : Cc::NE;
}

}  // namespace

Emitter::Rm Emitter::use_rm(Var v) {
    if (ra.prefers_memory(v)) return Rm::in_memory(ir::type_bits(ra.type(v)), ra.home_displacement(v));
    return Rm::in_reg(ra.use(v));
}

Emitter::Rm Emitter::where(Var v) {
    if (ra.in_reg(v)) return Rm::in_reg(ra.use(v));
    return Rm::in_memory(ir::type_bits(ra.type(v)), ra.is_const(v) ? 0 : ra.home_displacement(v));
}

bool Emitter::known_flags(Cond cond, HostReg r, bool wide, Cc& cc) const {
    if (flags_.end != c.here() || flags_.reg != r || flags_.wide != wide) return false;
    cc = cc_of(cond);
    if (flags_.logic || cond == Cond::Eq || cond == Cond::Ne) return true;
    if (cond == Cond::Lt) cc = Cc::S;
    if (cond == Cond::Ge) cc = Cc::NS;
    return cond == Cond::Lt || cond == Cond::Ge;
}

Cc Emitter::compare(Cond cond, Type t, Var a, Var b) {
    if (ra.is_const(a) && !ra.is_const(b)) {
        std::swap(a, b);
        cond = ir::swap_operands(cond);
    }
    if (is_test(cond)) return emit_test(*this, cond, t, a, b);
    Cc cc = cc_of(cond);
    if (is_imm(b, t)) {
        Rm x = use_rm(a);
        compare_start = c.here();
        if (!x.is_reg) {
            c.cmp(x.mem(), imm(b));
        } else if (imm(b) == 0) {
            if (known_flags(cond, x.reg, t == Type::I64, cc)) return cc;
            c.op_reg(0x85, x.reg, x.reg, t == Type::I64);
        } else {
            c.op_imm(7, x.reg, static_cast<i32>(imm(b)), t == Type::I64);
        }
        return cc;
    }
    if (ra.prefers_memory(a) && !ra.prefers_memory(b)) {
        HostReg y = ra.use(b);
        compare_start = c.here();
        c.op_mem(0x39, y, kRbp, ra.home_displacement(a), t == Type::I64);
        return cc;
    }
    HostReg x = ra.use(a);
    Rm y = use_rm(b);
    compare_start = c.here();
    if (y.is_reg) {
        c.op_reg(0x3b, x, y.reg, t == Type::I64);
    } else {
        c.op_mem(0x3b, x, kRbp, y.displacement, t == Type::I64);
    }
    return cc;
}

void emit_insn_start(Emitter& e, const Insn& insn) {
    e.insn_pc = insn.imm[0];
    e.insn_point = e.point = {};
    if (insn.state != 0) e.insn_point = e.point = e.copy_point(insn);
    e.map_insn(e.insn_pc, e.insn_point);
}

void emit_discard(Emitter&, const Insn&) {}

void emit_label(Emitter& e, const Insn& insn) {
    e.ra.sync();
    e.ra.forget_all();
    e.bind_label(static_cast<u32>(insn.imm[0]));
}

void emit_br(Emitter& e, const Insn& insn) {
    e.ra.sync();
    e.ra.forget_all();
    // A jump to the label that follows is no jump.
    const auto& insns = e.f->insns;
    if (e.index + 1 < insns.size() && insns[e.index + 1].op == ir::Op::label &&
        insns[e.index + 1].imm[0] == insn.imm[0]) {
        return;
    }
    e.jump_label(static_cast<u32>(insn.imm[0]));
}

namespace {

/// Backward jumps go through the checked entry, so that every loop sees requests.
bool needs_check(const Emitter& e, u64 target_pc) { return target_pc <= e.f->guest_pc; }

/// A branch in a loop to where `go` goes.
void branch_from_loop(Emitter& e, const Insn& go, Cc cc) {
    if (e.goes_to_start(go)) return e.next_pass_if(cc);
    e.no_resume(e.cold(e.c.jcc(cc), [slot = static_cast<unsigned>(go.imm[0]), target = go.imm[1]](Emitter& e) {
        e.leave_loop();
        e.slot_jump(slot, target, needs_check(e, target), Emitter::SlotKind::Jump);
    }));
}

/// A branch to the start of the TB. What follows when it is not taken, mostly an exit, is emitted with it.
void branch_back(Emitter& e, const Insn& go, Cc cc) {
    const auto slot = static_cast<unsigned>(go.imm[0]);
    const Insn& next = e.f->insns[e.index + 1];
    if (next.op != ir::Op::goto_tb || e.is_back_edge(next)) {
        const u32 not_taken = e.c.jcc(invert(cc));
        e.back_edge(slot);
        e.c.bind(not_taken);
        return;
    }
    e.slot_branch(static_cast<unsigned>(next.imm[0]), next.imm[1], needs_check(e, next.imm[1]), invert(cc),
                  e.compare_start);
    e.back_edge(slot);
    ++e.index;
    e.ra.forget_all();
}

}  // namespace

void emit_brcond(Emitter& e, const Insn& insn) {
    auto cond = static_cast<Cond>(insn.imm[1]);
    auto label = static_cast<u32>(insn.imm[0]);
    Var a = insn.in(0), b = insn.in(1);
    if (u32 exit = e.direct_exit(label); exit != 0) {
        const Insn& go = e.f->insns[exit];
        Cc cc = e.compare(cond, insn.type, a, b);
        if (e.f->loop) {
            branch_from_loop(e, go, cc);
            e.consume_label(label, exit);
            return;
        }
        if (e.is_back_edge(go)) {
            branch_back(e, go, cc);
            e.consume_label(label, exit);
            return;
        }
        e.slot_branch(static_cast<unsigned>(go.imm[0]), go.imm[1], go.imm[1] <= e.f->guest_pc, cc, e.compare_start);
        e.consume_label(label, exit);
        return;
    }
    e.ra.sync();
    Cc cc = e.compare(cond, insn.type, a, b);
    e.jcc_label(cc, label);
}

// ---- Exits --------------------------------------------------------------------------------------

namespace {

/// Index into the jump cache as a byte offset from Env::jump_cache, in `r`; flags change.
void jump_cache_index(Emitter& e, HostReg r, HostReg pc) {
    static_assert(sizeof(ir::JumpCacheEntry) == 16);
    // ((pc >> 1) % size) * 16 == (pc * 8) & ((size - 1) * 16)
    if (r == pc) {
        e.c.shl(r32(r), 3);
    } else {
        e.c.lea(r32(r), e.c.ptr[r64(pc) * 8]);
    }
    e.c.and_(r32(r), (ir::kJumpCacheSize - 1) * 16);
}

Xbyak::Address jump_cache_field(Emitter& e, HostReg index, std::size_t field) {
    i64 offset = static_cast<i64>(offsetof(ir::Env, jump_cache) + field) - e.shared.plan.env_bias;
    return Xbyak::Address(64, false, Xbyak::RegExp(r64(kRbp)) + r64(index) + static_cast<std::size_t>(offset));
}

/// Compares the jump cache's entry for `pc` (not rax); rax is its index. @returns the jump taken on a miss.
u32 probe_jump_cache(Emitter& e, HostReg pc) {
    e.ra.claim(kRax);
    jump_cache_index(e, kRax, pc);
    e.c.cmp(jump_cache_field(e, kRax, offsetof(ir::JumpCacheEntry, pc)), r64(pc));
    return e.c.jcc(Cc::NE);
}

/// The operand in a register other than rax.
HostReg pc_register(Emitter& e, Var v) {
    e.ra.claim(kRax);
    return e.ra.use(v);
}

void target_to_rax(Emitter& e, HostReg pc, bool unmasked) {
    e.ra.move(kRax, pc, Type::I64);
    if (unmasked) e.c.and_(e.c.rax, -2);
}

void push_guest_address(Emitter& e, u64 pc, HostReg scratch) {
    if (fits_i32(static_cast<i64>(pc))) {
        e.c.db(0x68);
        e.c.dd(static_cast<u32>(pc));
        e.relocation(Relocation::Kind::GuestAddress, e.c.here() - 4, 4, false, 0, pc);
    } else {
        e.load_guest_address(scratch, pc);
        e.c.push(r64(scratch));
    }
}

/// Where a called guest function returns to: drops the guest address, goes to the TB there.
void emit_landing(Emitter& e, unsigned slot, u64 return_pc) {
    e.c.pop(e.c.rcx);
    e.slot_jump(slot, return_pc, true, Emitter::SlotKind::Jump);
}

}  // namespace

void emit_goto_tb(Emitter& e, const Insn& insn) {
    if (e.is_back_edge(insn)) return e.back_edge(static_cast<unsigned>(insn.imm[0]));
    if (e.f->loop) {
        if (e.goes_to_start(insn)) return e.next_pass();
        e.leave_loop();
    }
    e.slot_jump(static_cast<unsigned>(insn.imm[0]), insn.imm[1], needs_check(e, insn.imm[1]), Emitter::SlotKind::Jump);
}

void emit_call_tb(Emitter& e, const Insn& insn) {
    const auto slot = static_cast<unsigned>(insn.imm[0]);
    bool checked = needs_check(e, insn.imm[1]);
    if (!e.shared.options.return_stack) {
        e.slot_jump(slot, insn.imm[1], checked, Emitter::SlotKind::Jump);
        return;
    }
    u64 return_pc = e.ra.const_value(insn.in(0));
    // The link register often holds the return address already.
    if (HostReg known = e.ra.reg_of(insn.in(0)); known != kNoReg) {
        e.c.push(r64(known));
    } else {
        push_guest_address(e, return_pc, kRax);
    }
    e.slot_jump(slot, insn.imm[1], checked, Emitter::SlotKind::Call);
    emit_landing(e, insn.return_slot, return_pc);
}

void emit_goto_ptr(Emitter& e, const Insn& insn) {
    HostReg pc = pc_register(e, insn.in(0));
    u32 miss = probe_jump_cache(e, pc);
    e.c.jmp(jump_cache_field(e, kRax, offsetof(ir::JumpCacheEntry, target)));
    e.no_resume(e.cold(miss, [pc, unmasked = insn.in(0) == e.unmasked_target](Emitter& e) {
        target_to_rax(e, pc, unmasked);
        e.jump_common(Common::ExitLookup);
    }));
}

void emit_call_ptr(Emitter& e, const Insn& insn) {
    if (!e.shared.options.return_stack) return emit_goto_ptr(e, insn);
    u64 return_pc = e.ra.const_value(insn.in(1));
    HostReg pc = pc_register(e, insn.in(0));
    if (HostReg known = e.ra.reg_of(insn.in(1)); known != kNoReg && known != kRax) {
        e.c.push(r64(known));
    } else {
        push_guest_address(e, return_pc, kRax);
    }
    u32 miss = probe_jump_cache(e, pc);
    e.c.call(jump_cache_field(e, kRax, offsetof(ir::JumpCacheEntry, target)));
    u32 landing = e.c.here();
    emit_landing(e, insn.return_slot, return_pc);
    e.no_resume(e.cold(miss, [pc, landing, unmasked = insn.in(0) == e.unmasked_target](Emitter& e) {
        target_to_rax(e, pc, unmasked);
        e.call_common(Common::ExitLookup);
        e.c.jump_to(landing);
    }));
}

void emit_ret_ptr(Emitter& e, const Insn& insn) {
    if (!e.shared.options.return_stack) return emit_goto_ptr(e, insn);
    HostReg pc = e.ra.use(insn.in(0));
    e.c.op_mem(0x39, pc, kRsp, 8, true);  // cmp [rsp + 8], pc
    u32 miss = e.c.jcc(Cc::NE);
    e.c.ret();
    e.no_resume(e.cold(miss, [pc, unmasked = insn.in(0) == e.unmasked_target](Emitter& e) {
        target_to_rax(e, pc, unmasked);
        e.jump_common(Common::ReturnMiss);
    }));
}

void emit_exit_tb(Emitter& e, const Insn& insn) {
    Var pc = insn.in(0);
    if (e.ra.is_const(pc) && !e.ra.in_reg(pc)) {
        e.ra.claim(kRax);
        e.load_guest_address(kRax, e.ra.const_value(pc));
        e.c.mov(e.env(offsetof(ir::Env, pc), 64), e.c.rax);
    } else {
        e.c.mov(e.env(offsetof(ir::Env, pc), 64), r64(e.ra.use(pc)));
    }
    e.c.mov(e.env(offsetof(ir::Env, exit_reason), 32), static_cast<u32>(insn.imm[0]));
    e.jump_common(Common::Exit);
}

}  // namespace dragoman::host::x64
