// The shadow stacks of a guest: memory that it can read everywhere, but write with the instructions for that alone. The
// host maps each twice: where the guest has it, for reading, and at an address of the translator's, for writing.
#pragma once

#include <vector>

#include "base/bits.h"
#include "base/mutex.h"

namespace dragoman::memory {

/// Thread-safe. Guest addresses, unless a name says host. Pages are mapped and unmapped where the guest has them by
/// UserSpace, which tells of it.
class ShadowStacks {
public:
    explicit ShadowStacks(u64 guest_base) : guest_base_(guest_base) {}
    ~ShadowStacks() { forget(0, ~u64{0}); }
    ShadowStacks(const ShadowStacks&) = delete;
    ShadowStacks& operator=(const ShadowStacks&) = delete;

    /// [start, end) is a shadow stack from now on; the host has mapped shared, anonymous memory there. @returns 0 or
    /// -errno
    i64 add(u64 start, u64 end);
    /// There are none in [start, end) any more.
    void forget(u64 start, u64 end);
    /// Whether some of [start, end) is one.
    bool overlaps(u64 start, u64 end) const;

    /// Loads the `bytes` (4 or 8) at the aligned `address` into `old` and, unless `store` is null, puts that there in
    /// their place, atomically. @returns false when there is no shadow stack
    bool access(u64 address, unsigned bytes, u64& old, const u64* store);

    /// Around fork: parent and child go on with a copy each.
    void before_fork() DRAGOMAN_UNCHECKED_LOCKING;
    void after_fork(bool child) DRAGOMAN_UNCHECKED_LOCKING;

private:
    struct Stack {
        u64 start, end;
        u8* writable;  ///< host address of the second mapping
        u64 lowest;    ///< nothing below has ever been written
        u8* copy;      ///< host address of the child's, during fork; null: it cannot be made
    };

    mutable Mutex lock_;
    std::vector<Stack> stacks_ DRAGOMAN_GUARDED_BY(lock_);
    u64 guest_base_;
};

}  // namespace dragoman::memory
