#include "linux/rseq/section_locks.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include "linux/signals/signals.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

/// CPUs share locks from here on, in turn.
constexpr u32 kLocks = 256;
// Of the host process, as its threads are; not touched before they are needed.
constinit SectionLock cpu_locks[kLocks], mm_cid_locks[kLocks];

/// Looks at a lock before sleeping: sections are short.
constexpr unsigned kSpins = 100;

}  // namespace

bool SectionLock::acquire(Task& task) {
    for (unsigned i = 0; i < kSpins; ++i) {
        u32 free = kFree;
        if (word_.compare_exchange_weak(free, kHeld, std::memory_order_acquire)) return true;
        __builtin_ia32_pause();
    }
    while (word_.exchange(kWanted, std::memory_order_acquire) != kFree) {
        if (has_signals(task)) return false;
        safe_syscall(task, SYS_futex, reinterpret_cast<u64>(&word_), FUTEX_WAIT_PRIVATE, kWanted, 0);
    }
    return true;
}

void SectionLock::release() {
    if (word_.exchange(kFree, std::memory_order_release) == kWanted)
        raw_syscall(SYS_futex, reinterpret_cast<u64>(&word_), FUTEX_WAKE_PRIVATE, 1);
}

void SectionLock::pass(Task& task) {
    if (word_.load() == kFree) return;
    while (!acquire(task)) {
        // A signal for the caller can wait: sections are short, and end when they are wanted.
        raw_syscall(SYS_sched_yield);
    }
    release();
}

SectionLocks::SectionLocks(u32 cpu, u32 mm_cid)
    : cpu_(cpu_locks[cpu % kLocks]), mm_cid_(mm_cid_locks[mm_cid % kLocks]) {}

bool SectionLocks::acquire(Task& task) {
    if (!cpu_.acquire(task)) return false;
    if (!mm_cid_.acquire(task)) {
        cpu_.release();
        return false;
    }
    held_ = true;
    return true;
}

void SectionLocks::release() {
    if (!held_) return;
    held_ = false;
    mm_cid_.release();
    cpu_.release();
}

void SectionLocks::pass_all(Task& task) {
    for (SectionLock& lock : cpu_locks) lock.pass(task);
}

void SectionLocks::reset_all() {
    for (SectionLock& lock : cpu_locks) lock.reset();
    for (SectionLock& lock : mm_cid_locks) lock.reset();
}

}  // namespace dragoman::linux_abi
