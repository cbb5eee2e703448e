// io_uring. Requests are the kernel's from the moment that they are in the ring, and it does what they ask with the
// guest's pointers: so it is there only for guests whose pointers are the host's. In a guest with another root (-L),
// names are replaced while requests are handed over; a ring that the kernel looks into by itself is refused there.
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux/files/ring_names.h"
#include "linux/pass.h"
#include "linux/signals/wait_mask.h"
#include "linux/syscalls.h"

#ifndef IORING_ENTER_EXT_ARG_REG
#define IORING_ENTER_EXT_ARG_REG (1U << 6)
#endif

namespace dragoman::linux_abi {

namespace {

constexpr u64 kUseRegisteredRing = u64{1} << 31;  // IORING_REGISTER_USE_REGISTERED_RING

/// The kernel maps rings where it likes: all of its addresses have to be the guest's, too.
bool possible(const Task& task) {
    constexpr u64 kHostTop = u64{1} << 47;
    return task.space().pointers_are_hosts() && task.space().limit() + memory::kPageSize >= kHostTop;
}

SyscallResult set_up(Task& task, const SyscallArgs& args) {
    io_uring_params params;
    if (!task.read(params, args[1])) return -EFAULT;
    if (params.flags & IORING_SETUP_SQPOLL) return -EPERM;  // as kernels before 5.11 to users
    SyscallResult ring = raw_syscall(SYS_io_uring_setup, args[0], reinterpret_cast<u64>(&params));
    if (ring < 0) return ring;
    if (!task.write(args[1], params)) {
        ::close(static_cast<int>(ring));
        return -EFAULT;
    }
    remember_ring(static_cast<int>(ring), params);
    return ring;
}

void note_registered_rings(const Task& task, u64 address, u64 count) {
    for (u64 i = 0; i < count; ++i) {
        io_uring_rsrc_update update;  // the kernel has filled in the number
        if (task.read(update, address + i * sizeof update))
            remember_registered_ring(task, update.offset, static_cast<int>(update.data));
    }
}

}  // namespace

SyscallResult sys_io_uring_setup(Task& task, const SyscallArgs& args) {
    if (!possible(task)) return -ENOSYS;
    return set_up(task, args);
}

SyscallResult sys_io_uring_enter(Task& task, const SyscallArgs& args) {
    if (!possible(task)) return -ENOSYS;
    SyscallArgs host = args;
    io_uring_getevents_arg extended{};
    WaitMask mask(task);
    const bool waits = (args[3] & IORING_ENTER_GETEVENTS) && !(args[3] & IORING_ENTER_EXT_ARG_REG);
    i64 error = 0;
    if (waits && !(args[3] & IORING_ENTER_EXT_ARG)) {
        error = mask.set(args[4], args[5]);
        host.a[4] = mask.host();
    } else if (waits && args[5] == sizeof extended) {
        if (!task.read(extended, args[4])) return -EFAULT;
        error = mask.set(extended.sigmask, extended.sigmask_sz);
        extended.sigmask = mask.host();
        host.a[4] = reinterpret_cast<u64>(&extended);
    }
    if (error != 0) return error == kRestartSys ? -EINTR : error;
    const bool registered = (args[3] & IORING_ENTER_REGISTERED_RING) != 0;
    const HostNames names(task, static_cast<u32>(args[0]), registered, static_cast<u32>(args[1]));
    SyscallResult result =
        mask.finish(safe_syscall(task, SYS_io_uring_enter, host[0], host[1], host[2], host[3], host[4], host[5]));
    return result == kRestartSys ? -EINTR : result;
}

SyscallResult sys_io_uring_register(Task& task, const SyscallArgs& args) {
    if (!possible(task)) return -ENOSYS;
    SyscallResult result = blocking<SYS_io_uring_register, args_set(2), -EINTR>(task, args);
    const u64 operation = static_cast<u32>(args[1]) & ~kUseRegisteredRing;
    if (result > 0 && operation == IORING_REGISTER_RING_FDS)
        note_registered_rings(task, args[2], static_cast<u64>(result));
    return result;
}

}  // namespace dragoman::linux_abi
