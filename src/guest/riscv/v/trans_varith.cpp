// Vector arithmetic: which register groups an instruction reads and writes, and what is reserved (sections "Vector
// Instruction Formats" to "Vector Permutation Instructions"; Zvbb, Zvbc).
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/model.h"
#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

/// Operands of an instruction beside its operation.
struct Shape {
    i8 d = 0, a = 0, b = 0;  ///< log2 of the element widths of vd, vs2 and vs1 over SEW
    bool to_mask = false;    ///< vd is a mask
    bool from_mask = false;  ///< vs2 is one
    bool reduces = false;    ///< vd and vs1 are single registers, of which element 0 counts
    bool apart = false;      ///< vd may not overlap what is read
    bool unsigned_imm = false;
    u8 floats = 0;              ///< bit 0: there are floats of SEW, bit 1: of twice that
    bool half_storage = false;  ///< half precision needs Zvfhmin only
    bool index16 = false;       ///< vs1 has elements of 16 bits
    bool mask_in_vs1 = false;
    bool single = false;       ///< vd is a single register
    bool no_vstart = false;    ///< a vstart other than 0 is reserved
    bool accumulates = false;  ///< vd is read, too
    bool carries = false;      ///< v0 is an operand rather than the mask

    constexpr Shape with_uimm() const {
        Shape s = *this;
        s.unsigned_imm = true;
        return s;
    }
};

constexpr Shape kSame{}, kShift{.unsigned_imm = true}, kCompare{.to_mask = true};
constexpr Shape kCarry{.carries = true};
constexpr Shape kWiden{.d = 1}, kWidenAccumulate{.d = 1, .accumulates = true}, kWidenW{.d = 1, .a = 1},
    kNarrow{.a = 1, .unsigned_imm = true};
constexpr Shape kExtend2{.a = -1}, kExtend4{.a = -2}, kExtend8{.a = -3};
constexpr Shape kReduce{.reduces = true, .no_vstart = true},
    kWidenReduce{.d = 1, .b = 1, .reduces = true, .no_vstart = true};
constexpr Shape kFloat{.floats = 1}, kFloatCompare{.to_mask = true, .floats = 1};
constexpr Shape kFloatWiden{.d = 1, .floats = 3}, kFloatWidenAccumulate{.d = 1, .floats = 3, .accumulates = true},
    kFloatWidenW{.d = 1, .a = 1, .floats = 3};
constexpr Shape kFloatReduce{.reduces = true, .floats = 1, .no_vstart = true};
constexpr Shape kFloatWidenReduce{.d = 1, .b = 1, .reduces = true, .floats = 3, .no_vstart = true};
// Conversions: which of the widths are floats.
constexpr Shape kWidenToInt{.d = 1, .floats = 1}, kWidenToFloat{.d = 1, .floats = 2};
constexpr Shape kWidenFormat{.d = 1, .floats = 3, .half_storage = true};
constexpr Shape kNarrowToInt{.a = 1, .floats = 2}, kNarrowToFloat{.a = 1, .floats = 1};
constexpr Shape kNarrowFormat{.a = 1, .floats = 3, .half_storage = true};
constexpr Shape kNarrowFormatOdd{.a = 1, .floats = 3};
constexpr Shape kSlideUp{.apart = true, .unsigned_imm = true}, kSlideDown{.unsigned_imm = true};
constexpr Shape kGather{.apart = true, .unsigned_imm = true}, kGather16{.apart = true, .index16 = true};
constexpr Shape kCompress{.apart = true, .mask_in_vs1 = true, .no_vstart = true};
constexpr Shape kIota{.from_mask = true, .apart = true, .no_vstart = true};
constexpr Shape kSetFirst{.to_mask = true, .from_mask = true, .apart = true, .no_vstart = true};

enum Form : unsigned { OPIVV, OPFVV, OPMVV, OPIVI, OPIVX, OPFVF, OPMVX };
constexpr Form form_of(u32 bits) { return static_cast<Form>(bits >> 12 & 7); }
constexpr bool has_vs1(u32 bits) { return form_of(bits) <= OPMVV; }

/// Whether the model has floats of 2^width bytes in vectors.
bool has_floats(const DisasContext& ctx, int width, bool storage) {
    switch (width) {
        case 1: return ctx.has(storage ? Extension::Zvfhmin : Extension::Zvfh);
        case 2: return ctx.has(Extension::Zve32f);
        case 3: return ctx.has(Extension::Zve64d);
        default: return false;
    }
}

bool check_floats(const DisasContext& ctx, const Shape& s, int sew) {
    if (s.floats == 0) return true;
    constexpr u32 kLastRounding = 4;
    if (ctx.frm() > kLastRounding) return false;
    return ((s.floats & 1) == 0 || has_floats(ctx, sew, s.half_storage)) &&
           ((s.floats & 2) == 0 || has_floats(ctx, sew + 1, s.half_storage));
}

constexpr bool is_width(int sew) { return sew >= 0 && sew <= 3; }

bool check(const DisasContext& ctx, const Operands& o, const Shape& s, const VectorType& type, bool reads_vs2) {
    const int sew = static_cast<int>(type.sew);
    const bool masked = is_masked(ctx.bits);
    VectorGroup d{o.rd, type.lmul + s.d, sew + s.d};
    if (s.to_mask) d = {o.rd, 0, -3};
    if (s.reduces || s.single) d.lmul = 0;
    VectorGroup a{o.rs2, type.lmul + s.a, sew + s.a};
    if (s.from_mask) a = {o.rs2, 0, -3};
    VectorGroup b{o.rs1, type.lmul + s.b, sew + s.b};
    if (s.reduces) b.lmul = 0;
    if (s.index16) b = {o.rs1, type.lmul + 1 - sew, 1};
    if (s.mask_in_vs1) b = {o.rs1, 0, -3};
    const bool vs1 = has_vs1(ctx.bits);
    if (!check_floats(ctx, s, sew)) return false;
    // Widths are those of elements, also of single ones.
    if (!s.to_mask && !is_width(d.sew)) return false;
    if (!s.from_mask && !is_width(a.sew)) return false;
    if (!is_emul(type.lmul + s.d) && !s.to_mask && !s.reduces) return false;
    if (!is_emul(a.lmul) || !a.aligned() || !d.aligned()) return false;
    if (vs1 && (!is_emul(b.lmul) || !b.aligned())) return false;
    if (masked && o.rd == 0 && !s.to_mask && !s.reduces) return false;
    if (s.to_mask && s.apart && masked && o.rd == 0) return false;
    // Comparisons and vcompress are let through with such operands, as by other emulators.
    const bool lenient = s.to_mask || s.mask_in_vs1;
    if (reads_vs2 && !lenient && !has_one_width(a, vs1 ? &b : nullptr, masked && !s.carries, s.from_mask)) return false;
    if (s.accumulates && d.sew != a.sew && (d.overlaps(a) || (vs1 && d.overlaps(b)))) return false;
    if (s.reduces) return true;
    if (s.apart) return !(reads_vs2 && d.overlaps(a)) && !(vs1 && d.overlaps(b));
    return (!reads_vs2 || may_overwrite(d, a)) && (!vs1 || may_overwrite(d, b));
}

/// The second operand where that is no register group.
Var scalar_of(DisasContext& ctx, const Operands& o, bool unsigned_imm) {
    switch (form_of(ctx.bits)) {
        case OPIVI: return ctx.b->c64(unsigned_imm ? o.rs1 : static_cast<u64>(sign_extend(o.rs1, 5)));
        case OPIVX:
        case OPMVX: return ctx.gpr(o.rs1);
        case OPFVF: return ctx.b->convert(Op::bitcast, Type::I64, ctx.fpr(o.rs1));
        default: return ctx.b->c64(0);
    }
}

template <VectorOp op, Shape s, bool kReadsVs2 = true>
bool trans_v(DisasContext& ctx, const Operands& o) {
    VectorType type;
    if (!vector_type(ctx, type) || !check(ctx, o, s, type, kReadsVs2)) return false;
    if (s.no_vstart) require_no_vstart(ctx);
    gen_vector(ctx, op, type.sew, type.lmul, scalar_of(ctx, o, s.unsigned_imm));
    return true;
}

/// One-operand instructions: vs1 is part of the opcode.
template <VectorOp op, Shape s>
bool trans_unary(DisasContext& ctx, const Operands& o) {
    VectorType type;
    Operands without = o;
    without.rs1 = o.rs2;
    Shape shape = s;
    shape.b = s.a;
    shape.mask_in_vs1 = s.from_mask;
    if (!vector_type(ctx, type) || !check(ctx, without, shape, type, true)) return false;
    if (s.no_vstart) require_no_vstart(ctx);
    gen_vector(ctx, op, type.sew, type.lmul, ctx.b->c64(0));
    return true;
}

/// vid: no source.
bool trans_vid(DisasContext& ctx, const Operands& o) {
    VectorType type;
    if (!vector_type(ctx, type)) return false;
    const VectorGroup d{o.rd, type.lmul, static_cast<int>(type.sew)};
    if (!d.aligned() || (is_masked(ctx.bits) && o.rd == 0)) return false;
    gen_vector(ctx, VectorOp::vid, type.sew, type.lmul, ctx.b->c64(0));
    return true;
}

/// Mask-logical instructions: three masks.
template <VectorOp op>
bool trans_logical(DisasContext& ctx, const Operands&) {
    VectorType type;
    if (!vector_type(ctx, type)) return false;
    gen_vector(ctx, op, type.sew, type.lmul, ctx.b->c64(0));
    return true;
}

/// vcpop.m, vfirst.m.
template <VectorOp op>
bool trans_mask_to_gpr(DisasContext& ctx, const Operands& o) {
    VectorType type;
    if (!vector_type(ctx, type)) return false;
    require_no_vstart(ctx);
    gen_vector_to_gpr(ctx, op, type.sew, type.lmul, o.rd);
    return true;
}

/// vmv.x.s: whatever vl and vstart are.
bool trans_vmv_x_s(DisasContext& ctx, const Operands& o) {
    VectorType type;
    if (!vector_type(ctx, type)) return false;
    ctx.set_gpr(o.rd, first_element(ctx, o.rs2, type.sew, true));
    clear_vstart(ctx);
    return true;
}
bool trans_vfmv_f_s(DisasContext& ctx, const Operands& o) {
    VectorType type;
    if (!vector_type(ctx, type) || !check_floats(ctx, kFloat, static_cast<int>(type.sew))) return false;
    Builder& b = *ctx.b;
    Var bits = first_element(ctx, o.rs2, type.sew, false);
    if (type.sew < 3) bits = b.or_(bits, b.c64(~low_mask(8u << type.sew)));
    b.convert_to(Op::bitcast, ctx.fpr(o.rd), bits);
    clear_vstart(ctx);
    return true;
}

/// vmv.s.x and vfmv.s.f.
template <Shape s>
bool trans_vmv_s(DisasContext& ctx, const Operands& o) {
    VectorType type;
    if (!vector_type(ctx, type) || !check_floats(ctx, s, static_cast<int>(type.sew))) return false;
    gen_vector(ctx, VectorOp::vmv_s_x, type.sew, type.lmul, scalar_of(ctx, o, false));
    return true;
}

/// vmv1r.v to vmv8r.v.
bool trans_vmvnr(DisasContext& ctx, const Operands& o) {
    VectorType type;
    const unsigned registers = (ctx.bits >> 15 & 31) + 1;
    if (!vector_type(ctx, type) || o.rd % registers != 0 || o.rs2 % registers != 0) return false;
    gen_vector(ctx, VectorOp::vmvnr, type.sew, type.lmul, ctx.b->c64(0));
    return true;
}

/// vror.vi: six bits of immediate.
bool trans_vror_vi(DisasContext& ctx, const Operands& o) {
    VectorType type;
    if (!vector_type(ctx, type) || !check(ctx, o, kSame, type, true)) return false;
    gen_vector(ctx, VectorOp::vror, type.sew, type.lmul, ctx.b->c64(static_cast<u64>(o.imm)));
    return true;
}

template <VectorOp op>
bool trans_clmul(DisasContext& ctx, const Operands& o) {
    VectorType type;
    return vector_type(ctx, type) && type.sew == 3 && trans_v<op, kSame>(ctx, o);
}

using enum VectorOp;
using enum Extension;

constexpr ImmFormat kRotate{"5|4:0", false};

#define VV(f6, vm, f3, name, guard, ...) \
    { f6 " " vm " ttttt sssss " f3 " ddddd 1010111", name, "vd,vs2,vs1,vm", guard, __VA_ARGS__ }
#define VX(f6, vm, f3, name, guard, ...) \
    { f6 " " vm " ttttt sssss " f3 " ddddd 1010111", name, "vd,vs2,rs1,vm", guard, __VA_ARGS__ }
#define VF(f6, vm, f3, name, guard, ...) \
    { f6 " " vm " ttttt sssss " f3 " ddddd 1010111", name, "vd,vs2,fs1,vm", guard, __VA_ARGS__ }
#define VI(f6, vm, f3, name, guard, ...) \
    { f6 " " vm " ttttt sssss " f3 " ddddd 1010111", name, "vd,vs2,simm5,vm", guard, __VA_ARGS__ }
#define VU(f6, vm, f3, name, guard, ...) \
    { f6 " " vm " ttttt sssss " f3 " ddddd 1010111", name, "vd,vs2,zimm,vm", guard, __VA_ARGS__ }
// Forms of an integer operation.
#define I_VV(f6, name, op, s) VV(f6, "-", "000", name ".vv", Zve32x, trans_v<op, s>)
#define I_VX(f6, name, op, s) VX(f6, "-", "100", name ".vx", Zve32x, trans_v<op, s>)
#define I_VI(f6, name, op, s) VI(f6, "-", "011", name ".vi", Zve32x, trans_v<op, s>)
#define I_VU(f6, name, op, s) VU(f6, "-", "011", name ".vi", Zve32x, trans_v<op, s>)
#define I_VV_VX(f6, name, op, s) I_VV(f6, name, op, s), I_VX(f6, name, op, s)
#define I_VV_VX_VI(f6, name, op, s) I_VV_VX(f6, name, op, s), I_VI(f6, name, op, s)
#define I_VV_VX_VU(f6, name, op, s) I_VV_VX(f6, name, op, s), I_VU(f6, name, op, s)
#define I_NARROW(f6, name, op)                                        \
    VV(f6, "-", "000", name ".wv", Zve32x, trans_v<op, kNarrow>),     \
        VX(f6, "-", "100", name ".wx", Zve32x, trans_v<op, kNarrow>), \
        VU(f6, "-", "011", name ".wi", Zve32x, trans_v<op, kNarrow>)
#define M_VV(f6, name, op, s) VV(f6, "-", "010", name, Zve32x, trans_v<op, s>)
#define M_VX(f6, name, op, s) VX(f6, "-", "110", name, Zve32x, trans_v<op, s>)
#define M_VV_VX(f6, name, op, s) M_VV(f6, name ".vv", op, s), M_VX(f6, name ".vx", op, s)
#define M_WV_WX(f6, name, op, s) M_VV(f6, name ".wv", op, s), M_VX(f6, name ".wx", op, s)
#define M_ACCUMULATE(f6, name, op, s)                                                             \
    {f6 " - ttttt sssss 010 ddddd 1010111", name ".vv", "vd,vs1,vs2,vm", Zve32x, trans_v<op, s>}, \
        M_ACCUMULATE_VX(f6, name, op, s)
#define M_ACCUMULATE_VX(f6, name, op, s) \
    { f6 " - ttttt sssss 110 ddddd 1010111", name ".vx", "vd,rs1,vs2,vm", Zve32x, trans_v<op, s> }
#define F_VV(f6, name, op, s) VV(f6, "-", "001", name, Zve32f, trans_v<op, s>)
#define F_VF(f6, name, op, s) VF(f6, "-", "101", name, Zve32f, trans_v<op, s>)
#define F_VV_VF(f6, name, op, s) F_VV(f6, name ".vv", op, s), F_VF(f6, name ".vf", op, s)
#define F_WV_WF(f6, name, op, s) F_VV(f6, name ".wv", op, s), F_VF(f6, name ".wf", op, s)
#define F_ACCUMULATE(f6, name, op, s)                                                               \
    {f6 " - ttttt sssss 001 ddddd 1010111", name ".vv", "vd,vs1,vs2,vm", Zve32f, trans_v<op, s>}, { \
        f6 " - ttttt sssss 101 ddddd 1010111", name ".vf", "vd,fs1,vs2,vm", Zve32f, trans_v<op, s>  \
    }
#define UNARY(f6, vs1, f3, name, guard, op, s) \
    { f6 " - ttttt " vs1 " " f3 " ddddd 1010111", name, "vd,vs2,vm", guard, trans_unary<op, s> }
#define LOGICAL(f6, name, op) \
    { f6 " 1 ttttt sssss 010 ddddd 1010111", name ".mm", "vd,vs2,vs1", Zve32x, trans_logical<op> }

// clang-format off
constexpr InsnRow kRows[] = {
    I_VV_VX_VI("000000", "vadd", vadd, kSame),
    I_VV_VX("000010", "vsub", vsub, kSame),
    I_VX("000011", "vrsub", vrsub, kSame), I_VI("000011", "vrsub", vrsub, kSame),
    I_VV_VX("000100", "vminu", vminu, kSame), I_VV_VX("000101", "vmin", vmin, kSame),
    I_VV_VX("000110", "vmaxu", vmaxu, kSame), I_VV_VX("000111", "vmax", vmax, kSame),
    I_VV_VX_VI("001001", "vand", vand, kSame), I_VV_VX_VI("001010", "vor", vor, kSame), I_VV_VX_VI("001011", "vxor", vxor, kSame),
    I_VV("001100", "vrgather", vrgather, kGather), I_VX("001100", "vrgather", vrgather, kGather), I_VU("001100", "vrgather", vrgather, kGather),
    I_VX("001110", "vslideup", vslideup, kSlideUp), I_VU("001110", "vslideup", vslideup, kSlideUp),
    I_VV("001110", "vrgatherei16", vrgatherei16, kGather16),
    I_VX("001111", "vslidedown", vslidedown, kSlideDown), I_VU("001111", "vslidedown", vslidedown, kSlideDown),
    VV("010000", "0", "000", "vadc.vvm", Zve32x, trans_v<vadc, kCarry>), VX("010000", "0", "100", "vadc.vxm", Zve32x, trans_v<vadc, kCarry>),
    VI("010000", "0", "011", "vadc.vim", Zve32x, trans_v<vadc, kCarry>),
    VV("010001", "0", "000", "vmadc.vvm", Zve32x, trans_v<vmadc, kCompare>), VX("010001", "0", "100", "vmadc.vxm", Zve32x, trans_v<vmadc, kCompare>),
    VI("010001", "0", "011", "vmadc.vim", Zve32x, trans_v<vmadc, kCompare>),
    VV("010001", "1", "000", "vmadc.vv", Zve32x, trans_v<vmadc, kCompare>), VX("010001", "1", "100", "vmadc.vx", Zve32x, trans_v<vmadc, kCompare>),
    VI("010001", "1", "011", "vmadc.vi", Zve32x, trans_v<vmadc, kCompare>),
    VV("010010", "0", "000", "vsbc.vvm", Zve32x, trans_v<vsbc, kCarry>), VX("010010", "0", "100", "vsbc.vxm", Zve32x, trans_v<vsbc, kCarry>),
    VV("010011", "0", "000", "vmsbc.vvm", Zve32x, trans_v<vmsbc, kCompare>), VX("010011", "0", "100", "vmsbc.vxm", Zve32x, trans_v<vmsbc, kCompare>),
    VV("010011", "1", "000", "vmsbc.vv", Zve32x, trans_v<vmsbc, kCompare>), VX("010011", "1", "100", "vmsbc.vx", Zve32x, trans_v<vmsbc, kCompare>),
    {"010111 1 00000 sssss 000 ddddd 1010111", "vmv.v.v", "vd,vs1", Zve32x, trans_v<vmv, kSame, false>},
    {"010111 1 00000 sssss 100 ddddd 1010111", "vmv.v.x", "vd,rs1", Zve32x, trans_v<vmv, kSame, false>},
    {"010111 1 00000 sssss 011 ddddd 1010111", "vmv.v.i", "vd,simm5", Zve32x, trans_v<vmv, kSame, false>},
    VV("010111", "0", "000", "vmerge.vvm", Zve32x, trans_v<vmerge, kSame>), VX("010111", "0", "100", "vmerge.vxm", Zve32x, trans_v<vmerge, kSame>),
    VI("010111", "0", "011", "vmerge.vim", Zve32x, trans_v<vmerge, kSame>),
    I_VV_VX_VI("011000", "vmseq", vmseq, kCompare), I_VV_VX_VI("011001", "vmsne", vmsne, kCompare),
    I_VV_VX("011010", "vmsltu", vmsltu, kCompare), I_VV_VX("011011", "vmslt", vmslt, kCompare),
    I_VV_VX_VI("011100", "vmsleu", vmsleu, kCompare), I_VV_VX_VI("011101", "vmsle", vmsle, kCompare),
    I_VX("011110", "vmsgtu", vmsgtu, kCompare), I_VI("011110", "vmsgtu", vmsgtu, kCompare),
    I_VX("011111", "vmsgt", vmsgt, kCompare), I_VI("011111", "vmsgt", vmsgt, kCompare),
    I_VV_VX_VI("100000", "vsaddu", vsaddu, kSame), I_VV_VX_VI("100001", "vsadd", vsadd, kSame),
    I_VV_VX("100010", "vssubu", vssubu, kSame), I_VV_VX("100011", "vssub", vssub, kSame),
    I_VV_VX_VU("100101", "vsll", vsll, kShift),
    I_VV_VX("100111", "vsmul", vsmul, kSame),
    {"100111 1 ttttt 00000 011 ddddd 1010111", "vmv1r.v", "vd,vs2", Zve32x, trans_vmvnr},
    {"100111 1 ttttt 00001 011 ddddd 1010111", "vmv2r.v", "vd,vs2", Zve32x, trans_vmvnr},
    {"100111 1 ttttt 00011 011 ddddd 1010111", "vmv4r.v", "vd,vs2", Zve32x, trans_vmvnr},
    {"100111 1 ttttt 00111 011 ddddd 1010111", "vmv8r.v", "vd,vs2", Zve32x, trans_vmvnr},
    I_VV_VX_VU("101000", "vsrl", vsrl, kShift), I_VV_VX_VU("101001", "vsra", vsra, kShift),
    I_VV_VX_VU("101010", "vssrl", vssrl, kShift), I_VV_VX_VU("101011", "vssra", vssra, kShift),
    I_NARROW("101100", "vnsrl", vnsrl), I_NARROW("101101", "vnsra", vnsra),
    I_NARROW("101110", "vnclipu", vnclipu), I_NARROW("101111", "vnclip", vnclip),
    VV("110000", "-", "000", "vwredsumu.vs", Zve32x, trans_v<vwredsumu, kWidenReduce>), VV("110001", "-", "000", "vwredsum.vs", Zve32x, trans_v<vwredsum, kWidenReduce>),

    M_VV("000000", "vredsum.vs", vredsum, kReduce), M_VV("000001", "vredand.vs", vredand, kReduce), M_VV("000010", "vredor.vs", vredor, kReduce),
    M_VV("000011", "vredxor.vs", vredxor, kReduce), M_VV("000100", "vredminu.vs", vredminu, kReduce), M_VV("000101", "vredmin.vs", vredmin, kReduce),
    M_VV("000110", "vredmaxu.vs", vredmaxu, kReduce), M_VV("000111", "vredmax.vs", vredmax, kReduce),
    M_VV_VX("001000", "vaaddu", vaaddu, kSame), M_VV_VX("001001", "vaadd", vaadd, kSame),
    M_VV_VX("001010", "vasubu", vasubu, kSame), M_VV_VX("001011", "vasub", vasub, kSame),
    M_VX("001110", "vslide1up.vx", vslide1up, kSlideUp), M_VX("001111", "vslide1down.vx", vslide1down, kSlideDown),
    {"010000 1 ttttt 00000 010 ddddd 1010111", "vmv.x.s", "rd,vs2", Zve32x, trans_vmv_x_s},
    {"010000 - ttttt 10000 010 ddddd 1010111", "vcpop.m", "rd,vs2,vm", Zve32x, trans_mask_to_gpr<vcpop>},
    {"010000 - ttttt 10001 010 ddddd 1010111", "vfirst.m", "rd,vs2,vm", Zve32x, trans_mask_to_gpr<vfirst>},
    {"010000 1 00000 sssss 110 ddddd 1010111", "vmv.s.x", "vd,rs1", Zve32x, trans_vmv_s<kSame>},
    UNARY("010010", "00010", "010", "vzext.vf8", Zve64x, vzext_vf8, kExtend8), UNARY("010010", "00011", "010", "vsext.vf8", Zve64x, vsext_vf8, kExtend8),
    UNARY("010010", "00100", "010", "vzext.vf4", Zve32x, vzext_vf4, kExtend4), UNARY("010010", "00101", "010", "vsext.vf4", Zve32x, vsext_vf4, kExtend4),
    UNARY("010010", "00110", "010", "vzext.vf2", Zve32x, vzext_vf2, kExtend2), UNARY("010010", "00111", "010", "vsext.vf2", Zve32x, vsext_vf2, kExtend2),
    UNARY("010100", "00001", "010", "vmsbf.m", Zve32x, vmsbf, kSetFirst), UNARY("010100", "00010", "010", "vmsof.m", Zve32x, vmsof, kSetFirst),
    UNARY("010100", "00011", "010", "vmsif.m", Zve32x, vmsif, kSetFirst), UNARY("010100", "10000", "010", "viota.m", Zve32x, viota, kIota),
    {"010100 - 00000 10001 010 ddddd 1010111", "vid.v", "vd,vm", Zve32x, trans_vid},
    {"010111 1 ttttt sssss 010 ddddd 1010111", "vcompress.vm", "vd,vs2,vs1", Zve32x, trans_v<vcompress, kCompress>},
    LOGICAL("011000", "vmandn", vmandn), LOGICAL("011001", "vmand", vmand), LOGICAL("011010", "vmor", vmor), LOGICAL("011011", "vmxor", vmxor),
    LOGICAL("011100", "vmorn", vmorn), LOGICAL("011101", "vmnand", vmnand), LOGICAL("011110", "vmnor", vmnor), LOGICAL("011111", "vmxnor", vmxnor),
    M_VV_VX("100000", "vdivu", vdivu, kSame), M_VV_VX("100001", "vdiv", vdiv, kSame), M_VV_VX("100010", "vremu", vremu, kSame), M_VV_VX("100011", "vrem", vrem, kSame),
    M_VV_VX("100100", "vmulhu", vmulhu, kSame), M_VV_VX("100101", "vmul", vmul, kSame), M_VV_VX("100110", "vmulhsu", vmulhsu, kSame), M_VV_VX("100111", "vmulh", vmulh, kSame),
    M_ACCUMULATE("101001", "vmadd", vmadd, kSame), M_ACCUMULATE("101011", "vnmsub", vnmsub, kSame),
    M_ACCUMULATE("101101", "vmacc", vmacc, kSame), M_ACCUMULATE("101111", "vnmsac", vnmsac, kSame),
    M_VV_VX("110000", "vwaddu", vwaddu, kWiden), M_VV_VX("110001", "vwadd", vwadd, kWiden), M_VV_VX("110010", "vwsubu", vwsubu, kWiden), M_VV_VX("110011", "vwsub", vwsub, kWiden),
    M_WV_WX("110100", "vwaddu", vwaddu_w, kWidenW), M_WV_WX("110101", "vwadd", vwadd_w, kWidenW),
    M_WV_WX("110110", "vwsubu", vwsubu_w, kWidenW), M_WV_WX("110111", "vwsub", vwsub_w, kWidenW),
    M_VV_VX("111000", "vwmulu", vwmulu, kWiden), M_VV_VX("111010", "vwmulsu", vwmulsu, kWiden), M_VV_VX("111011", "vwmul", vwmul, kWiden),
    M_ACCUMULATE("111100", "vwmaccu", vwmaccu, kWidenAccumulate), M_ACCUMULATE("111101", "vwmacc", vwmacc, kWidenAccumulate),
    M_ACCUMULATE_VX("111110", "vwmaccus", vwmaccus, kWidenAccumulate), M_ACCUMULATE("111111", "vwmaccsu", vwmaccsu, kWidenAccumulate),

    F_VV_VF("000000", "vfadd", vfadd, kFloat), F_VV("000001", "vfredusum.vs", vfredusum, kFloatReduce),
    F_VV_VF("000010", "vfsub", vfsub, kFloat), F_VV("000011", "vfredosum.vs", vfredosum, kFloatReduce),
    F_VV_VF("000100", "vfmin", vfmin, kFloat), F_VV("000101", "vfredmin.vs", vfredmin, kFloatReduce),
    F_VV_VF("000110", "vfmax", vfmax, kFloat), F_VV("000111", "vfredmax.vs", vfredmax, kFloatReduce),
    F_VV_VF("001000", "vfsgnj", vfsgnj, kFloat), F_VV_VF("001001", "vfsgnjn", vfsgnjn, kFloat), F_VV_VF("001010", "vfsgnjx", vfsgnjx, kFloat),
    F_VF("001110", "vfslide1up.vf", vslide1up, (Shape{.apart = true, .floats = 1})), F_VF("001111", "vfslide1down.vf", vslide1down, kFloat),
    {"010000 1 ttttt 00000 001 ddddd 1010111", "vfmv.f.s", "fd,vs2", Zve32f, trans_vfmv_f_s},
    {"010000 1 00000 sssss 101 ddddd 1010111", "vfmv.s.f", "vd,fs1", Zve32f, trans_vmv_s<kFloat>},
    UNARY("010010", "00000", "001", "vfcvt.xu.f.v", Zve32f, vfcvt_xu_f, kFloat), UNARY("010010", "00001", "001", "vfcvt.x.f.v", Zve32f, vfcvt_x_f, kFloat),
    UNARY("010010", "00010", "001", "vfcvt.f.xu.v", Zve32f, vfcvt_f_xu, kFloat), UNARY("010010", "00011", "001", "vfcvt.f.x.v", Zve32f, vfcvt_f_x, kFloat),
    UNARY("010010", "00110", "001", "vfcvt.rtz.xu.f.v", Zve32f, vfcvt_rtz_xu_f, kFloat), UNARY("010010", "00111", "001", "vfcvt.rtz.x.f.v", Zve32f, vfcvt_rtz_x_f, kFloat),
    UNARY("010010", "01000", "001", "vfwcvt.xu.f.v", Zve32f, vfwcvt_xu_f, kWidenToInt), UNARY("010010", "01001", "001", "vfwcvt.x.f.v", Zve32f, vfwcvt_x_f, kWidenToInt),
    UNARY("010010", "01010", "001", "vfwcvt.f.xu.v", Zve32f, vfwcvt_f_xu, kWidenToFloat), UNARY("010010", "01011", "001", "vfwcvt.f.x.v", Zve32f, vfwcvt_f_x, kWidenToFloat),
    UNARY("010010", "01100", "001", "vfwcvt.f.f.v", Zve32f, vfwcvt_f_f, kWidenFormat),
    UNARY("010010", "01110", "001", "vfwcvt.rtz.xu.f.v", Zve32f, vfwcvt_rtz_xu_f, kWidenToInt), UNARY("010010", "01111", "001", "vfwcvt.rtz.x.f.v", Zve32f, vfwcvt_rtz_x_f, kWidenToInt),
    UNARY("010010", "10000", "001", "vfncvt.xu.f.w", Zve32f, vfncvt_xu_f, kNarrowToInt), UNARY("010010", "10001", "001", "vfncvt.x.f.w", Zve32f, vfncvt_x_f, kNarrowToInt),
    UNARY("010010", "10010", "001", "vfncvt.f.xu.w", Zve32f, vfncvt_f_xu, kNarrowToFloat), UNARY("010010", "10011", "001", "vfncvt.f.x.w", Zve32f, vfncvt_f_x, kNarrowToFloat),
    UNARY("010010", "10100", "001", "vfncvt.f.f.w", Zve32f, vfncvt_f_f, kNarrowFormat), UNARY("010010", "10101", "001", "vfncvt.rod.f.f.w", Zve32f, vfncvt_rod_f_f, kNarrowFormatOdd),
    UNARY("010010", "10110", "001", "vfncvt.rtz.xu.f.w", Zve32f, vfncvt_rtz_xu_f, kNarrowToInt), UNARY("010010", "10111", "001", "vfncvt.rtz.x.f.w", Zve32f, vfncvt_rtz_x_f, kNarrowToInt),
    UNARY("010011", "00000", "001", "vfsqrt.v", Zve32f, vfsqrt, kFloat), UNARY("010011", "00100", "001", "vfrsqrt7.v", Zve32f, vfrsqrt7, kFloat),
    UNARY("010011", "00101", "001", "vfrec7.v", Zve32f, vfrec7, kFloat), UNARY("010011", "10000", "001", "vfclass.v", Zve32f, vfclass, kFloat),
    {"010111 1 00000 sssss 101 ddddd 1010111", "vfmv.v.f", "vd,fs1", Zve32f, trans_v<vmv, kFloat, false>},
    VF("010111", "0", "101", "vfmerge.vfm", Zve32f, trans_v<vmerge, kFloat>),
    F_VV_VF("011000", "vmfeq", vmfeq, kFloatCompare), F_VV_VF("011001", "vmfle", vmfle, kFloatCompare), F_VV_VF("011011", "vmflt", vmflt, kFloatCompare),
    F_VV_VF("011100", "vmfne", vmfne, kFloatCompare), F_VF("011101", "vmfgt.vf", vmfgt, kFloatCompare), F_VF("011111", "vmfge.vf", vmfge, kFloatCompare),
    F_VV_VF("100000", "vfdiv", vfdiv, kFloat), F_VF("100001", "vfrdiv.vf", vfrdiv, kFloat), F_VV_VF("100100", "vfmul", vfmul, kFloat), F_VF("100111", "vfrsub.vf", vfrsub, kFloat),
    F_ACCUMULATE("101000", "vfmadd", vfmadd, kFloat), F_ACCUMULATE("101001", "vfnmadd", vfnmadd, kFloat),
    F_ACCUMULATE("101010", "vfmsub", vfmsub, kFloat), F_ACCUMULATE("101011", "vfnmsub", vfnmsub, kFloat),
    F_ACCUMULATE("101100", "vfmacc", vfmacc, kFloat), F_ACCUMULATE("101101", "vfnmacc", vfnmacc, kFloat),
    F_ACCUMULATE("101110", "vfmsac", vfmsac, kFloat), F_ACCUMULATE("101111", "vfnmsac", vfnmsac, kFloat),
    F_VV_VF("110000", "vfwadd", vfwadd, kFloatWiden), F_VV("110001", "vfwredusum.vs", vfwredusum, kFloatWidenReduce),
    F_VV_VF("110010", "vfwsub", vfwsub, kFloatWiden), F_VV("110011", "vfwredosum.vs", vfwredosum, kFloatWidenReduce),
    F_WV_WF("110100", "vfwadd", vfwadd_w, kFloatWidenW), F_WV_WF("110110", "vfwsub", vfwsub_w, kFloatWidenW), F_VV_VF("111000", "vfwmul", vfwmul, kFloatWiden),
    F_ACCUMULATE("111100", "vfwmacc", vfwmacc, kFloatWidenAccumulate), F_ACCUMULATE("111101", "vfwnmacc", vfwnmacc, kFloatWidenAccumulate),
    F_ACCUMULATE("111110", "vfwmsac", vfwmsac, kFloatWidenAccumulate), F_ACCUMULATE("111111", "vfwnmsac", vfwnmsac, kFloatWidenAccumulate),

    VV("000001", "-", "000", "vandn.vv", Zvkb, trans_v<vandn, kSame>), VX("000001", "-", "100", "vandn.vx", Zvkb, trans_v<vandn, kSame>),
    UNARY("010010", "01000", "010", "vbrev8.v", Zvkb, vbrev8, kSame), UNARY("010010", "01001", "010", "vrev8.v", Zvkb, vrev8, kSame),
    UNARY("010010", "01010", "010", "vbrev.v", Zvbb, vbrev, kSame), UNARY("010010", "01100", "010", "vclz.v", Zvbb, vclz, kSame),
    UNARY("010010", "01101", "010", "vctz.v", Zvbb, vctz, kSame), UNARY("010010", "01110", "010", "vcpop.v", Zvbb, vcpop_v, kSame),
    VV("010101", "-", "000", "vrol.vv", Zvkb, trans_v<vrol, kSame>), VX("010101", "-", "100", "vrol.vx", Zvkb, trans_v<vrol, kSame>),
    VV("010100", "-", "000", "vror.vv", Zvkb, trans_v<vror, kSame>), VX("010100", "-", "100", "vror.vx", Zvkb, trans_v<vror, kSame>),
    {"01010 i - ttttt iiiii 011 ddddd 1010111", "vror.vi", "vd,vs2,imm,vm", Zvkb, trans_vror_vi, kRotate},
    VV("110101", "-", "000", "vwsll.vv", Zvbb, trans_v<vwsll, kWiden>), VX("110101", "-", "100", "vwsll.vx", Zvbb, trans_v<vwsll, kWiden>),
    VU("110101", "-", "011", "vwsll.vi", Zvbb, trans_v<vwsll, kWiden.with_uimm()>),
    VV("001100", "-", "010", "vclmul.vv", Zvbc, trans_clmul<vclmul>), VX("001100", "-", "110", "vclmul.vx", Zvbc, trans_clmul<vclmul>),
    VV("001101", "-", "010", "vclmulh.vv", Zvbc, trans_clmul<vclmulh>), VX("001101", "-", "110", "vclmulh.vx", Zvbc, trans_clmul<vclmulh>),
};
// clang-format on

}  // namespace

InsnSet rows_varith() { return kRows; }

}  // namespace dragoman::riscv
