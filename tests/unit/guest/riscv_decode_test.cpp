// The instruction table: every row decodes to itself, reserved encodings decode to nothing, the
// disassembler writes what the assembler reads.
#include <gtest/gtest.h>

#include <random>

#include "guest/riscv/disassemble.h"
#include "guest/riscv/encode.h"
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/translate.h"
#include "unit/guest/models.h"

namespace dragoman::riscv {
namespace {

const Model& model() {
    static const std::unique_ptr<Model> kModel = make_model("max");
    return *kModel;
}
const Decoder& decoder() { return model().decoder(); }

std::string disassembled(u32 bits, u64 pc = 0x1000) {
    u8 bytes[4] = {static_cast<u8>(bits), static_cast<u8>(bits >> 8), static_cast<u8>(bits >> 16),
                   static_cast<u8>(bits >> 24)};
    unsigned length;
    return disassemble(model(), pc, bytes, length);
}

TEST(RiscvDecode, EveryRowDecodesToItselfWithTheSameOperands) {
    std::mt19937 random(1);
    for (const InsnRow* row : decoder().rows()) {
        unsigned hits = 0;
        for (unsigned i = 0; i < 300; ++i) {
            u32 bits = row->match | (static_cast<u32>(random()) & open_bits(*row));
            if (row->is_reserved(row->operands(bits))) continue;
            const InsnRow* found = decoder().find(bits);
            ASSERT_NE(found, nullptr) << row->mnemonic << " " << std::hex << bits;
            // A more special row may take some of the encodings (c.nop of c.addi).
            if (found != row) continue;
            ++hits;
            Operands a = row->operands(bits);
            u32 again = encode(*row, a);
            Operands b = row->operands(again);
            EXPECT_EQ(decoder().find(again), row) << row->mnemonic;
            EXPECT_TRUE(a.rd == b.rd && a.rs1 == b.rs1 && a.rs2 == b.rs2 && a.rs3 == b.rs3 && a.imm == b.imm)
                << row->mnemonic << " " << std::hex << bits << " " << again;
        }
        EXPECT_GT(hits, 0u) << row->mnemonic << " is hidden by other rows";
    }
}

TEST(RiscvDecode, FindAgreesWithALinearSearch) {
    std::mt19937 random(2);
    for (unsigned i = 0; i < 200'000; ++i) {
        u32 bits = static_cast<u32>(random());
        if ((bits & 3) != 3) bits &= 0xffff;
        const InsnRow* expected = nullptr;
        for (const InsnRow* row : decoder().rows()) {
            bool is16 = (bits & 3) != 3;
            if (is16 == (row->length == 2) && row->matches(bits)) {
                expected = row;
                break;
            }
        }
        ASSERT_EQ(decoder().find(bits), expected) << std::hex << bits;
    }
}

TEST(RiscvDecode, SyntaxNamesOnlyOperandsThatTheRowHas) {
    for (InsnSet set : insn_sets()) {
        for (const InsnRow& row : set) {
            std::string_view syntax = row.syntax;
            auto has = [&](std::string_view word) { return syntax.find(word) != syntax.npos; };
            if (has("rs2")) {
                EXPECT_TRUE(row.rs2.mask) << row.mnemonic;
            }
            if (has("rs3") || has("fs3")) {
                EXPECT_TRUE(row.rs3.mask) << row.mnemonic;
            }
            if (has("rd") || has("fd")) {
                EXPECT_TRUE(row.rd.mask) << row.mnemonic;
            }
            if (has("zimm") || has("simm5") || has("vs1")) {
                EXPECT_TRUE(row.rs1.mask) << row.mnemonic;
            }
            if (has("vs2")) {
                EXPECT_TRUE(row.rs2.mask) << row.mnemonic;
            }
            if (has("imm") && !has("zimm") && !has("simm5")) {
                EXPECT_TRUE(row.imm_segments || row.imm_plus) << row.mnemonic;
            }
            if (has("target") || has("csr") || has("pred")) {
                EXPECT_TRUE(row.imm_segments) << row.mnemonic;
            }
        }
    }
}

TEST(RiscvDecode, ReservedEncodingsAreIllegal) {
    const u32 kReserved[] = {
        0x0000,       // all zeros
        0xffff'ffff,  // all ones
        0x8c40,       // quadrant 0, c.sh with bit 6
        0x8000'0000,  // (16-bit) all zeros again: the upper half is not looked at
        0x6101,       // c.addi16sp 0
        0x6201,       // c.lui with immediate 0 and even rd
        0x6881,       // c.lui x17 with immediate 0: beyond c.mop.15
        0x2001,       // c.addiw x0
        0x4002,       // c.lwsp x0
        0x6002,       // c.ldsp x0
        0x8002,       // c.jr x0
        0x9c79,       // c.zext.b's neighbour that no extension has
        0x0400'1013,  // slli with bit 26
        0x0200'501b,  // srliw with shift amount 32
        0x0000'2063,  // branch funct3 2
        0x0000'3063,  // branch funct3 3
        0x0000'7003,  // load funct3 7
        0x0000'4023,  // store funct3 4
        0x0000'1067,  // jalr funct3 1
        0x0600'0033,  // OP funct7 3
        0x1000'402f,  // lr with funct3 4
        0x1010'202f,  // lr.w with rs2 1
        0x2800'40af,  // amocas.q with odd rd
        0x2810'402f,  // amocas.q with odd rs2
        0x0030'200f,  // cbo with an unknown operation
        0x0010'208f,  // cbo.clean with rd
    };
    for (u32 bits : kReserved)
        EXPECT_EQ(decoder().find(bits), nullptr) << std::hex << bits << " " << disassembled(bits);
}

TEST(RiscvDecode, GuardsFollowTheModel) {
    Decoder base(ExtensionSet{Extension::I});
    EXPECT_NE(base.find(0x00c5'8533), nullptr);  // add
    EXPECT_EQ(base.find(0x02c5'8533), nullptr);  // mul
    EXPECT_EQ(base.find(0x4501), nullptr);       // c.li
    Decoder zbkb(ExtensionSet{Extension::I, Extension::Zbkb});
    EXPECT_NE(zbkb.find(0x40c5'f533), nullptr);  // andn: Zbb or Zbkb
    EXPECT_EQ(zbkb.find(0x6005'1513), nullptr);  // clz: Zbb only
    Decoder zcb(ExtensionSet{Extension::I, Extension::C, Extension::Zcb});
    EXPECT_NE(zcb.find(0x9d61), nullptr);  // c.zext.b
    EXPECT_EQ(zcb.find(0x9d65), nullptr);  // c.sext.b: Zcb and Zbb
}

/// By the opcodes (Unprivileged specification, "RV32/64G Instruction Set Listings", RVC instruction tables).
TEST(RiscvDecode, RowsTellWhatBecomesOfFloatState) {
    constexpr u32 kLoadFp = 1, kStoreFp = 9, kMadd = 16, kOpFp = 20, kOpV = 21, kMoveOrClass = 0x1c;
    for (const InsnRow* row : decoder().rows()) {
        const u32 bits = row->match, opcode = bits >> 2 & 31;
        bool uses, reads_only;
        if (row->length == 2) {
            uses = (bits & 1) == 0 && (bits >> 13 & 3) == 1;
            reads_only = (bits >> 15 & 1) != 0;
        } else {
            // Widths 0 and 5 to 7 are vectors'.
            const u32 width = bits >> 12 & 7;
            const bool is_access = (opcode == kLoadFp || opcode == kStoreFp) && width >= 1 && width <= 4;
            const bool is_vector_float = opcode == kOpV && (width == 1 || width == 5);  // OPFVV, OPFVF
            uses = is_access || (opcode >= kMadd && opcode <= kOpFp) || is_vector_float;
            reads_only = opcode == kStoreFp || (opcode == kOpFp && bits >> 27 == kMoveOrClass);
        }
        EXPECT_EQ(row->float_use, !uses        ? FloatUse::None
                                  : reads_only ? FloatUse::Reads
                                               : FloatUse::Writes)
            << row->mnemonic;
    }
}

TEST(RiscvDisassemble, WritesTheAssemblersSyntax) {
    struct Case {
        u32 bits;
        const char* text;
    };
    const Case kCases[] = {
        {0x0015'0513, "addi    a0,a0,1"},
        {0xfff5'0513, "addi    a0,a0,-1"},
        {0x0001'2537, "lui     a0,0x12"},
        {0xfffff'517, "auipc   a0,0xfffff"},
        {0x0085'3583, "ld      a1,8(a0)"},
        {0xfeb5'3c23, "sd      a1,-8(a0)"},
        {0x00b5'0463, "beq     a0,a1,0x1008"},
        {0xff9f'f0ef, "jal     ra,0xff8"},
        {0x0000'8067, "jalr    zero,0(ra)"},
        {0x03f5'1513, "slli    a0,a0,0x3f"},
        {0x0ff0'000f, "fence   iorw,iorw"},
        {0x8330'000f, "fence.tso"},
        {0x0000'0073, "ecall"},
        {0x06b6'252f, "amoadd.w.aqrl a0,a1,(a2)"},
        {0x1005'252f, "lr.w    a0,(a0)"},
        {0x0100'000f, "pause"},
        {0x0045'200f, "cbo.zero (a0)"},
        {0x81c5'c573, "mop.r.0 a0,a1"},
        {0x4501, "c.li    a0,0"},
        {0x1141, "c.addi  sp,-16"},
        {0x7139, "c.addi16sp sp,-64"},
        {0x0808, "c.addi4spn a0,sp,16"},
        {0xe406, "c.sdsp  ra,8(sp)"},
        {0x60a2, "c.ldsp  ra,8(sp)"},
        {0x8082, "c.jr    ra"},
        {0x852e, "c.mv    a0,a1"},
        {0x952e, "c.add   a0,a1"},
        {0xc501, "c.beqz  a0,0x1008"},
        {0x0001, "c.nop"},
        {0x6181, "c.mop.3"},
        {0x6081, "c.sspush ra"},
        {0x6281, "c.sspopchk t0"},
        {0xce50'4073, "sspush  t0"},
        {0xcdc0'c073, "sspopchk ra"},
        {0xcdc0'4573, "ssrdp   a0"},
        {0xcdc1'4573, "mop.r.28 a0,sp"},
        {0x4ab6'352f, "ssamoswap.d.rl a0,a1,(a2)"},
        {0x1234'5017, "lpad    0x12345"},
        {0x02b5'75d3, "fadd.d  fa1,fa0,fa1"},
    };
    for (const Case& c : kCases) EXPECT_EQ(disassembled(c.bits), c.text) << std::hex << c.bits;
    EXPECT_EQ(disassembled(0), ".2byte  0x0");
    EXPECT_EQ(disassembled(0xffff'ffff), ".4byte  0xffffffff");
}

}  // namespace
}  // namespace dragoman::riscv
