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
#include "unit/guest/models.h"

namespace dragoman::riscv {
namespace {

constexpr u64 kPc = 0x10000;

/// 32-bit instructions at kPc.
class Code : public guest::CodeReader {
public:
    explicit Code(std::vector<u32> words) : guest::CodeReader(nullptr), words_(std::move(words)) {
        bytes_ = reinterpret_cast<const u8*>(words_.data());
        start_ = kPc;
        filled_ = words_.size() * 4;
    }

private:
    bool fetch_more(u64, unsigned) override { return false; }
    std::vector<u32> words_;
};

/// The IR of a TB specialised on `frm`.
std::string translate(const std::vector<u32>& words, unsigned frm, u32 max_insns = 64) {
    ir::Function f(layout());
    Builder b(f);
    Code code(words);
    DisasContext ctx{};
    ctx.begin_block(b, guest::BlockKind::Extended, kPc);
    static const std::unique_ptr<Model> kModel = make_model("max");
    ctx.model = kModel.get();
    ctx.code = &code;
    ctx.flags = frm;
    ctx.max_insns = max_insns;
    init_context(&ctx);
    while (ctx.state == DisasState::Next && ctx.num_insns < std::min<u64>(max_insns, words.size())) {
        ++ctx.num_insns;
        insn_start(&ctx);
        translate_insn(&ctx);
        ctx.pc += ctx.length;
    }
    ctx.end(ctx.pc);
    std::string error = ir::verify(f);
    EXPECT_EQ(error, "") << ir::print(f);
    return ir::print(f);
}
std::string translate(u32 bits, unsigned frm) { return translate(std::vector<u32>{bits}, frm); }

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

TEST(RiscvFp, ComparisonBetweenSavedFlagsIsSilent) {
    constexpr u32 kFrflagsA4 = 0x00102773, kFltD = 0xa2f717d3 /* a5 */, kFsflagsA4 = 0x00171073;
    EXPECT_TRUE(contains(translate({kFrflagsA4, kFltD, kFsflagsA4}, 0), "flt_silent.f64"));
    EXPECT_TRUE(contains(translate({kFrflagsA4, kFltD & ~(1u << 12), kFsflagsA4}, 0), "fle_silent.f64"));
    EXPECT_TRUE(contains(translate({kFrflagsA4, kFltD & ~(1u << 25), kFsflagsA4}, 0), "flt_silent.f32"));
    EXPECT_FALSE(contains(translate({kFrflagsA4, kFltD, kFsflagsA4}, 0), "fflags_set"));
    // Another register is restored, the saved one is overwritten, or the TB ends in between.
    EXPECT_FALSE(contains(translate({kFrflagsA4, kFltD, kFsflagsA4 + (1u << 15)}, 0), "flt_silent.f64"));
    EXPECT_FALSE(contains(translate({kFrflagsA4, kFltD - (1u << 7), kFsflagsA4}, 0), "flt_silent.f64"));
    EXPECT_FALSE(contains(translate({kFrflagsA4, kFltD, kFsflagsA4}, 0, 2), "flt_silent.f64"));
    EXPECT_FALSE(contains(translate({kFrflagsA4, kFltD}, 0), "flt_silent.f64"));
}

TEST(RiscvFp, FcsrOutsideTranslatedCode) {
    Hart hart{};
    hart.fp_control = fpenv::default_control();
    EXPECT_EQ(get_fcsr(&hart), 0u);
    for (u32 value = 0; value < 256; ++value) {
        set_fcsr(&hart, 0xffffff00 | value);
        EXPECT_EQ(get_fcsr(&hart), value);
        EXPECT_EQ(hart.frm, value >> 5);
        EXPECT_EQ(hart.tb_flags & kFlagFrmMask, value >> 5);
        EXPECT_EQ(hart.fp_control & 0x1f80, fpenv::default_control());
        constexpr u32 kControl[8] = {0, 3, 1, 2, 0, 0, 0, 0};
        EXPECT_EQ(hart.fp_control >> 13 & 3, kControl[value >> 5]);
    }
}

}  // namespace
}  // namespace dragoman::riscv
