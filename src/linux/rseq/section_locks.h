// What keeps critical sections of different threads on one CPU apart. Each CPU number has a lock, and so has each
// concurrency id (mm_cid): data of either may be what a section is about. Both are held while a thread goes through
// one.
#pragma once

#include <atomic>

#include "base/bits.h"

namespace dragoman::linux_abi {

class Task;

/// All bits zero when nobody holds it.
class alignas(64) SectionLock {
public:
    /// @returns false: it is not taken, as there is a signal for `task`
    bool acquire(Task& task);
    void release();
    /// Somebody waits for it.
    bool wanted() const { return word_.load(std::memory_order_relaxed) == kWanted; }
    /// Waits until whoever holds it now has released it.
    void pass(Task& task);
    /// In a child of fork: whoever held it is not there.
    void reset() { word_.store(kFree, std::memory_order_relaxed); }

private:
    enum : u32 { kFree, kHeld, kWanted };
    std::atomic<u32> word_;
};

/// The locks of a CPU and of a concurrency id.
class SectionLocks {
public:
    SectionLocks(u32 cpu, u32 mm_cid);
    ~SectionLocks() { release(); }
    SectionLocks(const SectionLocks&) = delete;

    /// @returns false: none is taken, as there is a signal for `task`
    bool acquire(Task& task);
    void release();
    bool wanted() const { return cpu_.wanted() || mm_cid_.wanted(); }

    /// Waits until all sections that are being gone through now are left.
    static void pass_all(Task& task);
    static void reset_all();

private:
    SectionLock &cpu_, &mm_cid_;
    bool held_ = false;
};

}  // namespace dragoman::linux_abi
