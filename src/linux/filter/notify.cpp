#include "linux/filter/notify.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "linux/arch.h"
#include "linux/filter/bpf.h"
#include "linux/task.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace dragoman::linux_abi {

namespace {

/// Guest call n is the host's call kFirst + n. No kernel has such numbers, nor the bit that x32 calls are known by.
constexpr u32 kFirst = 0x20000000, kCount = 0x1000000;
/// Stands for guest numbers that are greater; the listener is told -1.
constexpr u32 kNoNumber = kCount - 1;

/// What a listener's SECCOMP_USER_NOTIF_FLAG_CONTINUE is on the host, where the call itself must not be made.
constexpr i64 kContinue = 0x436f6e74696e7565;

constexpr u32 offset_of_number = offsetof(seccomp_data, nr), offset_of_arch = offsetof(seccomp_data, arch);
constexpr bpf::Instruction kHandOver[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of_arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 4),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of_number),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kFirst, 0, 2),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kFirst + kCount, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
constexpr bpf::Instruction kAllow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};

SyscallResult host_filter(std::span<const bpf::Instruction> program, u64 flags) {
    const sock_fprog host{static_cast<u16>(program.size()), const_cast<bpf::Instruction*>(program.data())};
    return raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, reinterpret_cast<u64>(&host));
}

SyscallResult receive(Task& task, u64 descriptor, u64 address) {
    seccomp_notif notification;
    if (!task.read(notification, address)) return -EFAULT;
    const auto* bytes = reinterpret_cast<const u8*>(&notification);
    if (std::any_of(bytes, bytes + sizeof notification, [](u8 byte) { return byte != 0; })) return -EINVAL;
    // One that has been received is gone.
    if (!task.write(address, notification)) return -EFAULT;
    const SyscallResult result =
        safe_syscall(task, SYS_ioctl, descriptor, SECCOMP_IOCTL_NOTIF_RECV, reinterpret_cast<u64>(&notification));
    if (result < 0) return result;
    const u32 number = static_cast<u32>(notification.data.nr) - kFirst;
    if (number < kCount) {
        notification.data.nr = number == kNoNumber ? -1 : static_cast<int>(number);
        notification.data.arch = task.process->arch->audit_arch;
        notification.data.instruction_pointer = 0;  // the host's kernel has been told the translator's
    }
    return task.write(address, notification) ? result : -EFAULT;
}

SyscallResult send(Task& task, u64 descriptor, u64 address) {
    seccomp_notif_resp response;
    if (!task.read(response, address)) return -EFAULT;
    if (response.flags == SECCOMP_USER_NOTIF_FLAG_CONTINUE) {
        if (response.error != 0 || response.val != 0) return -EINVAL;
        response.flags = 0;
        response.val = kContinue;
    }
    return raw_syscall(SYS_ioctl, descriptor, SECCOMP_IOCTL_NOTIF_SEND, reinterpret_cast<u64>(&response));
}

}  // namespace

SyscallResult open_listener(bool synchronise, bool killable) {
    u64 flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    if (synchronise) flags |= SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    if (killable) flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    return host_filter(kHandOver, flags);
}

void synchronise_host_threads() { host_filter(kAllow, SECCOMP_FILTER_FLAG_TSYNC); }

void ask_listener(Task& task, SyscallEntry& entry) {
    const u64* a = entry.args.a;
    const SyscallResult result =
        safe_syscall(task, kFirst + std::min(entry.number, kNoNumber), a[0], a[1], a[2], a[3], a[4], a[5]);
    if (result == kContinue) return;
    entry.skip = true;
    entry.result = result;
    // A listener may answer with what the kernel restarts calls by; without a signal that is just a number.
    if (is_restart(result) && task.signals.queue.empty()) {
        task.process->arch->set_syscall_result(task.env, result);
        entry.result = kNoResult;
    }
}

SyscallResult listener_ioctl(Task& task, const SyscallArgs& args) {
    const bool receives = static_cast<u32>(args[1]) == SECCOMP_IOCTL_NOTIF_RECV;
    return receives ? receive(task, args[0], args[2]) : send(task, args[0], args[2]);
}

}  // namespace dragoman::linux_abi
