// ioctl. Request numbers and structures are asm-generic's on both sides, so nearly all pass through; the exceptions are
// listed here.
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "linux/filter/notify.h"
#include "linux/pass.h"
#include "linux/proc/procmap_query.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

/// Requests of the old style (no direction in the number) whose argument is a value, not a pointer.
// clang-format off
constexpr u64 kValueRequests[] = {
    TCSBRK,     TCXONC,     TCFLSH,      TIOCEXCL,       TIOCNXCL,     TIOCSCTTY,     TIOCNOTTY,       TIOCCONS,
    TCSBRKP,    TIOCSBRK,   TIOCCBRK,    TIOCVHANGUP,    FIOCLEX,      FIONCLEX,      TIOCMIWAIT,      0x5441 /* TIOCGPTPEER */,
    BLKROSET,   BLKRRPART,  BLKFLSBUF,   BLKRASET,       BLKFRASET,    LOOP_SET_FD,   LOOP_CLR_FD,     LOOP_CHANGE_FD,
    LOOP_SET_CAPACITY, LOOP_SET_DIRECT_IO, LOOP_SET_BLOCK_SIZE, LOOP_CTL_ADD, LOOP_CTL_REMOVE, LOOP_CTL_GET_FREE,
};
// clang-format on

/// Numbers with a direction whose argument is a value all the same: a descriptor, and the tun device's switches.
// clang-format off
constexpr u64 kValueRequestsWithDirection[] = {
    FICLONE,    0x400454c8 /* TUNSETNOCSUM */, 0x400454c9 /* TUNSETDEBUG */, 0x400454cb /* TUNSETPERSIST */,
    0x400454cc /* TUNSETOWNER */, 0x400454ce /* TUNSETGROUP */, 0x400454d0 /* TUNSETOFFLOAD */,
    0x40082104 /* SECCOMP_IOCTL_NOTIF_SET_FLAGS */,
};
// clang-format on

bool takes_value(u64 request) {
    auto in = [request](const auto& list) {
        return std::find(std::begin(list), std::end(list), request) != std::end(list);
    };
    if (_IOC_DIR(request) != _IOC_NONE) return in(kValueRequestsWithDirection);
    u64 type = _IOC_TYPE(request);
    // _IO(type, number) requests pass a value, apart from those that are older than this convention.
    bool old = type == 'T' || type == 0x89 || type == 'L' || type == 0x12 || type == 0;
    return !old || in(kValueRequests);
}

/// struct loop_info has device numbers that x86-64 keeps in 64 bits and asm-generic in 32.
struct GuestLoopInfo {
    i32 number;
    u32 device;
    u64 inode;
    u32 rdevice;
    i32 offset, encrypt_type, encrypt_key_size, flags;
    char name[LO_NAME_SIZE];
    unsigned char encrypt_key[LO_KEY_SIZE];
    u64 init[2];
    char reserved[4];
};

SyscallResult set_loop_status(Task& task, const SyscallArgs& args) {
    GuestLoopInfo guest;
    if (!task.read(guest, args[2])) return -EFAULT;
    loop_info host{};
    host.lo_number = guest.number;
    host.lo_device = guest.device;
    host.lo_inode = guest.inode;
    host.lo_rdevice = guest.rdevice;
    host.lo_offset = guest.offset;
    host.lo_encrypt_type = guest.encrypt_type;
    host.lo_encrypt_key_size = guest.encrypt_key_size;
    host.lo_flags = guest.flags;
    std::memcpy(host.lo_name, guest.name, sizeof guest.name);
    std::memcpy(host.lo_encrypt_key, guest.encrypt_key, sizeof guest.encrypt_key);
    std::copy(std::begin(guest.init), std::end(guest.init), host.lo_init);
    return raw_syscall(SYS_ioctl, args[0], LOOP_SET_STATUS, reinterpret_cast<u64>(&host));
}

SyscallResult get_loop_status(Task& task, const SyscallArgs& args) {
    loop_info host{};
    SyscallResult result = raw_syscall(SYS_ioctl, args[0], LOOP_GET_STATUS, reinterpret_cast<u64>(&host));
    if (result < 0) return result;
    GuestLoopInfo guest{};
    guest.number = host.lo_number;
    guest.device = static_cast<u32>(host.lo_device);
    guest.inode = host.lo_inode;
    guest.rdevice = static_cast<u32>(host.lo_rdevice);
    guest.offset = host.lo_offset;
    guest.encrypt_type = host.lo_encrypt_type;
    guest.encrypt_key_size = host.lo_encrypt_key_size;
    guest.flags = host.lo_flags;
    std::memcpy(guest.name, host.lo_name, sizeof guest.name);
    std::memcpy(guest.encrypt_key, host.lo_encrypt_key, sizeof guest.encrypt_key);
    std::copy(std::begin(host.lo_init), std::end(host.lo_init), guest.init);
    return task.write(args[2], guest) ? result : -EFAULT;
}

/// SIOCGIFCONF holds a pointer to the array that it fills.
SyscallResult get_interfaces(Task& task, const SyscallArgs& args) {
    ifconf config;
    if (!task.read(config, args[2])) return -EFAULT;
    char* guest_buffer = config.ifc_buf;
    config.ifc_buf = reinterpret_cast<char*>(host_pointer(task, reinterpret_cast<u64>(guest_buffer)));
    SyscallResult result = raw_syscall(SYS_ioctl, args[0], SIOCGIFCONF, reinterpret_cast<u64>(&config));
    if (result < 0) return result;
    config.ifc_buf = guest_buffer;
    return task.write(args[2], config) ? result : -EFAULT;
}

}  // namespace

SyscallResult sys_ioctl(Task& task, const SyscallArgs& args) {
    u64 request = static_cast<u32>(args[1]);
    switch (request) {
        case LOOP_SET_STATUS: return set_loop_status(task, args);
        case LOOP_GET_STATUS: return get_loop_status(task, args);
        case SIOCGIFCONF: return get_interfaces(task, args);
        case kProcmapQuery: {
            SyscallResult result = procmap_query(task, static_cast<int>(args[0]), args[2]);
            if (result != -ENOTTY) return result;
            break;
        }
        case SECCOMP_IOCTL_NOTIF_RECV:
        case SECCOMP_IOCTL_NOTIF_SEND: return listener_ioctl(task, args);
        default: break;
    }
    return takes_value(request) ? blocking<SYS_ioctl>(task, args) : blocking<SYS_ioctl, args_set(2)>(task, args);
}

}  // namespace dragoman::linux_abi
