// System calls that only riscv has: the instruction cache. hwprobe.cpp has the other one.
#include <cerrno>

#include "linux/syscalls_process.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

SyscallResult sys_riscv_flush_icache(Task& task, const SyscallArgs& args) {
    if (args[2] & ~u64{1}) return -EINVAL;
    task.process->engine->fence_i(args[0], args[1]);
    return 0;
}

}  // namespace dragoman::linux_abi
