#include "guest/riscv/fp_shapes.h"

namespace dragoman::riscv {

InsnRounding insn_rounding(const DisasContext& ctx, unsigned rm) {
    constexpr unsigned kDynamic = 7;
    unsigned frm = ctx.frm();
    unsigned mode = rm == kDynamic ? frm : rm;
    // While frm is not a mode of the host's, the host rounds to nearest even (fpenv::with_rounding).
    constexpr unsigned kHostModes = 4;
    unsigned host = frm < kHostModes ? frm : 0;
    return {mode > static_cast<unsigned>(Rounding::RMM), static_cast<Rounding>(mode), mode == host, mode < kHostModes};
}

Var read_fpr(DisasContext& ctx, Format f, unsigned reg) {
    Var image = ctx.fpr(reg);
    return f == Format::F64 ? image : ctx.b->convert(Op::funbox, Type::F32, image);
}

void write_fpr(DisasContext& ctx, Format f, unsigned reg, Var value) {
    if (f == Format::F64) {
        ctx.b->mov_to(ctx.fpr(reg), value);
    } else {
        ctx.b->convert_to(Op::fbox, ctx.fpr(reg), value);
    }
}

namespace {

bool is_inline(Format f) { return f == Format::F32 || f == Format::F64; }

/// fd = op(ins) of format f, straight into the register where the format allows it.
void emit_op(DisasContext& ctx, Format f, unsigned fd, Op op, std::initializer_list<Var> ins, u64 imm0 = 0,
             u64 imm1 = 0) {
    if (f == Format::F64) {
        ctx.b->op_to(op, ctx.fpr(fd), ins, imm0, imm1);
    } else {
        write_fpr(ctx, f, fd, ctx.b->op(op, ir_type(f), ins, imm0, imm1));
    }
}

Var control_var(DisasContext& ctx, const FpControl& control) { return ctx.b->c32(control.pack()); }

bool is_word(IntType t) { return t == IntType::I32 || t == IntType::U32; }
bool is_unsigned(IntType t) { return t == IntType::U32 || t == IntType::U64; }

/// Whether every integer of the type is a value of the format.
bool holds_all(Format f, IntType t) { return f == Format::F64 && is_word(t); }

}  // namespace

bool gen_fp_arith(DisasContext& ctx, const Operands& a, Format f, Op op, Helper slow) {
    InsnRounding r = insn_rounding(ctx, a.rm);
    if (r.reserved) return false;
    if (is_inline(f) && r.in_force) {
        emit_op(ctx, f, a.rd, op, {read_fpr(ctx, f, a.rs1), read_fpr(ctx, f, a.rs2)});
    } else {
        Var control = control_var(ctx, {.format = f, .rm = r.soft()});
        ctx.call_helper(slow, ctx.fpr(a.rd), {ctx.fpr(a.rs1), ctx.fpr(a.rs2), control});
    }
    return true;
}

bool gen_fp_sqrt(DisasContext& ctx, const Operands& a, Format f) {
    InsnRounding r = insn_rounding(ctx, a.rm);
    if (r.reserved) return false;
    if (is_inline(f) && r.in_force) {
        emit_op(ctx, f, a.rd, Op::fsqrt, {read_fpr(ctx, f, a.rs1)});
    } else {
        Var control = control_var(ctx, {.format = f, .rm = r.soft()});
        ctx.call_helper(Helper::fsqrt, ctx.fpr(a.rd), {ctx.fpr(a.rs1), control});
    }
    return true;
}

bool gen_fp_fma(DisasContext& ctx, const Operands& a, Format f, Op op) {
    InsnRounding r = insn_rounding(ctx, a.rm);
    if (r.reserved) return false;
    if (is_inline(f) && r.in_force) {
        emit_op(ctx, f, a.rd, op, {read_fpr(ctx, f, a.rs1), read_fpr(ctx, f, a.rs2), read_fpr(ctx, f, a.rs3)});
    } else {
        Var control = control_var(ctx, {.format = f,
                                        .rm = r.soft(),
                                        .negate_product = op == Op::fnmadd || op == Op::fnmsub,
                                        .negate_addend = op == Op::fmsub || op == Op::fnmadd});
        ctx.call_helper(Helper::fma, ctx.fpr(a.rd), {ctx.fpr(a.rs1), ctx.fpr(a.rs2), ctx.fpr(a.rs3), control});
    }
    return true;
}

bool gen_fp_select(DisasContext& ctx, const Operands& a, Format f, Op op, Helper slow) {
    if (!is_inline(f)) return gen_fp_helper(ctx, a, f, slow);
    emit_op(ctx, f, a.rd, op, {read_fpr(ctx, f, a.rs1), read_fpr(ctx, f, a.rs2)});
    return true;
}

bool gen_fp_compare(DisasContext& ctx, const Operands& a, Format f, Op op, Helper slow) {
    if (is_inline(f)) {
        if (ctx.pc == ctx.silent_compare_pc) op = op == Op::flt ? Op::flt_silent : Op::fle_silent;
        // Also for x0: the comparison may raise invalid.
        ctx.b->op_to(op, ctx.gpr_dest(a.rd), {read_fpr(ctx, f, a.rs1), read_fpr(ctx, f, a.rs2)});
    } else {
        ctx.call_helper(slow, ctx.gpr_dest(a.rd), {ctx.fpr(a.rs1), ctx.fpr(a.rs2), control_var(ctx, {.format = f})});
    }
    return true;
}

bool gen_fp_class(DisasContext& ctx, const Operands& a, Format f) {
    if (a.rd == 0) return true;
    if (is_inline(f)) {
        ctx.b->op_to(Op::fclass, a.rd, {read_fpr(ctx, f, a.rs1)});
    } else {
        ctx.call_helper(Helper::fclass, a.rd, {ctx.fpr(a.rs1), control_var(ctx, {.format = f})});
    }
    return true;
}

bool gen_fp_helper(DisasContext& ctx, const Operands& a, Format f, Helper helper) {
    ctx.call_helper(helper, ctx.fpr(a.rd), {ctx.fpr(a.rs1), ctx.fpr(a.rs2), control_var(ctx, {.format = f})});
    return true;
}

bool gen_fp_to_int(DisasContext& ctx, const Operands& a, Format f, IntType type) {
    InsnRounding r = insn_rounding(ctx, a.rm);
    if (r.reserved) return false;
    Var rd = ctx.gpr_dest(a.rd);
    if (!is_inline(f)) {
        Var control = control_var(ctx, {.format = f, .rm = r.soft(), .int_type = type});
        ctx.call_helper(Helper::fcvt_fi, rd, {ctx.fpr(a.rs1), control});
        return true;
    }
    Var value = read_fpr(ctx, f, a.rs1);
    u64 mode = static_cast<u64>(r.mode);
    if (is_word(type)) {
        ctx.b->convert_to(Op::ext_s, rd, ctx.b->convert(Op::fcvt_fi, Type::I32, value, mode, is_unsigned(type)));
    } else {
        ctx.b->convert_to(Op::fcvt_fi, rd, value, mode, is_unsigned(type));
    }
    return true;
}

bool gen_fp_from_int(DisasContext& ctx, const Operands& a, Format f, IntType type) {
    InsnRounding r = insn_rounding(ctx, a.rm);
    if (r.reserved) return false;
    if (is_inline(f)) {
        Var value = is_word(type) ? ctx.gpr_w(a.rs1) : ctx.gpr(a.rs1);
        u64 mode = static_cast<u64>(r.in_force || holds_all(f, type) ? Rounding::Env : r.mode);
        if (f == Format::F64) {
            ctx.b->convert_to(Op::fcvt_if, ctx.fpr(a.rd), value, is_unsigned(type), mode);
        } else {
            write_fpr(ctx, f, a.rd, ctx.b->convert(Op::fcvt_if, ir_type(f), value, is_unsigned(type), mode));
        }
    } else {
        Var control = control_var(ctx, {.format = f, .rm = r.soft(), .int_type = type});
        ctx.call_helper(Helper::fcvt_if, ctx.fpr(a.rd), {ctx.gpr(a.rs1), control});
    }
    return true;
}

bool gen_fp_convert(DisasContext& ctx, const Operands& a, Format to, Format from) {
    InsnRounding r = insn_rounding(ctx, a.rm);
    if (r.reserved) return false;
    bool widens = from < to;
    if (is_inline(from) && is_inline(to) && (r.in_force || widens)) {
        if (to == Format::F64) {
            ctx.b->convert_to(Op::fcvt_ff, ctx.fpr(a.rd), read_fpr(ctx, from, a.rs1));
        } else {
            write_fpr(ctx, to, a.rd, ctx.b->convert(Op::fcvt_ff, ir_type(to), read_fpr(ctx, from, a.rs1)));
        }
    } else {
        Var control = control_var(ctx, {.format = from, .to = to, .rm = r.soft()});
        ctx.call_helper(Helper::fcvt_ff, ctx.fpr(a.rd), {ctx.fpr(a.rs1), control});
    }
    return true;
}

bool gen_fp_round(DisasContext& ctx, const Operands& a, Format f, bool raise_inexact) {
    InsnRounding r = insn_rounding(ctx, a.rm);
    if (r.reserved) return false;
    if (is_inline(f) && r.on_host) {
        emit_op(ctx, f, a.rd, Op::fround, {read_fpr(ctx, f, a.rs1)}, static_cast<u64>(r.mode), raise_inexact);
    } else {
        Var control = control_var(ctx, {.format = f, .rm = r.soft(), .raise_inexact = raise_inexact});
        ctx.call_helper(Helper::fround, ctx.fpr(a.rd), {ctx.fpr(a.rs1), control});
    }
    return true;
}

}  // namespace dragoman::riscv
