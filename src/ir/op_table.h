// The one table of IR ops. Everything that needs to know an op's shape (builder, verifier, printer,
// parser, passes, back ends, docs/ir.md) takes it from here.
//
// Columns: name, outputs, inputs, constants, operand typing, flags.
//
// Typing (how operand types follow from the op's `type` T and `type2` S):
//   Same      all operands are T
//   Cmp       inputs T, output I64 (setcond, fcompare): the output is 0 or 1
//   Conv      input S, output T
//   Shift     output and first input T, count T
//   Select    movcond: inputs a, b of type S; v1, v2 and output of type T
//   Load      output T; address inputs I64
//   Store     first input T; address inputs I64
//   Atomic    output T; inputs address I64, then values T
//   EnvLoad   output T; input: pointer (the fixed env variable or an I64)
//   EnvStore  inputs: value T, pointer
//   Branch    inputs T
//   Ptr       inputs I64
//   VecMask   output Mask, inputs T
//   VecScalar output T; the last input I64, the others T
//   VecReduce output I64; the first input T, the others I64
//   VecSelect output T; the first input Mask, the others T
//   VecGather output T; the first input I64, the others T
//   Free      operand types are those of the variables (call)
//   None      no variables
//
// The exact semantics of every op are in docs/ir.md.
#pragma once

#include "base/bits.h"

namespace dragoman::ir {

enum class OpTyping : u8 {
    None,
    Same,
    Cmp,
    Conv,
    Shift,
    Select,
    Load,
    Store,
    Atomic,
    EnvLoad,
    EnvStore,
    Branch,
    Ptr,
    VecMask,
    VecScalar,
    VecReduce,
    VecSelect,
    VecGather,
    Free
};

enum class OpFlags : u16 {
    None = 0,
    EndsBlock = 1,      ///< ends the basic block: control does not (only) fall through
    EndsEbb = 2,        ///< a join point or end: variables of the extended basic block die
    CondBranch = 4,     ///< may branch to its label or fall through
    SideEffects = 8,    ///< never removed, even when its outputs are dead
    MayFault = 16,      ///< may raise a guest exception: globals must be precise here
    Int = 32,           ///< T is I32 or I64
    Float = 64,         ///< T is F32 or F64; reads the rounding mode, accrues exception flags
    Vector = 128,       ///< T is a vector type; has VectorRules
    CallClobber = 256,  ///< clobbers call-clobbered host registers
    Commutative = 512,  ///< the two inputs may be swapped
    Terminator = 1024,  ///< control leaves the TB here
};

}  // namespace dragoman::ir

namespace dragoman {
template <>
inline constexpr bool is_flag_enum<ir::OpFlags> = true;
}

// clang-format off
//  X(name,        out, in, const, typing,   flags)
#define DRAGOMAN_IR_OPS(X)                                                                         \
    /* structure */                                                                                \
    X(insn_start,    0, 0, 1, None,     SideEffects)                /* pc */                       \
    X(label,         0, 0, 1, None,     SideEffects | EndsEbb)      /* label */                    \
    X(br,            0, 0, 1, None,     SideEffects | EndsBlock | EndsEbb) /* label */             \
    X(brcond,        0, 2, 2, Branch,   SideEffects | EndsBlock | CondBranch) /* label, cond */    \
    X(goto_tb,       0, 0, 2, None,     SideEffects | EndsBlock | EndsEbb | Terminator) /* slot, pc */ \
    X(call_tb,       0, 1, 2, Ptr,      SideEffects | EndsBlock | EndsEbb | Terminator) /* slot, pc; return_slot; in: return pc */ \
    X(goto_ptr,      0, 1, 0, Ptr,      SideEffects | EndsBlock | EndsEbb | Terminator) /* in: pc */ \
    X(call_ptr,      0, 2, 0, Ptr,      SideEffects | EndsBlock | EndsEbb | Terminator) /* return_slot; in: pc, return pc */ \
    X(ret_ptr,       0, 1, 0, Ptr,      SideEffects | EndsBlock | EndsEbb | Terminator) /* in: pc */ \
    X(exit_tb,       0, 1, 1, Ptr,      SideEffects | EndsBlock | EndsEbb | Terminator) /* reason; in: pc */ \
    X(call,          0, 0, 1, Free,     SideEffects | CallClobber)  /* helper id; shape from the helper */ \
    X(mb,            0, 0, 1, None,     SideEffects)                /* Barrier bits */             \
    X(discard,       1, 0, 0, Same,     None)                       /* value becomes undefined */  \
    /* moves and integer arithmetic */                                                             \
    X(mov,           1, 1, 0, Same,     None)                                                      \
    X(add,           1, 2, 0, Same,     Int | Commutative)                                         \
    X(sub,           1, 2, 0, Same,     Int)                                                       \
    X(neg,           1, 1, 0, Same,     Int)                                                       \
    X(mul,           1, 2, 0, Same,     Int | Commutative)                                         \
    X(mulh_s,        1, 2, 0, Same,     Int | Commutative)                                         \
    X(mulh_u,        1, 2, 0, Same,     Int | Commutative)                                         \
    X(mulh_su,       1, 2, 0, Same,     Int)                                                       \
    X(mul2_s,        2, 2, 0, Same,     Int | Commutative)          /* out: low, high half */      \
    X(mul2_u,        2, 2, 0, Same,     Int | Commutative)          /* out: low, high half */      \
    X(div_s,         1, 2, 0, Same,     Int)                                                       \
    X(div_u,         1, 2, 0, Same,     Int)                                                       \
    X(rem_s,         1, 2, 0, Same,     Int)                                                       \
    X(rem_u,         1, 2, 0, Same,     Int)                                                       \
    X(divrem_s,      2, 2, 0, Same,     Int)                        /* out: quotient, remainder */ \
    X(divrem_u,      2, 2, 0, Same,     Int)                        /* out: quotient, remainder */ \
    X(and_,          1, 2, 0, Same,     Int | Commutative)                                         \
    X(or_,           1, 2, 0, Same,     Int | Commutative)                                         \
    X(xor_,          1, 2, 0, Same,     Int | Commutative)                                         \
    X(not_,          1, 1, 0, Same,     Int)                                                       \
    X(andc,          1, 2, 0, Same,     Int)                        /* a & ~b */                   \
    X(orc,           1, 2, 0, Same,     Int)                        /* a | ~b */                   \
    X(eqv,           1, 2, 0, Same,     Int | Commutative)          /* ~(a ^ b) */                 \
    X(shl,           1, 2, 0, Shift,    Int)                        /* counts modulo the width */  \
    X(shr,           1, 2, 0, Shift,    Int)                                                       \
    X(sar,           1, 2, 0, Shift,    Int)                                                       \
    X(rotl,          1, 2, 0, Shift,    Int)                                                       \
    X(rotr,          1, 2, 0, Shift,    Int)                                                       \
    X(clz,           1, 1, 0, Same,     Int)                        /* width for 0 */              \
    X(ctz,           1, 1, 0, Same,     Int)                        /* width for 0 */              \
    X(popcnt,        1, 1, 0, Same,     Int)                                                       \
    X(bswap,         1, 1, 0, Same,     Int)                                                       \
    X(orc_b,         1, 1, 0, Same,     Int)                        /* each byte: 0 or 0xff */     \
    X(clmul,         1, 2, 0, Same,     Int | Commutative)          /* carry-less, low half */     \
    X(clmulh,        1, 2, 0, Same,     Int | Commutative)          /* carry-less, high half */    \
    X(min_s,         1, 2, 0, Same,     Int | Commutative)                                         \
    X(min_u,         1, 2, 0, Same,     Int | Commutative)                                         \
    X(max_s,         1, 2, 0, Same,     Int | Commutative)                                         \
    X(max_u,         1, 2, 0, Same,     Int | Commutative)                                         \
    X(extract,       1, 1, 2, Same,     Int)                        /* pos, len: zero-extended */  \
    X(sextract,      1, 1, 2, Same,     Int)                        /* pos, len: sign-extended */  \
    X(deposit,       1, 2, 2, Same,     Int)                        /* in: base, field; pos, len */ \
    X(ext_s,         1, 1, 0, Conv,     Int)                        /* I32 -> I64 */               \
    X(ext_u,         1, 1, 0, Conv,     Int)                        /* I32 -> I64 */               \
    X(ext_any,       1, 1, 0, Conv,     Int)                        /* I32 -> I64, upper half undefined */ \
    X(trunc,         1, 1, 0, Conv,     Int)                        /* I64 -> I32 */               \
    X(setcond,       1, 2, 1, Cmp,      Int)                        /* cond */                     \
    X(movcond,       1, 4, 1, Select,   None)                       /* a cond b ? v1 : v2 */       \
    /* guest memory: address = base + (index << scale) + displacement; index may be kNoVar */      \
    X(guest_ld,      1, 2, 2, Load,     SideEffects | MayFault)     /* MemOp, displacement */      \
    X(guest_st,      0, 3, 2, Store,    SideEffects | MayFault)     /* MemOp, displacement */      \
    /* system mode: one lookup for several accesses off one base (passes/share_lookups.cpp) */      \
    X(page_probe,    1, 1, 2, Same,     SideEffects | MayFault | Int)  /* in: base; PageOp, displacement; out: addend or 0 */ \
    X(page_ld,       1, 2, 2, Load,     SideEffects | MayFault)     /* in: base, addend; PageOp, displacement */ \
    X(page_st,       0, 3, 2, Store,    SideEffects | MayFault)     /* in: value, base, addend; PageOp, displacement */ \
    X(atomic_xchg,   1, 2, 1, Atomic,   SideEffects | MayFault | Int)     /* MemOp; out: old value */ \
    X(atomic_add,    1, 2, 1, Atomic,   SideEffects | MayFault | Int)                              \
    X(atomic_and,    1, 2, 1, Atomic,   SideEffects | MayFault | Int)                              \
    X(atomic_or,     1, 2, 1, Atomic,   SideEffects | MayFault | Int)                              \
    X(atomic_xor,    1, 2, 1, Atomic,   SideEffects | MayFault | Int)                              \
    X(atomic_min_s,  1, 2, 1, Atomic,   SideEffects | MayFault | Int)                              \
    X(atomic_min_u,  1, 2, 1, Atomic,   SideEffects | MayFault | Int)                              \
    X(atomic_max_s,  1, 2, 1, Atomic,   SideEffects | MayFault | Int)                              \
    X(atomic_max_u,  1, 2, 1, Atomic,   SideEffects | MayFault | Int)                              \
    X(atomic_cmpxchg,1, 3, 1, Atomic,   SideEffects | MayFault | Int)     /* in: address, expected, new */ \
    /* the guest CPU state */                                                                      \
    X(env_ld,        1, 1, 2, EnvLoad,  None)                       /* offset, MemOp (size, sign) */ \
    X(env_st,        0, 2, 2, EnvStore, SideEffects)                /* offset, MemOp (size) */     \
    /* floating point; by FloatRules, here RISC-V's */                                            \
    X(fadd,          1, 2, 0, Same,     Float)                                                     \
    X(fsub,          1, 2, 0, Same,     Float)                                                     \
    X(fmul,          1, 2, 0, Same,     Float)                                                     \
    X(fdiv,          1, 2, 0, Same,     Float)                                                     \
    X(fsqrt,         1, 1, 0, Same,     Float)                                                     \
    X(fmadd,         1, 3, 0, Same,     Float)                      /*  (a * b) + c */             \
    X(fmsub,         1, 3, 0, Same,     Float)                      /*  (a * b) - c */             \
    X(fnmadd,        1, 3, 0, Same,     Float)                      /* -(a * b) - c */             \
    X(fnmsub,        1, 3, 0, Same,     Float)                      /* -(a * b) + c */             \
    X(fmin,          1, 2, 0, Same,     Float)                      /* minimumNumber */            \
    X(fmax,          1, 2, 0, Same,     Float)                      /* maximumNumber */            \
    X(feq,           1, 2, 0, Cmp,      Float)                      /* quiet */                    \
    X(flt,           1, 2, 0, Cmp,      Float)                      /* signalling */               \
    X(fle,           1, 2, 0, Cmp,      Float)                      /* signalling */               \
    X(fltq,          1, 2, 0, Cmp,      Float)                      /* quiet */                    \
    X(fleq,          1, 2, 0, Cmp,      Float)                      /* quiet */                    \
    X(flt_silent,    1, 2, 0, Cmp,      Float)                      /* raises nothing */           \
    X(fle_silent,    1, 2, 0, Cmp,      Float)                      /* raises nothing */           \
    X(fsgnj,         1, 2, 0, Same,     Float)                      /* |a| with the sign of b */   \
    X(fsgnjn,        1, 2, 0, Same,     Float)                      /* ... with the inverted sign */ \
    X(fsgnjx,        1, 2, 0, Same,     Float)                      /* ... with sign a ^ sign b */ \
    X(fclass,        1, 1, 0, Cmp,      Float)                      /* RISC-V class mask */        \
    X(fround,        1, 1, 2, Same,     Float)                      /* Rounding, 1: raise inexact */ \
    X(fcvt_ff,       1, 1, 0, Conv,     Float)                      /* F32 <-> F64 */              \
    X(fcvt_fi,       1, 1, 2, Conv,     None)                       /* float S -> int T, saturating; Rounding, 1: unsigned */ \
    X(fcvt_if,       1, 1, 2, Conv,     Float)                      /* int S -> float T; 1: unsigned, Rounding */ \
    X(bitcast,       1, 1, 0, Conv,     None)                       /* same width, other class */  \
    X(fbox,          1, 1, 0, Conv,     None)                       /* F32 -> F64 register image, upper bits ones */ \
    X(funbox,        1, 1, 1, Conv,     None)                       /* F64 image -> F32, canonical NaN if not boxed; 1: known to be boxed */ \
    X(fflags_get,    1, 0, 0, Same,     Int)                        /* accrued exception flags, numbered as in fcsr */ \
    X(fflags_set,    0, 1, 0, Ptr,      SideEffects)                /* replaces them by the low 5 bits */ \
    /* vectors as a whole, and masks */                                                            \
    X(v_low,         1, 1, 0, Conv,     None)                       /* another size: the low part, or zeros above */ \
    X(v_from_bits,   1, 1, 0, Conv,     None)                       /* I64, F64 -> the low 8 bytes, zeros above */ \
    X(v_blend_low,   1, 2, 1, Same,     None)                       /* in: a, b; the low N bytes of a, the rest of b */ \
    X(v_join,        1, 2, 0, Same,     None)                       /* in: a, b; the low half of a, above it that of b */ \
    X(v_mask_first,  1, 1, 1, Conv,     None)                       /* I64 n -> Mask: the low min(n, N) bits */ \
    X(v_mask_and,    1, 2, 0, Same,     None)                       /* masks */                   \
    X(v_mask_or,     1, 2, 0, Same,     None)                                                      \
    X(v_mask_xor,    1, 2, 0, Same,     None)                                                      \
    X(v_mask_andc,   1, 2, 0, Same,     None)                       /* a & ~b */                   \
    X(v_mask_get,    1, 1, 2, VecMask,  None)                       /* bits [pos, pos + len) of a vector */ \
    X(v_mask_put,    1, 2, 2, VecSelect, None)                      /* in: mask, a; a with bits [pos, pos + len) replaced */ \
    X(v_align,       1, 2, 1, Same,     None)                       /* in: a, b; as many bytes of a, then b, from the N-th on */ \
    X(v_prefix_count, 1, 1, 0, Conv,    None)                       /* mask -> byte i is the number of bits below i */ \
    /* vectors of elements; by VectorRules */                                                      \
    X(v_splat,       1, 1, 0, Conv,     Vector)                     /* scalar S to all elements */ \
    X(v_iota,        1, 0, 2, Same,     Vector)                     /* first, step; element i is first + i * step */ \
    X(v_extract,     1, 1, 2, Cmp,      Vector)                     /* index, 1: sign-extended; out: I64 */ \
    X(v_insert,      1, 2, 1, VecScalar, Vector)                    /* in: a, scalar; index */     \
    X(v_select,      1, 3, 0, VecSelect, Vector)                    /* mask ? a : b */             \
    X(v_add,         1, 2, 0, Same,     Vector | Commutative)                                      \
    X(v_sub,         1, 2, 0, Same,     Vector)                                                    \
    X(v_mul,         1, 2, 0, Same,     Vector | Commutative)                                      \
    X(v_and,         1, 2, 0, Same,     Vector | Commutative)                                      \
    X(v_or,          1, 2, 0, Same,     Vector | Commutative)                                      \
    X(v_xor,         1, 2, 0, Same,     Vector | Commutative)                                      \
    X(v_andc,        1, 2, 0, Same,     Vector)                     /* a & ~b */                   \
    X(v_ternary,     1, 3, 1, Same,     Vector)                     /* bitwise; a truth table of 8 bits, by a * 4 + b * 2 + c */ \
    X(v_min_s,       1, 2, 0, Same,     Vector | Commutative)                                      \
    X(v_min_u,       1, 2, 0, Same,     Vector | Commutative)                                      \
    X(v_max_s,       1, 2, 0, Same,     Vector | Commutative)                                      \
    X(v_max_u,       1, 2, 0, Same,     Vector | Commutative)                                      \
    X(v_shl,         1, 2, 0, Same,     Vector)                     /* counts modulo the width */  \
    X(v_shr,         1, 2, 0, Same,     Vector)                                                    \
    X(v_sar,         1, 2, 0, Same,     Vector)                                                    \
    X(v_shl_x,       1, 2, 0, VecScalar, Vector)                    /* all by one count, modulo the width */ \
    X(v_shr_x,       1, 2, 0, VecScalar, Vector)                                                   \
    X(v_sar_x,       1, 2, 0, VecScalar, Vector)                                                   \
    X(v_rotr,        1, 2, 0, Same,     Vector)                                                    \
    X(v_rotr_x,      1, 2, 0, VecScalar, Vector)                                                   \
    X(v_ext_s,       1, 1, 2, Same,     Vector)                     /* from narrower elements: log2 of bytes, part */ \
    X(v_ext_u,       1, 1, 2, Same,     Vector)                                                    \
    X(v_narrow,      1, 1, 0, Same,     Vector)                     /* low halves of wider elements, zeros above */ \
    X(v_unzip,       1, 2, 1, Same,     Vector)                     /* 0: even elements of a, then of b; 1: odd ones */ \
    X(v_zip,         1, 2, 1, Same,     Vector)                     /* elements of a and b in turn; 0: lower half, 1: upper */ \
    X(v_cmp,         1, 2, 1, VecMask,  Vector)                     /* Cond */                     \
    X(v_permute,     1, 2, 0, Same,     Vector)                     /* in: a, indices; 0 where there is no such element */ \
    X(v_compress,    1, 2, 0, VecSelect, Vector)                    /* in: mask, a; its elements, zeros above */ \
    X(v_reduce,      1, 2, 1, VecReduce, Vector)                    /* in: a, start; Reduction */  \
    X(v_fadd,        1, 2, 0, Same,     Vector)                                                    \
    X(v_fsub,        1, 2, 0, Same,     Vector)                                                    \
    X(v_fmul,        1, 2, 0, Same,     Vector)                                                    \
    X(v_fdiv,        1, 2, 0, Same,     Vector)                                                    \
    X(v_fsqrt,       1, 1, 0, Same,     Vector)                                                    \
    X(v_fmin,        1, 2, 0, Same,     Vector)                                                    \
    X(v_fmax,        1, 2, 0, Same,     Vector)                                                    \
    X(v_fmadd,       1, 3, 0, Same,     Vector)                     /*  (a * b) + c */             \
    X(v_fmsub,       1, 3, 0, Same,     Vector)                     /*  (a * b) - c */             \
    X(v_fnmadd,      1, 3, 0, Same,     Vector)                     /* -(a * b) - c */             \
    X(v_fnmsub,      1, 3, 0, Same,     Vector)                     /* -(a * b) + c */             \
    X(v_fcmp,        1, 2, 1, VecMask,  Vector)                     /* FloatCond */                \
    X(v_fcvt_i,      1, 1, 2, Same,     Vector)                     /* integers of floats of that width; unsigned, to zero */ \
    X(v_fcvt_widen,  1, 1, 1, Same,     Vector)                     /* f64 of the f32 in a half; which */ \
    X(v_fcvt_if_widen, 1, 1, 2, Same,   Vector)                     /* f64 of the i32 in a half; unsigned, which */ \
    X(v_fcvt_i_narrow, 1, 1, 2, Same,   Vector)                     /* i32 of f64, zeros above; unsigned, to zero */ \
    X(v_fsum,        1, 2, 0, VecReduce, Vector)                    /* in: a, start; in order */   \
    X(v_bswap,       1, 1, 0, Same,     Vector)                     /* bytes of each element in reverse order */ \
    X(v_clmul,       1, 2, 1, Same,     Vector)                     /* i64; low or high half */    \
    X(v_repeat_low,  1, 1, 0, Same,     Vector)                     /* the low 128 bits everywhere */ \
    X(v_aes,         1, 2, 1, Same,     Vector)                     /* in: states, keys; AesRound */ \
    X(v_gmul,        1, 2, 0, Same,     Vector | Commutative)       /* GHASH's product */          \
    X(v_sha256_rounds, 1, 3, 1, Same,   Vector)                     /* in: cdgh, abef, words; lower or upper two */ \
    X(v_sha256_schedule, 1, 3, 0, Same, Vector)                     /* in: words 0 to 3; 4, 9 to 11; 12, -, 14, 15 */ \
    X(v_fcvt_if,     1, 1, 1, Same,     Vector)                     /* integers to floats of the same width; 1: unsigned */ \
    X(v_fcvt_narrow, 1, 1, 0, Same,     Vector)                     /* floats from wider ones, zeros above */ \
    X(v_gather,      1, 2, 2, VecGather, Vector | SideEffects | MayFault) /* in: base, 64-bit offsets; MemOp, displacement; i32: zeros above */ \
    X(v_ld,          1, 1, 2, Load,     Vector | SideEffects | MayFault)  /* MemOp, displacement; masked */ \
    X(v_st,          0, 2, 2, Store,    Vector | SideEffects | MayFault)  /* MemOp, displacement; masked */
// clang-format on

namespace dragoman::ir {

/// Opcode of an IR instruction.
enum class Op : u8 {
#define X(name, out, in, c, typing, flags) name,
    DRAGOMAN_IR_OPS(X)
#undef X
        Count_
};

inline constexpr unsigned kOpCount = static_cast<unsigned>(Op::Count_);

/// Shape of an op: one row of the table.
struct OpInfo {
    const char* name;
    u8 outputs;
    u8 inputs;
    u8 constants;
    OpTyping typing;
    OpFlags flags;
};

extern const OpInfo kOpInfo[kOpCount];

inline const OpInfo& info(Op op) { return kOpInfo[static_cast<unsigned>(op)]; }

}  // namespace dragoman::ir
