// Interval map of the guest's mappings.
#include "memory/region_map.h"

#include <algorithm>
#include <iterator>

namespace dragoman::memory {

RegionMap::Map::const_iterator RegionMap::first_overlap(u64 start) const {
    auto it = regions_.upper_bound(start);
    if (it != regions_.begin()) {
        auto before = std::prev(it);
        if (before->second.end > start) return before;
    }
    return it;
}

RegionMap::Map::const_iterator RegionMap::find(u64 address) const {
    auto it = first_overlap(address);
    return it != regions_.end() && it->first <= address ? it : regions_.end();
}

bool RegionMap::overlaps(u64 start, u64 end) const {
    auto it = first_overlap(start);
    return it != regions_.end() && it->first < end;
}

bool RegionMap::covered(u64 start, u64 end) const {
    bool hole = false;
    for_each_hole(start, end, [&](u64, u64) { hole = true; });
    return !hole;
}

bool RegionMap::splits(u64 start, u64 end) const {
    auto inside = [&](u64 address) {
        auto it = find(address);
        return it != regions_.end() && it->first != address;
    };
    return inside(start) || inside(end);
}

void RegionMap::split(u64 address) {
    auto found = find(address);
    if (found == regions_.end() || found->first == address) return;
    Region& lower = regions_.find(found->first)->second;
    Region upper = lower;
    if (upper.file) upper.offset += address - found->first;
    lower.end = address;
    regions_.emplace_hint(std::next(found), address, std::move(upper));
}

void RegionMap::erase(u64 start, u64 end) {
    if (start >= end || !overlaps(start, end)) return;
    split(start);
    split(end);
    auto next = regions_.erase(regions_.lower_bound(start), regions_.lower_bound(end));
    if (end > cached_top_) {
        u64 gap_end = next == regions_.end() ? cached_high_ : std::min(next->first, cached_high_);
        cached_top_ = std::max(cached_top_, gap_end);
    }
}

void RegionMap::insert(u64 start, Region region) {
    erase(start, region.end);
    auto mergeable = [](u64 a_start, const Region& a, const Region& b) {
        if (a.flags != b.flags || a.file != b.file || a.name != b.name) return false;
        return a.file ? !a.name.empty() && a.offset + (a.end - a_start) == b.offset : true;
    };
    auto next = regions_.find(region.end);
    if (next != regions_.end() && mergeable(start, region, next->second)) {
        region.end = next->second.end;
        next = regions_.erase(next);
    } else {
        next = regions_.lower_bound(start);
    }
    if (next != regions_.begin()) {
        auto before = std::prev(next);
        if (before->second.end == start && mergeable(before->first, before->second, region)) {
            before->second.end = region.end;
            return;
        }
    }
    regions_.emplace_hint(next, start, std::move(region));
}

u64 RegionMap::find_free(u64 length, u64 alignment, u64 low, u64 high) {
    bool use_cache = high == cached_high_ && length >= cached_length_;
    u64 top = use_cache ? cached_top_ : high;
    auto it = regions_.lower_bound(top);
    for (;;) {
        bool first = it == regions_.begin();
        if (!first) --it;
        u64 gap_low = first ? low : std::max(low, it->second.end);
        if (top >= gap_low && top - gap_low >= length) {
            u64 address = align_down(top - length, alignment);
            if (address >= gap_low) {
                cached_high_ = high;
                cached_top_ = address + length;
                cached_length_ = length;
                return address;
            }
        }
        if (first || it->first <= low) return 0;
        top = std::min(top, it->first);
    }
}

}  // namespace dragoman::memory
