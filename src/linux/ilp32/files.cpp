// Files: 64-bit offsets in pairs of arguments, structures of longs.
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <algorithm>
#include <limits>

#include "linux/ilp32/structures.h"
#include "linux/ilp32/syscalls.h"
#include "linux/layouts.h"
#include "linux/pass.h"
#include "linux/syscalls.h"
#include "linux/syscalls_process.h"

namespace dragoman::linux_abi {

namespace {

/// Numbers of the commands with struct flock64, which is the host's struct flock.
constexpr u64 kGetlk64 = 12, kSetlk64 = 13, kSetlkw64 = 14;

bool fits(i64 x) { return x >= std::numeric_limits<i32>::min() && x <= std::numeric_limits<i32>::max(); }

/// F_GETLK, F_SETLK and F_SETLKW with offsets of 32 bits.
SyscallResult lock_narrow(Task& task, const SyscallArgs& args) {
    Flock32 narrow;
    if (!task.read(narrow, args[2])) return -EFAULT;
    struct flock wide {};
    wide.l_type = narrow.type;
    wide.l_whence = narrow.whence;
    wide.l_start = narrow.start;
    wide.l_len = narrow.length;
    wide.l_pid = narrow.pid;
    SyscallResult result = safe_syscall(task, SYS_fcntl, args[0], args[1], reinterpret_cast<u64>(&wide));
    if (result < 0 || args[1] != F_GETLK) return result;
    if (!fits(wide.l_start) || !fits(wide.l_len)) return -EOVERFLOW;
    narrow = {wide.l_type, wide.l_whence, static_cast<i32>(wide.l_start), static_cast<i32>(wide.l_len), wide.l_pid};
    return task.write(args[2], narrow) ? result : -EFAULT;
}

Statfs32 narrowed(const struct statfs& host) {
    Statfs32 s{};
    s.type = static_cast<u32>(host.f_type);
    s.bsize = static_cast<u32>(host.f_bsize);
    s.blocks = host.f_blocks;
    s.bfree = host.f_bfree;
    s.bavail = host.f_bavail;
    s.files = host.f_files;
    s.ffree = host.f_ffree;
    s.fsid[0] = host.f_fsid.__val[0];
    s.fsid[1] = host.f_fsid.__val[1];
    s.namelen = static_cast<u32>(host.f_namelen);
    s.frsize = static_cast<u32>(host.f_frsize);
    s.flags = static_cast<u32>(host.f_flags);
    return s;
}

/// The host's sets of descriptors are read and written in its longs, which may be more than the guest's.
class DescriptorSets {
public:
    explicit DescriptorSets(u64 count) : bytes_(align_up(count, 32) / 8), stride_(align_up(count, 64) / 8) {
        sets_.resize(kSets * stride_);
    }
    bool load(const Task& task, const SyscallArgs& args) {
        return each(args, [&](u64 guest, u8* set) { return task.read(set, guest, bytes_); });
    }
    bool store(const Task& task, const SyscallArgs& args) {
        return each(args, [&](u64 guest, const u8* set) { return task.write(guest, set, bytes_); });
    }
    u64 host(unsigned i, const SyscallArgs& args) {
        return args[1 + i] != 0 ? reinterpret_cast<u64>(sets_.data() + i * stride_) : 0;
    }

private:
    template <class F>
    bool each(const SyscallArgs& args, F f) {
        for (unsigned i = 0; i < kSets; ++i) {
            if (args[1 + i] != 0 && !f(args[1 + i], sets_.data() + i * stride_)) return false;
        }
        return true;
    }
    static constexpr unsigned kSets = 3;
    u64 bytes_, stride_;
    std::vector<u8> sets_;
};

}  // namespace

SyscallResult sys32_fcntl64(Task& task, const SyscallArgs& args) {
    SyscallArgs wide = args;
    switch (args[1]) {
        case F_GETLK:
        case F_SETLK:
        case F_SETLKW: return lock_narrow(task, args);
        case kGetlk64: wide.a[1] = F_GETLK; break;
        case kSetlk64: wide.a[1] = F_SETLK; break;
        case kSetlkw64: wide.a[1] = F_SETLKW; break;
        default: break;
    }
    return sys_fcntl(task, wide);
}

/// The offset's upper half comes first; the result is stored.
SyscallResult sys32_llseek(Task& task, const SyscallArgs& args) {
    const SyscallResult result = raw_syscall(SYS_lseek, args[0], args[1] << 32 | args[2], args[4]);
    if (result < 0) return result;
    return task.write(args[3], result) ? 0 : -EFAULT;
}

/// The offset is in pages.
SyscallResult sys32_mmap2(Task& task, const SyscallArgs& args) {
    SyscallArgs wide = args;
    wide.a[5] = args[5] * memory::kPageSize;
    return sys_mmap(task, wide);
}

// The flags come behind both halves of the offset, of which the host takes the second for nothing.
SyscallResult sys32_preadv2(Task& task, const SyscallArgs& args) {
    return sys_preadv2(task, {{args[0], args[1], args[2], args[3], 0, args[4]}});
}
SyscallResult sys32_pwritev2(Task& task, const SyscallArgs& args) {
    return sys_pwritev2(task, {{args[0], args[1], args[2], args[3], 0, args[4]}});
}

SyscallResult sys32_statfs64(Task& task, const SyscallArgs& args) {
    if (args[1] != sizeof(Statfs32)) return -EINVAL;
    GuestPath path;
    if (i64 error = path.load(task, args[0], true)) return error;
    struct statfs host;
    SyscallResult result = raw_syscall(SYS_statfs, path.host(), reinterpret_cast<u64>(&host));
    if (result < 0) return result;
    return task.write(args[2], narrowed(host)) ? 0 : -EFAULT;
}

SyscallResult sys32_fstatfs64(Task& task, const SyscallArgs& args) {
    if (args[1] != sizeof(Statfs32)) return -EINVAL;
    struct statfs host;
    SyscallResult result = raw_syscall(SYS_fstatfs, args[0], reinterpret_cast<u64>(&host));
    if (result < 0) return result;
    return task.write(args[2], narrowed(host)) ? 0 : -EFAULT;
}

SyscallResult sys32_pselect6_time64(Task& task, const SyscallArgs& args) {
    if (static_cast<i32>(args[0]) < 0) return -EINVAL;
    // As the kernel, no more than there can be.
    constexpr u64 kMost = 1 << 20;
    const u64 count = std::min(args[0], kMost);
    DescriptorSets sets(count);
    if (!sets.load(task, args)) return -EFAULT;
    const SyscallArgs host{
        {count, sets.host(0, args), sets.host(1, args), sets.host(2, args), host_pointer(task, args[4]), args[5]}};
    SyscallResult result = select_descriptors(task, host);
    if (result >= 0 && !sets.store(task, args)) return -EFAULT;
    return result;
}

/// struct ifconf has a length, which takes a word, and a pointer to an array that has neither.
SyscallResult sys32_ioctl(Task& task, const SyscallArgs& args) {
    if (static_cast<u32>(args[1]) != SIOCGIFCONF) return sys_ioctl(task, args);
    struct {
        i32 bytes;
        u32 buffer;
    } narrow;
    if (!task.read(narrow, args[2])) return -EFAULT;
    // The entries have the host's size: a union that holds a struct with longs. The guest's are smaller.
    constexpr i32 kEntry32 = 32, kEntry64 = sizeof(ifreq);
    constexpr i32 kMostEntries = 1 << 12;
    const i32 room = narrow.buffer != 0 ? std::clamp(narrow.bytes / kEntry32, 0, kMostEntries) : 0;
    std::vector<ifreq> entries(static_cast<std::size_t>(room));
    ifconf host{};
    host.ifc_len = room * kEntry64;
    host.ifc_req = narrow.buffer != 0 ? entries.data() : nullptr;
    SyscallResult result = raw_syscall(SYS_ioctl, args[0], SIOCGIFCONF, reinterpret_cast<u64>(&host));
    if (result < 0) return result;
    const i32 count = host.ifc_len / kEntry64;
    for (i32 i = 0; i < std::min(count, room); ++i) {
        const u64 to = u64{narrow.buffer} + static_cast<u64>(i * kEntry32);
        if (!task.write(to, &entries[static_cast<std::size_t>(i)], kEntry32)) return -EFAULT;
    }
    narrow.bytes = count * kEntry32;
    return task.write(args[2], narrow) ? result : -EFAULT;
}

}  // namespace dragoman::linux_abi
