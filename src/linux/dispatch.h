// From a guest's system-call instruction to the function that carries the call out, and back.
#pragma once

namespace dragoman::linux_abi {

class Task;
struct Restart;

/// Makes the call that the task's registers ask for, and puts the result there. A call that a signal has interrupted
/// before any effect is left in `restart`.
void handle_syscall(Task& task, Restart& restart);

}  // namespace dragoman::linux_abi
