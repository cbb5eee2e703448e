// The vector instructions' operations: one name each, by which translated code asks for it (helper_vector). A name is
// that of the mnemonic without its operand form: vadd.vv, vadd.vx and vadd.vi are one operation, whose second operand
// comes from a register group or is one value for all elements.
#pragma once

#include "base/bits.h"

// clang-format off
#define DRAGOMAN_RISCV_VECTOR_OPS(X)                                                                        \
    /* integer (exec_integer.cpp) */                                                                        \
    X(vadd) X(vsub) X(vrsub) X(vminu) X(vmin) X(vmaxu) X(vmax) X(vand) X(vor) X(vxor) X(vsll) X(vsrl)       \
    X(vsra) X(vmul) X(vmulh) X(vmulhu) X(vmulhsu) X(vdivu) X(vdiv) X(vremu) X(vrem)                         \
    X(vmacc) X(vnmsac) X(vmadd) X(vnmsub) X(vmerge) X(vmv) X(vadc) X(vsbc)                                  \
    X(vmseq) X(vmsne) X(vmsltu) X(vmslt) X(vmsleu) X(vmsle) X(vmsgtu) X(vmsgt) X(vmadc) X(vmsbc)            \
    /* widening and narrowing (exec_widen.cpp) */                                                           \
    X(vwaddu) X(vwadd) X(vwsubu) X(vwsub) X(vwaddu_w) X(vwadd_w) X(vwsubu_w) X(vwsub_w)                     \
    X(vwmulu) X(vwmul) X(vwmulsu) X(vwmaccu) X(vwmacc) X(vwmaccsu) X(vwmaccus)                              \
    X(vnsrl) X(vnsra) X(vzext_vf2) X(vzext_vf4) X(vzext_vf8) X(vsext_vf2) X(vsext_vf4) X(vsext_vf8)         \
    X(vwsll)                                                                                                \
    /* fixed point (exec_fixed.cpp) */                                                                      \
    X(vsaddu) X(vsadd) X(vssubu) X(vssub) X(vaaddu) X(vaadd) X(vasubu) X(vasub) X(vsmul) X(vssrl) X(vssra)  \
    X(vnclipu) X(vnclip)                                                                                    \
    /* reductions (exec_reduce.cpp) */                                                                      \
    X(vredsum) X(vredand) X(vredor) X(vredxor) X(vredminu) X(vredmin) X(vredmaxu) X(vredmax)                \
    X(vwredsumu) X(vwredsum) X(vfredusum) X(vfredosum) X(vfredmin) X(vfredmax) X(vfwredusum) X(vfwredosum)  \
    /* masks (exec_mask.cpp) */                                                                             \
    X(vmand) X(vmnand) X(vmandn) X(vmxor) X(vmor) X(vmnor) X(vmorn) X(vmxnor)                               \
    X(vcpop) X(vfirst) X(vmsbf) X(vmsif) X(vmsof) X(viota) X(vid)                                           \
    /* permutations (exec_permute.cpp) */                                                                   \
    X(vmv_s_x) X(vslideup) X(vslidedown) X(vslide1up) X(vslide1down) X(vrgather) X(vrgatherei16)            \
    X(vcompress) X(vmvnr)                                                                                   \
    /* floating point (exec_float.cpp) */                                                                   \
    X(vfadd) X(vfsub) X(vfrsub) X(vfmul) X(vfdiv) X(vfrdiv) X(vfsqrt) X(vfrsqrt7) X(vfrec7)                 \
    X(vfmin) X(vfmax) X(vfsgnj) X(vfsgnjn) X(vfsgnjx) X(vfclass)                                 \
    X(vfmacc) X(vfnmacc) X(vfmsac) X(vfnmsac) X(vfmadd) X(vfnmadd) X(vfmsub) X(vfnmsub)                     \
    X(vmfeq) X(vmfne) X(vmflt) X(vmfle) X(vmfgt) X(vmfge)                                                   \
    X(vfwadd) X(vfwsub) X(vfwadd_w) X(vfwsub_w) X(vfwmul) X(vfwmacc) X(vfwnmacc) X(vfwmsac) X(vfwnmsac)     \
    /* conversions (exec_convert.cpp) */                                                                    \
    X(vfcvt_xu_f) X(vfcvt_x_f) X(vfcvt_rtz_xu_f) X(vfcvt_rtz_x_f) X(vfcvt_f_xu) X(vfcvt_f_x)                \
    X(vfwcvt_xu_f) X(vfwcvt_x_f) X(vfwcvt_rtz_xu_f) X(vfwcvt_rtz_x_f) X(vfwcvt_f_xu) X(vfwcvt_f_x)          \
    X(vfwcvt_f_f) X(vfncvt_xu_f) X(vfncvt_x_f) X(vfncvt_rtz_xu_f) X(vfncvt_rtz_x_f) X(vfncvt_f_xu)          \
    X(vfncvt_f_x) X(vfncvt_f_f) X(vfncvt_rod_f_f)                                                           \
    /* bit manipulation and carry-less multiplication (exec_bits.cpp) */                                    \
    X(vandn) X(vbrev) X(vbrev8) X(vrev8) X(vclz) X(vctz) X(vcpop_v) X(vrol) X(vror) X(vclmul) X(vclmulh)    \
    /* cryptography (exec_crypto.cpp) */                                                                    \
    X(vaesem_vv) X(vaesem_vs) X(vaesef_vv) X(vaesef_vs) X(vaesdm_vv) X(vaesdm_vs) X(vaesdf_vv) X(vaesdf_vs) \
    X(vaesz) X(vaeskf1) X(vaeskf2) X(vgmul) X(vghsh) X(vsha2ms) X(vsha2cl) X(vsha2ch) X(vsm4k) X(vsm4r_vv)  \
    X(vsm4r_vs) X(vsm3me) X(vsm3c)                                                                          \
    /* BFloat16 (exec_bf16.cpp) */                                                                          \
    X(vfwcvtbf16_f_f) X(vfncvtbf16_f_f) X(vfwmaccbf16)                                                      \
    /* memory (exec_memory.cpp) */                                                                          \
    X(load_unit) X(load_first) X(load_strided) X(load_indexed) X(load_mask) X(load_whole)                   \
    X(store_unit) X(store_strided) X(store_indexed) X(store_mask) X(store_whole)
// clang-format on

namespace dragoman::riscv {

enum class VectorOp : u16 {
#define X(name) name,
    DRAGOMAN_RISCV_VECTOR_OPS(X)
#undef X
};

}  // namespace dragoman::riscv
