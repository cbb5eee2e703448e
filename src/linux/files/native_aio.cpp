// Native asynchronous I/O (io_setup and so on). The kernel maps the ring of a context where it likes, and its address
// is the context's name: programs read events there without a call. So this is only for guests whose pointers are the
// host's.
#include <linux/aio_abi.h>
#include <sys/syscall.h>

#include <algorithm>

#include "linux/files/kernel_writes.h"
#include "linux/pass.h"
#include "linux/signals/wait_mask.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

bool possible(const Task& task) { return task.space().pointers_are_hosts(); }

/// The kernel takes the address from above the guest's usual mappings; a guest with a smaller address space has nothing
/// there.
bool in_reach(const Task& task, u64 context) { return context < task.space().limit(); }

SyscallResult get_events(Task& task, long number, const SyscallArgs& args, u64 last) {
    const u64 timeout = args[4];
    SyscallResult result = with_code_released(
        task, [&] { return safe_syscall(task, number, args[0], args[1], args[2], args[3], timeout, last); });
    return result == kRestartSys ? -EINTR : result;
}

}  // namespace

SyscallResult sys_io_setup(Task& task, const SyscallArgs& args) {
    if (!possible(task)) return -ENOSYS;
    aio_context_t context;
    if (!task.read(context, args[1])) return -EFAULT;
    SyscallResult result = raw_syscall(SYS_io_setup, args[0], reinterpret_cast<u64>(&context));
    if (result != 0) return result;
    if (in_reach(task, context) && task.write(args[1], context)) return 0;
    raw_syscall(SYS_io_destroy, context);
    return in_reach(task, context) ? -EFAULT : -ENOMEM;
}

SyscallResult sys_io_destroy(Task& task, const SyscallArgs& args) {
    return possible(task) ? raw_syscall(SYS_io_destroy, args[0]) : -ENOSYS;
}

SyscallResult sys_io_submit(Task& task, const SyscallArgs& args) {
    if (!possible(task)) return -ENOSYS;
    const i64 count = std::min<i64>(static_cast<i64>(args[1]), 1024);
    for (i64 i = 0; i < count; ++i) {
        u64 address;
        iocb block;
        if (!task.read(address, args[2] + static_cast<u64>(i) * sizeof address) || !task.read(block, address)) break;
        if (block.aio_lio_opcode == IOCB_CMD_PREAD) release_code(task, block.aio_buf, block.aio_nbytes);
        if (block.aio_lio_opcode == IOCB_CMD_PREADV) release_code_of_vector(task, block.aio_buf, block.aio_nbytes);
    }
    // May wait for a free request, and does the I/O at once where the file knows no other way.
    SyscallResult result = safe_syscall(task, SYS_io_submit, args[0], args[1], args[2]);
    return result == kRestartSys ? -EINTR : result;
}

SyscallResult sys_io_cancel(Task& task, const SyscallArgs& args) {
    return possible(task) ? direct<SYS_io_cancel>(task, args) : -ENOSYS;
}

SyscallResult sys_io_getevents(Task& task, const SyscallArgs& args) {
    return possible(task) ? get_events(task, SYS_io_getevents, args, 0) : -ENOSYS;
}

SyscallResult sys_io_pgetevents(Task& task, const SyscallArgs& args) {
    if (!possible(task)) return -ENOSYS;
    struct {
        u64 mask, size;
    } set{};
    if (args[5] && !task.read(set, args[5])) return -EFAULT;
    WaitMask mask(task);
    if (i64 error = mask.set(set.mask, set.size)) return error == kRestartSys ? -EINTR : error;
    u64 host_set[] = {mask.host(), sizeof(SignalSet)};
    SyscallResult result = safe_syscall(task, SYS_io_pgetevents, args[0], args[1], args[2], args[3], args[4],
                                        reinterpret_cast<u64>(host_set));
    result = mask.finish(result);
    return result == kRestartSys ? -EINTR : result;
}

}  // namespace dragoman::linux_abi
