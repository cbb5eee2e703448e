// Translation of RISC-V floating point: well-formed IR under every dynamic rounding mode, and which instructions are
// inline where.
#include <gtest/gtest.h>

#include "base/fpenv.h"
#include "guest/riscv/context.h"
#include "guest/riscv/cpu.h"
#include "guest/riscv/fcsr.h"
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/translate.h"
#include "ir/printer.h"
#include "ir/verifier.h"
#include "unit/guest/runtime_stub.h"

namespace dragoman::riscv {
namespace {

constexpr u64 kPc = 0x10000;

/// Code of one 32-bit instruction.
class OneInsn : public guest::CodeReader {
public:
    explicit OneInsn(u32 bits) : bits_(bits) {}
    bool fetch(u64 pc, unsigned bytes, u32& value) override {
        value = bits_ >> 8 * (pc - kPc) & static_cast<u32>(low_mask(8 * bytes));
        return true;
    }

private:
    u32 bits_;
};

/// The IR of one instruction in a TB specialised on `frm`.
std::string translate(u32 bits, unsigned frm) {
    ir::Function f(layout());
    Builder b(f);
    OneInsn code(bits);
    DisasContext ctx{};
    ctx.b = &b;
    ctx.code = &code;
    ctx.pc_first = ctx.pc_next = kPc;
    ctx.flags = frm;
    ctx.max_insns = 1;
    ctx.num_insns = 1;
    ctx.state = DisasState::Next;
    init_context(&ctx);
    tb_start(&ctx);
    insn_start(&ctx);
    translate_insn(&ctx);
    tb_stop(&ctx);
    std::string error = ir::verify(f);
    EXPECT_EQ(error, "") << ir::print(f);
    return ir::print(f);
}

bool contains(const std::string& text, const char* part) { return text.find(part) != text.npos; }

constexpr u32 kFaddD = 0x02c5f553;  // fadd.d fa0,fa1,fa2 (dyn)
constexpr u32 kRmMask = 7u << 12;
constexpr u32 with_rm(u32 bits, u32 rm) { return (bits & ~kRmMask) | rm << 12; }

TEST(RiscvFp, AllInsnsAreWellFormed) {
    for (InsnSet set : {rows_f(), rows_d(), rows_zfh(), rows_zfa(), rows_zicsr()}) {
        for (const InsnRow& row : set) {
            for (unsigned frm = 0; frm < 8; ++frm) {
                for (u32 rm = 0; rm < 8; ++rm) {
                    u32 open = ~row.mask;
                    // Registers all the same, all different, x0; CSR numbers of the float CSRs.
                    for (u32 fill : {0x00000000u, 0xffffffffu, 0x5a1b4c8du, 0x00108580u, 0x00208580u, 0x00358500u}) {
                        u32 bits = row.match | (with_rm(fill, rm) & open);
                        SCOPED_TRACE(row.mnemonic);
                        translate(bits, frm);
                    }
                }
            }
        }
    }
}

TEST(RiscvFp, ArithmeticIsInlineInTheModeInForce) {
    for (unsigned frm = 0; frm < 4; ++frm) {
        EXPECT_TRUE(contains(translate(kFaddD, frm), "fadd.f64")) << translate(kFaddD, frm);
        for (u32 rm = 0; rm < 4; ++rm) {
            EXPECT_EQ(contains(translate(with_rm(kFaddD, rm), frm), "call"), rm != frm) << frm << " " << rm;
        }
    }
    EXPECT_TRUE(contains(translate(kFaddD, 4), "call"));
    // With RMM in frm the host rounds to nearest even.
    EXPECT_FALSE(contains(translate(with_rm(kFaddD, 0), 4), "call"));
}

TEST(RiscvFp, ReservedModesAreIllegal) {
    for (u32 rm : {5u, 6u}) EXPECT_TRUE(contains(translate(with_rm(kFaddD, rm), 0), "exception"));
    for (unsigned frm : {5u, 6u, 7u}) {
        EXPECT_TRUE(contains(translate(kFaddD, frm), "exception"));
        EXPECT_FALSE(contains(translate(with_rm(kFaddD, 0), frm), "exception"));
    }
}

TEST(RiscvFp, WritingTheSameFrmCostsNothing) {
    constexpr u32 kFsrmi = 0x00205073;  // csrrwi x0, frm, 0
    for (unsigned frm = 0; frm < 8; ++frm) {
        EXPECT_FALSE(contains(translate(kFsrmi | frm << 15, frm), "call"));
        EXPECT_TRUE(contains(translate(kFsrmi | frm << 15, frm ^ 1), "call"));
    }
}

TEST(RiscvFp, FcsrOutsideTranslatedCode) {
    Hart hart{};
    hart.fp_control = fpenv::kMxcsrDefault;
    EXPECT_EQ(get_fcsr(&hart), 0u);
    for (u32 value = 0; value < 256; ++value) {
        set_fcsr(&hart, 0xffffff00 | value);
        EXPECT_EQ(get_fcsr(&hart), value);
        EXPECT_EQ(hart.frm, value >> 5);
        EXPECT_EQ(hart.tb_flags & kFlagFrmMask, value >> 5);
        EXPECT_EQ(hart.fp_control & 0x1f80, fpenv::kMxcsrDefault);
        constexpr u32 kControl[8] = {0, 3, 1, 2, 0, 0, 0, 0};
        EXPECT_EQ(hart.fp_control >> 13 & 3, kControl[value >> 5]);
    }
}

}  // namespace
}  // namespace dragoman::riscv
