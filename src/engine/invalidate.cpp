// Guest code that changes: removal of translations by address range, by a store that faulted, by
// fence.i; and reclaiming of code memory.
#include <algorithm>

#include "engine/content_hash.h"
#include "engine/impl.h"

namespace dragoman::engine {

void Engine::invalidate(u64 start, u64 end) {
    if (start >= end) return;
    std::lock_guard guard(impl_->tb_lock);
    impl_->epoch.fetch_add(1);
    impl_->pages.for_range(start >> 12, (end - 1) >> 12, [&](CodePage& page) {
        if (page.tbs == nullptr) return;
        impl_->invalidations.fetch_add(1, std::memory_order_relaxed);
        impl_->remove_page(page);
    });
}

void Engine::fence_i() {
    Impl& i = *impl_;
    if (i.shared_page_count.load() == 0) return;
    std::vector<u64> candidates;
    {
        std::lock_guard guard(i.tb_lock);
        candidates = i.shared_pages;
    }
    // Read the guest's pages before taking the lock: they may fault.
    std::vector<u8> bytes(2 * memory::kPageSize);
    for (u64 page : candidates) {
        std::size_t missing = memory::copy_checked(bytes.data(), i.space.host(page << 12), bytes.size());
        std::size_t present = bytes.size() - missing;
        std::lock_guard guard(i.tb_lock);
        CodePage* record = i.pages.find(page);
        if (record == nullptr) continue;
        for (PageLink* link = record->tbs; link != nullptr;) {
            TranslationBlock* tb = link->owner;
            link = link->next;
            if (tb->pc >> 12 != page) continue;  // belongs to the page before
            std::size_t offset = tb->pc & (memory::kPageSize - 1);
            bool same = offset + tb->guest_size <= present &&
                        content_hash(bytes.data() + offset, tb->guest_size) == tb->content_hash;
            if (same) continue;
            i.epoch.fetch_add(1);
            i.invalidations.fetch_add(1, std::memory_order_relaxed);
            i.remove(tb);
        }
    }
}

void Engine::Impl::reclaim(Vcpu& self) {
    begin_exclusive(self);
    {
        std::lock_guard guard(tb_lock);
        epoch.fetch_add(1);
        reclaims.fetch_add(1, std::memory_order_relaxed);
        u32 region = buffer.oldest_region();
        for (Chunk* chunk : buffer.region_chunks(region)) {
            for (TranslationBlock* tb : chunk->tbs) remove(tb);
            for (Vcpu* v : vcpus) {
                if (v->chunk == chunk) v->chunk = nullptr;
            }
        }
        // Host return addresses into the region may be on any return stack.
        for (Vcpu* v : vcpus) backend->reset_return_stack(v->env);
        clear_jump_caches();
        buffer.release_region(region);
        table.release_retired();
    }
    end_exclusive(self);
}

}  // namespace dragoman::engine
