// mseal: mappings that can no longer be changed. The host's are not sealed, because pages of code change their
// protection.
#include <algorithm>
#include <cerrno>

#include "memory/user_space_impl.h"

namespace dragoman::memory {

u64 UserSpace::Impl::first_sealed(u64 start, u64 end) const {
    for (const auto& [from, to] : seals) {
        if (from < end && start < to) return std::max(start, from);
    }
    return end;
}

bool UserSpace::Impl::sealed_against_discarding(u64 start, u64 end) const {
    bool found = false;
    for (const auto& [from, to] : seals) {
        if (end <= from || to <= start) continue;
        regions.for_each(std::max(start, from), std::min(end, to), [&](u64, u64, const Region& region) {
            found |= !region.file && !has(region.flags, PageFlags::Shared) && !has(region.flags, PageFlags::Write);
        });
    }
    return found;
}

i64 UserSpace::mseal(u64 address, u64 length) {
    if (address % kPageSize != 0) return -EINVAL;
    const u64 pages = align_up(length, kPageSize), end = address + pages;
    if (pages < length || end < address) return -EINVAL;
    if (pages == 0) return 0;
    LockGuard lock(impl_->map_lock);
    if (!impl_->in_range(address, pages) || !impl_->regions.covered(address, end)) return -ENOMEM;
    auto& seals = impl_->seals;
    std::pair<u64, u64> merged{address, end};
    std::erase_if(seals, [&](const auto& s) {
        if (s.second < merged.first || merged.second < s.first) return false;
        merged = {std::min(merged.first, s.first), std::max(merged.second, s.second)};
        return true;
    });
    seals.insert(std::upper_bound(seals.begin(), seals.end(), merged), merged);
    return 0;
}

}  // namespace dragoman::memory
