// RV32I, RV64I and Zifencei (Unprivileged specification, chapters "RV32I", "RV64I", "Zifencei").
#include "guest/riscv/trans_i.h"

#include "guest/riscv/context.h"
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"

namespace dragoman::riscv {

bool trans_nop(DisasContext&, const Operands&) { return true; }

bool trans_lui(DisasContext& ctx, const Operands& a) {
    ctx.set_gpr(a.rd, ctx.b->c64(static_cast<u64>(a.imm)));
    return true;
}

static bool trans_auipc(DisasContext& ctx, const Operands& a) {
    const u64 value = ctx.relative(a.imm);
    ctx.set_gpr(a.rd, ctx.address_value(value));
    ctx.known_pc = ctx.next_pc();
    ctx.known_value = value;
    ctx.known_reg = a.rd;
    return true;
}

// --- jumps and branches ---

/// The return-address stack hints of jal and jalr: x1 and x5 are link registers.
static bool is_link(unsigned reg) { return reg == 1 || reg == 5; }

/// Zicfilp: returns, and branches that software guards by other means, come without a landing pad.
static bool needs_no_pad(unsigned reg) { return is_link(reg) || reg == 7; }

/// Without C, instructions are aligned to 4: a jump elsewhere faults at the jump.
static bool is_misaligned(const DisasContext& ctx, u64 target) { return (target & 2) != 0 && !ctx.has(Extension::Zca); }

static bool gen_jump(DisasContext& ctx, unsigned rd, u64 target, Transfer transfer) {
    if (is_misaligned(ctx, target)) return ctx.raise(Cause::FetchMisaligned, target), true;
    ctx.record_transfer(transfer, ctx.b->address(target));
    ctx.set_gpr(rd, ctx.address_value(ctx.next_pc()));
    is_link(rd) ? ctx.call(target) : ctx.jump(target);
    return true;
}

bool trans_jal(DisasContext& ctx, const Operands& a) {
    const Transfer transfer = is_link(a.rd) ? Transfer::DirectCall
                              : a.rd == 0   ? Transfer::DirectJump
                                            : Transfer::OtherDirectJump;
    return gen_jump(ctx, a.rd, ctx.relative(a.imm), transfer);
}

static Transfer transfer_of_jalr(unsigned rd, unsigned rs1) {
    if (is_link(rd)) return is_link(rs1) && rd != rs1 ? Transfer::CoroutineSwap : Transfer::IndirectCall;
    if (is_link(rs1)) return Transfer::Return;
    return rd == 0 ? Transfer::IndirectJump : Transfer::OtherIndirectJump;
}

/// Raises FetchMisaligned when bit 1 of `target` is set. @returns `target`, in a variable that outlives the label.
static Var gen_alignment_check(DisasContext& ctx, Var target) {
    Builder& b = *ctx.b;
    Var kept = b.tb_temp(Type::I64);
    b.mov_to(kept, target);
    u32 aligned = b.new_label();
    b.brcond(Cond::TstEq, kept, b.c64(2), aligned);
    ctx.raise_with(Cause::FetchMisaligned, kept);
    b.label(aligned);
    return kept;
}

bool trans_jalr(DisasContext& ctx, const Operands& a) {
    // Calls and jumps further than jal reaches: auipc and jalr.
    const bool expects_pad = (ctx.flags & kFlagLandingPads) != 0 && !needs_no_pad(a.rs1);
    if (ctx.known_pc == ctx.pc && ctx.known_reg == a.rs1 && a.rs1 != 0 && !ctx.joined && !expects_pad) {
        return gen_jump(ctx, a.rd, ctx.wrapped(ctx.known_value + static_cast<u64>(a.imm)) & ~u64{1},
                        transfer_of_jalr(a.rd, a.rs1));
    }
    Builder& b = *ctx.b;
    Var target = ctx.gpr(a.rs1);
    if (a.imm != 0) target = b.addi(target, a.imm);
    target = ctx.jump_target(target);
    if (!ctx.has(Extension::Zca)) {
        // The fault's value is not constant, and rd must not be written before it.
        target = gen_alignment_check(ctx, target);
    }
    ctx.record_transfer(transfer_of_jalr(a.rd, a.rs1), target);
    if (expects_pad) set_pad_expected(ctx, true);
    ctx.set_gpr(a.rd, ctx.address_value(ctx.next_pc()));
    if (is_link(a.rd)) {
        ctx.call_indirect(target);
    } else if (is_link(a.rs1)) {
        ctx.ret(target);
    } else {
        ctx.jump_indirect(target);
    }
    return true;
}

static bool gen_recorded_branch(DisasContext& ctx, Cond cond, Var lhs, Var rhs, u64 target) {
    const u32 taken = ctx.b->new_label();
    ctx.b->brcond(cond, lhs, rhs, taken);
    ctx.record_transfer(Transfer::NotTakenBranch, ctx.b->address(ctx.next_pc()));
    ctx.jump(ctx.next_pc());
    ctx.b->label(taken);
    ctx.record_transfer(Transfer::TakenBranch, ctx.b->address(target));
    ctx.jump(target);
    return true;
}

static bool gen_branch(DisasContext& ctx, const Operands& a, Cond cond) {
    Var lhs = ctx.gpr(a.rs1), rhs = ctx.gpr(a.rs2);
    u64 target = ctx.relative(a.imm);
    if (!is_misaligned(ctx, target)) {
        if (ctx.records_transfers()) return gen_recorded_branch(ctx, cond, lhs, rhs, target);
        return ctx.branch(cond, lhs, rhs, target), true;
    }
    u32 taken = ctx.b->new_label();
    ctx.b->brcond(cond, lhs, rhs, taken);
    ctx.jump(ctx.next_pc());
    ctx.b->exit_label(taken);
    ctx.raise(Cause::FetchMisaligned, target);
    return true;
}

bool trans_beq(DisasContext& ctx, const Operands& a) { return gen_branch(ctx, a, Cond::Eq); }
bool trans_bne(DisasContext& ctx, const Operands& a) { return gen_branch(ctx, a, Cond::Ne); }
static bool trans_blt(DisasContext& ctx, const Operands& a) { return gen_branch(ctx, a, Cond::Lt); }
static bool trans_bge(DisasContext& ctx, const Operands& a) { return gen_branch(ctx, a, Cond::Ge); }
static bool trans_bltu(DisasContext& ctx, const Operands& a) { return gen_branch(ctx, a, Cond::Ltu); }
static bool trans_bgeu(DisasContext& ctx, const Operands& a) { return gen_branch(ctx, a, Cond::Geu); }

// --- loads and stores ---

static bool trans_lb(DisasContext& ctx, const Operands& a) { return gen_load(ctx, a, {.size_log2 = 0, .sign = true}); }
bool trans_lh(DisasContext& ctx, const Operands& a) { return gen_load(ctx, a, {.size_log2 = 1, .sign = true}); }
bool trans_lw(DisasContext& ctx, const Operands& a) { return gen_load(ctx, a, {.size_log2 = 2, .sign = true}); }
bool trans_ld(DisasContext& ctx, const Operands& a) { return gen_load(ctx, a, {.size_log2 = 3}); }
bool trans_lbu(DisasContext& ctx, const Operands& a) { return gen_load(ctx, a, {.size_log2 = 0}); }
bool trans_lhu(DisasContext& ctx, const Operands& a) { return gen_load(ctx, a, {.size_log2 = 1}); }
static bool trans_lwu(DisasContext& ctx, const Operands& a) { return gen_load(ctx, a, {.size_log2 = 2}); }
bool trans_sb(DisasContext& ctx, const Operands& a) { return gen_store(ctx, a, {.size_log2 = 0}); }
bool trans_sh(DisasContext& ctx, const Operands& a) { return gen_store(ctx, a, {.size_log2 = 1}); }
bool trans_sw(DisasContext& ctx, const Operands& a) { return gen_store(ctx, a, {.size_log2 = 2}); }
bool trans_sd(DisasContext& ctx, const Operands& a) { return gen_store(ctx, a, {.size_log2 = 3}); }

// --- arithmetic with an immediate ---

/// auipc and addi make an address: the former writes it at once, as nobody sees the register in between.
static bool add_to_known(DisasContext& ctx, const Operands& a) {
    if (ctx.known_pc != ctx.pc || ctx.known_reg != a.rs1 || a.rd != a.rs1 || ctx.joined || ctx.rv32) return false;
    ir::InsnList& insns = ctx.b->function().insns;
    const std::size_t count = insns.size();
    if (count < 2 || insns[count - 1].op != Op::insn_start || insns[count - 2].op != Op::mov ||
        insns[count - 2].out() != a.rd) {
        return false;
    }
    ctx.known_value += static_cast<u64>(a.imm);
    ctx.known_pc = ctx.next_pc();
    insns[count - 2].args[1] = ctx.b->address(ctx.known_value);
    return true;
}

bool trans_addi(DisasContext& ctx, const Operands& a) {
    if (a.rs1 == 0) return trans_lui(ctx, a);
    if (add_to_known(ctx, a)) return true;
    if (a.imm != 0) return gen_arith_imm_x(ctx, a, Op::add);
    ctx.set_gpr(a.rd, ctx.gpr(a.rs1));
    return true;
}
static bool trans_slti(DisasContext& ctx, const Operands& a) {
    return gen_setcond(ctx, a, Cond::Lt, ctx.b->c64(static_cast<u64>(a.imm)));
}
static bool trans_sltiu(DisasContext& ctx, const Operands& a) {
    return gen_setcond(ctx, a, Cond::Ltu, ctx.b->c64(static_cast<u64>(a.imm)));
}
bool trans_xori(DisasContext& ctx, const Operands& a) {
    return a.imm == -1 ? gen_unary(ctx, a, Op::not_) : gen_arith_imm(ctx, a, Op::xor_);
}
static bool trans_ori(DisasContext& ctx, const Operands& a) { return gen_arith_imm(ctx, a, Op::or_); }
bool trans_andi(DisasContext& ctx, const Operands& a) { return gen_arith_imm(ctx, a, Op::and_); }
bool trans_slli(DisasContext& ctx, const Operands& a) { return gen_arith_imm_x(ctx, a, Op::shl); }
bool trans_srli(DisasContext& ctx, const Operands& a) { return gen_arith_imm_x(ctx, a, Op::shr); }
bool trans_srai(DisasContext& ctx, const Operands& a) { return gen_arith_imm_x(ctx, a, Op::sar); }

bool trans_addiw(DisasContext& ctx, const Operands& a) {
    if (a.imm != 0) return gen_arith_imm_w(ctx, a, Op::add);
    if (a.rd != 0) ctx.set_gpr_w(a.rd, ctx.gpr_w(a.rs1));
    return true;
}
static bool trans_slliw(DisasContext& ctx, const Operands& a) { return gen_arith_imm_w(ctx, a, Op::shl); }
static bool trans_srliw(DisasContext& ctx, const Operands& a) { return gen_arith_imm_w(ctx, a, Op::shr); }
static bool trans_sraiw(DisasContext& ctx, const Operands& a) { return gen_arith_imm_w(ctx, a, Op::sar); }

// --- arithmetic ---

bool trans_add(DisasContext& ctx, const Operands& a) {
    if (a.rs1 != 0) return gen_arith_x(ctx, a, Op::add);
    ctx.set_gpr(a.rd, ctx.gpr(a.rs2));
    return true;
}
bool trans_sub(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::sub); }
static bool trans_sll(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::shl); }
static bool trans_slt(DisasContext& ctx, const Operands& a) { return gen_setcond(ctx, a, Cond::Lt, ctx.gpr(a.rs2)); }
static bool trans_sltu(DisasContext& ctx, const Operands& a) { return gen_setcond(ctx, a, Cond::Ltu, ctx.gpr(a.rs2)); }
bool trans_xor(DisasContext& ctx, const Operands& a) { return gen_arith(ctx, a, Op::xor_); }
static bool trans_srl(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::shr); }
static bool trans_sra(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::sar); }
bool trans_or(DisasContext& ctx, const Operands& a) { return gen_arith(ctx, a, Op::or_); }
bool trans_and(DisasContext& ctx, const Operands& a) { return gen_arith(ctx, a, Op::and_); }
bool trans_addw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::add); }
bool trans_subw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::sub); }
static bool trans_sllw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::shl); }
static bool trans_srlw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::shr); }
static bool trans_sraw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::sar); }

// --- fences and environment ---

/// What a fence orders by RVWMO; device input and output count as memory.
static bool trans_fence(DisasContext& ctx, const Operands& a) {
    constexpr u32 kInput = 8, kOutput = 4, kRead = 2, kWrite = 1;
    const u32 pred = a.imm >> 4 & 15, succ = a.imm & 15;
    const bool reads_before = (pred & (kRead | kInput)) != 0, writes_before = (pred & (kWrite | kOutput)) != 0;
    const bool reads_after = (succ & (kRead | kInput)) != 0, writes_after = (succ & (kWrite | kOutput)) != 0;
    u32 order = 0;
    if (reads_before && reads_after) order |= static_cast<u32>(Barrier::LoadLoad);
    if (reads_before && writes_after) order |= static_cast<u32>(Barrier::LoadStore);
    if (writes_before && reads_after) order |= static_cast<u32>(Barrier::StoreLoad);
    if (writes_before && writes_after) order |= static_cast<u32>(Barrier::StoreStore);
    if (order != 0) ctx.b->mb(static_cast<u8>(order));
    return true;
}

/// All but earlier writes with later reads.
static bool trans_fence_tso(DisasContext& ctx, const Operands&) {
    ctx.b->mb(static_cast<u8>(Barrier::Full) & ~static_cast<u8>(Barrier::StoreLoad));
    return true;
}

static bool trans_fence_i(DisasContext& ctx, const Operands&) {
    ctx.call_helper(Helper::fence_i, ir::kNoVar, {ctx.b->env()});
    ctx.end_with_lookup();
    return true;
}

static bool trans_ecall(DisasContext& ctx, const Operands&) {
    if (ctx.system) {
        constexpr Cause kCauses[] = {Cause::EcallU, Cause::EcallS, Cause::EcallM, Cause::EcallM};
        Builder& b = *ctx.b;
        Var target = b.temp(Type::I64);
        const bool from_guest = ctx.virtualised() && ctx.mode() == Privilege::Supervisor;
        u32 cause = static_cast<u32>(from_guest ? Cause::EcallVs : kCauses[static_cast<unsigned>(ctx.mode())]);
        ctx.call_helper(Helper::trap, target, {b.env(), b.c32(cause), b.address(ctx.pc), b.c64(0)});
        ctx.jump_indirect(target);
        return true;
    }
    ctx.b->exit_tb(static_cast<u32>(ExitReason::Syscall), ctx.b->address(ctx.next_pc()));
    ctx.state = DisasState::NoReturn;
    return true;
}

bool trans_ebreak(DisasContext& ctx, const Operands&) {
    ctx.raise(Cause::Breakpoint, ctx.pc);
    return true;
}

using enum Extension;

static constexpr InsnRow kRows[] = {
    {"iiiiiiiiiiiiiiiiiiii ddddd 0110111", "lui", "rd,uimm20", I, trans_lui, kImmU},
    {"iiiiiiiiiiiiiiiiiiii ddddd 0010111", "auipc", "rd,uimm20", I, trans_auipc, kImmU},
    {"iiiiiiiiiiiiiiiiiiii ddddd 1101111", "jal", "rd,target", I, trans_jal, kImmJ},
    {"iiiiiiiiiiii sssss 000 ddddd 1100111", "jalr", "rd,imm(rs1)", I, trans_jalr, kImmI},

    {"iiiiiii ttttt sssss 000 iiiii 1100011", "beq", "rs1,rs2,target", I, trans_beq, kImmB},
    {"iiiiiii ttttt sssss 001 iiiii 1100011", "bne", "rs1,rs2,target", I, trans_bne, kImmB},
    {"iiiiiii ttttt sssss 100 iiiii 1100011", "blt", "rs1,rs2,target", I, trans_blt, kImmB},
    {"iiiiiii ttttt sssss 101 iiiii 1100011", "bge", "rs1,rs2,target", I, trans_bge, kImmB},
    {"iiiiiii ttttt sssss 110 iiiii 1100011", "bltu", "rs1,rs2,target", I, trans_bltu, kImmB},
    {"iiiiiii ttttt sssss 111 iiiii 1100011", "bgeu", "rs1,rs2,target", I, trans_bgeu, kImmB},

    {"iiiiiiiiiiii sssss 000 ddddd 0000011", "lb", "rd,imm(rs1)", I, trans_lb, kImmI},
    {"iiiiiiiiiiii sssss 001 ddddd 0000011", "lh", "rd,imm(rs1)", I, trans_lh, kImmI},
    {"iiiiiiiiiiii sssss 010 ddddd 0000011", "lw", "rd,imm(rs1)", I, trans_lw, kImmI},
    {"iiiiiiiiiiii sssss 011 ddddd 0000011", "ld", "rd,imm(rs1)", Rv64, trans_ld, kImmI},
    {"iiiiiiiiiiii sssss 100 ddddd 0000011", "lbu", "rd,imm(rs1)", I, trans_lbu, kImmI},
    {"iiiiiiiiiiii sssss 101 ddddd 0000011", "lhu", "rd,imm(rs1)", I, trans_lhu, kImmI},
    {"iiiiiiiiiiii sssss 110 ddddd 0000011", "lwu", "rd,imm(rs1)", Rv64, trans_lwu, kImmI},
    {"iiiiiii ttttt sssss 000 iiiii 0100011", "sb", "rs2,imm(rs1)", I, trans_sb, kImmS},
    {"iiiiiii ttttt sssss 001 iiiii 0100011", "sh", "rs2,imm(rs1)", I, trans_sh, kImmS},
    {"iiiiiii ttttt sssss 010 iiiii 0100011", "sw", "rs2,imm(rs1)", I, trans_sw, kImmS},
    {"iiiiiii ttttt sssss 011 iiiii 0100011", "sd", "rs2,imm(rs1)", Rv64, trans_sd, kImmS},

    {"iiiiiiiiiiii sssss 000 ddddd 0010011", "addi", "rd,rs1,imm", I, trans_addi, kImmI},
    {"iiiiiiiiiiii sssss 010 ddddd 0010011", "slti", "rd,rs1,imm", I, trans_slti, kImmI},
    {"iiiiiiiiiiii sssss 011 ddddd 0010011", "sltiu", "rd,rs1,imm", I, trans_sltiu, kImmI},
    {"iiiiiiiiiiii sssss 100 ddddd 0010011", "xori", "rd,rs1,imm", I, trans_xori, kImmI},
    {"iiiiiiiiiiii sssss 110 ddddd 0010011", "ori", "rd,rs1,imm", I, trans_ori, kImmI},
    {"iiiiiiiiiiii sssss 111 ddddd 0010011", "andi", "rd,rs1,imm", I, trans_andi, kImmI},
    {"000000 iiiiii sssss 001 ddddd 0010011", "slli", "rd,rs1,uimm", Rv64, trans_slli, kShamt6},
    {"000000 iiiiii sssss 101 ddddd 0010011", "srli", "rd,rs1,uimm", Rv64, trans_srli, kShamt6},
    {"010000 iiiiii sssss 101 ddddd 0010011", "srai", "rd,rs1,uimm", Rv64, trans_srai, kShamt6},
    {"0000000 iiiii sssss 001 ddddd 0010011", "slli", "rd,rs1,uimm", Rv32, trans_slli, kShamt5},
    {"0000000 iiiii sssss 101 ddddd 0010011", "srli", "rd,rs1,uimm", Rv32, trans_srli, kShamt5},
    {"0100000 iiiii sssss 101 ddddd 0010011", "srai", "rd,rs1,uimm", Rv32, trans_srai, kShamt5},
    {"iiiiiiiiiiii sssss 000 ddddd 0011011", "addiw", "rd,rs1,imm", Rv64, trans_addiw, kImmI},
    {"0000000 iiiii sssss 001 ddddd 0011011", "slliw", "rd,rs1,uimm", Rv64, trans_slliw, kShamt5},
    {"0000000 iiiii sssss 101 ddddd 0011011", "srliw", "rd,rs1,uimm", Rv64, trans_srliw, kShamt5},
    {"0100000 iiiii sssss 101 ddddd 0011011", "sraiw", "rd,rs1,uimm", Rv64, trans_sraiw, kShamt5},

    {"0000000 ttttt sssss 000 ddddd 0110011", "add", "rd,rs1,rs2", I, trans_add},
    {"0100000 ttttt sssss 000 ddddd 0110011", "sub", "rd,rs1,rs2", I, trans_sub},
    {"0000000 ttttt sssss 001 ddddd 0110011", "sll", "rd,rs1,rs2", I, trans_sll},
    {"0000000 ttttt sssss 010 ddddd 0110011", "slt", "rd,rs1,rs2", I, trans_slt},
    {"0000000 ttttt sssss 011 ddddd 0110011", "sltu", "rd,rs1,rs2", I, trans_sltu},
    {"0000000 ttttt sssss 100 ddddd 0110011", "xor", "rd,rs1,rs2", I, trans_xor},
    {"0000000 ttttt sssss 101 ddddd 0110011", "srl", "rd,rs1,rs2", I, trans_srl},
    {"0100000 ttttt sssss 101 ddddd 0110011", "sra", "rd,rs1,rs2", I, trans_sra},
    {"0000000 ttttt sssss 110 ddddd 0110011", "or", "rd,rs1,rs2", I, trans_or},
    {"0000000 ttttt sssss 111 ddddd 0110011", "and", "rd,rs1,rs2", I, trans_and},
    {"0000000 ttttt sssss 000 ddddd 0111011", "addw", "rd,rs1,rs2", Rv64, trans_addw},
    {"0100000 ttttt sssss 000 ddddd 0111011", "subw", "rd,rs1,rs2", Rv64, trans_subw},
    {"0000000 ttttt sssss 001 ddddd 0111011", "sllw", "rd,rs1,rs2", Rv64, trans_sllw},
    {"0000000 ttttt sssss 101 ddddd 0111011", "srlw", "rd,rs1,rs2", Rv64, trans_srlw},
    {"0100000 ttttt sssss 101 ddddd 0111011", "sraw", "rd,rs1,rs2", Rv64, trans_sraw},

    // Reserved fields and modes of fence are to be executed as a normal fence; fence.tso is one of them.
    {"100000110011 00000 000 00000 0001111", "fence.tso", "", I, trans_fence_tso},
    {"iiiiiiiiiiii ----- 000 ----- 0001111", "fence", "pred,succ", I, trans_fence, kUimm12},
    {"------------ ----- 001 ----- 0001111", "fence.i", "", Zifencei, trans_fence_i},
    {"000000000000 00000 000 00000 1110011", "ecall", "", I, trans_ecall},
    {"000000000001 00000 000 00000 1110011", "ebreak", "", I, trans_ebreak},
};

InsnSet rows_i() { return kRows; }

}  // namespace dragoman::riscv
