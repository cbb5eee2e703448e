// Policy: how code is to be translated, by what has happened to it before. Used under Blocks::lock, as the records of
// pages are.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/page_index.h"
#include "engine/translate/request.h"

namespace dragoman::engine {

class CodePolicy {
public:
    /// @param precise  the guest has Guest::precise_self_modification: all stores to code are to be seen
    /// @param tiers    blocks are translated without the passes first, and with them when they run much
    CodePolicy(PageIndex& pages, bool precise, bool tiers) : pages_(pages), precise_(precise), tiers_(tiers) {}

    /// Fills in what depends on the past of the code at request.pc. `readable`: the guest may read it (user mode).
    /// @returns false when no loop should be made of it
    bool plan(TranslationRequest& request, bool user_mode, bool readable);

    /// Code stops before the instruction at `pc`, or no more. @returns whether there is any breakpoint now
    bool set_breakpoint(u64 pc, bool on);

    SectionList sections;  ///< code to stop at

    /// A store to `page` must never be refused.
    void keep_writable(u64 page);

    /// The instruction at `pc` accesses a device: from now on it is the last of its block.
    void end_blocks_at(u64 pc);

    /// A store has dropped the translations of `page`.
    void note_store(u64 page);
    /// The guest says that it has written code on the pages [first, last], if it has.
    void note_flush(u64 first, u64 last);
    /// The pages in [first, last] with CodePage::flushed.
    std::span<const u64> flushed_pages(u64 first, u64 last) const;

    /// The TB at `pc` has taken float registers for boxed that were not.
    void note_unboxed(u64 pc);
    bool is_unboxed(u64 pc) const { return std::binary_search(unboxed_code_.begin(), unboxed_code_.end(), pc); }

private:
    void add_sections(TranslationRequest& request) const;
    void choose_tracking(TranslationRequest& request, bool readable);
    bool may_watch(const TranslationRequest& request);

    PageIndex& pages_;
    bool precise_, tiers_;
    std::vector<u64> breakpoints_;    ///< sorted
    std::vector<u64> last_insns_;     ///< sorted: end_blocks_at
    std::vector<u64> written_pages_;  ///< whose translations a store has dropped, and that were not flushed since
    std::vector<u64> flushed_pages_;  ///< sorted
    std::vector<u64> unboxed_code_;   ///< sorted
};

}  // namespace dragoman::engine
