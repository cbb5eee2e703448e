// Zfinx, Zdinx, Zhinx, Zhinxmin: floating point in integer registers (Unprivileged specification, chapter "Zfinx"). A
// hart with them has no float registers: those of the state lend themselves to the operands, boxed, so that the
// translation is that of F, D and Zfh.
#include "guest/riscv/fp_shapes.h"
#include "guest/riscv/insn_sets.h"

namespace dragoman::riscv {

namespace {

/// Of RV32 a double is in an even register and the one behind it; x0 stands for a pair of zeros.
bool is_pair(const DisasContext& ctx, Format f) { return ctx.rv32 && f == Format::F64; }

/// Bits of the operand above those of the format are ignored.
void lend(DisasContext& ctx, unsigned to, Format f, unsigned from) {
    Builder& b = *ctx.b;
    Var image = ctx.gpr(from);
    if (is_pair(ctx, f) && from != 0) image = b.or_(b.extract(image, 0, 32), b.shli(ctx.gpr(from + 1), 32));
    if (f == Format::F32) image = b.or_(b.extract(image, 0, 32), b.c64(~u64{0} << 32));
    if (f == Format::F16) image = b.or_(image, b.c64(~u64{0xffff}));
    b.convert_to(Op::bitcast, ctx.fpr(to), image);
}

/// The result's sign is copied to the bits above the format's.
void give_back(DisasContext& ctx, unsigned to, Format f, unsigned from) {
    if (to == 0) return;
    Builder& b = *ctx.b;
    if (is_pair(ctx, f)) {
        Var image = b.convert(Op::bitcast, Type::I64, ctx.fpr(from));
        b.op_to(Op::sextract, to, {image}, 0, 32);
        b.op_to(Op::sextract, to + 1, {image}, 32, 32);
        return;
    }
    if (f == Format::F64) return b.convert_to(Op::bitcast, to, ctx.fpr(from));
    Var image = b.convert(Op::bitcast, Type::I64, ctx.fpr(from));
    b.op_to(Op::sextract, to, {image}, 0, f == Format::F32 ? 32 : 16);
}

/// Which operands are floats.
enum Floats { kAll, kSources, kResult };

/// `trans` with float registers 1 to 3 for rs1 to rs3 of format `from`, and 0 for rd of format `to`.
template <TransFunction trans, Floats floats, Format to, Format from = to, unsigned sources = 3>
bool trans_in_x(DisasContext& ctx, const Operands& a) {
    Operands lent = a;
    unsigned pairs = 0;  // registers that begin some
    if (floats != kResult && is_pair(ctx, from))
        pairs |= a.rs1 | (sources > 1 ? a.rs2 : 0u) | (sources > 2 ? a.rs3 : 0u);
    if (floats != kSources && is_pair(ctx, to)) pairs |= a.rd;
    if (pairs % 2 != 0) return false;
    if (floats != kResult) {
        lend(ctx, lent.rs1 = 1, from, a.rs1);
        if (sources > 1) lend(ctx, lent.rs2 = 2, from, a.rs2);
        if (sources > 2) lend(ctx, lent.rs3 = 3, from, a.rs3);
    }
    if (floats != kSources) lent.rd = 0;
    if (!trans(ctx, lent)) return false;
    if (floats != kSources) give_back(ctx, a.rd, to, 0);
    return true;
}

using enum Extension;

#define ARITH(f7, suffix, name, guard, format, op)                                \
    {                                                                             \
        f7 " ttttt sssss mmm ddddd 1010011", name suffix, "rd,rs1,rs2,rm", guard, \
            trans_in_x<trans_fp_arith<format, op>, kAll, format, format, 2>       \
    }
#define FUSED(fmt, suffix, name, opcode, guard, format, op)                                     \
    {                                                                                           \
        "uuuuu " fmt " ttttt sssss mmm ddddd " opcode, name suffix, "rd,rs1,rs2,rs3,rm", guard, \
            trans_in_x<trans_fp_fma<format, op>, kAll, format>                                  \
    }
#define SELECT(f7, f3, suffix, name, guard, format, op)                           \
    {                                                                             \
        f7 " ttttt sssss " f3 " ddddd 1010011", name suffix, "rd,rs1,rs2", guard, \
            trans_in_x<trans_fp_select<format, op>, kAll, format, format, 2>      \
    }
#define COMPARE(f7, f3, suffix, name, guard, format, op)                          \
    {                                                                             \
        f7 " ttttt sssss " f3 " ddddd 1010011", name suffix, "rd,rs1,rs2", guard, \
            trans_in_x<trans_fp_compare<format, op>, kSources, format, format, 2> \
    }
#define TO_INT(f7, rs2, name, guard, format, type)                                          \
    {                                                                                       \
        f7 " " rs2 " sssss mmm ddddd 1010011", name, "rd,rs1,rm", guard,                    \
            trans_in_x<trans_fp_to_int<format, IntType::type>, kSources, format, format, 1> \
    }
#define FROM_INT(f7, rs2, name, guard, format, type)                              \
    {                                                                             \
        f7 " " rs2 " sssss mmm ddddd 1010011", name, "rd,rs1,rm", guard,          \
            trans_in_x<trans_fp_from_int<format, IntType::type>, kResult, format> \
    }
#define CONVERT(bits, name, guard, to, from)                          \
    {                                                                 \
        bits " sssss mmm ddddd 1010011", name, "rd,rs1,rm", guard,    \
            trans_in_x<trans_fp_convert<to, from>, kAll, to, from, 1> \
    }

// The instructions of a format, whose number is `fmt`.
#define FORMAT(fmt, suffix, guard, format)                                                 \
    FUSED(fmt, suffix, "fmadd", "1000011", guard, format, Op::fmadd),                      \
        FUSED(fmt, suffix, "fmsub", "1000111", guard, format, Op::fmsub),                  \
        FUSED(fmt, suffix, "fnmsub", "1001011", guard, format, Op::fnmsub),                \
        FUSED(fmt, suffix, "fnmadd", "1001111", guard, format, Op::fnmadd),                \
        ARITH("00000" fmt, suffix, "fadd", guard, format, Op::fadd),                       \
        ARITH("00001" fmt, suffix, "fsub", guard, format, Op::fsub),                       \
        ARITH("00010" fmt, suffix, "fmul", guard, format, Op::fmul),                       \
        ARITH("00011" fmt, suffix, "fdiv", guard, format, Op::fdiv),                       \
        {"01011" fmt " 00000 sssss mmm ddddd 1010011", "fsqrt" suffix, "rd,rs1,rm", guard, \
         trans_in_x<trans_fp_sqrt<format>, kAll, format, format, 1>},                      \
        SELECT("00100" fmt, "000", suffix, "fsgnj", guard, format, Op::fsgnj),             \
        SELECT("00100" fmt, "001", suffix, "fsgnjn", guard, format, Op::fsgnjn),           \
        SELECT("00100" fmt, "010", suffix, "fsgnjx", guard, format, Op::fsgnjx),           \
        SELECT("00101" fmt, "000", suffix, "fmin", guard, format, Op::fmin),               \
        SELECT("00101" fmt, "001", suffix, "fmax", guard, format, Op::fmax),               \
        COMPARE("10100" fmt, "010", suffix, "feq", guard, format, Op::feq),                \
        COMPARE("10100" fmt, "001", suffix, "flt", guard, format, Op::flt),                \
        COMPARE("10100" fmt, "000", suffix, "fle", guard, format, Op::fle),                \
        {"11100" fmt " 00000 sssss 001 ddddd 1010011", "fclass" suffix, "rd,rs1", guard,   \
         trans_in_x<trans_fp_class<format>, kSources, format, format, 1>},                 \
        TO_INT("11000" fmt, "00000", "fcvt.w" suffix, guard, format, I32),                 \
        TO_INT("11000" fmt, "00001", "fcvt.wu" suffix, guard, format, U32),                \
        TO_INT("11000" fmt, "00010", "fcvt.l" suffix, guard&& Rv64, format, I64),          \
        TO_INT("11000" fmt, "00011", "fcvt.lu" suffix, guard&& Rv64, format, U64),         \
        FROM_INT("11010" fmt, "00000", "fcvt" suffix ".w", guard, format, I32),            \
        FROM_INT("11010" fmt, "00001", "fcvt" suffix ".wu", guard, format, U32),           \
        FROM_INT("11010" fmt, "00010", "fcvt" suffix ".l", guard&& Rv64, format, I64),     \
        FROM_INT("11010" fmt, "00011", "fcvt" suffix ".lu", guard&& Rv64, format, U64)

constexpr InsnRow kRows[] = {
    FORMAT("00", ".s", Zfinx, Format::F32),
    FORMAT("01", ".d", Zdinx, Format::F64),
    FORMAT("10", ".h", Zhinx, Format::F16),
    CONVERT("0100000 00001", "fcvt.s.d", Zdinx, Format::F32, Format::F64),
    CONVERT("0100001 00000", "fcvt.d.s", Zdinx, Format::F64, Format::F32),
    CONVERT("0100000 00010", "fcvt.s.h", Zhinxmin, Format::F32, Format::F16),
    CONVERT("0100010 00000", "fcvt.h.s", Zhinxmin, Format::F16, Format::F32),
    CONVERT("0100001 00010", "fcvt.d.h", Zhinxmin&& Zdinx, Format::F64, Format::F16),
    CONVERT("0100010 00001", "fcvt.h.d", Zhinxmin&& Zdinx, Format::F16, Format::F64),
};

}  // namespace

InsnSet rows_zfinx() { return kRows; }

}  // namespace dragoman::riscv
