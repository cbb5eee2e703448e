// Zfbfmin: conversions between BFloat16 and singles (Unprivileged specification, chapter "BF16"). Loads, stores and
// moves are those of Zfhmin.
#include "guest/riscv/fp_shapes.h"
#include "guest/riscv/insn_sets.h"

namespace dragoman::riscv {

using enum Extension;

static constexpr InsnRow kRows[] = {
    {"0100000 00110 sssss mmm ddddd 1010011", "fcvt.s.bf16", "fd,fs1,rm", Zfbfmin,
     trans_fp_convert<Format::F32, Format::BF16>},
    {"0100010 01000 sssss mmm ddddd 1010011", "fcvt.bf16.s", "fd,fs1,rm", Zfbfmin,
     trans_fp_convert<Format::BF16, Format::F32>},
};

InsnSet rows_zfbf() { return kRows; }

}  // namespace dragoman::riscv
