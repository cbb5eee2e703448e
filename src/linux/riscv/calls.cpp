// System calls that only riscv has: the instruction cache. hwprobe.cpp has the other one.
#include "linux/riscv/calls.h"

#include <cerrno>

#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

SyscallResult sys_riscv_flush_icache(Task& task, const SyscallArgs& args) {
    if (args[2] & ~u64{1}) return -EINVAL;
    task.process->engine->fence_i(args[0], args[1]);
    return 0;
}

SyscallResult prctl(Task&, const SyscallArgs& args) {
    constexpr i32 kSetIcacheFlushContext = 71;  // PR_RISCV_SET_ICACHE_FLUSH_CTX
    // fence.i works across harts here in any case.
    if (static_cast<i32>(args[0]) == kSetIcacheFlushContext && args[1] <= 1 && args[2] <= 1) return 0;
    return -EINVAL;
}

}  // namespace dragoman::linux_abi::riscv
