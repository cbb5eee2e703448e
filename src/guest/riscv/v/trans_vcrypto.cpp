// Vector cryptography (RISC-V Cryptography Extensions Volume II): which element groups an instruction has, and what is
// reserved.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/model.h"
#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

/// Elements of a group, and what may not overlap vd.
struct Groups {
    unsigned elements;
    bool apart_from_vs2 = false, apart_from_vs1 = false;
    bool has_vs1 = false;
    bool scalar = false;  ///< vs2 has one group only
};
constexpr Groups kCipher{4}, kCipherScalar{.elements = 4, .apart_from_vs2 = true, .scalar = true};
constexpr Groups kGhash{.elements = 4, .has_vs1 = true};
constexpr Groups kSha2{.elements = 4, .apart_from_vs2 = true, .apart_from_vs1 = true, .has_vs1 = true};
constexpr Groups kSm3Message{.elements = 8, .apart_from_vs2 = true, .has_vs1 = true};
constexpr Groups kSm3Rounds{.elements = 8, .apart_from_vs2 = true};

/// vl and vstart are multiples of the number of elements, or the instruction is illegal.
void require_whole_groups(DisasContext& ctx, unsigned elements) {
    // VLMAX is one.
    if (!is_vector_slow(ctx) && (ctx.flags_now & kFlagVlmax) != 0) return;
    VectorType type;
    if (vl_is_known(ctx) && vector_type(ctx, type)) {
        const u64 vl = type.vlmax(ctx.cpu().vector_bytes()) >> vl_fraction(ctx);
        if (vl % elements == 0) return;
    }
    Builder& b = *ctx.b;
    VectorLength& known = known_length(ctx);
    if (!is_vector_slow(ctx)) {
        const bool constant = known.vl != ir::kNoVar && b.function().is_const(known.vl);
        if (constant && b.function().vars[known.vl].value % elements == 0) return;
        if (known.multiple != 0 && known.multiple % elements == 0) return;
    }
    Var vl = b.temp(Type::I64), vstart = b.temp(Type::I64);
    b.env_ld(vl, DRAGOMAN_HART_OFFSET(vector.vl), {.size_log2 = 3});
    b.env_ld(vstart, DRAGOMAN_HART_OFFSET(vector.vstart), {.size_log2 = 3});
    const u32 whole = b.new_label();
    b.brcond(Cond::TstEq, b.or_(vl, vstart), b.c64(elements - 1), whole);
    ctx.raise_illegal();
    b.label(whole);
    ctx.state = DisasState::Next;
    // All that comes here has come past the check.
    known.forget();
    known.checked = b.function().insns.size();
    if (!is_vector_slow(ctx)) known.multiple = elements;
}

bool check(const DisasContext& ctx, const Operands& o, const Groups& g, const VectorType& type) {
    // A register group holds a group of elements at least.
    const unsigned bytes = ctx.cpu().vector_bytes(), group_bytes = g.elements << type.sew;
    if ((type.lmul >= 0 ? bytes << type.lmul : bytes >> -type.lmul) < group_bytes) return false;
    const int sew = static_cast<int>(type.sew);
    const VectorGroup d{o.rd, type.lmul, sew}, a{o.rs2, g.scalar ? 0 : type.lmul, sew}, b{o.rs1, type.lmul, sew};
    if (!d.aligned() || !a.aligned() || (g.has_vs1 && !b.aligned())) return false;
    return !(g.apart_from_vs2 && d.overlaps(a)) && !(g.apart_from_vs1 && d.overlaps(b));
}

bool gen_crypto(DisasContext& ctx, const Operands& o, VectorOp op, const Groups& g, const VectorType& type) {
    if (!check(ctx, o, g, type)) return false;
    require_whole_groups(ctx, g.elements);
    gen_vector(ctx, op, type.sew, type.lmul, ctx.b->c64(0));
    return true;
}

/// On elements of 32 bits.
template <VectorOp op, Groups g>
bool trans_crypto(DisasContext& ctx, const Operands& o) {
    VectorType type;
    return vector_type(ctx, type) && type.sew == 2 && gen_crypto(ctx, o, op, g, type);
}

/// 32 bits are SHA-256, 64 bits SHA-512, which only Zvknhb has.
template <VectorOp op>
bool trans_sha2(DisasContext& ctx, const Operands& o) {
    VectorType type;
    if (!vector_type(ctx, type) || type.sew < 2) return false;
    if (type.sew == 3 && !ctx.has(Extension::Zvknhb)) return false;
    return gen_crypto(ctx, o, op, kSha2, type);
}

using enum VectorOp;
using enum Extension;

// clang-format off
constexpr InsnRow kRows[] = {
    {"1010001 ttttt 10001 010 ddddd 1110111", "vgmul.vv", "vd,vs2", Zvkg, trans_crypto<vgmul, kCipher>},
    {"1011001 ttttt sssss 010 ddddd 1110111", "vghsh.vv", "vd,vs2,vs1", Zvkg, trans_crypto<vghsh, kGhash>},

    {"1010001 ttttt 00000 010 ddddd 1110111", "vaesdm.vv", "vd,vs2", Zvkned, trans_crypto<vaesdm_vv, kCipher>},
    {"1010001 ttttt 00001 010 ddddd 1110111", "vaesdf.vv", "vd,vs2", Zvkned, trans_crypto<vaesdf_vv, kCipher>},
    {"1010001 ttttt 00010 010 ddddd 1110111", "vaesem.vv", "vd,vs2", Zvkned, trans_crypto<vaesem_vv, kCipher>},
    {"1010001 ttttt 00011 010 ddddd 1110111", "vaesef.vv", "vd,vs2", Zvkned, trans_crypto<vaesef_vv, kCipher>},
    {"1010011 ttttt 00000 010 ddddd 1110111", "vaesdm.vs", "vd,vs2", Zvkned, trans_crypto<vaesdm_vs, kCipherScalar>},
    {"1010011 ttttt 00001 010 ddddd 1110111", "vaesdf.vs", "vd,vs2", Zvkned, trans_crypto<vaesdf_vs, kCipherScalar>},
    {"1010011 ttttt 00010 010 ddddd 1110111", "vaesem.vs", "vd,vs2", Zvkned, trans_crypto<vaesem_vs, kCipherScalar>},
    {"1010011 ttttt 00011 010 ddddd 1110111", "vaesef.vs", "vd,vs2", Zvkned, trans_crypto<vaesef_vs, kCipherScalar>},
    {"1010011 ttttt 00111 010 ddddd 1110111", "vaesz.vs", "vd,vs2", Zvkned, trans_crypto<vaesz, kCipherScalar>},
    {"1000101 ttttt sssss 010 ddddd 1110111", "vaeskf1.vi", "vd,vs2,zimm", Zvkned, trans_crypto<vaeskf1, kCipher>},
    {"1010101 ttttt sssss 010 ddddd 1110111", "vaeskf2.vi", "vd,vs2,zimm", Zvkned, trans_crypto<vaeskf2, kCipher>},

    {"1011011 ttttt sssss 010 ddddd 1110111", "vsha2ms.vv", "vd,vs2,vs1", Zvknha || Zvknhb, trans_sha2<vsha2ms>},
    {"1011101 ttttt sssss 010 ddddd 1110111", "vsha2ch.vv", "vd,vs2,vs1", Zvknha || Zvknhb, trans_sha2<vsha2ch>},
    {"1011111 ttttt sssss 010 ddddd 1110111", "vsha2cl.vv", "vd,vs2,vs1", Zvknha || Zvknhb, trans_sha2<vsha2cl>},

    {"1000011 ttttt sssss 010 ddddd 1110111", "vsm4k.vi", "vd,vs2,zimm", Zvksed, trans_crypto<vsm4k, kCipher>},
    {"1010001 ttttt 10000 010 ddddd 1110111", "vsm4r.vv", "vd,vs2", Zvksed, trans_crypto<vsm4r_vv, kCipher>},
    {"1010011 ttttt 10000 010 ddddd 1110111", "vsm4r.vs", "vd,vs2", Zvksed, trans_crypto<vsm4r_vs, kCipherScalar>},

    {"1000001 ttttt sssss 010 ddddd 1110111", "vsm3me.vv", "vd,vs2,vs1", Zvksh, trans_crypto<vsm3me, kSm3Message>},
    {"1010111 ttttt sssss 010 ddddd 1110111", "vsm3c.vi", "vd,vs2,zimm", Zvksh, trans_crypto<vsm3c, kSm3Rounds>},
};
// clang-format on

}  // namespace

InsnSet rows_vcrypto() { return kRows; }

}  // namespace dragoman::riscv
