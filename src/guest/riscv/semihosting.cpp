// Semihosting calls of system mode, which are recognised by the code around the breakpoint.
#include "guest/riscv/semihosting.h"

#include <cstring>

#include "guest/riscv/system.h"

namespace dragoman::riscv {

bool is_semihosting_call(const ir::Env* env, bool userspace, const guest::MemoryReader& memory,
                         guest::SemihostingCall& call) {
    if (env->exception != static_cast<u32>(Cause::Breakpoint)) return false;
    if (!userspace && hart(env)->priv.mode == Privilege::User) return false;
    const u64 start = semihosting_call_start(env->pc);
    u32 code[3];
    if (start == kNoCall || !memory(start, code, sizeof code)) return false;
    if (std::memcmp(code, kSemihostingCall, sizeof code) != 0) return false;
    call = {.operation = semihosting_operation(env),
            .parameter = semihosting_parameter(env),
            .word_bytes = hart(env)->model->xlen() / 8};
    return true;
}

}  // namespace dragoman::riscv
