// setxattrat and getxattrat (Linux 6.13), whose arguments are a structure with a pointer.
#include <fcntl.h>

#include <algorithm>

#include "linux/pass.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

constexpr long kSetxattrat = 463, kGetxattrat = 464;

/// struct xattr_args
struct XattrArgs {
    u64 value;
    u32 size, flags;
};

template <long Number>
SyscallResult with_xattr_args(Task& task, const SyscallArgs& args) {
    constexpr PathSpec kPath = follow_unless(1, 2, AT_SYMLINK_NOFOLLOW);
    XattrArgs attribute;
    // What is wrong, or of a later version, the kernel sees by itself.
    if (task.space().pointers_are_hosts() || args[5] != sizeof attribute)
        return with_paths<Number, args_set(3, 4), kPath>(task, args);
    if (!task.read(attribute, args[4])) return -EFAULT;
    attribute.value = host_pointer(task, attribute.value);
    SyscallArgs changed = args;
    changed.a[4] = reinterpret_cast<u64>(&attribute);
    return with_paths<Number, args_set(3), kPath>(task, changed);
}

}  // namespace

SyscallResult sys_setxattrat(Task& task, const SyscallArgs& args) { return with_xattr_args<kSetxattrat>(task, args); }
SyscallResult sys_getxattrat(Task& task, const SyscallArgs& args) { return with_xattr_args<kGetxattrat>(task, args); }

}  // namespace dragoman::linux_abi
