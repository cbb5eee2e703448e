// The signal mask of calls that wait with one of their own, as an object.
#pragma once

#include <cerrno>

#include "linux/signals/signal_mask.h"
#include "linux/syscall.h"

namespace dragoman::linux_abi {

/// The signal mask that ppoll, pselect6, epoll_pwait, io_pgetevents and io_uring_enter set while they wait.
class WaitMask {
public:
    explicit WaitMask(Task& task) : task_(task) {}

    /// @param address of the guest's signal set; null for none.
    /// @returns 0, -errno, or kRestartSys when a signal is to be delivered first.
    i64 set(u64 address, u64 size) {
        if (address == 0) return 0;
        if (size != sizeof(SignalSet)) return -EINVAL;
        SignalSet mask;
        if (!task_.read(mask, address)) return -EFAULT;
        active_ = true;
        return begin_wait_mask(task_, mask, host_) ? 0 : kRestartSys;
    }
    /// For the host's call: address of the set, null without one.
    u64 host() const { return active_ ? reinterpret_cast<u64>(&host_) : 0; }
    /// Takes the mask back unless a signal ended the wait: its delivery then does that.
    SyscallResult finish(SyscallResult result) {
        if (active_ && result != kRestartSys) end_wait_mask(task_);
        return result;
    }

private:
    Task& task_;
    SignalSet host_ = 0;
    bool active_ = false;
};

}  // namespace dragoman::linux_abi
