// Scalar cryptography: Zknd, Zkne, Zknh, Zksed, Zksh (RISC-V Cryptography Extensions Volume I). The hashes are a
// few rotations; ciphers are helpers (helper_crypto.cpp). All take the same time whatever their operands are, but for
// the S-box of SM4, and the one of AES on hosts without instructions for it: these read tables.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"

namespace dragoman::riscv {

// --- AES ---

template <Helper helper>
static bool trans_aes_round(DisasContext& ctx, const Operands& a) {
    if (a.rd != 0) ctx.call_helper(helper, a.rd, {ctx.gpr(a.rs1), ctx.gpr(a.rs2)});
    return true;
}
static bool trans_aes64im(DisasContext& ctx, const Operands& a) {
    if (a.rd != 0) ctx.call_helper(Helper::aes64im, a.rd, {ctx.gpr(a.rs1)});
    return true;
}
static bool trans_aes64ks1i(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    if (a.rd != 0) ctx.call_helper(Helper::aes64ks1i, a.rd, {ctx.gpr(a.rs1), b.c32(static_cast<u32>(a.imm))});
    return true;
}
static bool trans_aes64ks2(DisasContext& ctx, const Operands& a) {
    if (a.rd == 0) return true;
    Builder& b = *ctx.b;
    Var word = b.xor_(b.shri(ctx.gpr(a.rs1), 32), ctx.gpr(a.rs2));  // word 0 of the result
    Var next = b.xor_(word, b.shri(ctx.gpr(a.rs2), 32));
    b.op_to(Op::deposit, a.rd, {word, next}, 32, 32);
    return true;
}

template <bool decrypt, bool mix>
static bool trans_aes32(DisasContext& ctx, const Operands& a) {
    if (a.rd == 0) return true;
    Builder& b = *ctx.b;
    Var shift = b.c32(static_cast<u32>(a.imm) * 8);
    ctx.call_helper(Helper::aes32, a.rd, {ctx.gpr(a.rs1), ctx.gpr(a.rs2), shift, b.c32(decrypt), b.c32(mix)});
    return true;
}

// --- SHA-2 and SM3: the exclusive or of the operand rotated, or shifted, by constants ---

/// How a term of a hash's function is made: to the right.
enum class Move { Keep, Rotate, Shift };
struct Term {
    Move move;
    unsigned by;
};

static Var moved(Builder& b, Var x, Term term) {
    switch (term.move) {
        case Move::Rotate:
            return b.op(Op::rotr, b.type(x), {x, b.type(x) == Type::I32 ? b.c32(term.by) : b.c64(term.by)});
        case Move::Shift: return b.shri(x, term.by);
        default: return x;
    }
}

template <Type type, Term first, Term second, Term third>
static bool trans_hash(DisasContext& ctx, const Operands& a) {
    if (a.rd == 0) return true;
    Builder& b = *ctx.b;
    Var x = type == Type::I32 ? ctx.gpr_w(a.rs1) : ctx.gpr(a.rs1);
    Var sum = b.xor_(moved(b, x, first), moved(b, x, second));
    if (type == Type::I32) {
        ctx.set_gpr_w(a.rd, b.xor_(sum, moved(b, x, third)));
    } else {
        b.op_to(Op::xor_, a.rd, {sum, moved(b, x, third)});
    }
    return true;
}
/// Where XLEN is 32, SHA-512's functions come in halves: of the double word whose lower half is rs1 (upper half, where
/// `high`) the lower half (upper half) of the result.
template <bool high, Term first, Term second, Term third>
static bool trans_half_hash(DisasContext& ctx, const Operands& a) {
    if (a.rd == 0) return true;
    Builder& b = *ctx.b;
    Var low = ctx.gpr(high ? a.rs2 : a.rs1),
        x = b.op(Op::deposit, Type::I64, {low, ctx.gpr(high ? a.rs1 : a.rs2)}, 32, 32);
    Var sum = b.xor_(b.xor_(moved(b, x, first), moved(b, x, second)), moved(b, x, third));
    b.op_to(Op::sextract, a.rd, {sum}, high ? 32 : 0, 32);
    return true;
}
static constexpr Term kKeep{Move::Keep, 0};
static constexpr Term right(unsigned by) { return {Move::Rotate, by}; }
static constexpr Term left(unsigned by) { return {Move::Rotate, 32 - by}; }
static constexpr Term shift(unsigned by) { return {Move::Shift, by}; }

// --- SM4: one byte of a round's word; bits 31:30 select it ---

template <bool key>
static bool trans_sm4(DisasContext& ctx, const Operands& a) {
    if (a.rd == 0) return true;
    Builder& b = *ctx.b;
    Var shift = b.c32(static_cast<u32>(a.imm) * 8);
    ctx.call_helper(Helper::sm4, a.rd, {ctx.gpr(a.rs1), ctx.gpr(a.rs2), shift, b.c32(key)});
    return true;
}

using enum Extension;
// There are rounds 0 to 10.
static constexpr ImmFormat kRound{"2:0", false}, kRound8{"0", false, 8}, kRound10{"", false, 10};
static constexpr ImmFormat kByteSelect{"1:0", false};
static constexpr Type kWord = Type::I32, kDouble = Type::I64;

// clang-format off
static constexpr InsnRow kRows[] = {
    {"0011001 ttttt sssss 000 ddddd 0110011", "aes64es", "rd,rs1,rs2", Zkne && Rv64, trans_aes_round<Helper::aes64es>},
    {"0011011 ttttt sssss 000 ddddd 0110011", "aes64esm", "rd,rs1,rs2", Zkne && Rv64, trans_aes_round<Helper::aes64esm>},
    {"0011101 ttttt sssss 000 ddddd 0110011", "aes64ds", "rd,rs1,rs2", Zknd && Rv64, trans_aes_round<Helper::aes64ds>},
    {"0011111 ttttt sssss 000 ddddd 0110011", "aes64dsm", "rd,rs1,rs2", Zknd && Rv64, trans_aes_round<Helper::aes64dsm>},
    {"001100000000 sssss 001 ddddd 0010011", "aes64im", "rd,rs1", Zknd && Rv64, trans_aes64im},
    {"001100010 iii sssss 001 ddddd 0010011", "aes64ks1i", "rd,rs1,uimm", (Zkne || Zknd) && Rv64, trans_aes64ks1i, kRound},
    {"00110001100 i sssss 001 ddddd 0010011", "aes64ks1i", "rd,rs1,uimm", (Zkne || Zknd) && Rv64, trans_aes64ks1i, kRound8},
    {"001100011010 sssss 001 ddddd 0010011", "aes64ks1i", "rd,rs1,uimm", (Zkne || Zknd) && Rv64, trans_aes64ks1i, kRound10},
    {"0111111 ttttt sssss 000 ddddd 0110011", "aes64ks2", "rd,rs1,rs2", (Zkne || Zknd) && Rv64, trans_aes64ks2},

    {"000100000000 sssss 001 ddddd 0010011", "sha256sum0", "rd,rs1", Zknh, trans_hash<kWord, right(2), right(13), right(22)>},
    {"000100000001 sssss 001 ddddd 0010011", "sha256sum1", "rd,rs1", Zknh, trans_hash<kWord, right(6), right(11), right(25)>},
    {"000100000010 sssss 001 ddddd 0010011", "sha256sig0", "rd,rs1", Zknh, trans_hash<kWord, right(7), right(18), shift(3)>},
    {"000100000011 sssss 001 ddddd 0010011", "sha256sig1", "rd,rs1", Zknh, trans_hash<kWord, right(17), right(19), shift(10)>},
    {"000100000100 sssss 001 ddddd 0010011", "sha512sum0", "rd,rs1", Zknh && Rv64, trans_hash<kDouble, right(28), right(34), right(39)>},
    {"000100000101 sssss 001 ddddd 0010011", "sha512sum1", "rd,rs1", Zknh && Rv64, trans_hash<kDouble, right(14), right(18), right(41)>},
    {"000100000110 sssss 001 ddddd 0010011", "sha512sig0", "rd,rs1", Zknh && Rv64, trans_hash<kDouble, right(1), right(8), shift(7)>},
    {"000100000111 sssss 001 ddddd 0010011", "sha512sig1", "rd,rs1", Zknh && Rv64, trans_hash<kDouble, right(19), right(61), shift(6)>},

    {"0101000 ttttt sssss 000 ddddd 0110011", "sha512sum0r", "rd,rs1,rs2", Zknh && Rv32, trans_half_hash<false, right(28), right(34), right(39)>},
    {"0101001 ttttt sssss 000 ddddd 0110011", "sha512sum1r", "rd,rs1,rs2", Zknh && Rv32, trans_half_hash<false, right(14), right(18), right(41)>},
    {"0101010 ttttt sssss 000 ddddd 0110011", "sha512sig0l", "rd,rs1,rs2", Zknh && Rv32, trans_half_hash<false, right(1), right(8), shift(7)>},
    {"0101110 ttttt sssss 000 ddddd 0110011", "sha512sig0h", "rd,rs1,rs2", Zknh && Rv32, trans_half_hash<true, right(1), right(8), shift(7)>},
    {"0101011 ttttt sssss 000 ddddd 0110011", "sha512sig1l", "rd,rs1,rs2", Zknh && Rv32, trans_half_hash<false, right(19), right(61), shift(6)>},
    {"0101111 ttttt sssss 000 ddddd 0110011", "sha512sig1h", "rd,rs1,rs2", Zknh && Rv32, trans_half_hash<true, right(19), right(61), shift(6)>},

    {"ii 10001 ttttt sssss 000 ddddd 0110011", "aes32esi", "rd,rs1,rs2,uimm", Zkne && Rv32, trans_aes32<false, false>, kByteSelect},
    {"ii 10011 ttttt sssss 000 ddddd 0110011", "aes32esmi", "rd,rs1,rs2,uimm", Zkne && Rv32, trans_aes32<false, true>, kByteSelect},
    {"ii 10101 ttttt sssss 000 ddddd 0110011", "aes32dsi", "rd,rs1,rs2,uimm", Zknd && Rv32, trans_aes32<true, false>, kByteSelect},
    {"ii 10111 ttttt sssss 000 ddddd 0110011", "aes32dsmi", "rd,rs1,rs2,uimm", Zknd && Rv32, trans_aes32<true, true>, kByteSelect},

    {"000100001000 sssss 001 ddddd 0010011", "sm3p0", "rd,rs1", Zksh, trans_hash<kWord, kKeep, left(9), left(17)>},
    {"000100001001 sssss 001 ddddd 0010011", "sm3p1", "rd,rs1", Zksh, trans_hash<kWord, kKeep, left(15), left(23)>},
    {"ii 11000 ttttt sssss 000 ddddd 0110011", "sm4ed", "rd,rs1,rs2,uimm", Zksed, trans_sm4<false>, kByteSelect},
    {"ii 11010 ttttt sssss 000 ddddd 0110011", "sm4ks", "rd,rs1,rs2,uimm", Zksed, trans_sm4<true>, kByteSelect},
};
// clang-format on

InsnSet rows_k() { return kRows; }

}  // namespace dragoman::riscv
