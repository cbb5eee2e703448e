// Sockets: messages with ancillary data, and options that hold pointers. Address families, options and ancillary data
// are the same on both architectures.
#include <linux/filter.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <ctime>

#include "linux/files/host_iovec.h"
#include "linux/files/socket_timeout.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

/// A message header with host addresses.
class HostMessage {
public:
    i64 load(const Task& task, u64 address) {
        if (!task.read(header_, address)) return -EFAULT;
        if (header_.msg_iovlen > HostIovec::kMaxCount) return -EMSGSIZE;
        guest_ = header_;
        if (i64 error = iovec_.load(task, reinterpret_cast<u64>(header_.msg_iov), header_.msg_iovlen)) return error;
        header_.msg_iov = reinterpret_cast<iovec*>(iovec_.address());
        move(task, header_.msg_name);
        move(task, header_.msg_control);
        return 0;
    }
    /// Puts back what recvmsg has changed.
    bool store(const Task& task, u64 address) {
        guest_.msg_namelen = header_.msg_namelen;
        guest_.msg_controllen = header_.msg_controllen;
        guest_.msg_flags = header_.msg_flags;
        return task.write(address, guest_);
    }
    u64 address() { return reinterpret_cast<u64>(&header_); }

private:
    static void move(const Task& task, void*& pointer) {
        pointer = reinterpret_cast<void*>(host_pointer(task, reinterpret_cast<u64>(pointer)));
    }

    msghdr header_{}, guest_{};
    HostIovec iovec_;
};

SyscallResult send_one(Task& task, u64 fd, u64 message, u64 flags) {
    if (task.space().pointers_are_hosts()) return safe_syscall(task, SYS_sendmsg, fd, message, flags);
    HostMessage host;
    if (i64 error = host.load(task, message)) return error;
    return safe_syscall(task, SYS_sendmsg, fd, host.address(), flags);
}

SyscallResult receive_one(Task& task, u64 fd, u64 message, u64 flags) {
    if (task.space().pointers_are_hosts()) {
        return with_code_released(task, [&] { return safe_syscall(task, SYS_recvmsg, fd, message, flags); });
    }
    HostMessage host;
    if (i64 error = host.load(task, message)) return error;
    SyscallResult result = safe_syscall(task, SYS_recvmsg, fd, host.address(), flags);
    if (result >= 0 && !host.store(task, message)) return -EFAULT;
    return result;
}

constexpr u64 kMaxMessages = 1024;
constexpr i64 kNanoseconds = 1'000'000'000;

i64 monotonic_now() {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * kNanoseconds + now.tv_nsec;
}

/// sendmmsg and recvmmsg over a guest_base: one message at a time, until `enough()` after one of them.
template <class One, class Enough>
SyscallResult each_message(Task& task, const SyscallArgs& args, One one, Enough enough) {
    u64 count = std::min(args[2] & 0xffffffff, kMaxMessages);
    u64 flags = args[3] & ~u64{MSG_WAITFORONE};
    u64 done = 0;
    while (done < count && (done == 0 || !enough())) {
        u64 message = args[1] + done * sizeof(mmsghdr);
        SyscallResult result = one(task, args[0], message, flags);
        if (result < 0) return done ? static_cast<i64>(done) : result;
        if (!task.write(message + offsetof(mmsghdr, msg_len), static_cast<u32>(result))) return -EFAULT;
        if (args[3] & MSG_WAITFORONE) flags |= MSG_DONTWAIT;
        ++done;
    }
    return static_cast<i64>(done);
}

}  // namespace

SyscallResult sys_sendmsg(Task& task, const SyscallArgs& args) {
    return socket_restart<SO_SNDTIMEO>(args, send_one(task, args[0], args[1], args[2]));
}

SyscallResult sys_recvmsg(Task& task, const SyscallArgs& args) {
    return socket_restart<SO_RCVTIMEO>(args, receive_one(task, args[0], args[1], args[2]));
}

SyscallResult sys_sendmmsg(Task& task, const SyscallArgs& args) {
    SyscallResult result = task.space().pointers_are_hosts() ? blocking<SYS_sendmmsg>(task, args)
                                                             : each_message(task, args, send_one, [] { return false; });
    return socket_restart<SO_SNDTIMEO>(args, result);
}

SyscallResult sys_recvmmsg(Task& task, const SyscallArgs& args) {
    if (task.space().pointers_are_hosts()) return on_socket<SYS_recvmmsg, args_set(1, 4), SO_RCVTIMEO>(task, args);
    if (!args[4]) {
        return socket_restart<SO_RCVTIMEO>(args, each_message(task, args, receive_one, [] { return false; }));
    }
    // As in the kernel, the time counts when a message has come; waiting for one is not cut short.
    timespec left;
    if (!task.read(left, args[4])) return -EFAULT;
    if (left.tv_sec < 0 || left.tv_nsec < 0 || left.tv_nsec >= kNanoseconds) return -EINVAL;
    const i64 seconds = std::min<i64>(left.tv_sec, 1'000'000'000);
    const i64 end = monotonic_now() + seconds * kNanoseconds + left.tv_nsec;
    i64 rest = 0;
    auto enough = [&] { return (rest = std::max<i64>(end - monotonic_now(), 0)) == 0; };
    SyscallResult result = each_message(task, args, receive_one, enough);
    if (result > 0) {
        enough();
        left = {rest / kNanoseconds, rest % kNanoseconds};
        if (!task.write(args[4], left)) return -EFAULT;
    }
    return socket_restart<SO_RCVTIMEO>(args, result);
}

SyscallResult sys_setsockopt(Task& task, const SyscallArgs& args) {
    bool filter = args[1] == SOL_SOCKET && (args[2] == SO_ATTACH_FILTER || args[2] == SO_ATTACH_REUSEPORT_CBPF);
    if (!filter || task.space().pointers_are_hosts()) return direct<SYS_setsockopt, args_set(3)>(task, args);
    sock_fprog program;
    if (args[4] < sizeof program) return -EINVAL;
    if (!task.read(program, args[3])) return -EFAULT;
    program.filter = reinterpret_cast<sock_filter*>(host_pointer(task, reinterpret_cast<u64>(program.filter)));
    return raw_syscall(SYS_setsockopt, args[0], args[1], args[2], reinterpret_cast<u64>(&program), sizeof program);
}

}  // namespace dragoman::linux_abi
