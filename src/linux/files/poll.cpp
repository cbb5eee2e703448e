// Waiting for several descriptors: poll, select, epoll; and signalfd.
#include <sys/epoll.h>
#include <sys/syscall.h>

#include <algorithm>
#include <climits>

#include "linux/layouts.h"
#include "linux/pass.h"
#include "linux/signals/wait_mask.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

constexpr u64 kSetSize = sizeof(SignalSet);
constexpr u64 kMaxEventsAtOnce = 1024;

/// epoll_wait by `call(host events, count, host mask)`, with the events converted.
template <class Call>
SyscallResult wait_for_events(Task& task, const SyscallArgs& args, Call call) {
    i32 count = static_cast<i32>(args[2]);
    const u64 event_bytes = epoll_event_bytes(task);
    if (count <= 0 || static_cast<u64>(count) > INT_MAX / event_bytes) return -EINVAL;  // EP_MAX_EVENTS
    epoll_event host[kMaxEventsAtOnce];
    WaitMask mask(task);
    if (i64 error = mask.set(args[4], args[5])) return error == kRestartSys ? -EINTR : error;
    SyscallResult result = mask.finish(
        call(reinterpret_cast<u64>(host), std::min<u64>(static_cast<u64>(count), kMaxEventsAtOnce), mask.host()));
    if (result == kRestartSys) return -EINTR;
    for (i64 i = 0; i < result; ++i) {
        if (!write_epoll_event(task, args[1] + static_cast<u64>(i) * event_bytes, host[i])) return -EFAULT;
    }
    return result;
}

}  // namespace

SyscallResult sys_ppoll(Task& task, const SyscallArgs& args) {
    WaitMask mask(task);
    if (i64 error = mask.set(args[3], args[4])) return error == kRestartSys ? kRestartNoHand : error;
    u64 fds = host_pointer(task, args[0]), timeout = host_pointer(task, args[2]);
    SyscallResult result = mask.finish(with_code_released(
        task, [&] { return safe_syscall(task, SYS_ppoll, fds, args[1], timeout, mask.host(), kSetSize); }));
    return result == kRestartSys ? kRestartNoHand : result;
}

SyscallResult select_descriptors(Task& task, const SyscallArgs& args) {
    u64 set[2] = {};
    if (args[5] && !read_words(task, args[5], set, 2)) return -EFAULT;
    WaitMask mask(task);
    if (i64 error = mask.set(set[0], set[1])) return error == kRestartSys ? kRestartNoHand : error;
    u64 host_set[] = {mask.host(), kSetSize};
    SyscallResult result = mask.finish(with_code_released(task, [&] {
        return safe_syscall(task, SYS_pselect6, args[0], args[1], args[2], args[3], args[4],
                            reinterpret_cast<u64>(host_set));
    }));
    return result == kRestartSys ? kRestartNoHand : result;
}

SyscallResult sys_pselect6(Task& task, const SyscallArgs& args) {
    return select_descriptors(task, to_host<args_set(1, 2, 3, 4)>(task, args));
}

SyscallResult sys_epoll_ctl(Task& task, const SyscallArgs& args) {
    epoll_event host{};
    if (args[1] != EPOLL_CTL_DEL && !read_epoll_event(task, args[3], host)) return -EFAULT;
    return raw_syscall(SYS_epoll_ctl, args[0], args[1], args[2], reinterpret_cast<u64>(&host));
}

SyscallResult sys_epoll_pwait(Task& task, const SyscallArgs& args) {
    return wait_for_events(task, args, [&](u64 events, u64 count, u64 mask) {
        return safe_syscall(task, SYS_epoll_pwait, args[0], events, count, args[3], mask, kSetSize);
    });
}

SyscallResult sys_epoll_pwait2(Task& task, const SyscallArgs& args) {
    u64 timeout = host_pointer(task, args[3]);
    return wait_for_events(task, args, [&](u64 events, u64 count, u64 mask) {
        return safe_syscall(task, SYS_epoll_pwait2, args[0], events, count, timeout, mask, kSetSize);
    });
}

SyscallResult sys_signalfd4(Task& task, const SyscallArgs& args) {
    return direct<SYS_signalfd4, args_set(1)>(task, args);
}

}  // namespace dragoman::linux_abi
