#include "engine/softmmu/jump_table.h"

#include <cstdlib>
#include <new>

namespace dragoman::engine {

void JumpTable::FreeEntries::operator()(Entry* p) const { std::free(p); }

// calloc takes host memory only where it is touched. An entry that was never filled has a null TB and pc 0, which
// `find` would take for a hit: so slot 0 is filled with an address that is never looked up.
JumpTable::JumpTable(ir::Env* env)
    : env_(env),
      entries_(static_cast<Entry*>(std::calloc(std::size_t{1} << kBits, sizeof(Entry)))),
      lists_(std::make_unique<u16[]>(std::size_t{1} << kPageBits)) {
    if (entries_ == nullptr) throw std::bad_alloc();
    entries_[0].pc = ir::kNoPc;
}

void JumpTable::insert(TranslationBlock* tb, bool global) {
    if (local_.size() == kMaxLocal) switch_space(space_);
    const std::size_t at = slot(tb->pc);
    Entry& entry = entries_[at];
    if (!global) local_.push_back(static_cast<u16>(at));
    const bool listed = entry.tb != nullptr && entry.pc == tb->pc;
    if (entry.tb != nullptr && !listed) forget(at);
    entry.tb = tb;
    entry.flags = tb->flags;
    entry.space = global ? kGlobal : space_;
    if (listed) return;
    u16& first = lists_[list_of(tb->pc)];
    entry.next = first;
    entry.previous = 0;
    if (first != 0) entries_[first - 1].previous = static_cast<u16>(at + 1);
    first = static_cast<u16>(at + 1);
    entry.pc = tb->pc;
}

void JumpTable::forget_fast(const Entry& entry) {
    ir::JumpCacheEntry& fast = env_->jump_cache[entry.pc >> 1 & (ir::kJumpCacheSize - 1)];
    if (fast.pc == entry.pc) __atomic_store_n(&fast.pc, ir::kNoPc, __ATOMIC_RELAXED);
}

/// Takes an entry out of its list, and out of the first level.
void JumpTable::forget(std::size_t at) {
    Entry& entry = entries_[at];
    forget_fast(entry);
    if (entry.previous != 0) {
        entries_[entry.previous - 1].next = entry.next;
    } else {
        lists_[list_of(entry.pc)] = entry.next;
    }
    if (entry.next != 0) entries_[entry.next - 1].previous = entry.previous;
    entry.tb = nullptr;
    entry.pc = ir::kNoPc;
}

void JumpTable::drop_all() {
    for (std::size_t list = 0; list < std::size_t{1} << kPageBits; ++list) {
        while (lists_[list] != 0) forget(lists_[list] - 1u);
    }
    local_.clear();
}

void JumpTable::switch_space(u64 space) {
    for (u16 at : local_) {
        if (entries_[at].tb != nullptr) forget_fast(entries_[at]);
    }
    local_.clear();
    space_ = space;
}

void JumpTable::drop_page(u64 page) {
    for (std::size_t at = lists_[list_of(page)]; at != 0;) {
        const Entry& entry = entries_[at - 1];
        const std::size_t next = entry.next;
        if (entry.pc >> 12 == page >> 12) forget(at - 1);
        at = next;
    }
    for (u64 pc = page - kBefore; pc != page; pc += 2) {
        const Entry& entry = entries_[slot(pc)];
        if (entry.tb != nullptr && entry.pc == pc) forget(slot(pc));
    }
}

}  // namespace dragoman::engine
