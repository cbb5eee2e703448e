// What a process keeps for its semihosting calls. Made when the first of them comes.
#pragma once

#include <mutex>

#include "semihosting/semihosting.h"

namespace dragoman::linux_abi {

struct Process;

struct SemihostingState {
    semihosting::Session session;
    std::mutex mutex;  ///< guards the heap
    u64 heap_base = 0, heap_limit = 0;
    const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

    u64 nanoseconds() const {
        return static_cast<u64>(std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count());
    }
    /// That of `process`.
    static SemihostingState& of(Process& process);
};

}  // namespace dragoman::linux_abi
