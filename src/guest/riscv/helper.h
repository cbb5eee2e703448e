// The helpers of the RISC-V guest: C++ functions that translated code calls. One row each; the
// enumerator is the number by which the IR names the helper.
#pragma once

#include "guest/riscv/state.h"
#include "ir/helper.h"

// clang-format off
//  X(name, flags): the function is helper_<name>
#define DRAGOMAN_RISCV_HELPERS(X)                        \
    /* soft float (helper_fp.cpp) */                     \
    X(fadd, NoReadGlobals)                               \
    X(fsub, NoReadGlobals)                               \
    X(fmul, NoReadGlobals)                               \
    X(fdiv, NoReadGlobals)                               \
    X(fsqrt, NoReadGlobals)                              \
    X(fma, NoReadGlobals)                                \
    X(fmin, NoReadGlobals)                               \
    X(fmax, NoReadGlobals)                               \
    X(fminm, NoReadGlobals)                              \
    X(fmaxm, NoReadGlobals)                              \
    X(feq, NoReadGlobals)                                \
    X(flt, NoReadGlobals)                                \
    X(fle, NoReadGlobals)                                \
    X(fltq, NoReadGlobals)                               \
    X(fleq, NoReadGlobals)                               \
    X(fsgnj, NoReadGlobals | NoSideEffects)              \
    X(fsgnjn, NoReadGlobals | NoSideEffects)             \
    X(fsgnjx, NoReadGlobals | NoSideEffects)             \
    X(fclass, NoReadGlobals | NoSideEffects)             \
    X(fround, NoReadGlobals)                             \
    X(fcvt_ff, NoReadGlobals)                            \
    X(fcvt_fi, NoReadGlobals)                            \
    X(fcvt_if, NoReadGlobals)                            \
    X(fcvtmod_w_d, NoReadGlobals)                        \
    /* CSRs (helper_csr.cpp) */                          \
    X(csr_read, NoReadGlobals)                           \
    X(csr_write, NoReadGlobals)                          \
    /* integer (helper_int.cpp) */                       \
    X(xperm4, NoReadGlobals | NoSideEffects)             \
    X(xperm8, NoReadGlobals | NoSideEffects)             \
    X(brev8, NoReadGlobals | NoSideEffects)              \
    X(zip, NoReadGlobals | NoSideEffects)                \
    X(unzip, NoReadGlobals | NoSideEffects)              \
    X(crc32, NoReadGlobals | NoSideEffects)              \
    /* scalar cryptography (helper_crypto.cpp) */        \
    X(aes64es, NoReadGlobals | NoSideEffects)            \
    X(aes64esm, NoReadGlobals | NoSideEffects)           \
    X(aes64ds, NoReadGlobals | NoSideEffects)            \
    X(aes64dsm, NoReadGlobals | NoSideEffects)           \
    X(aes64im, NoReadGlobals | NoSideEffects)            \
    X(aes64ks1i, NoReadGlobals | NoSideEffects)          \
    X(aes32, NoReadGlobals | NoSideEffects)              \
    X(sm4, NoReadGlobals | NoSideEffects)                \
    /* calls of the vDSO (host_call.cpp) */              \
    X(host_call, NoReadGlobals)                          \
    /* waiting (helper_wait.cpp) */                      \
    X(pause, NoReadGlobals)                              \
    X(wrs, NoReadGlobals | MayRaise)                     \
    /* memory (helper_mem.cpp) */                        \
    X(fence_i, None)                                     \
    X(cbo_zero, NoReadGlobals | MayRaise)                \
    X(cbo_check, NoReadGlobals | MayRaise)               \
    X(amocas_q, MayRaise)                                \
    X(amocas_pair, MayRaise)                             \
    X(table_jump, NoReadGlobals | MayRaise)              \
    /* shadow stacks (helper_shadow_stack.cpp) */        \
    X(sspush, NoReadGlobals | MayRaise)                  \
    X(sspopchk, NoReadGlobals | MayRaise)                \
    X(ssamoswap, NoReadGlobals | MayRaise)               \
    /* vectors (v/helper_vector.cpp) */                  \
    X(vector, None)                                      \
    X(vector_memory, MayRaise)                           \
    X(vsetvl, NoReadGlobals)                             \
    /* system mode (helper_priv.cpp) */                  \
    X(csr, NoReadGlobals | MayRaise)                     \
    X(trap, NoReadGlobals)                               \
    X(interrupts_on, NoReadGlobals)                      \
    X(mret, NoReadGlobals | MayRaise)                    \
    X(sret, NoReadGlobals | MayRaise)                    \
    X(wfi, NoReadGlobals | MayRaise)                     \
    X(sfence_vma, NoReadGlobals | MayRaise)              \
    X(trigger, NoReadGlobals | MayRaise)                 \
    X(mnret, NoReadGlobals | MayRaise)                   \
    X(record_transfer, NoReadGlobals)                    \
    X(sctrclr, NoReadGlobals | MayRaise)                 \
    X(fs_dirty, NoReadGlobals)                           \
    X(vs_dirty, NoReadGlobals)                           \
    X(fetch_fault, NoReadGlobals | MayRaise)             \
    X(cbo_manage, NoReadGlobals | MayRaise)              \
    /* hypervisor extension (helper_hypervisor.cpp) */   \
    X(hlv, NoReadGlobals | MayRaise)                     \
    X(hsv, NoReadGlobals | MayRaise)                     \
    X(hfence, NoReadGlobals | MayRaise)
// clang-format on

namespace dragoman::riscv {

/// Number of a helper.
enum class Helper : unsigned {
#define X(name, flags) name,
    DRAGOMAN_RISCV_HELPERS(X)
#undef X
};

u64 helper_host_call(ir::Env* env, u32 index, u64 a0, u64 a1);
u64 helper_xperm4(u64 rs1, u64 rs2);
u64 helper_xperm8(u64 rs1, u64 rs2);
u64 helper_brev8(u64 rs1);
/// Of the low 32 bits: the lower half to the even bits, the upper one to the odd bits, and back.
u64 helper_zip(u64 rs1);
u64 helper_unzip(u64 rs1);
u64 helper_crc32(u64 rs1, u32 polynomial, u32 bits);
u64 helper_aes64es(u64 rs1, u64 rs2);
u64 helper_aes64esm(u64 rs1, u64 rs2);
u64 helper_aes64ds(u64 rs1, u64 rs2);
u64 helper_aes64dsm(u64 rs1, u64 rs2);
u64 helper_aes64im(u64 rs1);
u64 helper_aes64ks1i(u64 rs1, u32 round);
/// rs1 ^ what the byte of rs2 at `shift` adds to a column: with `decrypt` the inverse S-box, with `mix` a middle round.
u64 helper_aes32(u64 rs1, u64 rs2, u32 shift, u32 decrypt, u32 mix);
/// The byte of rs2 at `shift`, through the S-box and the transformation of rounds or, with `key`, the key expansion.
u64 helper_sm4(u64 rs1, u64 rs2, u32 shift, u32 key);
void helper_pause(ir::Env* env);
void helper_wrs(ir::Env* env, u32 turns);
void helper_fence_i(ir::Env* env);
void helper_cbo_zero(ir::Env* env, u64 address, u32 insn);
void helper_cbo_check(ir::Env* env, u64 address);
void helper_amocas_q(ir::Env* env, u64 address, u32 rd, u32 rs2);
/// amocas.d where XLEN is 32: of register pairs.
void helper_amocas_pair(ir::Env* env, u64 address, u32 rd, u32 rs2);
/// Reads an entry of the table at jvt, as an instruction is fetched.
u64 helper_table_jump(ir::Env* env, u32 index, u32 insn);

// Shadow stacks: `link` is the return address.
void helper_sspush(ir::Env* env, u64 link);
void helper_sspopchk(ir::Env* env, u64 link);
/// @returns what was in memory
u64 helper_ssamoswap(ir::Env* env, u64 address, u64 value, u32 insn);

// Operands and results are register images; the last argument is an FpControl.
double helper_fadd(double rs1, double rs2, u32 control);
double helper_fsub(double rs1, double rs2, u32 control);
double helper_fmul(double rs1, double rs2, u32 control);
double helper_fdiv(double rs1, double rs2, u32 control);
double helper_fsqrt(double rs1, u32 control);
double helper_fma(double rs1, double rs2, double rs3, u32 control);
double helper_fmin(double rs1, double rs2, u32 control);
double helper_fmax(double rs1, double rs2, u32 control);
double helper_fminm(double rs1, double rs2, u32 control);
double helper_fmaxm(double rs1, double rs2, u32 control);
u64 helper_feq(double rs1, double rs2, u32 control);
u64 helper_flt(double rs1, double rs2, u32 control);
u64 helper_fle(double rs1, double rs2, u32 control);
u64 helper_fltq(double rs1, double rs2, u32 control);
u64 helper_fleq(double rs1, double rs2, u32 control);
double helper_fsgnj(double rs1, double rs2, u32 control);
double helper_fsgnjn(double rs1, double rs2, u32 control);
double helper_fsgnjx(double rs1, double rs2, u32 control);
u64 helper_fclass(double rs1, u32 control);
double helper_fround(double rs1, u32 control);
double helper_fcvt_ff(double rs1, u32 control);
u64 helper_fcvt_fi(double rs1, u32 control);
double helper_fcvt_if(u64 rs1, u32 control);
u64 helper_fcvtmod_w_d(double rs1);

// Vectors. `insn`: bits of the instruction; `scalar`: its operand that is no vector; `control`: a VectorControl.
/// @returns the result of instructions that write an integer register
u64 helper_vector(ir::Env* env, u32 insn, u64 scalar, u32 control);
void helper_vector_memory(ir::Env* env, u32 insn, u64 scalar, u32 control);
/// Sets vtype, and vl as `avl` elements ask for it, or, with `keep`, the present number. @returns vl
u64 helper_vsetvl(ir::Env* env, u64 avl, u64 vtype, u32 keep);

// System mode. `insn`: bits of the instruction.
/// CSR instruction on the CSR csr_at(index), with operand `operand`. @returns the old value.
u64 helper_csr(ir::Env* env, u32 insn, u64 operand, u32 index);
/// Takes a trap at `pc`. @returns the pc to go on at.
u64 helper_trap(ir::Env* env, u32 cause, u64 pc, u64 tval);
u64 helper_mret(ir::Env* env, u32 insn);
u64 helper_sret(ir::Env* env, u32 insn);
u64 helper_mnret(ir::Env* env, u32 insn);
/// A Transfer of type `type`.
void helper_record_transfer(ir::Env* env, u64 source, u64 target, u32 type);
void helper_sctrclr(ir::Env* env, u32 insn);
void helper_wfi(ir::Env* env, u32 insn);
void helper_sfence_vma(ir::Env* env, u32 insn, u64 address, u64 asid);
/// mstatus.SIE or MIE was set while interrupts were pending.
void helper_interrupts_on(ir::Env* env);
/// check_triggers.
void helper_trigger(ir::Env* env, u64 address, u32 kinds, u32 bytes);
void helper_fs_dirty(ir::Env* env);
void helper_vs_dirty(ir::Env* env);
void helper_fetch_fault(ir::Env* env, u64 address);
void helper_cbo_manage(ir::Env* env, u64 address, u32 insn);
u64 helper_hlv(ir::Env* env, u32 insn, u64 address);
void helper_hsv(ir::Env* env, u32 insn, u64 address, u64 value);
/// hfence and hinval, of both kinds.
void helper_hfence(ir::Env* env, u32 insn, u64 address, u64 number);

u64 helper_csr_read(ir::Env* env, u32 number);
void helper_csr_write(ir::Env* env, u32 number, u64 value);

}  // namespace dragoman::riscv
