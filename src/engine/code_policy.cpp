#include "engine/code_policy.h"

namespace dragoman::engine {

namespace {

/// After this many stores that dropped the translations of a page, stores to it are no longer watched.
constexpr u32 kWatchedStores = 4;
/// Code on a page whose translations were dropped this often is not optimised before it runs as a loop.
constexpr u32 kShortLived = 100;

void insert_sorted(std::vector<u64>& list, u64 value) {
    auto place = std::lower_bound(list.begin(), list.end(), value);
    if (place == list.end() || *place != value) list.insert(place, value);
}

}  // namespace

bool CodePolicy::plan(TranslationRequest& request, bool user_mode, bool readable) {
    request.assume_boxed = !is_unboxed(request.pc);
    request.tracking = Tracking::Watched;
    // What leaves after its block runs once or a few times.
    request.first = tiers_ && !request.again && !request.is_loop() && !request.leaves();
    request.counts = request.first && request.begins_way;
    request.optimise = (!tiers_ || request.again || request.is_loop()) && !request.part;
    request.breakpoints.clear();
    if ((!request.leaves() || request.in_section) && !breakpoints_.empty()) request.breakpoints = breakpoints_;
    request.sections.clear();
    if (!sections.empty() && !request.in_section && !request.stepped) add_sections(request);
    request.last_insns.clear();
    if (!last_insns_.empty()) {
        const u64 page = align_down(request.pc, kPageBytes);
        auto from = std::lower_bound(last_insns_.begin(), last_insns_.end(), page);
        request.last_insns.assign(from, std::lower_bound(from, last_insns_.end(), page + kPageBytes));
    }
    if (user_mode) choose_tracking(request, readable);
    return !request.is_loop() || (request.tracking != Tracking::Verified && may_watch(request));
}

/// A block ends on the page behind its first one at the latest.
void CodePolicy::add_sections(TranslationRequest& request) const {
    if (request.is_loop()) return sections.add_overlapping(0, ~u64{0}, request.sections);
    sections.add_overlapping(request.pc, align_down(request.pc, kPageBytes) + 2 * kPageBytes, request.sections);
}

/// How changes of the code at request.pc are to be noticed.
///
/// Stores to a page with translations fault, which drops them; but that is dear where code is written all the
/// time. Such pages stay writable. Guests that flush what they write, as the architecture asks (Zifencei) and
/// all code generators do, get their translations compared at the flush. With others, each TB compares its code.
/// Code that cannot be read cannot be compared, either; nor can it be written as it is.
void CodePolicy::choose_tracking(TranslationRequest& request, bool readable) {
    CodePage* page = pages_.find(request.pc / kPageBytes);
    if (page == nullptr) return;
    if (page->dropped >= kShortLived && !request.is_loop() && !request.again) request.optimise = false;
    if (!readable || precise_ || page->invalidations < kWatchedStores) return;
    if (page->flushes + 1 < page->invalidations) {
        request.tracking = Tracking::Verified;
        return;
    }
    request.tracking = Tracking::Flushed;
    if (page->flushed) return;
    page->flushed = true;
    insert_sorted(flushed_pages_, page->page);
}

/// Whether stores to all pages of a loop of several blocks may be watched. (choose_tracking is for the first one only.)
bool CodePolicy::may_watch(const TranslationRequest& request) {
    if (request.loop.size() == 1) return true;
    return std::all_of(request.loop.begin(), request.loop.end(), [&](u64 pc) {
        const CodePage* page = pages_.find(pc / kPageBytes);
        return page == nullptr || page->invalidations < kWatchedStores;
    });
}

bool CodePolicy::set_breakpoint(u64 pc, bool on) {
    if (on) insert_sorted(breakpoints_, pc);
    if (!on) std::erase(breakpoints_, pc);
    return !breakpoints_.empty();
}

void CodePolicy::keep_writable(u64 page) {
    CodePage& record = pages_.get(page);
    record.invalidations = std::max(record.invalidations, kWatchedStores);
}

void CodePolicy::end_blocks_at(u64 pc) { insert_sorted(last_insns_, pc); }

void CodePolicy::note_store(u64 page) {
    if (CodePage* record = pages_.find(page)) {
        ++record->invalidations;
        written_pages_.push_back(page);
    }
}

void CodePolicy::note_flush(u64 first, u64 last) {
    std::erase_if(written_pages_, [&](u64 page) {
        if (page < first || page > last) return false;
        ++pages_.get(page).flushes;
        return true;
    });
}

std::span<const u64> CodePolicy::flushed_pages(u64 first, u64 last) const {
    auto from = std::lower_bound(flushed_pages_.begin(), flushed_pages_.end(), first);
    return {from, std::upper_bound(from, flushed_pages_.end(), last)};
}

void CodePolicy::note_unboxed(u64 pc) {
    constexpr std::size_t kMany = 1 << 14;
    if (unboxed_code_.size() >= kMany) unboxed_code_.clear();
    insert_sorted(unboxed_code_, pc);
}

}  // namespace dragoman::engine
