#include "debug/user/watchpoints.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>

#include "debug/user/guest_memory.h"

namespace dragoman::debug {

namespace {

using memory::kPageSize;
using memory::PageFlags;

/// The permissions that the host page has when nothing is watched.
int plain_protection(PageFlags flags) {
    int protection = has(flags, PageFlags::Read | PageFlags::Exec) ? PROT_READ : PROT_NONE;
    if (has(flags, PageFlags::Write) && !has(flags, PageFlags::Code)) protection |= PROT_WRITE;
    return protection;
}

/// The most bytes that an aligned access at `address` can have.
u64 widest_access(u64 address) { return address == 0 ? 8 : std::min<u64>(u64{1} << std::countr_zero(address), 8); }

}  // namespace

bool Watchpoints::add(WatchKind kind, u64 address, u64 length) {
    for (u64 page = align_down(address, kPageSize); page < address + length; page += kPageSize) {
        if (space_.flags(page) == PageFlags::None) return false;
    }
    ranges_.push_back({kind, address, length, {}});
    ranges_.back().before = value_of(ranges_.back());
    if (opened_ == 0) protect(false);
    return true;
}

bool Watchpoints::remove(WatchKind kind, u64 address, u64 length) {
    auto at = std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& r) {
        return r.kind == kind && r.address == address && r.length == length;
    });
    if (at == ranges_.end()) return false;
    protect(true);
    ranges_.erase(at);
    if (opened_ == 0) protect(false);
    return true;
}

void Watchpoints::clear() {
    protect(true);
    ranges_.clear();
}

bool Watchpoints::covers_page(u64 address) const {
    u64 page = align_down(address, kPageSize);
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [&](const Range& r) { return page + kPageSize > r.address && page < r.address + r.length; });
}

void Watchpoints::open() {
    if (opened_++ != 0) return;
    for (Range& range : ranges_) range.before = value_of(range);
    protect(true);
}

std::optional<WatchHit> Watchpoints::close(std::optional<u64> fault_address) {
    if (opened_ != 0 && --opened_ == 0) protect(false);
    std::optional<WatchHit> hit;
    for (Range& range : ranges_) {
        std::string now = value_of(range);
        bool changed = now != range.before;
        range.before = now;
        bool accessed = changed;
        if (fault_address) {
            u64 first = *fault_address;
            accessed |= first < range.address + range.length && first + widest_access(first) > range.address;
        }
        if (hit || !accessed) continue;
        // A store of the value that was there already cannot be told from a load; gdb ignores such stores, too.
        bool wanted = range.kind == WatchKind::Access || (range.kind == WatchKind::Write) == changed;
        if (wanted) hit = WatchHit{range.address, range.kind};
    }
    return hit;
}

std::string Watchpoints::value_of(const Range& range) const {
    std::string value(range.length, '\0');
    read_guest(space_, range.address, value.data(), value.size());
    return value;
}

void Watchpoints::protect(bool open) {
    for (const Range& range : ranges_) {
        for (u64 page = align_down(range.address, kPageSize); page < range.address + range.length; page += kPageSize) {
            bool reads = std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& r) {
                return r.kind != WatchKind::Write && page + kPageSize > r.address && page < r.address + r.length;
            });
            int protection = plain_protection(space_.flags(page));
            if (!open) protection &= reads ? PROT_NONE : PROT_READ;
            space_.set_watched(page, !open);
            mprotect(space_.host(page), kPageSize, protection);
        }
    }
}

}  // namespace dragoman::debug
