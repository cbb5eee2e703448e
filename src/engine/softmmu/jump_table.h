// Second level of a hart's jump cache in system mode: which code its guest addresses mean now. It knows the entries of
// each page and those that hold only for the current address space, so that a flush finds them quickly. Every entry of
// the jump cache that translated code looks into (Env::jump_cache) is in here, too.
#pragma once

#include <memory>
#include <vector>

#include "engine/tb.h"

namespace dragoman::engine {

class JumpTable {
public:
    explicit JumpTable(ir::Env* env);

    /// The TB that `pc` means with these flags, and whether it does so in all address spaces; null when it is not
    /// known.
    TranslationBlock* find(u64 pc, u32 flags, bool& global) const {
        const Entry& entry = entries_[slot(pc)];
        if (entry.pc != pc || entry.flags != flags || (entry.space != kGlobal && entry.space != space_)) return nullptr;
        TranslationBlock* tb = entry.tb;
        global = entry.space == kGlobal;
        return tb->invalid.load(std::memory_order_acquire) ? nullptr : tb;
    }
    /// `global`: in all address spaces.
    void insert(TranslationBlock* tb, bool global);

    void drop_all();
    /// The hart goes over to an address space that is known by a number of its own: entries of others do not count.
    void switch_space(u64 space);
    void drop_page(u64 page);

private:
    static constexpr u64 kGlobal = 0;
    static constexpr unsigned kBits = 15, kPageBits = 12;
    static constexpr std::size_t kMaxLocal = std::size_t{1} << kBits;
    static constexpr u64 kBefore = 16;  ///< an instruction that crosses into a page begins at most this far before it
    struct Entry {
        u64 pc;
        TranslationBlock* tb;
        u64 space;  ///< that it holds for, kGlobal: all
        u32 flags;
        u16 next, previous;  ///< in the list of its page, as slot + 1; previous of the first: 0
    };

    static std::size_t slot(u64 pc) { return pc >> 1 & ((1u << kBits) - 1); }
    static std::size_t list_of(u64 pc) { return (pc >> 12) * 0x9e3779b97f4a7c15 >> (64 - kPageBits); }
    void forget(std::size_t slot);
    void forget_fast(const Entry& entry);

    struct FreeEntries {
        void operator()(Entry* p) const;
    };
    ir::Env* env_;
    std::unique_ptr<Entry[], FreeEntries> entries_;
    std::unique_ptr<u16[]> lists_;  ///< by hash of the page: first slot + 1
    std::vector<u16> local_;        ///< slots whose entries in the first level hold for this address space only
    u64 space_ = 1;
};

}  // namespace dragoman::engine
