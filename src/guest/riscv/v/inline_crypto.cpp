// Vector cryptography as IR ops, on whole groups of elements: the translator has made sure of these.
#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

constexpr ir::Element kWord = ir::Element::I32;

/// Whether `op` does all that the instruction's registers hold, of type `t`; where vl is smaller the rest is selected.
bool can_do(const InlineVector& v, Op op, Type t) {
    if (v.sew != 2 || !v.fills_part(v.lmul) || !v.has(op, t, kWord)) return false;
    return v.full() || (t == v.type && v.has(Op::v_select, kWord));
}

/// Register `n` of an operand.
Var operand(InlineVector& v, Type t, unsigned n) { return v.part(t, v.source(n, v.lmul)); }

void result(InlineVector& v, unsigned r, Type t, Var value) {
    if (!v.full()) {
        const Var mask = v.mask(r, v.bytes_used(v.lmul) >> v.sew, false);
        value = v.b.vector_op(Op::v_select, v.type, kWord, {mask, value, v.reg(v.vd() + r)});
    }
    v.write(r, t == v.type ? value : v.b.convert(Op::v_low, v.type, value), v.lmul);
}

/// vd = op(vd, vs2), where vs2 may be one group of elements for all.
bool cipher(InlineVector& v, Op op, u64 imm0, bool scalar) {
    const Type t = v.part_type(v.lmul);
    if (!can_do(v, op, t) || (scalar && !v.has(Op::v_repeat_low, t, kWord))) return false;
    Builder& b = v.b;
    const Var key = scalar ? b.vector_op(Op::v_repeat_low, t, kWord, {v.part(t, v.reg(v.vs2()))}) : ir::kNoVar;
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const Var state = operand(v, t, v.vd() + r);
        result(v, r, t, b.vector_op(op, t, kWord, {state, scalar ? key : operand(v, t, v.vs2() + r)}, imm0));
    }
    return true;
}

bool aes(InlineVector& v, ir::AesRound round, bool scalar) {
    return cipher(v, Op::v_aes, static_cast<u64>(round), scalar);
}

/// vd = op(vd, vs2, vs1), of SHA-256.
bool sha256(InlineVector& v, Op op, u64 imm0) {
    const Type t = v.part_type(v.lmul);
    if (!can_do(v, op, t)) return false;
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const Var d = operand(v, t, v.vd() + r), a = operand(v, t, v.vs2() + r), c = operand(v, t, v.vs1() + r);
        result(v, r, t, v.b.vector_op(op, t, kWord, {d, a, c}, imm0));
    }
    return true;
}

/// vgmul, vghsh: vd, or the sum of vd and vs1, times vs2.
bool ghash(InlineVector& v, bool adds) {
    const Type t = v.part_type(v.lmul);
    if (!can_do(v, Op::v_gmul, t)) return false;
    Builder& b = v.b;
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        Var sum = operand(v, t, v.vd() + r);
        if (adds) sum = b.vector_op(Op::v_xor, t, kWord, {sum, operand(v, t, v.vs1() + r)});
        result(v, r, t, b.vector_op(Op::v_gmul, t, kWord, {sum, operand(v, t, v.vs2() + r)}));
    }
    return true;
}

}  // namespace

bool inline_crypto(InlineVector& v) {
    using enum ir::AesRound;
    switch (v.op) {
        case VectorOp::vaesem_vv: return aes(v, Encrypt, false);
        case VectorOp::vaesem_vs: return aes(v, Encrypt, true);
        case VectorOp::vaesef_vv: return aes(v, EncryptLast, false);
        case VectorOp::vaesef_vs: return aes(v, EncryptLast, true);
        case VectorOp::vaesdm_vv: return aes(v, Decrypt, false);
        case VectorOp::vaesdm_vs: return aes(v, Decrypt, true);
        case VectorOp::vaesdf_vv: return aes(v, DecryptLast, false);
        case VectorOp::vaesdf_vs: return aes(v, DecryptLast, true);
        case VectorOp::vaesz: return cipher(v, Op::v_xor, 0, true);
        case VectorOp::vgmul: return ghash(v, false);
        case VectorOp::vghsh: return ghash(v, true);
        case VectorOp::vsha2ms: return v.sew == 3 ? inline_sha512(v) : sha256(v, Op::v_sha256_schedule, 0);
        case VectorOp::vsha2cl: return v.sew == 3 ? inline_sha512(v) : sha256(v, Op::v_sha256_rounds, 0);
        case VectorOp::vsha2ch: return v.sew == 3 ? inline_sha512(v) : sha256(v, Op::v_sha256_rounds, 1);
        default: return false;
    }
}

}  // namespace dragoman::riscv
