#include "engine/softmmu/tlb_table.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace dragoman::engine {

namespace {

using ir::kNoPage;
using ir::TlbEntry;

constexpr TlbEntry kEmpty = {kNoPage, kNoPage, kNoPage, 0};
alignas(32) TlbEntry never_hits = kEmpty;

void set_tag(u64& tag, u64 value) { __atomic_store_n(&tag, value, __ATOMIC_RELAXED); }

void make_empty(TlbEntry& entry) {
    set_tag(entry.read, kNoPage);
    set_tag(entry.write, kNoPage);
    set_tag(entry.fetch, kNoPage);
}

bool is_empty(const TlbEntry& entry) {
    return entry.read == kNoPage && entry.write == kNoPage && entry.fetch == kNoPage;
}

u64 page_of(const TlbEntry& entry) {
    u64 tag = entry.read != kNoPage ? entry.read : entry.write != kNoPage ? entry.write : entry.fetch;
    return tag & ~kSlowTag;
}

/// @returns whether the entry let stores through until now
bool slow_down(TlbEntry& entry) {
    if ((entry.write & kSlowTag) != 0) return false;
    set_tag(entry.write, entry.write | kSlowTag);
    return true;
}

}  // namespace

TlbTable::~TlbTable() { std::free(entries_); }

ir::TlbView TlbTable::view() const {
    if (entries_ == nullptr) return {0, &never_hits};
    return {mask_ << 5, entries_};
}

bool TlbTable::holds(const TlbEntry& entry, u64 page) {
    return (entry.read & ~kSlowTag) == page || (entry.write & ~kSlowTag) == page || (entry.fetch & ~kSlowTag) == page;
}

void TlbTable::allocate(unsigned bits) {
    std::size_t count = std::size_t{1} << bits;
    void* memory = std::aligned_alloc(64, count * (sizeof(TlbEntry) + sizeof(u64)));
    if (memory == nullptr) throw std::bad_alloc();
    entries_ = static_cast<TlbEntry*>(memory);
    info_ = reinterpret_cast<u64*>(entries_ + count);
    mask_ = count - 1;
    std::memset(static_cast<void*>(entries_), 0xff, count * sizeof(TlbEntry));
    used_ = evictions_ = 0;
}

void TlbTable::grow() {
    TlbEntry* old = entries_;
    u64* old_info = info_;
    std::size_t count = mask_ + 1;
    allocate(static_cast<unsigned>(std::bit_width(count)));
    for (std::size_t i = 0; i < count; ++i) {
        if (is_empty(old[i])) continue;
        std::size_t to = index(page_of(old[i]));
        entries_[to] = old[i];
        info_[to] = old_info[i];
        ++used_;
    }
    std::free(old);
}

bool TlbTable::recall(u64 page) {
    if (!any_victims_) return false;
    for (unsigned i = 0; i < kVictims; ++i) {
        if (victim_pages_[i] != page) continue;
        TlbEntry& place = entry(page);
        if (is_empty(place)) ++used_;
        std::swap(place, victims_[i]);
        std::swap(info_[index(page)], victim_info_[i]);
        victim_pages_[i] = is_empty(victims_[i]) ? kNoPage : page_of(victims_[i]);
        return true;
    }
    return false;
}

bool TlbTable::insert(u64 page, const TlbEntry& entry, u64 info) {
    bool changed = false;
    if (entries_ == nullptr) {
        allocate(kMinBits);
        changed = true;
    }
    TlbEntry* place = &this->entry(page);
    if (is_empty(*place)) {
        ++used_;
    } else if (!holds(*place, page)) {
        if (++evictions_ > mask_ && mask_ < low_mask(kMaxBits)) {
            grow();
            changed = true;
            place = &this->entry(page);
            if (is_empty(*place)) ++used_;
        }
        if (!is_empty(*place)) {
            if (!any_victims_) {
                std::fill(std::begin(victims_), std::end(victims_), kEmpty);
                std::fill(std::begin(victim_pages_), std::end(victim_pages_), kNoPage);
                any_victims_ = true;
            }
            victims_[next_victim_] = *place;
            victim_info_[next_victim_] = info_[index(page)];
            victim_pages_[next_victim_] = page_of(*place);
            next_victim_ = (next_victim_ + 1) % kVictims;
        }
    }
    *place = entry;
    info_[index(page)] = info;
    return changed;
}

const LargePage* TlbTable::find_large(u64 address) const {
    if (!any_large_) return nullptr;
    for (const LargePage& large : large_) {
        if (large.contains(address)) return &large;
    }
    return nullptr;
}

void TlbTable::add_large(const LargePage& large) {
    any_large_ = true;
    for (LargePage& other : large_) {
        if (other.start == large.start && other.end == large.end) {
            other = large;
            return;
        }
    }
    LargePage& place = large_[next_large_];
    next_large_ = (next_large_ + 1) % kLargePages;
    if (place.start != place.end) {
        lost_start_ = std::min(lost_start_, place.start);
        lost_end_ = std::max(lost_end_, place.end);
    }
    place = large;
}

template <class F>
void TlbTable::for_all(F f) {
    if (entries_ == nullptr) return;
    for (std::size_t i = 0; i <= mask_; ++i) {
        if (f(entries_[i], info_[i])) {
            make_empty(entries_[i]);
            --used_;
        }
    }
    if (!any_victims_) return;
    for (unsigned i = 0; i < kVictims; ++i) {
        if (!f(victims_[i], victim_info_[i])) continue;
        make_empty(victims_[i]);
        victim_pages_[i] = kNoPage;
    }
}

void TlbTable::drop_range(u64 start, u64 end, bool keep_global) {
    for_all([&](const TlbEntry& entry, u64 info) {
        if (is_empty(entry) || (keep_global && (info & kGlobalPage) != 0)) return false;
        return page_of(entry) - start < end - start;
    });
}

void TlbTable::drop_page(u64 page, bool keep_global) {
    if (entries_ == nullptr) return;
    if (lost_start_ <= page && page < lost_end_) {
        drop_range(lost_start_, lost_end_, keep_global);
        if (!keep_global) lost_start_ = ~u64{0}, lost_end_ = 0;
    }
    if (any_large_) {
        for (LargePage& large : large_) {
            if (!large.contains(page) || (keep_global && large.global)) continue;
            drop_range(large.start, large.end, keep_global);
            large = {};
        }
    }
    TlbEntry& place = entry(page);
    if (holds(place, page) && !(keep_global && (info(page) & kGlobalPage) != 0)) {
        make_empty(place);
        --used_;
    }
    if (!any_victims_) return;
    for (unsigned i = 0; i < kVictims; ++i) {
        if (victim_pages_[i] != page || (keep_global && (victim_info_[i] & kGlobalPage) != 0)) continue;
        make_empty(victims_[i]);
        victim_pages_[i] = kNoPage;
    }
}

void TlbTable::drop_local() {
    for_all([](const TlbEntry& entry, u64 info) { return !is_empty(entry) && (info & kGlobalPage) == 0; });
    for (LargePage& large : large_) {
        if (!large.global) large = {};
    }
}

bool TlbTable::clear() {
    if (any_large_) std::fill(std::begin(large_), std::end(large_), LargePage{});
    any_large_ = false;
    lost_start_ = ~u64{0};
    lost_end_ = 0;
    any_victims_ = false;
    if (entries_ == nullptr || used_ == 0) return false;
    if (mask_ > low_mask(kMinBits) && u64{used_} * 8 < mask_) {
        auto bits = static_cast<unsigned>(std::bit_width(mask_)) - 1;
        std::free(entries_);
        allocate(bits);
        return true;
    }
    std::memset(static_cast<void*>(entries_), 0xff, (mask_ + 1) * sizeof(TlbEntry));
    used_ = evictions_ = 0;
    return false;
}

bool TlbTable::slow_stores(u64 page, u64 physical_page) {
    if (entries_ == nullptr) return false;
    bool changed = false;
    TlbEntry& place = entry(page);
    if (holds(place, page) && align_down(info(page), kPageBytes) == physical_page) changed = slow_down(place);
    if (!any_victims_) return changed;
    for (unsigned i = 0; i < kVictims; ++i) {
        if (align_down(victim_info_[i], kPageBytes) == physical_page) changed |= slow_down(victims_[i]);
    }
    return changed;
}

bool TlbTable::slow_stores_everywhere(u64 physical_page) {
    bool changed = false;
    for_all([&](TlbEntry& entry, u64 info) {
        if (!is_empty(entry) && align_down(info, kPageBytes) == physical_page) changed |= slow_down(entry);
        return false;
    });
    return changed;
}

void TlbTable::drop_physical(u64 start, u64 end) {
    for_all([&](const TlbEntry& entry, u64 info) { return !is_empty(entry) && info - start < end - start; });
    for (LargePage& large : large_) {
        if (large.physical < end && start < large.physical + (large.end - large.start)) large = {};
    }
}

}  // namespace dragoman::engine
