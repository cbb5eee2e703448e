// Registers of system calls, clone and program starts. Those of RV32 hold sign-extended words; addresses that the Linux
// layer is given are zero-extended.
#pragma once

#include "base/bits.h"
#include "guest/riscv/state.h"

namespace dragoman::linux_abi::riscv {

inline constexpr unsigned kRa = 1, kSp = 2, kTp = 4, kA0 = 10, kA7 = 17;
/// RSEQ_SIG: an instruction that user mode cannot have (csrr of mhartid).
inline constexpr u32 kRseqSignature = 0xf1401073;
inline constexpr u64 kEcallBytes = 4;

/// What a general register holds of a word: RV32's registers are sign-extended ones.
template <class Word>
u64 as_register(u64 value) {
    return sizeof(Word) == sizeof(u32) ? static_cast<u64>(sign_extend(value, 32)) : value;
}

/// What an Arch says of them (linux/arch.h). Word: a general register as the kernel of that width has it, u32 or u64.
template <class Word>
struct CallAbi {
    static u64& gpr(ir::Env* env, unsigned number) { return dragoman::riscv::hart(env)->gpr[number]; }
    static u64 gpr(const ir::Env* env, unsigned number) { return dragoman::riscv::hart(env)->gpr[number]; }

    static unsigned syscall_number(const ir::Env* env) { return static_cast<unsigned>(gpr(env, kA7)); }
    static void set_syscall_result(ir::Env* env, i64 result) {
        gpr(env, kA0) = as_register<Word>(static_cast<u64>(result));
    }
    static void restart_syscall(ir::Env* env, u64 first_argument, int number) {
        env->pc -= kEcallBytes;
        gpr(env, kA0) = as_register<Word>(first_argument);
        if (number >= 0) gpr(env, kA7) = static_cast<u64>(number);
    }
    static void restore_first_argument(ir::Env* env, u64 first_argument) {
        gpr(env, kA0) = as_register<Word>(first_argument);
    }
    static u64 stack_pointer(const ir::Env* env) { return static_cast<Word>(gpr(env, kSp)); }
    static void set_entry_state(ir::Env* env, u64 entry, u64 stack) {
        env->pc = entry;
        gpr(env, kSp) = as_register<Word>(stack);
    }
    static void set_child_state(ir::Env* env, const u64* stack, const u64* tls) {
        gpr(env, kA0) = 0;
        if (stack) gpr(env, kSp) = as_register<Word>(*stack);
        if (tls) gpr(env, kTp) = as_register<Word>(*tls);
    }
};

}  // namespace dragoman::linux_abi::riscv
