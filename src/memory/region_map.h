// The guest's mappings as an interval map, and the search for free address space.
#pragma once

#include <map>
#include <string>

#include "memory/user_space.h"

namespace dragoman::memory {

/// One mapping; its start is the key in RegionMap.
struct Region {
    u64 end = 0;
    PageFlags flags = PageFlags::None;  ///< Read, Write, Exec, Shared
    bool file = false;                  ///< backed by a file (or a shared object): offset means something
    u64 offset = 0;
    std::string name;
};

/// Not thread-safe.
class RegionMap {
public:
    using Map = std::map<u64, Region>;
    const Map& all() const { return regions_; }

    /// The region that holds `address`, or end().
    Map::const_iterator find(u64 address) const;
    Map::const_iterator end() const { return regions_.end(); }
    std::size_t size() const { return regions_.size(); }

    /// Whether any page / every page of [start, end) is mapped.
    bool overlaps(u64 start, u64 end) const;
    bool covered(u64 start, u64 end) const;

    /// Whether [start, end) begins or ends inside a mapping, so that a change of it makes two.
    bool splits(u64 start, u64 end) const;

    /// Calls f(start, end, region) for each piece of a region inside [start, end), ascending. f may not
    /// change the map.
    template <class F>
    void for_each(u64 start, u64 end, F f) const {
        for (auto it = first_overlap(start); it != regions_.end() && it->first < end; ++it) {
            f(std::max(start, it->first), std::min(end, it->second.end), it->second);
        }
    }
    /// Calls f(start, end) for each unmapped hole inside [start, end), ascending.
    template <class F>
    void for_each_hole(u64 start, u64 end, F f) const {
        for (auto it = first_overlap(start); start < end; ++it) {
            bool last = it == regions_.end() || it->first >= end;
            u64 stop = last ? end : it->first;
            if (start < stop) f(start, stop);
            if (last) return;
            start = it->second.end;
        }
    }

    /// Forgets [start, end).
    void erase(u64 start, u64 end);
    /// Enters a region at [start, region.end), which replaces what was there; merges with neighbours.
    void insert(u64 start, Region region);

    /// Highest free range of `length` bytes in [low, high) whose start is aligned; 0 when there is none.
    u64 find_free(u64 length, u64 alignment, u64 low, u64 high);

private:
    Map::const_iterator first_overlap(u64 start) const;
    void split(u64 address);

    Map regions_;
    // There is no gap of cached_length_ bytes or more in [cached_top_, cached_high_).
    u64 cached_high_ = 0, cached_top_ = 0, cached_length_ = 0;
};

}  // namespace dragoman::memory
