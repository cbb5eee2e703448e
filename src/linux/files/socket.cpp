// Sockets: messages with ancillary data, and options that hold pointers. Address families, options and ancillary data
// are the same on both architectures.
#include <linux/filter.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <ctime>

#include "linux/files/host_iovec.h"
#include "linux/files/socket_timeout.h"
#include "linux/ilp32/control_messages.h"
#include "linux/layouts.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

/// A message header with host addresses.
class HostMessage {
public:
    /// `sends`: the control data is the guest's, and not to be filled.
    i64 load(const Task& task, u64 address, bool sends) {
        u64 words[kWords];
        if (!read_words(task, address, words, kWords)) return -EFAULT;
        if (words[kIovecCount] > HostIovec::kMaxCount) return -EMSGSIZE;
        if (i64 error = iovec_.load(task, words[kIovec], words[kIovecCount])) return error;
        header_.msg_name = reinterpret_cast<void*>(host_pointer(task, words[kName]));
        header_.msg_namelen = static_cast<socklen_t>(words[kNameLength]);
        header_.msg_iov = reinterpret_cast<iovec*>(iovec_.address());
        header_.msg_iovlen = words[kIovecCount];
        header_.msg_control = reinterpret_cast<void*>(host_pointer(task, words[kControl]));
        header_.msg_controllen = words[kControlLength];
        header_.msg_flags = static_cast<int>(words[kFlags]);
        guest_control_ = words[kControl];
        guest_control_bytes_ = words[kControlLength];
        return is_narrow(task) && guest_control_ != 0 ? convert_control(task, sends) : 0;
    }
    /// Puts back what recvmsg has changed.
    bool store(const Task& task, u64 address) {
        u64 control_bytes = header_.msg_controllen;
        if (!control_.empty()) {
            std::vector<u8> narrow(guest_control_bytes_);
            bool truncated = false;
            control_bytes = narrow_control({control_.data(), header_.msg_controllen}, narrow, truncated);
            if (truncated) header_.msg_flags |= MSG_CTRUNC;
            if (!task.write(guest_control_, narrow.data(), control_bytes)) return false;
        }
        const u64 word = word_bytes(task);
        return task.write(address + kNameLength * word, header_.msg_namelen) &&
               write_words(task, address + kControlLength * word, &control_bytes, 1) &&
               task.write(address + kFlags * word, header_.msg_flags);
    }
    u64 address() { return reinterpret_cast<u64>(&header_); }

    /// Size of the header in guest memory, and of it with the length that follows it in an array.
    static u64 guest_bytes(const Task& task) { return kWords * word_bytes(task); }
    static u64 guest_stride(const Task& task) { return (kWords + 1) * word_bytes(task); }

private:
    /// Members of struct msghdr, each of which takes a word.
    enum Member : u8 { kName, kNameLength, kIovec, kIovecCount, kControl, kControlLength, kFlags, kWords };
    static_assert(sizeof(msghdr) == kWords * sizeof(u64) && sizeof(mmsghdr) == (kWords + 1) * sizeof(u64));

    static bool is_narrow(const Task& task) { return word_bytes(task) == sizeof(u32); }

    i64 convert_control(const Task& task, bool sends) {
        constexpr u64 kMostBytes = 1 << 20;  // more than any kernel takes
        if (guest_control_bytes_ > kMostBytes) {
            if (sends) return -ENOBUFS;
            guest_control_bytes_ = kMostBytes;
        }
        if (sends) {
            std::vector<u8> narrow(guest_control_bytes_);
            if (!task.read(narrow.data(), guest_control_, narrow.size())) return -EFAULT;
            if (!widen_control(narrow, control_)) return -EINVAL;
        } else {
            control_.resize(wide_control_bytes(guest_control_bytes_));
        }
        header_.msg_control = control_.data();
        header_.msg_controllen = control_.size();
        return 0;
    }

    msghdr header_{};
    HostIovec iovec_;
    u64 guest_control_ = 0, guest_control_bytes_ = 0;
    std::vector<u8> control_;  ///< the host's form of it, where that differs
};

SyscallResult send_one(Task& task, u64 fd, u64 message, u64 flags) {
    if (HostIovec::is_host_layout(task)) return safe_syscall(task, SYS_sendmsg, fd, message, flags);
    HostMessage host;
    if (i64 error = host.load(task, message, true)) return error;
    return safe_syscall(task, SYS_sendmsg, fd, host.address(), flags);
}

SyscallResult receive_one(Task& task, u64 fd, u64 message, u64 flags) {
    if (HostIovec::is_host_layout(task)) {
        return with_code_released(task, [&] { return safe_syscall(task, SYS_recvmsg, fd, message, flags); });
    }
    HostMessage host;
    if (i64 error = host.load(task, message, false)) return error;
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
        u64 message = args[1] + done * HostMessage::guest_stride(task);
        SyscallResult result = one(task, args[0], message, flags);
        if (result < 0) return done ? static_cast<i64>(done) : result;
        if (!task.write(message + HostMessage::guest_bytes(task), static_cast<u32>(result))) return -EFAULT;
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
    SyscallResult result = HostIovec::is_host_layout(task) ? blocking<SYS_sendmmsg>(task, args)
                                                           : each_message(task, args, send_one, [] { return false; });
    return socket_restart<SO_SNDTIMEO>(args, result);
}

SyscallResult sys_recvmmsg(Task& task, const SyscallArgs& args) {
    if (HostIovec::is_host_layout(task)) return on_socket<SYS_recvmmsg, args_set(1, 4), SO_RCVTIMEO>(task, args);
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
    if (!filter || HostIovec::is_host_layout(task)) return direct<SYS_setsockopt, args_set(3)>(task, args);
    // The length is a short, which takes a word.
    u64 words[2];
    if (args[4] < 2 * word_bytes(task)) return -EINVAL;
    if (!read_words(task, args[3], words, 2)) return -EFAULT;
    sock_fprog program{static_cast<u16>(words[0]), reinterpret_cast<sock_filter*>(host_pointer(task, words[1]))};
    return raw_syscall(SYS_setsockopt, args[0], args[1], args[2], reinterpret_cast<u64>(&program), sizeof program);
}

}  // namespace dragoman::linux_abi
