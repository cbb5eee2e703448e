// Atomics: A, Zacas, Zabha, Zalasr, Zawrs (Unprivileged specification, chapters "A", "Zawrs", "Zacas", "Zabha";
// Zalasr).
//
// .aq and .rl become the order of the access. Only a load-reserved has no place for .rl: a barrier in front of it keeps
// it behind all earlier accesses.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"
#include "guest/riscv/trans_i.h"

namespace dragoman::riscv {

namespace {

constexpr MemOp kB{.size_log2 = 0, .sign = true, .aligned = true};
constexpr MemOp kH{.size_log2 = 1, .sign = true, .aligned = true};
constexpr MemOp kW{.size_log2 = 2, .sign = true, .aligned = true};
constexpr MemOp kD{.size_log2 = 3, .aligned = true};
constexpr MemOp kEnvDouble{.size_log2 = 3};

// --- load-reserved and store-conditional: the reservation is the address and the value read ---

bool gen_lr(DisasContext& ctx, const Operands& a, MemOp m) {
    Builder& b = *ctx.b;
    if (a.rl) b.mb(static_cast<u8>(Barrier::LoadLoad) | static_cast<u8>(Barrier::StoreLoad));
    m.order = ir::mem_order(a.aq, false);
    Var address = ctx.pointer(ctx.gpr(a.rs1)), value = b.temp(Type::I64);
    ctx.guest_ld(value, address, m);
    b.env_st(address, DRAGOMAN_HART_OFFSET(reservation_address), kEnvDouble);
    b.env_st(value, DRAGOMAN_HART_OFFSET(reservation_value), kEnvDouble);
    ctx.set_gpr(a.rd, value);
    return true;
}

/// Stores if memory still holds the value that LR read. That another store of the same value went
/// unnoticed cannot be told apart from that store having come before the LR. An address that is reserved is aligned;
/// any other one is looked at before the failure is told.
bool gen_sc(DisasContext& ctx, const Operands& a, MemOp m) {
    Builder& b = *ctx.b;
    u32 fail = b.new_label(), done = b.new_label();
    Var address = ctx.gpr(a.rs1), reserved = b.temp(Type::I64);
    if (ctx.rv32 || flags_pmlen(ctx.flags) != 0) {
        address = b.tb_temp(Type::I64);
        b.mov_to(address, ctx.pointer(ctx.gpr(a.rs1)));
    }
    b.env_ld(reserved, DRAGOMAN_HART_OFFSET(reservation_address), kEnvDouble);
    b.brcond(Cond::Ne, address, reserved, fail);
    Var expected = b.temp(Type::I64), old = b.temp(Type::I64), none = b.c64(kNoReservation);
    b.env_ld(expected, DRAGOMAN_HART_OFFSET(reservation_value), kEnvDouble);
    m.order = ir::mem_order(a.aq, a.rl);
    ctx.atomic_cmpxchg(old, address, expected, ctx.gpr(a.rs2), m);
    b.env_st(none, DRAGOMAN_HART_OFFSET(reservation_address), kEnvDouble);
    ctx.set_gpr(a.rd, b.setcond(Cond::Ne, old, expected));
    b.br(done);
    b.label(fail);
    u32 aligned = b.new_label();
    b.brcond(Cond::TstEq, address, b.c64(m.bytes() - 1), aligned);
    ctx.raise_with(Cause::StoreMisaligned, address);
    ctx.go_on();
    b.label(aligned);
    b.env_st(none, DRAGOMAN_HART_OFFSET(reservation_address), kEnvDouble);
    ctx.set_gpr(a.rd, b.c64(1));
    b.label(done);
    return true;
}

bool trans_lr_w(DisasContext& ctx, const Operands& a) { return gen_lr(ctx, a, kW); }
bool trans_lr_d(DisasContext& ctx, const Operands& a) { return gen_lr(ctx, a, kD); }
bool trans_sc_w(DisasContext& ctx, const Operands& a) { return gen_sc(ctx, a, kW); }
bool trans_sc_d(DisasContext& ctx, const Operands& a) { return gen_sc(ctx, a, kD); }

// --- read-modify-write: one function per operation and size, made by a template because the rows need
// functions with the operation built in ---

/// How the AMO accesses `address`. With Zama16b it may be misaligned within its aligned 16 bytes.
MemOp amo_access(DisasContext& ctx, Var address, MemOp m, const Operands& a) {
    m.order = ir::mem_order(a.aq, a.rl);
    if (!ctx.has(Extension::Zama16b) || m.size_log2 == 0) return m;
    Builder& b = *ctx.b;
    u32 inside = b.new_label();
    b.brcond(Cond::Leu, b.and_(address, b.c64(15)), b.c64(16 - m.bytes()), inside);
    ctx.raise_with(Cause::StoreMisaligned, address);
    ctx.go_on();
    b.label(inside);
    m.aligned = false;
    return m;
}

template <Op op, MemOp m>
bool trans_amo(DisasContext& ctx, const Operands& a) {
    Var address = ctx.gpr(a.rs1);
    MemOp access = amo_access(ctx, address, m, a);
    ctx.atomic(op, ctx.gpr_dest(a.rd), address, ctx.gpr(a.rs2), access);
    return true;
}

template <MemOp m>
bool trans_amocas(DisasContext& ctx, const Operands& a) {
    Var address = ctx.gpr(a.rs1);
    MemOp access = amo_access(ctx, address, m, a);
    ctx.atomic_cmpxchg(ctx.gpr_dest(a.rd), address, ctx.gpr(a.rd), ctx.gpr(a.rs2), access);
    return true;
}

bool trans_amocas_pair(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    ctx.call_helper(Helper::amocas_pair, ir::kNoVar, {b.env(), ctx.pointer(ctx.gpr(a.rs1)), b.c32(a.rd), b.c32(a.rs2)});
    return true;
}

bool trans_amocas_q(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    ctx.call_helper(Helper::amocas_q, ir::kNoVar, {b.env(), ctx.pointer(ctx.gpr(a.rs1)), b.c32(a.rd), b.c32(a.rs2)});
    return true;
}

// --- Zalasr: loads that acquire, stores that release; of those, the other order may be asked for, too ---

template <MemOp m>
bool trans_load_acquire(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    if (a.rl) b.mb(static_cast<u8>(Barrier::LoadLoad) | static_cast<u8>(Barrier::StoreLoad));
    MemOp acquire = m;
    acquire.order = ir::MemOrder::Acquire;
    ctx.guest_ld(ctx.gpr_dest(a.rd), ctx.gpr(a.rs1), acquire);
    return true;
}
/// A load that acquires and comes later may not overtake it (RVWMO: both are RCsc).
template <MemOp m>
bool trans_store_release(DisasContext& ctx, const Operands& a) {
    MemOp release = m;
    release.order = ir::MemOrder::Release;
    ctx.guest_st(ctx.gpr(a.rs2), ctx.gpr(a.rs1), release);
    ctx.b->mb(static_cast<u8>(Barrier::StoreLoad) | static_cast<u8>(Barrier::StoreStore));
    return true;
}

// --- Zawrs. In system mode waiting is left to the loop around it. ---

constexpr u32 kShortWait = 200, kLongWait = 20000;  // turns: some microseconds, about a millisecond

template <u32 turns>
bool trans_wrs(DisasContext& ctx, const Operands&) {
    Builder& b = *ctx.b;
    if (ctx.system) {
        ctx.call_helper(Helper::pause, ir::kNoVar, {b.env()});
    } else {
        ctx.call_helper(Helper::wrs, ir::kNoVar, {b.env(), b.c32(turns)});
    }
    return true;
}

using enum Extension;

constexpr Reserved kOddPair = Reserved::RdOdd | Reserved::Rs2Odd;

// clang-format off
constexpr InsnRow kRows[] = {
    {"00110 1l 00000 sssss 000 ddddd 0101111", "lb", "aqrl rd,(rs1)", Zalasr, trans_load_acquire<kB>},
    {"00110 1l 00000 sssss 001 ddddd 0101111", "lh", "aqrl rd,(rs1)", Zalasr, trans_load_acquire<kH>},
    {"00110 1l 00000 sssss 010 ddddd 0101111", "lw", "aqrl rd,(rs1)", Zalasr, trans_load_acquire<kW>},
    {"00110 1l 00000 sssss 011 ddddd 0101111", "ld", "aqrl rd,(rs1)", Zalasr && Rv64, trans_load_acquire<kD>},
    {"00111 a1 ttttt sssss 000 00000 0101111", "sb", "aqrl rs2,(rs1)", Zalasr, trans_store_release<kB>},
    {"00111 a1 ttttt sssss 001 00000 0101111", "sh", "aqrl rs2,(rs1)", Zalasr, trans_store_release<kH>},
    {"00111 a1 ttttt sssss 010 00000 0101111", "sw", "aqrl rs2,(rs1)", Zalasr, trans_store_release<kW>},
    {"00111 a1 ttttt sssss 011 00000 0101111", "sd", "aqrl rs2,(rs1)", Zalasr && Rv64, trans_store_release<kD>},

    {"00010 al 00000 sssss 010 ddddd 0101111", "lr.w", "aqrl rd,(rs1)", Zalrsc, trans_lr_w},
    {"00010 al 00000 sssss 011 ddddd 0101111", "lr.d", "aqrl rd,(rs1)", Zalrsc && Rv64, trans_lr_d},
    {"00011 al ttttt sssss 010 ddddd 0101111", "sc.w", "aqrl rd,rs2,(rs1)", Zalrsc, trans_sc_w},
    {"00011 al ttttt sssss 011 ddddd 0101111", "sc.d", "aqrl rd,rs2,(rs1)", Zalrsc && Rv64, trans_sc_d},

    {"00001 al ttttt sssss 010 ddddd 0101111", "amoswap.w", "aqrl rd,rs2,(rs1)", Zaamo, trans_amo<Op::atomic_xchg, kW>},
    {"00000 al ttttt sssss 010 ddddd 0101111", "amoadd.w", "aqrl rd,rs2,(rs1)", Zaamo, trans_amo<Op::atomic_add, kW>},
    {"00100 al ttttt sssss 010 ddddd 0101111", "amoxor.w", "aqrl rd,rs2,(rs1)", Zaamo, trans_amo<Op::atomic_xor, kW>},
    {"01100 al ttttt sssss 010 ddddd 0101111", "amoand.w", "aqrl rd,rs2,(rs1)", Zaamo, trans_amo<Op::atomic_and, kW>},
    {"01000 al ttttt sssss 010 ddddd 0101111", "amoor.w", "aqrl rd,rs2,(rs1)", Zaamo, trans_amo<Op::atomic_or, kW>},
    {"10000 al ttttt sssss 010 ddddd 0101111", "amomin.w", "aqrl rd,rs2,(rs1)", Zaamo, trans_amo<Op::atomic_min_s, kW>},
    {"10100 al ttttt sssss 010 ddddd 0101111", "amomax.w", "aqrl rd,rs2,(rs1)", Zaamo, trans_amo<Op::atomic_max_s, kW>},
    {"11000 al ttttt sssss 010 ddddd 0101111", "amominu.w", "aqrl rd,rs2,(rs1)", Zaamo, trans_amo<Op::atomic_min_u, kW>},
    {"11100 al ttttt sssss 010 ddddd 0101111", "amomaxu.w", "aqrl rd,rs2,(rs1)", Zaamo, trans_amo<Op::atomic_max_u, kW>},

    {"00001 al ttttt sssss 011 ddddd 0101111", "amoswap.d", "aqrl rd,rs2,(rs1)", Zaamo && Rv64, trans_amo<Op::atomic_xchg, kD>},
    {"00000 al ttttt sssss 011 ddddd 0101111", "amoadd.d", "aqrl rd,rs2,(rs1)", Zaamo && Rv64, trans_amo<Op::atomic_add, kD>},
    {"00100 al ttttt sssss 011 ddddd 0101111", "amoxor.d", "aqrl rd,rs2,(rs1)", Zaamo && Rv64, trans_amo<Op::atomic_xor, kD>},
    {"01100 al ttttt sssss 011 ddddd 0101111", "amoand.d", "aqrl rd,rs2,(rs1)", Zaamo && Rv64, trans_amo<Op::atomic_and, kD>},
    {"01000 al ttttt sssss 011 ddddd 0101111", "amoor.d", "aqrl rd,rs2,(rs1)", Zaamo && Rv64, trans_amo<Op::atomic_or, kD>},
    {"10000 al ttttt sssss 011 ddddd 0101111", "amomin.d", "aqrl rd,rs2,(rs1)", Zaamo && Rv64, trans_amo<Op::atomic_min_s, kD>},
    {"10100 al ttttt sssss 011 ddddd 0101111", "amomax.d", "aqrl rd,rs2,(rs1)", Zaamo && Rv64, trans_amo<Op::atomic_max_s, kD>},
    {"11000 al ttttt sssss 011 ddddd 0101111", "amominu.d", "aqrl rd,rs2,(rs1)", Zaamo && Rv64, trans_amo<Op::atomic_min_u, kD>},
    {"11100 al ttttt sssss 011 ddddd 0101111", "amomaxu.d", "aqrl rd,rs2,(rs1)", Zaamo && Rv64, trans_amo<Op::atomic_max_u, kD>},

    {"00001 al ttttt sssss 000 ddddd 0101111", "amoswap.b", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_xchg, kB>},
    {"00000 al ttttt sssss 000 ddddd 0101111", "amoadd.b", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_add, kB>},
    {"00100 al ttttt sssss 000 ddddd 0101111", "amoxor.b", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_xor, kB>},
    {"01100 al ttttt sssss 000 ddddd 0101111", "amoand.b", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_and, kB>},
    {"01000 al ttttt sssss 000 ddddd 0101111", "amoor.b", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_or, kB>},
    {"10000 al ttttt sssss 000 ddddd 0101111", "amomin.b", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_min_s, kB>},
    {"10100 al ttttt sssss 000 ddddd 0101111", "amomax.b", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_max_s, kB>},
    {"11000 al ttttt sssss 000 ddddd 0101111", "amominu.b", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_min_u, kB>},
    {"11100 al ttttt sssss 000 ddddd 0101111", "amomaxu.b", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_max_u, kB>},

    {"00001 al ttttt sssss 001 ddddd 0101111", "amoswap.h", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_xchg, kH>},
    {"00000 al ttttt sssss 001 ddddd 0101111", "amoadd.h", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_add, kH>},
    {"00100 al ttttt sssss 001 ddddd 0101111", "amoxor.h", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_xor, kH>},
    {"01100 al ttttt sssss 001 ddddd 0101111", "amoand.h", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_and, kH>},
    {"01000 al ttttt sssss 001 ddddd 0101111", "amoor.h", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_or, kH>},
    {"10000 al ttttt sssss 001 ddddd 0101111", "amomin.h", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_min_s, kH>},
    {"10100 al ttttt sssss 001 ddddd 0101111", "amomax.h", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_max_s, kH>},
    {"11000 al ttttt sssss 001 ddddd 0101111", "amominu.h", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_min_u, kH>},
    {"11100 al ttttt sssss 001 ddddd 0101111", "amomaxu.h", "aqrl rd,rs2,(rs1)", Zabha, trans_amo<Op::atomic_max_u, kH>},

    {"00101 al ttttt sssss 000 ddddd 0101111", "amocas.b", "aqrl rd,rs2,(rs1)", Zabha && Zacas, trans_amocas<kB>},
    {"00101 al ttttt sssss 001 ddddd 0101111", "amocas.h", "aqrl rd,rs2,(rs1)", Zabha && Zacas, trans_amocas<kH>},
    {"00101 al ttttt sssss 010 ddddd 0101111", "amocas.w", "aqrl rd,rs2,(rs1)", Zacas, trans_amocas<kW>},
    {"00101 al ttttt sssss 011 ddddd 0101111", "amocas.d", "aqrl rd,rs2,(rs1)", Zacas && Rv64, trans_amocas<kD>},
    {"00101 al ttttt sssss 011 ddddd 0101111", "amocas.d", "aqrl rd,rs2,(rs1)", Zacas && Rv32, trans_amocas_pair, kNoImm, kOddPair},
    {"00101 al ttttt sssss 100 ddddd 0101111", "amocas.q", "aqrl rd,rs2,(rs1)", Zacas && Rv64, trans_amocas_q, kNoImm, kOddPair},

    {"000000001101 00000 000 00000 1110011", "wrs.nto", "", Zawrs, trans_wrs<kLongWait>},
    {"000000011101 00000 000 00000 1110011", "wrs.sto", "", Zawrs, trans_wrs<kShortWait>},
};
// clang-format on

}  // namespace

InsnSet rows_a() { return kRows; }

}  // namespace dragoman::riscv
