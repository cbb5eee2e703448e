#include "linux/signals/signal_mask.h"

#include "linux/signals/signals.h"

namespace dragoman::linux_abi {

bool begin_wait_mask(Task& task, SignalSet mask, SignalSet& host_mask) {
    SignalState& signals = task.signals;
    signals.suspend_mask = mask & ~kUnblockable;
    signals.suspended = true;
    host_mask = mask & ~kNeverBlocked;
    return (signals.held & ~mask) == 0;
}

void end_wait_mask(Task& task) { task.signals.suspended = false; }

}  // namespace dragoman::linux_abi
