// What a process keeps for its semihosting calls. Made when the first of them comes.
#pragma once

#include <chrono>

#include "base/mutex.h"
#include "semihosting/semihosting.h"

namespace dragoman::linux_abi {

struct Process;

struct SemihostingState {
    semihosting::Session session;
    Mutex mutex;
    u64 heap_base DRAGOMAN_GUARDED_BY(mutex) = 0;
    u64 heap_limit DRAGOMAN_GUARDED_BY(mutex) = 0;
    const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

    u64 nanoseconds() const {
        return static_cast<u64>(std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count());
    }
    /// That of `process`.
    static SemihostingState& of(Process& process);
};

}  // namespace dragoman::linux_abi
