// The temporary signal mask of calls that wait (ppoll, pselect6, epoll_pwait, rt_sigsuspend).
#pragma once

#include "linux/task.h"

namespace dragoman::linux_abi {

/// Blocks exactly `mask` from now on; the mask until now is restored by end_wait_mask, or, when a signal ends the wait,
/// after that signal has been delivered.
void begin_wait_mask(Task& task, SignalSet mask);
/// The wait ended without a signal.
void end_wait_mask(Task& task);

}  // namespace dragoman::linux_abi
