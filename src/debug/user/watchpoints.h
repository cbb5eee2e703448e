// Watchpoints by page protection: the host page of a watched range cannot be accessed, the access faults, and the
// faulting instruction is executed alone while the page is open. Translated code is not changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "debug/target.h"
#include "memory/user_space.h"

namespace dragoman::debug {

/// Not thread-safe: the owner locks.
class Watchpoints {
public:
    explicit Watchpoints(memory::UserSpace& space) : space_(space) {}

    bool empty() const { return ranges_.empty(); }
    /// False when the range is not mapped.
    bool add(WatchKind kind, u64 address, u64 length);
    bool remove(WatchKind kind, u64 address, u64 length);
    void clear();

    /// Whether a fault at `address` is of our making.
    bool covers_page(u64 address) const;
    /// Makes the pages accessible, for one instruction or a system call, and notes the watched values.
    void open();
    /// Protects them again.
    /// @param fault_address of the access that was let through; nothing: a system call ran, which can only be
    ///        noticed by the values that it changed
    /// @returns the watchpoint that it hit
    std::optional<WatchHit> close(std::optional<u64> fault_address);

private:
    struct Range {
        WatchKind kind;
        u64 address, length;
        std::string before;  ///< value when last opened
    };
    std::string value_of(const Range& range) const;
    void protect(bool open);

    memory::UserSpace& space_;
    std::vector<Range> ranges_;
    unsigned opened_ = 0;
};

}  // namespace dragoman::debug
