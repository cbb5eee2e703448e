// System calls about the memory map. Tags of pointers are ignored, but for where something new is to be mapped.
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/descriptors.h"
#include "base/log.h"
#include "linux/files/io_uring.h"
#include "linux/pass.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

/// -d page: a line for a change of [start, start + length), unless the call failed.
SyscallResult logged(const char* call, SyscallResult result, u64 start, u64 length, int prot = -1) {
    if (!log::enabled(log::Item::Page) || (result < 0 && result > -4096)) return result;
    char permissions[] = " ---";
    for (int bit = 0; bit < 3; ++bit) {
        if (prot >> bit & 1) permissions[1 + bit] = "rwx"[bit];
    }
    const u64 end = start + length;
    std::fprintf(log::stream(), "page: %s %08llx-%08llx%s\n", call, static_cast<unsigned long long>(start),
                 static_cast<unsigned long long>(end), prot >= 0 ? permissions : "");
    return result;
}

}  // namespace

SyscallResult sys_mmap(Task& task, const SyscallArgs& args) {
    int flags = static_cast<int>(args[3]), fd = static_cast<int>(args[4]);
    if (!(flags & MAP_ANONYMOUS) && is_reserved_descriptor(fd)) return -EBADF;
    int prot = task.process->policy.effective(static_cast<int>(args[2]));
    if (i64 error = check_mmap(*task.process, prot)) return error;
    SyscallResult result = task.space().mmap(args[0], args[1], prot, flags, fd, args[5]);
    if (result >= 0 && fd >= 0) note_ring_mapping(fd, args[5], static_cast<u64>(result));
    return logged("mmap", result, static_cast<u64>(result), args[1], prot);
}

SyscallResult sys_munmap(Task& task, const SyscallArgs& args) {
    const u64 start = task.space().untagged(args[0]);
    return logged("munmap", task.space().munmap(start, args[1]), start, args[1]);
}

SyscallResult sys_mprotect(Task& task, const SyscallArgs& args) {
    int prot = task.process->policy.effective(static_cast<int>(args[2]));
    const u64 start = task.space().untagged(args[0]);
    if (i64 error = check_mprotect(*task.process, start, args[1], prot)) return error;
    return logged("mprotect", task.space().mprotect(start, args[1], prot), start, args[1], prot);
}

SyscallResult sys_mremap(Task& task, const SyscallArgs& args) {
    SyscallResult result =
        task.space().mremap(task.space().untagged(args[0]), args[1], args[2], static_cast<int>(args[3]), args[4]);
    return logged("mremap", result, static_cast<u64>(result), args[2]);
}

SyscallResult sys_brk(Task& task, const SyscallArgs& args) {
    SyscallResult result = task.space().brk(args[0]);
    return args[0] == 0 ? result : logged("brk", result, static_cast<u64>(result), 0);
}

SyscallResult sys_madvise(Task& task, const SyscallArgs& args) {
    return task.space().madvise(task.space().untagged(args[0]), args[1], static_cast<int>(args[2]));
}

SyscallResult sys_msync(Task& task, const SyscallArgs& args) {
    return safe_syscall(task, SYS_msync, task.space().untagged(args[0]) + task.space().guest_base(), args[1], args[2]);
}

SyscallResult sys_shmat(Task& task, const SyscallArgs& args) {
    SyscallResult result = task.space().shmat(static_cast<int>(args[0]), args[1], static_cast<int>(args[2]));
    return logged("shmat", result, static_cast<u64>(result), 0);
}

// The addresses in the array are those of another process where a process is named: guests with another guest_base are
// not understood there.
SyscallResult sys_move_pages(Task& task, const SyscallArgs& args) {
    const u64 count = args[1], base = task.space().guest_base();
    constexpr u64 kMost = u64{1} << 20;
    if (task.space().pointers_are_hosts()) return direct<SYS_move_pages, args_set(2, 3, 4)>(task, args);
    if (count > kMost) return -E2BIG;
    std::vector<u64> pages(count);
    if (count != 0 && !task.read(pages.data(), args[2], count * sizeof(u64))) return -EFAULT;
    for (u64& page : pages) page = task.space().untagged(page) + base;
    const u64 nodes = host_pointer(task, args[3]), status = host_pointer(task, args[4]);
    return with_code_released(task, [&] {
        return raw_syscall(SYS_move_pages, args[0], count, reinterpret_cast<u64>(pages.data()), nodes, status, args[5]);
    });
}

// As the kernel since 4.0: maps the other page of the file over this one.
SyscallResult sys_remap_file_pages(Task& task, const SyscallArgs& args) {
    constexpr u64 kPage = memory::kPageSize;
    const u64 start = align_down(args[0], kPage), size = align_down(args[1], kPage), page = args[3];
    if (args[2] != 0 || size == 0 || start + size < start || page + size / kPage < page) return -EINVAL;
    return task.space().remap_file_pages(start, size, page * kPage);
}

SyscallResult sys_mseal(Task& task, const SyscallArgs& args) {
    return args[2] != 0 ? -EINVAL : task.space().mseal(task.space().untagged(args[0]), args[1]);
}

// The faults are those of translated code, at the guest's addresses; what is asked and answered has pointers all over.
SyscallResult sys_userfaultfd(Task& task, const SyscallArgs& args) {
    return task.space().pointers_are_hosts() ? raw_syscall(SYS_userfaultfd, args[0]) : -ENOSYS;
}

SyscallResult sys_shmdt(Task& task, const SyscallArgs& args) { return task.space().shmdt(args[0]); }

}  // namespace dragoman::linux_abi
