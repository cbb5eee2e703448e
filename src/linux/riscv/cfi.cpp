#include "linux/riscv/cfi.h"

#include <linux/sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

#include "guest/riscv/model.h"
#include "linux/memory/memory_limits.h"
#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

using dragoman::riscv::Extension;
using dragoman::riscv::Hart;
using dragoman::riscv::hart;
using dragoman::riscv::kFlagLandingPads;
using dragoman::riscv::kFlagShadowStack;

namespace {

constexpr u64 kEntryBytes = 8, kPageMask = memory::kPageSize - 1;

// uapi linux/prctl.h
enum Option : i32 {
    kGetShadowStackStatus = 74,
    kSetShadowStackStatus = 75,
    kLockShadowStackStatus = 76,
    kGetCfi = 80,
    kSetCfi = 81,
};
constexpr u64 kShadowStackEnable = 1;
constexpr u64 kBranchLandingPads = 0, kCfiEnable = 1, kCfiDisable = 2, kCfiLock = 4;

/// The kernel of RV32 has neither.
bool has(const Task& task, Extension e) {
    const dragoman::riscv::Model& model = *hart(task.env)->model;
    return model.has(e) && !model.has(Extension::Rv32);
}

bool is_on(const Task& task, u32 flag) { return (task.env->tb_flags & flag) != 0; }
void turn(Task& task, u32 flag, bool on) {
    task.env->tb_flags = on ? task.env->tb_flags | flag : task.env->tb_flags & ~flag;
}

/// As large as an ordinary stack may get.
u64 shadow_stack_bytes() { return align_up(std::min(soft_limit(RLIMIT_STACK), u64{4} << 30), memory::kPageSize); }

/// Maps a shadow stack of its own for the task, which starts at its top.
SyscallResult allocate(const Task& mapper, Hart& h) {
    const u64 bytes = shadow_stack_bytes();
    const i64 base = mapper.space().map_shadow_stack(0, bytes);
    if (base < 0) return -ENOMEM;
    h.user_cfi.shadow_base = static_cast<u64>(base);
    h.user_cfi.shadow_bytes = bytes;
    h.priv.ssp = static_cast<u64>(base) + bytes;
    return 0;
}

/// Stores the token of a shadow stack pointer below it.
bool store_token(const Task& task, u64 ssp) {
    u64 old;
    return ssp % kEntryBytes == 0 && ssp >= kEntryBytes &&
           task.space().access_shadow_stack(ssp - kEntryBytes, kEntryBytes, old, &ssp);
}

SyscallResult set_shadow_stack_status(Task& task, u64 status) {
    Hart& h = *hart(task.env);
    if ((status & ~kShadowStackEnable) != 0 || h.user_cfi.shadow_locked) return -EINVAL;
    const bool on = (status & kShadowStackEnable) != 0;
    if (on && !has_shadow_stack(task)) {
        if (h.user_cfi.shadow_base != 0) return -EINVAL;
        if (SyscallResult error = allocate(task, h); error != 0) return error;
    }
    if (!on) release_shadow_stack(task);
    turn(task, kFlagShadowStack, on);
    return 0;
}

SyscallResult shadow_stack_prctl(Task& task, const SyscallArgs& args) {
    if (!has(task, Extension::Zicfiss) || (args[2] | args[3] | args[4]) != 0) return -EINVAL;
    switch (static_cast<i32>(args[0])) {
        case kGetShadowStackStatus:
            return task.write(args[1], has_shadow_stack(task) ? kShadowStackEnable : u64{0}) ? 0 : -EFAULT;
        case kSetShadowStackStatus: return set_shadow_stack_status(task, args[1]);
        default:
            if (!has_shadow_stack(task) || args[1] != 0) return -EINVAL;
            hart(task.env)->user_cfi.shadow_locked = true;
            return 0;
    }
}

SyscallResult landing_pads_prctl(Task& task, const SyscallArgs& args) {
    if (!has(task, Extension::Zicfilp) || args[1] != kBranchLandingPads || (args[3] | args[4]) != 0) return -EINVAL;
    bool& locked = hart(task.env)->user_cfi.pads_locked;
    if (static_cast<i32>(args[0]) == kGetCfi) {
        const u64 status = (is_on(task, kFlagLandingPads) ? kCfiEnable : kCfiDisable) | (locked ? kCfiLock : 0);
        return task.write(args[2], status) ? 0 : -EFAULT;
    }
    const u64 wanted = args[2];
    if (locked || (wanted & ~(kCfiEnable | kCfiDisable | kCfiLock)) != 0) return -EINVAL;
    const bool on = (wanted & kCfiEnable) != 0;
    if (on == ((wanted & kCfiDisable) != 0)) return -EINVAL;
    turn(task, kFlagLandingPads, on);
    if (on && (wanted & kCfiLock) != 0) locked = true;
    return 0;
}

}  // namespace

bool has_shadow_stack(const Task& task) { return is_on(task, kFlagShadowStack); }

SyscallResult prctl_cfi(Task& task, const SyscallArgs& args) {
    switch (static_cast<i32>(args[0])) {
        case kGetShadowStackStatus:
        case kSetShadowStackStatus:
        case kLockShadowStackStatus: return shadow_stack_prctl(task, args);
        case kGetCfi:
        case kSetCfi: return landing_pads_prctl(task, args);
        default: return -EINVAL;
    }
}

SyscallResult sys_map_shadow_stack(Task& task, const SyscallArgs& args) {
    const u64 address = args[0], bytes = args[1], flags = args[2] & 0xffff'ffff;
    constexpr u64 kSetToken = 1;
    if (!has(task, Extension::Zicfiss)) return -EOPNOTSUPP;
    if ((flags & ~kSetToken) != 0) return -EINVAL;
    const bool with_token = (flags & kSetToken) != 0;
    if (with_token && bytes < kEntryBytes) return -ENOSPC;
    if ((address & kPageMask) != 0) return -EINVAL;
    if (bytes > ~kPageMask) return -EOVERFLOW;
    const i64 base = task.space().map_shadow_stack(address, bytes);
    if (base < 0 || !with_token || store_token(task, static_cast<u64>(base) + bytes)) return base;
    task.space().munmap(static_cast<u64>(base), bytes);
    return -EINVAL;
}

SyscallResult prepare_shadow_stack(Task& parent, const CloneRequest& request, Task& child) {
    if (!has_shadow_stack(child)) return 0;
    Hart& h = *hart(child.env);
    // A child that its parent waits for goes on with the stack of its parent.
    h.user_cfi.shadow_base = h.user_cfi.shadow_bytes = 0;
    return (request.flags & CLONE_VFORK) != 0 ? 0 : allocate(parent, h);
}

void release_shadow_stack(Task& task) {
    Hart& h = *hart(task.env);
    if (!has_shadow_stack(task) || h.user_cfi.shadow_base == 0) return;
    task.space().munmap(h.user_cfi.shadow_base, h.user_cfi.shadow_bytes);
    h.user_cfi.shadow_base = h.user_cfi.shadow_bytes = 0;
}

u64 push_shadow_token(Task& task) {
    Hart& h = *hart(task.env);
    if (!store_token(task, h.priv.ssp)) return 0;
    return h.priv.ssp -= kEntryBytes;
}

bool pop_shadow_token(Task& task, u64 address) {
    constexpr u64 kUsed = 0;
    u64 token;
    if (!has_shadow_stack(task) || address % kEntryBytes != 0) return false;
    if (!task.space().access_shadow_stack(address, kEntryBytes, token, &kUsed)) return false;
    if (token - address != kEntryBytes) return false;
    hart(task.env)->priv.ssp = token;
    return true;
}

}  // namespace dragoman::linux_abi::riscv
