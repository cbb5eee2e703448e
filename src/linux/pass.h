// System calls that are the same on both sides: the host's kernel gets the guest's arguments, with pointers moved by
// guest_base and paths resolved. The kernel itself answers EFAULT for bad pointers.
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "linux/syscall.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

/// Host address of a guest pointer argument, unchecked; null stays null.
inline u64 host_pointer(const Task& task, u64 guest) {
    return guest ? task.space().untagged(guest) + task.space().guest_base() : 0;
}

/// A set of argument positions.
constexpr unsigned args_set(auto... positions) { return ((1u << positions) | ... | 0u); }

/// `args` with the pointers among them moved to host addresses.
template <unsigned Pointers>
SyscallArgs to_host(const Task& task, const SyscallArgs& args) {
    if constexpr (Pointers == 0) return args;
    SyscallArgs host = args;
    for (unsigned i = 0; i < 6; ++i) {
        if (Pointers >> i & 1) host.a[i] = host_pointer(task, args[i]);
    }
    return host;
}

/// Makes a host call; once more after EFAULT if that may have been because pages with translated code lack host
/// write permission although the guest has it.
template <class Call>
SyscallResult with_code_released(Task& task, Call call) {
    SyscallResult result = call();
    if (result == -EFAULT && task.space().release_guarded_code()) [[unlikely]]
        result = call();
    return result;
}

/// A call that cannot block.
template <long Number, unsigned Pointers = 0>
SyscallResult direct(Task& task, const SyscallArgs& args) {
    SyscallArgs h = to_host<Pointers>(task, args);
    auto call = [&] { return raw_syscall(Number, h[0], h[1], h[2], h[3], h[4], h[5]); };
    if constexpr (Pointers == 0) return call();
    return with_code_released(task, call);
}

/// A call that can block. @tparam Interrupted its result when a signal came: the kernel's rule for restarting it
template <long Number, unsigned Pointers = 0, SyscallResult Interrupted = kRestartSys>
SyscallResult blocking(Task& task, const SyscallArgs& args) {
    SyscallArgs h = to_host<Pointers>(task, args);
    SyscallResult result =
        with_code_released(task, [&] { return safe_syscall(task, Number, h[0], h[1], h[2], h[3], h[4], h[5]); });
    return result == kRestartSys ? Interrupted : result;
}

/// A path argument: reads it, redirects names under /proc/self, resolves it under the sysroot.
class GuestPath {
public:
    /// @param directory what a relative name starts from: a descriptor, or AT_FDCWD. @returns 0 or -errno.
    i64 load(Task& task, u64 address, bool follow, int directory = AT_FDCWD);
    /// What to give to the host's kernel.
    u64 host() const { return host_; }

private:
    std::string text_;
    u64 host_ = 0;
};

/// Which argument is a path, and whether a symbolic link in its last component is followed.
struct PathSpec {
    int arg;
    bool follow = true;
    int flag_arg = -1;  ///< the argument whose bits `flag` turn `follow` around
    unsigned flag = 0;
};
constexpr PathSpec follow(int arg) { return {arg}; }
constexpr PathSpec nofollow(int arg) { return {arg, false}; }
constexpr PathSpec follow_unless(int arg, int flag_arg, unsigned flag) { return {arg, true, flag_arg, flag}; }
constexpr PathSpec follow_if(int arg, int flag_arg, unsigned flag) { return {arg, false, flag_arg, flag}; }

/// A call that takes paths (and the pointers `Pointers` besides).
template <long Number, unsigned Pointers, PathSpec... Specs>
SyscallResult with_paths(Task& task, const SyscallArgs& args) {
    SyscallArgs h = to_host<Pointers>(task, args);
    GuestPath paths[sizeof...(Specs)];
    unsigned i = 0;
    i64 error = 0;
    auto load = [&](const PathSpec& spec) {
        bool turned = spec.flag_arg >= 0 && (args[static_cast<unsigned>(spec.flag_arg)] & spec.flag);
        GuestPath& path = paths[i++];
        // Where a directory is given, it is the argument before.
        const int directory = spec.arg > 0 ? static_cast<int>(args[static_cast<unsigned>(spec.arg) - 1]) : AT_FDCWD;
        error = path.load(task, args[static_cast<unsigned>(spec.arg)], spec.follow != turned, directory);
        h.a[spec.arg] = path.host();
        return error == 0;
    };
    if (!(load(Specs) && ...)) return error;
    auto call = [&] { return raw_syscall(Number, h[0], h[1], h[2], h[3], h[4], h[5]); };
    if constexpr (Pointers == 0) return call();
    return with_code_released(task, call);
}

}  // namespace dragoman::linux_abi
