// Opening, duplicating and closing files; names that are links.
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <algorithm>

#include "base/descriptors.h"
#include "linux/files/descriptor_entries.h"
#include "linux/files/path.h"
#include "linux/files/text_busy.h"
#include "linux/pass.h"
#include "linux/proc/map_files.h"
#include "linux/proc/proc_files.h"
#include "linux/process/exec.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

// The O_* flags need no conversion: both architectures use those of asm-generic/fcntl.h.
static_assert(O_DIRECTORY == 0200000 && O_NOFOLLOW == 0400000 && O_DIRECT == 040000);

SyscallResult sys_openat(Task& task, const SyscallArgs& args) {
    std::string path;
    if (i64 error = task.read_string(path, args[1])) return error;
    int flags = static_cast<int>(args[2]);
    if (auto fd = open_proc_file(task, static_cast<int>(args[0]), path, flags)) return *fd;
    const int directory = static_cast<int>(args[0]);
    return open_unless_executed(directory, path.c_str(), flags, [&] {
        return open_path(&task, directory, path.c_str(), flags, static_cast<unsigned>(args[3]));
    });
}

SyscallResult sys_truncate(Task& task, const SyscallArgs& args) {
    std::string path;
    if (i64 error = task.read_string(path, args[0])) return error;
    if (is_executed(AT_FDCWD, path.c_str(), O_WRONLY)) return -ETXTBSY;
    return with_paths<SYS_truncate, 0, follow(0)>(task, args);
}

SyscallResult sys_openat2(Task& task, const SyscallArgs& args) {
    std::string path;
    if (i64 error = task.read_string(path, args[1])) return error;
    open_how how{};
    if (args[3] >= sizeof how && task.read(how, args[2]) && how.resolve == 0) {
        if (auto fd = open_proc_file(task, static_cast<int>(args[0]), path, static_cast<int>(how.flags))) return *fd;
        if (is_executed(static_cast<int>(args[0]), path.c_str(), static_cast<int>(how.flags))) return -ETXTBSY;
        path = resolve_path(path, (how.flags & O_NOFOLLOW) == 0);
    }
    return safe_syscall(task, SYS_openat2, args[0], reinterpret_cast<u64>(path.c_str()), host_pointer(task, args[2]),
                        args[3]);
}

SyscallResult sys_close(Task&, const SyscallArgs& args) {
    if (is_reserved_descriptor(static_cast<int>(args[0]))) return -EBADF;
    return raw_syscall(SYS_close, args[0]);
}

SyscallResult sys_close_range(Task&, const SyscallArgs& args) {
    unsigned first = static_cast<unsigned>(args[0]), last = static_cast<unsigned>(args[1]);
    if (first > last) return -EINVAL;
    u64 flags = args[2];
    // The table of descriptors is unshared once, then each stretch between reserved ones is closed.
    for (u64 start = first; start <= last;) {
        int reserved = next_reserved_descriptor(static_cast<unsigned>(start));
        bool cut = reserved >= 0 && static_cast<u64>(reserved) <= last;
        u64 end = cut ? static_cast<u64>(reserved) : u64{last} + 1;
        if (start < end || !cut) {
            SyscallResult result = raw_syscall(SYS_close_range, start, end - 1, flags);
            if (result < 0) return result;
            flags &= ~u64{CLOSE_RANGE_UNSHARE};
        }
        start = end + 1;
    }
    return 0;
}

SyscallResult sys_dup(Task&, const SyscallArgs& args) {
    if (is_reserved_descriptor(static_cast<int>(args[0]))) return -EBADF;
    return raw_syscall(SYS_dup, args[0]);
}

SyscallResult sys_dup3(Task&, const SyscallArgs& args) {
    if (is_reserved_descriptor(static_cast<int>(args[0])) || !make_way(static_cast<int>(args[1]))) return -EBADF;
    return raw_syscall(SYS_dup3, args[0], args[1], args[2]);
}

SyscallResult sys_fcntl(Task& task, const SyscallArgs& args) {
    if (is_reserved_descriptor(static_cast<int>(args[0]))) return -EBADF;
    switch (args[1]) {
        case F_SETLKW:
        case F_OFD_SETLKW: return blocking<SYS_fcntl, args_set(2)>(task, args);
        case F_GETLK:
        case F_SETLK:
        case F_OFD_GETLK:
        case F_OFD_SETLK:
        case F_GETOWN_EX:
        case F_SETOWN_EX:
        case 17:  // F_GETOWNER_UIDS
        case F_GET_RW_HINT:
        case F_SET_RW_HINT:
        case F_GET_FILE_RW_HINT:
        case F_SET_FILE_RW_HINT: return direct<SYS_fcntl, args_set(2)>(task, args);
        case F_SETLEASE: return blocking<SYS_fcntl>(task, args);
        default: return raw_syscall(SYS_fcntl, args[0], args[1], args[2]);
    }
}

SyscallResult sys_getdents64(Task& task, const SyscallArgs& args) {
    for (;;) {
        const int directory = static_cast<int>(args[0]);
        SyscallResult result = direct<SYS_getdents64, args_set(1)>(task, args);
        result = list_map_files(task, directory, args[1], static_cast<u32>(args[2]), result);
        if (result <= 0 || !have_reserved_descriptors()) return result;
        // With entries that are hidden alone, the next ones are what counts: 0 would be the end.
        result = hide_reserved_entries(task, directory, args[1], result);
        if (result != 0) return result;
    }
}

SyscallResult sys_readlinkat(Task& task, const SyscallArgs& args) {
    GuestPath path;
    if (i64 error = path.load(task, args[1], false, static_cast<int>(args[0]))) return error;
    std::string name;
    if (static_cast<i64>(args[3]) > 0 && task.read_string(name, args[1]) == 0) {
        if (auto exe = proc_exe(task, static_cast<int>(args[0]), name)) {
            if (!exe->starts_with('/')) return -ENOENT;  // where it lies could not be found out
            u64 length = std::min<u64>(exe->size(), args[3]);
            return task.write(args[2], exe->data(), length) ? static_cast<i64>(length) : -EFAULT;
        }
    }
    u64 buffer = host_pointer(task, args[2]);
    return with_code_released(task, [&] { return raw_syscall(SYS_readlinkat, args[0], path.host(), buffer, args[3]); });
}

// The working directory is the host's where the host has it, because relative names are looked up there alone: what was
// made as /tmp/x is then found as x.
SyscallResult sys_chdir(Task& task, const SyscallArgs& args) {
    SyscallResult result = raw_syscall(SYS_chdir, host_pointer(task, args[0]));
    if (result != -ENOENT && result != -ENOTDIR) return result;
    return with_paths<SYS_chdir, 0, follow(0)>(task, args);
}

SyscallResult sys_chroot(Task& task, const SyscallArgs& args) {
    hold_self(task.process->options.self);
    SyscallResult result = with_paths<SYS_chroot, 0, follow(0)>(task, args);
    if (result == 0) close_sysroot();
    return result;
}

SyscallResult sys_pivot_root(Task& task, const SyscallArgs& args) {
    hold_self(task.process->options.self);
    return with_paths<SYS_pivot_root, 0, follow(0), follow(1)>(task, args);
}

SyscallResult sys_setns(Task& task, const SyscallArgs& args) {
    hold_self(task.process->options.self);
    return raw_syscall(SYS_setns, args[0], args[1]);
}

}  // namespace dragoman::linux_abi
