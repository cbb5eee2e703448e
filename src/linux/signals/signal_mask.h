// The temporary signal mask of calls that wait (ppoll, pselect6, epoll_pwait, rt_sigsuspend).
#pragma once

#include "linux/task.h"

namespace dragoman::linux_abi {

/// Blocks exactly `mask` while the guest waits: `host_mask` is what to give to the host's call. The mask until now is
/// in force again after end_wait_mask, or, when a signal ends the wait, when its handler runs.
/// @returns false when a signal is to be delivered instead of waiting.
bool begin_wait_mask(Task& task, SignalSet mask, SignalSet& host_mask);
/// The wait ended without a signal.
void end_wait_mask(Task& task);

}  // namespace dragoman::linux_abi
