// perf_event_open and bpf: what the host's kernel can say or do about a guest.
#include <linux/perf_event.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "linux/pass.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

// Events are those of the host's code. What means something else on the guest's processor, or would have to know the
// guest's instructions, is an event that there is not.
SyscallResult sys_perf_event_open(Task& task, const SyscallArgs& args) {
    perf_event_attr attr{};
    u32 size = 0;
    if (!task.read(attr.type, args[0]) || !task.read(size, args[0] + offsetof(perf_event_attr, size))) return -EFAULT;
    const u64 known = std::min<u64>(size == 0 ? PERF_ATTR_SIZE_VER0 : size, sizeof attr);
    if (!task.read(&attr, args[0], known)) return -EFAULT;
    if (attr.type == PERF_TYPE_RAW || attr.type == PERF_TYPE_BREAKPOINT) return -ENOENT;
    if (attr.sigtrap) return -EINVAL;
    return direct<SYS_perf_event_open, args_set(0)>(task, args);
}

// Attributes and programs hold addresses everywhere.
SyscallResult sys_bpf(Task& task, const SyscallArgs& args) {
    return task.space().pointers_are_hosts() ? direct<SYS_bpf, args_set(1)>(task, args) : -EPERM;
}

}  // namespace dragoman::linux_abi
