#include "linux/semihosting.h"

#include "linux/task.h"

namespace dragoman::linux_abi {

SemihostingState& SemihostingState::of(Process& process) {
    LockGuard lock(process.tasks_lock);
    if (process.semihosting == nullptr) process.semihosting = std::make_shared<SemihostingState>();
    return *process.semihosting;
}

}  // namespace dragoman::linux_abi
