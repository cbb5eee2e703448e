// Zicsr: CSR instructions (Unprivileged specification, chapter "Zicsr").
#include "guest/riscv/context.h"
#include "guest/riscv/csr.h"
#include "guest/riscv/fcsr.h"
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/status.h"
#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

enum class CsrOp { Write, Set, Clear };

/// The value of the CSR, before the instruction. frm needs no access: the TB is specialised on it.
Var read_csr(DisasContext& ctx, const CsrInfo& csr) {
    Builder& b = *ctx.b;
    if (csr.number == kCsrFrm) return b.c64(ctx.frm());
    Var old = b.temp(Type::I64);
    switch (csr.number) {
        case kCsrFflags: b.fflags_get(old); return old;
        case kCsrVl:
        case kCsrVtype:
        case kCsrVlenb: return read_vector_csr(ctx, csr.number);
        case kCsrVxrm: b.env_ld(old, DRAGOMAN_HART_OFFSET(vector.vxrm), {.size_log2 = 2}); return old;
        case kCsrFcsr: b.fflags_get(old); return ctx.frm() ? b.or_(old, b.c64(ctx.frm() << kFrmShift)) : old;
        default: ctx.call_helper(Helper::csr_read, old, {b.env(), b.c32(csr.number)}); return old;
    }
}

/// Writes a new value of frm; the TB goes on only where it is the one that the TB is specialised on (the C
/// library saves and restores the mode around much of its arithmetic). Ends the basic block.
void write_frm(DisasContext& ctx, Var value) {
    Builder& b = *ctx.b;
    auto change = [&] {
        ctx.call_helper(Helper::csr_write, ir::kNoVar, {b.env(), b.c32(kCsrFrm), value});
        ctx.jump_indirect(b.address(ctx.next_pc()));
    };
    if (b.function().is_const(value)) {
        if ((b.function().vars[value].value & kFlagFrmMask) != ctx.frm()) change();
        return;
    }
    u32 same = b.new_label();
    value = b.andi(value, kFlagFrmMask);
    b.brcond(Cond::Eq, value, b.c64(ctx.frm()), same);
    change();
    b.label(same);
    ctx.go_on();
}

/// Writes `value`: its last use.
void write_csr(DisasContext& ctx, const CsrInfo& csr, Var value) {
    Builder& b = *ctx.b;
    switch (csr.number) {
        case kCsrFflags: b.fflags_set(value); return;
        case kCsrFrm: write_frm(ctx, value); return;
        case kCsrVxrm: {
            constexpr u64 kModes = 3;
            b.env_st(b.trunc(b.andi(value, kModes)), DRAGOMAN_HART_OFFSET(vector.vxrm), {.size_log2 = 2});
            return;
        }
        case kCsrFcsr: {
            b.fflags_set(value);
            bool constant = b.function().is_const(value);
            write_frm(ctx, constant ? b.c64(b.function().vars[value].value >> kFrmShift) : b.shri(value, kFrmShift));
            return;
        }
        default: break;
    }
    ctx.call_helper(Helper::csr_write, ir::kNoVar, {b.env(), b.c32(csr.number), value});
    if (csr.effect == CsrEffect::StateFlags) ctx.jump_indirect(b.address(ctx.next_pc()));
}

/// Compilers make a quiet comparison (isless) of a signalling one between `frflags rs` and `fsflags rs`. When the
/// TB goes on to the fsflags, the flags that it raises cannot be seen: it is translated as one that raises none,
/// and the fsflags has nothing to do. Called for `frflags flags_reg`.
void find_silent_compare(DisasContext& ctx, unsigned flags_reg) {
    constexpr u64 kPageSize = 4096;
    if (ctx.kind == guest::BlockKind::Leaving || ctx.num_insns + 2 > ctx.max_insns ||
        ctx.pc % kPageSize + 12 > kPageSize)
        return;
    u32 compare, restore, half;
    auto fetch = [&](u64 pc, u32& bits) {
        if (!ctx.code->fetch(pc, 2, bits) || (bits & 3) != 3 || !ctx.code->fetch(pc + 2, 2, half)) return false;
        bits |= half << 16;
        return true;
    };
    if (flags_reg == 0 || !fetch(ctx.pc + 4, compare) || !fetch(ctx.pc + 8, restore)) return;
    constexpr u32 kCompareMask = 0xfc00'607f, kFleFlt = 0xa000'0053;  // fle, flt .s, .d
    constexpr u32 kFsflags = 0x0010'1073;                             // csrrw x0, fflags, rs1
    bool compares = (compare & kCompareMask) == kFleFlt && extract(compare, 7, 5) != flags_reg;
    if (compares && restore == (kFsflags | flags_reg << 15)) ctx.silent_compare_pc = ctx.pc + 4;
}

bool is_float_csr(unsigned number) { return number >= kCsrFflags && number <= kCsrFcsr; }

/// cycle, instret, hpmcounters, machine mode's names for them, and what stops and starts them.
bool is_counter(unsigned number) {
    constexpr unsigned kTimeNumber = 0xc01;
    unsigned group = number & ~0x1fu;
    if (number >= 0x151 && number <= 0x157) return true;  // sireg: what it selects may be one
    const bool high = group == 0xb80 || (group == 0xc80 && number != kTimeNumber + 0x80) || group == 0x720;
    return ((group == 0xb00 || group == 0xc00 || group == 0x320) && number != kTimeNumber) || high;
}

bool is_time(unsigned number) { return number == 0xc01 || number == 0xc81; }

constexpr MemOp kDouble{.size_log2 = 3};
constexpr unsigned kCsrSstatus = 0x100, kCsrMstatus = 0x300;

u32 offset_of(u64 PrivilegedState::*field) {
    static const PrivilegedState kAny{};
    auto bytes = reinterpret_cast<const u8*>(&(kAny.*field)) - reinterpret_cast<const u8*>(&kAny);
    return DRAGOMAN_HART_OFFSET(priv) + static_cast<u32>(bytes);
}

/// Whether the number says that the code may not access the CSR.
bool is_denied(const DisasContext& ctx, unsigned number) {
    if (ctx.virtualised() && csr_privilege(number) == kHypervisorCsr) return true;
    return csr_level(number) > ctx.mode();
}

/// A CSR that is plain storage.
bool gen_csr_field(DisasContext& ctx, const Operands& a, const CsrInfo& csr, CsrOp op, Var rhs, bool writes) {
    Builder& b = *ctx.b;
    u32 offset = offset_of(csr.field);
    Var old = b.temp(Type::I64);
    if (op != CsrOp::Write || a.rd != 0) b.env_ld(old, offset, kDouble);
    if (writes) {
        Var value = op == CsrOp::Set     ? b.or_(old, rhs)
                    : op == CsrOp::Clear ? b.op(Op::andc, Type::I64, {old, rhs})
                                         : rhs;
        if (csr.field_mask != ~u64{0}) value = b.andi(value, csr.field_mask);
        b.env_st(value, offset, kDouble);
    }
    if (op != CsrOp::Write || a.rd != 0) ctx.set_gpr(a.rd, old);
    return true;
}

/// What the guest sees of `status`, which is mstatus as it is kept.
Var status_value(DisasContext& ctx, Var status, unsigned number) {
    Builder& b = *ctx.b;
    if (number == kCsrSstatus) status = b.andi(status, kSstatusReadable);
    if (!ctx.rv32) return status;
    constexpr unsigned kSd = 63, kSd32 = 31;
    Var dirty = b.shli(b.shri(status, kSd), kSd32);
    return b.ext_s(b.trunc(b.or_(b.andi(status, low_mask(kSd32)), dirty)));
}

/// csrrsi and csrrci of the interrupt enable in sstatus or mstatus: how kernels turn interrupts on and off. Only an
/// interrupt that is pending when they go on has consequences.
bool gen_interrupt_enable(DisasContext& ctx, const Operands& a, const CsrInfo& csr, CsrOp op, u64 bit) {
    Builder& b = *ctx.b;
    u32 status_offset = offset_of(&PrivilegedState::mstatus);
    Var status = b.temp(Type::I64);
    b.env_ld(status, status_offset, kDouble);
    if (a.rd != 0) ctx.set_gpr(a.rd, status_value(ctx, status, csr.number));
    if (op == CsrOp::Clear) {
        b.env_st(b.andi(status, ~bit), status_offset, kDouble);
        return true;
    }
    b.env_st(b.or_(status, b.c64(bit)), status_offset, kDouble);
    Var pending = b.temp(Type::I64), more = b.temp(Type::I64), enabled = b.temp(Type::I64);
    b.env_ld(pending, offset_of(&PrivilegedState::mip_external), kDouble);
    b.env_ld(more, offset_of(&PrivilegedState::mip_software), kDouble);
    pending = b.or_(pending, more);
    more = b.temp(Type::I64);
    b.env_ld(more, offset_of(&PrivilegedState::mip_timer), kDouble);
    pending = b.or_(pending, more);
    b.env_ld(enabled, offset_of(&PrivilegedState::mie), kDouble);
    u32 none = b.new_label();
    b.brcond(Cond::TstEq, pending, enabled, none);
    ctx.call_helper(Helper::interrupts_on, ir::kNoVar, {b.env()});
    ctx.jump_indirect(b.address(ctx.next_pc()));
    b.label(none);
    ctx.go_on();
    return true;
}

/// System mode: what is not inline is done by a helper, from the bits of the instruction.
bool gen_csr_system(DisasContext& ctx, const Operands& a, const CsrInfo& csr, CsrOp op, Var rhs, bool writes) {
    Builder& b = *ctx.b;
    const bool denied = is_denied(ctx, csr.number);  // the helper says how
    // Where instructions have 4 bytes, addresses of instructions have another mask.
    // Where some hart has less than others, each looks whether it has the CSR.
    bool inline_field =
        csr.field != nullptr && !denied && !ctx.cpu().mixed && (csr.field_mask == ~u64{0} || ctx.has(Extension::Zca));
    if (inline_field) return gen_csr_field(ctx, a, csr, op, rhs, writes);
    bool status = !denied && (csr.number == kCsrSstatus || csr.number == kCsrMstatus);
    if (status && !writes) {
        Var value = b.temp(Type::I64);
        b.env_ld(value, offset_of(&PrivilegedState::mstatus), kDouble);
        if (a.rd != 0) ctx.set_gpr(a.rd, status_value(ctx, value, csr.number));
        return true;
    }
    if (status && writes && op != CsrOp::Write && b.function().is_const(rhs)) {
        u64 bit = b.function().vars[rhs].value;
        // Where there is SDT or MDT, whether SIE or MIE can be set depends on it.
        const bool injected = ctx.virtualised() && ctx.has(Extension::Ssaia);  // hvictl: not in mip
        const bool sie = op == CsrOp::Clear || !(ctx.has(Extension::Ssdbltrp) || injected);
        const bool mie = op == CsrOp::Clear || !ctx.has(Extension::Smdbltrp);
        bool enable = (sie && bit == kStatusSie) || (mie && bit == kStatusMie && csr.number == kCsrMstatus);
        if (enable) return gen_interrupt_enable(ctx, a, csr, op, bit);
    }
    bool counter = is_counter(csr.number);
    if (counter) b.env_st(b.address(ctx.pc), offset_of(&PrivilegedState::counter_pc), kDouble);
    Var old = b.temp(Type::I64);
    ctx.call_helper(Helper::csr, old, {b.env(), b.c32(ctx.bits), rhs, b.c32(csr_index(csr))});
    ctx.set_gpr(a.rd, old);
    // Where instructions are counted, those counted so far are all up to this one.
    if (counter || is_time(csr.number) || csr.number == kCsrSeed) ctx.go_on();
    if (writes && csr.effect == CsrEffect::StateFlags) ctx.jump_indirect(b.address(ctx.next_pc()));
    return true;
}

/// csrrw, csrrs, csrrc with operand `rhs`. `writes`: whether csrrs and csrrc write at all (rs1 is not x0, zimm is not
/// 0); csrrw does not read when rd is x0.
bool gen_csr(DisasContext& ctx, const Operands& a, CsrOp op, Var rhs, bool writes) {
    unsigned number = static_cast<unsigned>(a.imm);
    if (ctx.pc - 4 == ctx.silent_compare_pc) return true;  // the fsflags behind a silent comparison
    const CsrInfo* csr = find_csr(ctx.cpu(), number);
    if (csr == nullptr) return false;
    // A guest's access to what supervisors have is its hypervisor's to do: the helper raises that.
    if (is_denied(ctx, number) && (!ctx.virtualised() || csr_level(number) == Privilege::Machine)) return false;
    if (writes && csr_is_read_only(number)) return false;
    if (number == kCsrSsp && !ctx.system && (ctx.flags & kFlagShadowStack) == 0) return false;
    if (!writes && number == kCsrSeed) return false;  // reading it uses entropy up: it has to be written, too
    if (ctx.system && is_vector_csr(number)) {
        if ((ctx.flags & kFlagVsOff) != 0) return false;
        if (writes && (ctx.flags & kFlagVsClean) != 0) return ctx.make_vector_dirty(), true;
    }
    if (ctx.system) {
        if (!is_float_csr(number)) return gen_csr_system(ctx, a, *csr, op, rhs, writes);
        if ((ctx.flags & kFlagFsOff) != 0) return false;
        if (writes && (ctx.flags & kFlagFsClean) != 0) return ctx.make_float_dirty(), true;
    }
    bool reads = op != CsrOp::Write || a.rd != 0;
    if (!writes) {
        ctx.set_gpr(a.rd, read_csr(ctx, *csr));
        if (number == kCsrFflags) find_silent_compare(ctx, a.rd);
        return true;
    }
    Var old = reads ? read_csr(ctx, *csr) : ir::kNoVar;
    Var value = rhs;
    if (op == CsrOp::Set) value = ctx.b->or_(old, rhs);
    if (op == CsrOp::Clear) value = ctx.b->op(Op::andc, Type::I64, {old, rhs});
    if (a.rd != 0) {
        // rd may be rs1, and is written before the write can end the TB.
        if (value == Var{a.rd}) {
            value = ctx.b->temp(Type::I64);
            ctx.b->mov_to(value, a.rd);
        }
        ctx.set_gpr(a.rd, old);
    }
    write_csr(ctx, *csr, value);
    return true;
}

bool gen_csr_reg(DisasContext& ctx, const Operands& a, CsrOp op) {
    return gen_csr(ctx, a, op, ctx.gpr(a.rs1), op == CsrOp::Write || a.rs1 != 0);
}

/// The rs1 field is the operand.
bool gen_csr_imm(DisasContext& ctx, const Operands& a, CsrOp op) {
    return gen_csr(ctx, a, op, ctx.b->c64(a.rs1), op == CsrOp::Write || a.rs1 != 0);
}

}  // namespace

static bool trans_csrrw(DisasContext& ctx, const Operands& a) { return gen_csr_reg(ctx, a, CsrOp::Write); }
static bool trans_csrrs(DisasContext& ctx, const Operands& a) { return gen_csr_reg(ctx, a, CsrOp::Set); }
static bool trans_csrrc(DisasContext& ctx, const Operands& a) { return gen_csr_reg(ctx, a, CsrOp::Clear); }
static bool trans_csrrwi(DisasContext& ctx, const Operands& a) { return gen_csr_imm(ctx, a, CsrOp::Write); }
static bool trans_csrrsi(DisasContext& ctx, const Operands& a) { return gen_csr_imm(ctx, a, CsrOp::Set); }
static bool trans_csrrci(DisasContext& ctx, const Operands& a) { return gen_csr_imm(ctx, a, CsrOp::Clear); }

using enum Extension;

static constexpr InsnRow kRows[] = {
    {"iiiiiiiiiiii sssss 001 ddddd 1110011", "csrrw", "rd,csr,rs1", Zicsr, trans_csrrw, kUimm12},
    {"iiiiiiiiiiii sssss 010 ddddd 1110011", "csrrs", "rd,csr,rs1", Zicsr, trans_csrrs, kUimm12},
    {"iiiiiiiiiiii sssss 011 ddddd 1110011", "csrrc", "rd,csr,rs1", Zicsr, trans_csrrc, kUimm12},
    {"iiiiiiiiiiii sssss 101 ddddd 1110011", "csrrwi", "rd,csr,zimm", Zicsr, trans_csrrwi, kUimm12},
    {"iiiiiiiiiiii sssss 110 ddddd 1110011", "csrrsi", "rd,csr,zimm", Zicsr, trans_csrrsi, kUimm12},
    {"iiiiiiiiiiii sssss 111 ddddd 1110011", "csrrci", "rd,csr,zimm", Zicsr, trans_csrrci, kUimm12},
};

InsnSet rows_zicsr() { return kRows; }

}  // namespace dragoman::riscv
