#include "linux/signal_mask.h"

namespace dragoman::linux_abi {

bool begin_wait_mask(Task& task, SignalSet mask, SignalSet& host_mask) {
    SignalState& signals = task.signals;
    signals.saved_blocked = signals.blocked;
    signals.restore_blocked = true;
    signals.blocked = mask & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
    host_mask = signals.blocked;
    return true;
}

void end_wait_mask(Task& task) {
    task.signals.blocked = task.signals.saved_blocked;
    task.signals.restore_blocked = false;
}

}  // namespace dragoman::linux_abi
