// What only riscv has: the instruction cache's system call (hwprobe.cpp has the other one), options of prctl.
#include "linux/riscv/calls.h"

#include <linux/prctl.h>

#include <cerrno>

#include "guest/riscv/model.h"
#include "linux/riscv/cfi.h"
#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

using dragoman::riscv::hart;

SyscallResult sys_riscv_flush_icache(Task& task, const SyscallArgs& args) {
    if (args[2] & ~u64{1}) return -EINVAL;
    task.process->engine->fence_i(args[0], args[1]);
    return 0;
}

namespace {

// Pointer masking (Documentation/arch/riscv/uabi.rst, "Pointer masking"): how many upper bits the thread's accesses
// ignore, and whether system calls do, too, which is for the whole process.
constexpr u64 kTaggedAddressEnable = 1, kPmlenMask = u64{0x7f} << 24;
constexpr unsigned kPmlenShift = 24;
constexpr i32 kSetIcacheFlushContext = 71;

bool has_pointer_masking(const Task& task) { return hart(task.env)->model->has(dragoman::riscv::Extension::Supm); }

SyscallResult set_tagged_address_control(Task& task, u64 control) {
    if ((control & ~(kTaggedAddressEnable | kPmlenMask)) != 0) return -EINVAL;
    const u64 wanted = (control & kPmlenMask) >> kPmlenShift;
    constexpr unsigned kShort = 7, kLong = 16;
    if (wanted > kLong) return -EINVAL;
    const unsigned pmlen = wanted == 0 ? 0 : wanted <= kShort ? kShort : kLong;
    const bool enable = (control & kTaggedAddressEnable) != 0;
    if (enable && pmlen == 0) return -EINVAL;
    const unsigned tag_bits = enable ? pmlen : 0;
    // Other threads may be using such pointers.
    if (task.process->had_threads && task.space().tag_bits() != tag_bits) return -EBUSY;
    u32& flags = task.env->tb_flags;
    flags &= ~dragoman::riscv::kFlagPmMask;
    if (pmlen != 0) flags |= pmlen == kShort ? dragoman::riscv::kFlagPmlen7 : dragoman::riscv::kFlagPmlen16;
    task.space().set_tag_bits(tag_bits);
    return 0;
}

u64 tagged_address_control(const Task& task) {
    const u64 pmlen = dragoman::riscv::flags_pmlen(task.env->tb_flags);
    return pmlen << kPmlenShift | (task.space().tag_bits() != 0 ? kTaggedAddressEnable : 0);
}

}  // namespace

const FlagName kPrctlOptions[] = {{69, "PR_RISCV_V_SET_CONTROL"},
                                  {70, "PR_RISCV_V_GET_CONTROL"},
                                  {kSetIcacheFlushContext, "PR_RISCV_SET_ICACHE_FLUSH_CTX"},
                                  {74, "PR_GET_SHADOW_STACK_STATUS"},
                                  {75, "PR_SET_SHADOW_STACK_STATUS"},
                                  {76, "PR_LOCK_SHADOW_STACK_STATUS"},
                                  {80, "PR_GET_CFI"},
                                  {81, "PR_SET_CFI"}};

SyscallResult prctl(Task& task, const SyscallArgs& args) {
    switch (static_cast<i32>(args[0])) {
        case PR_SET_TAGGED_ADDR_CTRL:
            if ((args[2] | args[3] | args[4]) != 0 || !has_pointer_masking(task)) return -EINVAL;
            return set_tagged_address_control(task, args[1]);
        case PR_GET_TAGGED_ADDR_CTRL:
            if ((args[1] | args[2] | args[3] | args[4]) != 0 || !has_pointer_masking(task)) return -EINVAL;
            return static_cast<i64>(tagged_address_control(task));
        case kSetIcacheFlushContext:
            // fence.i works across harts here in any case.
            return args[1] <= 1 && args[2] <= 1 ? 0 : -EINVAL;
        default: return prctl_cfi(task, args);
    }
}

}  // namespace dragoman::linux_abi::riscv
