// Watchpoints of a debugger in system mode: ranges of guest virtual addresses whose pages keep to the slow path.
#pragma once

#include <algorithm>
#include <vector>

#include "guest/runtime.h"

namespace dragoman::engine {

/// Changed only while no hart runs.
class Watchpoints {
public:
    bool empty() const { return ranges_.empty(); }

    void set(u64 address, u64 length, bool load, bool store, bool on) {
        Range range{address, length, load, store};
        auto same = std::find(ranges_.begin(), ranges_.end(), range);
        if (on && same == ranges_.end()) ranges_.push_back(range);
        if (!on && same != ranges_.end()) ranges_.erase(same);
    }

    /// Whether some watched range has bytes in [start, start + bytes).
    bool touches(u64 start, u64 bytes) const {
        return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& r) { return r.overlaps(start, bytes); });
    }
    /// The watched address that an access hits. @returns false when it hits none.
    bool hit(u64 start, u64 bytes, guest::Access access, u64& address) const {
        for (const Range& r : ranges_) {
            if (!(access == guest::Access::Store ? r.store : r.load) || !r.overlaps(start, bytes)) continue;
            address = r.address;
            return true;
        }
        return false;
    }

private:
    struct Range {
        u64 address, length;
        bool load, store;
        bool operator==(const Range&) const = default;
        bool overlaps(u64 start, u64 bytes) const { return start < address + length && address < start + bytes; }
    };
    std::vector<Range> ranges_;
};

}  // namespace dragoman::engine
