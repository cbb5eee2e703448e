// futex_wait, futex_wake, futex_requeue (Linux 6.7) and futex_waitv (5.16). Where the host's kernel is older, what
// futex(2) does just as well is done by that.
#include <linux/futex.h>
#include <sys/syscall.h>

#include <climits>
#include <ctime>

#include "linux/pass.h"
#include "linux/syscalls_process.h"

#ifndef SYS_futex_wake
#define SYS_futex_wake 454
#define SYS_futex_wait 455
#define SYS_futex_requeue 456
#endif

namespace dragoman::linux_abi {

namespace {

constexpr u64 kSizeU32 = 2, kSizeMask = 3, kPrivate = FUTEX_PRIVATE_FLAG;
constexpr u64 kValidFlags = kSizeMask | kPrivate;  // of the kernels that these are made for

bool valid_flags(u64 flags) { return (flags & ~kValidFlags) == 0 && (flags & kSizeMask) == kSizeU32; }
bool is_word(u64 value) { return value <= UINT32_MAX; }
bool valid_clock(u64 clock) { return clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME; }

u64 operation(u64 command, u64 flags) { return command | (flags & kPrivate); }

SyscallResult wake(u64 address, u64 mask, i32 count, u64 flags) {
    flags = static_cast<u32>(flags);
    if (!valid_flags(flags) || !is_word(mask) || mask == 0) return -EINVAL;
    if (count == 0) return address % 4 != 0 ? -EINVAL : 0;  // futex(2) would wake one
    return raw_syscall(SYS_futex, address, operation(FUTEX_WAKE_BITSET, flags), static_cast<u32>(count), 0, 0, mask);
}

SyscallResult wait(Task& task, u64 address, u64 value, u64 mask, u64 flags, u64 timeout, u64 clock) {
    flags = static_cast<u32>(flags);
    if (!valid_flags(flags) || !is_word(value) || !is_word(mask) || mask == 0) return -EINVAL;
    if (timeout != 0 && !valid_clock(clock)) return -EINVAL;
    u64 command = operation(FUTEX_WAIT_BITSET, flags);
    if (timeout != 0 && clock == CLOCK_REALTIME) command |= FUTEX_CLOCK_REALTIME;
    return safe_syscall(task, SYS_futex, address, command, value, timeout, 0, mask);
}

SyscallResult requeue(const futex_waitv (&futexes)[2], u64 flags, i32 wakes, i32 requeues) {
    if (flags != 0 || wakes < 0 || requeues < 0) return -EINVAL;
    for (const futex_waitv& futex : futexes) {
        if (!valid_flags(futex.flags) || futex.__reserved != 0 || !is_word(futex.val)) return -EINVAL;
    }
    // futex(2) takes both for private, or neither.
    if (futexes[0].flags != futexes[1].flags) return -ENOSYS;
    return raw_syscall(SYS_futex, futexes[0].uaddr, operation(FUTEX_CMP_REQUEUE, futexes[0].flags),
                       static_cast<u32>(wakes), static_cast<u32>(requeues), futexes[1].uaddr, futexes[0].val);
}

}  // namespace

SyscallResult sys_futex_wake(Task& task, const SyscallArgs& args) {
    const u64 address = host_pointer(task, args[0]);
    SyscallResult result = raw_syscall(SYS_futex_wake, address, args[1], args[2], args[3]);
    return result == -ENOSYS ? wake(address, args[1], static_cast<i32>(args[2]), args[3]) : result;
}

SyscallResult sys_futex_wait(Task& task, const SyscallArgs& args) {
    const u64 address = host_pointer(task, args[0]), timeout = host_pointer(task, args[4]);
    SyscallResult result = safe_syscall(task, SYS_futex_wait, address, args[1], args[2], args[3], timeout, args[5]);
    return result == -ENOSYS ? wait(task, address, args[1], args[2], args[3], timeout, static_cast<u32>(args[5]))
                             : result;
}

SyscallResult sys_futex_requeue(Task& task, const SyscallArgs& args) {
    futex_waitv futexes[2];
    if (args[0] == 0) return -EINVAL;
    if (!task.read(futexes, args[0])) return -EFAULT;
    for (futex_waitv& futex : futexes) futex.uaddr = host_pointer(task, futex.uaddr);
    SyscallResult result = raw_syscall(SYS_futex_requeue, reinterpret_cast<u64>(futexes), args[1], args[2], args[3]);
    return result == -ENOSYS
               ? requeue(futexes, static_cast<u32>(args[1]), static_cast<i32>(args[2]), static_cast<i32>(args[3]))
               : result;
}

SyscallResult sys_futex_waitv(Task& task, const SyscallArgs& args) {
    constexpr u64 kMaxWaiters = FUTEX_WAITV_MAX;
    futex_waitv waiters[kMaxWaiters];
    u64 count = static_cast<u32>(args[1]);
    if (count == 0 || count > kMaxWaiters || args[0] == 0 || args[2] != 0) return -EINVAL;
    if (args[3] != 0 && !valid_clock(args[4])) return -EINVAL;
    if (!task.read(waiters, args[0], count * sizeof(futex_waitv))) return -EFAULT;
    for (u64 i = 0; i < count; ++i) waiters[i].uaddr = host_pointer(task, waiters[i].uaddr);
    return safe_syscall(task, SYS_futex_waitv, reinterpret_cast<u64>(waiters), count, args[2],
                        host_pointer(task, args[3]), args[4]);
}

}  // namespace dragoman::linux_abi
