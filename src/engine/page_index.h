// Which TBs have code on which guest page, so that a store to the page or the end of its mapping can
// find them. Used under the engine's TB lock.
#pragma once

#include <vector>

#include "engine/tb.h"

namespace dragoman::engine {

/// What the engine knows about one guest page with code.
struct CodePage {
    u64 page = ~u64{0};  ///< page number: address >> 12, physical in system mode; ~0: free entry
    PageLink* tbs = nullptr;
    u64 lines = 0;          ///< bit n: TBs have code in its bytes [n * 64, (n + 1) * 64); may have had
    u32 invalidations = 0;  ///< how often a store has dropped its translations
    u32 dropped = 0;        ///< user mode: how often translations were dropped because the code changed or may have
    u32 flushes = 0;        ///< how often the guest said afterwards that it had written code there
    bool flushed = false;   ///< translations that begin here are compared with the code when the guest says so
};

class PageIndex {
public:
    PageIndex() : entries_(256) {}

    /// The record of a page; null when no TB was ever on it.
    CodePage* find(u64 page);
    CodePage& get(u64 page);

    void add(TranslationBlock* tb);
    void remove(TranslationBlock* tb);
    /// The lines of the page that `link` stands for on which its TB has code, and those of a range of page offsets.
    static u64 lines_of(const PageLink& link);
    static u64 lines(u64 first_offset, u64 last_offset) {
        return low_mask(static_cast<unsigned>(last_offset >> 6) + 1) &
               ~low_mask(static_cast<unsigned>(first_offset >> 6));
    }

    /// Calls `f(CodePage&)` for each known page in [first, last].
    template <class F>
    void for_range(u64 first, u64 last, F f) {
        if (last - first < entries_.size()) {
            for (u64 page = first; page <= last; ++page) {
                if (CodePage* record = find(page)) f(*record);
            }
        } else {
            for (CodePage& record : entries_) {
                if (record.page != ~u64{0} && record.page >= first && record.page <= last) f(record);
            }
        }
    }

private:
    std::size_t slot(u64 page) const {
        return static_cast<std::size_t>(page * 0x9e3779b97f4a7c15 >> 20) & (entries_.size() - 1);
    }
    void grow();

    std::vector<CodePage> entries_;  ///< open addressing; pages are never removed
    std::size_t count_ = 0;
};

}  // namespace dragoman::engine
