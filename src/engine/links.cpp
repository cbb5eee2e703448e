// Links between TBs, and their removal.
#include <algorithm>
#include <utility>

#include "engine/blocks.h"
#include "engine/vcpu.h"

namespace dragoman::engine {

TranslationBlock* Blocks::at(const u8* host_pc) {
    Chunk* chunk = buffer.chunk_of(host_pc);
    if (chunk == nullptr) return image_tb_at(host_pc);
    return chunk->at(host_pc);
}

SlotRecord* Blocks::slot_at(const SlotPlace& place) {
    TranslationBlock* from = at(place.host_pc);
    // Its code memory may have been reclaimed meanwhile, and be another TB's.
    const bool there = from != nullptr && !from->invalid.load() && place.slot < from->slot_count;
    return there ? &from->slots[place.slot] : nullptr;
}

void Blocks::link(SlotRecord& from, TranslationBlock* to) {
    from.target = to;
    from.next = to->incoming;
    from.link = &to->incoming;
    if (to->incoming != nullptr) to->incoming->link = &from.next;
    to->incoming = &from;
    bool checked = from.slot.checked || ((from.owner->flags ^ to->flags) & ~kLoopFlag) != 0;
    backend_.link(from.owner->code, from.slot, checked ? to->checked() : to->fast());
}

void Blocks::unlink(SlotRecord& from) {
    if (from.target == nullptr && !from.linked_in_image) return;
    backend_.unlink(from.owner->code, from.slot);
    if (std::exchange(from.linked_in_image, false)) return;
    *from.link = from.next;
    if (from.next != nullptr) from.next->link = from.link;
    from.target = nullptr;
    from.next = nullptr;
    from.link = nullptr;
}

void Blocks::remove(TranslationBlock* tb) {
    if (tb->invalid.exchange(true)) return;
    table_.remove(tb);
    if (tb->template_fields != nullptr) templates.remove(tb);
    if (tb->image != nullptr && !tb->image->cut(tb->image_block)) {
        tb->image->block_cut[tb->image_block] = true;
        cut_links(*tb->image);
    }
    pages.remove(tb);
    while (tb->incoming != nullptr) unlink(*tb->incoming);
    for (unsigned i = 0; i < tb->slot_count; ++i) unlink(tb->slots[i]);
    for (Vcpu* v : vcpus) {
        // A loop that runs is left as soon as it sees a request.
        if (tb->is_loop()) v->ask_to_leave();
        ir::JumpCacheEntry& entry = v->env->jump_cache[tb->pc >> 1 & (ir::kJumpCacheSize - 1)];
        // Another thread's own insertion may race with this; it looks at tb->invalid afterwards.
        if (__atomic_load_n(&entry.target, __ATOMIC_RELAXED) == tb->checked()) {
            __atomic_store_n(&entry.pc, ir::kNoPc, __ATOMIC_SEQ_CST);
        }
    }
}

void Blocks::remove_page(CodePage& page) {
    while (page.tbs != nullptr) remove(page.tbs->owner);
}

void Blocks::remove_pages(u64 first, u64 last) {
    epoch.fetch_add(1);
    doubt_image_pages(first, last);
    // The checker does not see that this is called with the lock held.
    pages.for_range(first, last, [&](CodePage& page) DRAGOMAN_UNCHECKED_LOCKING {
        if (page.tbs == nullptr) return;
        invalidations.fetch_add(1, std::memory_order_relaxed);
        ++page.dropped;
        remove_page(page);
    });
}

void Blocks::remove_region(u32 region) {
    for (Chunk* chunk : buffer.region_chunks(region)) {
        for (TranslationBlock* tb : chunk->tbs) remove(tb);
    }
}

void Blocks::remove_all() {
    epoch.fetch_add(1);
    for (u32 region = 0; region < buffer.region_count(); ++region) remove_region(region);
}

void Blocks::clear_jump_caches() {
    for (Vcpu* v : vcpus) {
        for (ir::JumpCacheEntry& entry : v->env->jump_cache) __atomic_store_n(&entry.pc, ir::kNoPc, __ATOMIC_RELAXED);
        if (v->softmmu != nullptr) v->softmmu->forget_cached();
    }
}

}  // namespace dragoman::engine
