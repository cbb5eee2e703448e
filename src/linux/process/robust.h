// What happens to the futexes of a thread when it ends.
#pragma once

namespace dragoman::linux_abi {

class Task;

/// Tells the waiters of robust futexes that `task` holds that their owner died.
void exit_robust_list(Task& task);
/// Clears and wakes the word that CLONE_CHILD_CLEARTID or set_tid_address has named.
void clear_child_tid(Task& task);

}  // namespace dragoman::linux_abi
