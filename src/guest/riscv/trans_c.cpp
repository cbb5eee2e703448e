// All 16-bit instructions: C, Zcb, Zcmop (Unprivileged specification, chapters "C", "Zc*", "Zcmop"). They
// expand to base instructions, so the rows name those instructions' functions; x0 and sp operands
// that the encoding implies are given by the row.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"
#include "guest/riscv/trans_i.h"

namespace dragoman::riscv {

namespace {

using enum Extension;

// Immediates, in the order of the manual's instruction listings.
constexpr ImmFormat kAddi4spn{"5:4|9:6|2|3", false};
constexpr ImmFormat kAddi16sp{"9|4|6|8:7|5", true};
constexpr ImmFormat kWord{"5:3|2|6", false};
constexpr ImmFormat kDouble{"5:3|7:6", false};
constexpr ImmFormat kImm6{"5|4:0", true};
constexpr ImmFormat kShamt{"5|4:0", false};
constexpr ImmFormat kLui{"17|16:12", true};
constexpr ImmFormat kJump{"11|4|9:8|10|6|7|3:1|5", true};
constexpr ImmFormat kBranch{"8|4:3|7:6|2:1|5", true};
constexpr ImmFormat kWordSpLoad{"5|4:2|7:6", false};
constexpr ImmFormat kDoubleSpLoad{"5|4:3|8:6", false};
constexpr ImmFormat kWordSpStore{"5:2|7:6", false};
constexpr ImmFormat kDoubleSpStore{"5:3|8:6", false};
constexpr ImmFormat kByte{"0|1", false};
constexpr ImmFormat kHalf{"1", false};
constexpr ImmFormat kMopNumber{"3:1", false, 1};

constexpr Implied kSpBase{.rs1 = 2};
constexpr Implied kSpBoth{.rd = 2, .rs1 = 2};
constexpr Implied kLink{.rd = 1};

bool trans_c_zext_b(DisasContext& ctx, const Operands& a) {
    if (a.rd != 0) ctx.b->op_to(Op::extract, a.rd, {ctx.gpr(a.rs1)}, 0, 8);
    return true;
}
bool trans_c_not(DisasContext& ctx, const Operands& a) { return gen_unary(ctx, a, Op::not_); }

using enum Reserved;

constexpr InsnRow kRows[] = {
    // Quadrant 0
    {"000 iiiiiiii ddd 00", "c.addi4spn", "rd,sp,imm", Zca, trans_addi, kAddi4spn, ImmZero, kSpBase},
    {"001 iii sss ii ddd 00", "c.fld", "fd,imm(rs1)", Zcd, trans_fld, kDouble},
    {"010 iii sss ii ddd 00", "c.lw", "rd,imm(rs1)", Zca, trans_lw, kWord},
    {"011 iii sss ii ddd 00", "c.ld", "rd,imm(rs1)", Zca&& Rv64, trans_ld, kDouble},
    {"011 iii sss ii ddd 00", "c.flw", "fd,imm(rs1)", Zcf, trans_flw, kWord},
    {"101 iii sss ii ttt 00", "c.fsd", "fs2,imm(rs1)", Zcd, trans_fsd, kDouble},
    {"110 iii sss ii ttt 00", "c.sw", "rs2,imm(rs1)", Zca, trans_sw, kWord},
    {"111 iii sss ii ttt 00", "c.sd", "rs2,imm(rs1)", Zca&& Rv64, trans_sd, kDouble},
    {"111 iii sss ii ttt 00", "c.fsw", "fs2,imm(rs1)", Zcf, trans_fsw, kWord},
    {"100 000 sss ii ddd 00", "c.lbu", "rd,imm(rs1)", Zcb, trans_lbu, kByte},
    {"100 001 sss 0 i ddd 00", "c.lhu", "rd,imm(rs1)", Zcb, trans_lhu, kHalf},
    {"100 001 sss 1 i ddd 00", "c.lh", "rd,imm(rs1)", Zcb, trans_lh, kHalf},
    {"100 010 sss ii ttt 00", "c.sb", "rs2,imm(rs1)", Zcb, trans_sb, kByte},
    {"100 011 sss 0 i ttt 00", "c.sh", "rs2,imm(rs1)", Zcb, trans_sh, kHalf},

    // Quadrant 1
    {"000 0 00000 00000 01", "c.nop", "", Zca, trans_nop},
    {"000 i xxxxx iiiii 01", "c.addi", "rd,imm", Zca, trans_addi, kImm6},
    {"001 iiiiiiiiiii 01", "c.jal", "target", Zca&& Rv32, trans_jal, kJump, None, kLink},
    {"001 i xxxxx iiiii 01", "c.addiw", "rd,imm", Zca&& Rv64, trans_addiw, kImm6, RdZero},
    {"010 i ddddd iiiii 01", "c.li", "rd,imm", Zca, trans_addi, kImm6},
    {"011 i 00010 iiiii 01", "c.addi16sp", "sp,imm", Zca, trans_addi, kAddi16sp, ImmZero, kSpBoth},
    {"011 0 0iii1 00000 01", "c.mop.#", "", Zcmop, trans_nop, kMopNumber},
    {"011 i ddddd iiiii 01", "c.lui", "rd,uimm20", Zca, trans_lui, kLui, ImmZero},
    {"100 i 00 xxx iiiii 01", "c.srli", "rd,uimm", Zca&& Rv64, trans_srli, kShamt},
    {"100 i 01 xxx iiiii 01", "c.srai", "rd,uimm", Zca&& Rv64, trans_srai, kShamt},
    {"100 0 00 xxx iiiii 01", "c.srli", "rd,uimm", Zca&& Rv32, trans_srli, kShamt5},
    {"100 0 01 xxx iiiii 01", "c.srai", "rd,uimm", Zca&& Rv32, trans_srai, kShamt5},
    {"100 i 10 xxx iiiii 01", "c.andi", "rd,imm", Zca, trans_andi, kImm6},
    {"100 0 11 xxx 00 ttt 01", "c.sub", "rd,rs2", Zca, trans_sub},
    {"100 0 11 xxx 01 ttt 01", "c.xor", "rd,rs2", Zca, trans_xor},
    {"100 0 11 xxx 10 ttt 01", "c.or", "rd,rs2", Zca, trans_or},
    {"100 0 11 xxx 11 ttt 01", "c.and", "rd,rs2", Zca, trans_and},
    {"100 1 11 xxx 00 ttt 01", "c.subw", "rd,rs2", Zca&& Rv64, trans_subw},
    {"100 1 11 xxx 01 ttt 01", "c.addw", "rd,rs2", Zca&& Rv64, trans_addw},
    {"100 1 11 xxx 10 ttt 01", "c.mul", "rd,rs2", Zcb&& Zmmul, trans_mul},
    {"100 1 11 xxx 11 000 01", "c.zext.b", "rd", Zcb, trans_c_zext_b},
    {"100 1 11 xxx 11 001 01", "c.sext.b", "rd", Zcb&& Zbb, trans_sext_b},
    {"100 1 11 xxx 11 010 01", "c.zext.h", "rd", Zcb&& Zbb, trans_zext_h},
    {"100 1 11 xxx 11 011 01", "c.sext.h", "rd", Zcb&& Zbb, trans_sext_h},
    {"100 1 11 xxx 11 100 01", "c.zext.w", "rd", Zcb&& Zba&& Rv64, trans_add_uw},
    {"100 1 11 xxx 11 101 01", "c.not", "rd", Zcb, trans_c_not},
    {"101 iiiiiiiiiii 01", "c.j", "target", Zca, trans_jal, kJump},
    {"110 iii sss iiiii 01", "c.beqz", "rs1,target", Zca, trans_beq, kBranch},
    {"111 iii sss iiiii 01", "c.bnez", "rs1,target", Zca, trans_bne, kBranch},

    // Quadrant 2
    {"000 i xxxxx iiiii 10", "c.slli", "rd,uimm", Zca&& Rv64, trans_slli, kShamt},
    {"000 0 xxxxx iiiii 10", "c.slli", "rd,uimm", Zca&& Rv32, trans_slli, kShamt5},
    {"001 i ddddd iiiii 10", "c.fldsp", "fd,imm(rs1)", Zcd, trans_fld, kDoubleSpLoad, None, kSpBase},
    {"010 i ddddd iiiii 10", "c.lwsp", "rd,imm(rs1)", Zca, trans_lw, kWordSpLoad, RdZero, kSpBase},
    {"011 i ddddd iiiii 10", "c.ldsp", "rd,imm(rs1)", Zca&& Rv64, trans_ld, kDoubleSpLoad, RdZero, kSpBase},
    {"011 i ddddd iiiii 10", "c.flwsp", "fd,imm(rs1)", Zcf, trans_flw, kWordSpLoad, None, kSpBase},
    {"100 0 sssss 00000 10", "c.jr", "rs1", Zca, trans_jalr, kNoImm, Rs1Zero},
    {"100 0 ddddd ttttt 10", "c.mv", "rd,rs2", Zca, trans_add, kNoImm, Rs2Zero},
    {"100 1 00000 00000 10", "c.ebreak", "", Zca, trans_ebreak},
    {"100 1 sssss 00000 10", "c.jalr", "rs1", Zca, trans_jalr, kNoImm, Rs1Zero, kLink},
    {"100 1 00000 00010 10", "c.ntl.p1", "", Zca&& Zihintntl, trans_nop},
    {"100 1 00000 00011 10", "c.ntl.pall", "", Zca&& Zihintntl, trans_nop},
    {"100 1 00000 00100 10", "c.ntl.s1", "", Zca&& Zihintntl, trans_nop},
    {"100 1 00000 00101 10", "c.ntl.all", "", Zca&& Zihintntl, trans_nop},
    {"100 1 xxxxx ttttt 10", "c.add", "rd,rs2", Zca, trans_add, kNoImm, Rs2Zero},
    {"101 iiiiii ttttt 10", "c.fsdsp", "fs2,imm(rs1)", Zcd, trans_fsd, kDoubleSpStore, None, kSpBase},
    {"110 iiiiii ttttt 10", "c.swsp", "rs2,imm(rs1)", Zca, trans_sw, kWordSpStore, None, kSpBase},
    {"111 iiiiii ttttt 10", "c.sdsp", "rs2,imm(rs1)", Zca&& Rv64, trans_sd, kDoubleSpStore, None, kSpBase},
    {"111 iiiiii ttttt 10", "c.fswsp", "fs2,imm(rs1)", Zcf, trans_fsw, kWordSpStore, None, kSpBase},
};

}  // namespace

InsnSet rows_c() { return kRows; }

}  // namespace dragoman::riscv
