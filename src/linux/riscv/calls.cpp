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

namespace {
constexpr i32 kSetIcacheFlushContext = 71;
}

const FlagName kPrctlOptions[] = {{69, "PR_RISCV_V_SET_CONTROL"},
                                  {70, "PR_RISCV_V_GET_CONTROL"},
                                  {kSetIcacheFlushContext, "PR_RISCV_SET_ICACHE_FLUSH_CTX"}};

SyscallResult prctl(Task&, const SyscallArgs& args) {
    // fence.i works across harts here in any case.
    if (static_cast<i32>(args[0]) == kSetIcacheFlushContext && args[1] <= 1 && args[2] <= 1) return 0;
    return -EINVAL;
}

}  // namespace dragoman::linux_abi::riscv
