// Guest code that changes: removal of translations by address range, by a store that faulted, by
// fence.i; and reclaiming of code memory.
#include <algorithm>

#include "engine/cache/content_hash.h"
#include "engine/impl.h"

namespace dragoman::engine {

void Engine::invalidate(u64 start, u64 end) {
    if (start >= end) return;
    LockGuard guard(impl_->blocks.lock);
    impl_->blocks.remove_pages(start >> 12, (end - 1) >> 12);
}

namespace {

/// A range of at most this size is named because there is something new in it.
constexpr u64 kNarrow = 64 * kPageBytes;

}  // namespace

/// The part of fence_i for pages that stores are not watched on, or not all: a private page of a file follows what is
/// written to the file until it is written to itself.
void Engine::Impl::flush_pages(u64 start, u64 end) {
    const u64 first = start / kPageBytes, last = (end - 1) / kPageBytes;
    policy.note_flush(first, last);
    std::vector<CodePage*> flushed;
    if (end - start <= kNarrow) {
        blocks.pages.for_range(first, last, [&](CodePage& page) { flushed.push_back(&page); });
    } else {
        for (const u64 page : policy.flushed_pages(first, last)) flushed.push_back(blocks.pages.find(page));
    }
    if (flushed.empty()) return;
    blocks.epoch.fetch_add(1);  // what is being translated may have been read before the stores
    u8 code[2 * memory::kPageSize];
    for (CodePage* page : flushed) {
        for (PageLink* link = page->tbs; link != nullptr;) {
            TranslationBlock* tb = link->owner;
            link = link->next;
            if (tb->verified || tb->image != nullptr || tb->pc >= end || tb->end() <= start ||
                tb->pc / kPageBytes != page->page) {
                continue;
            }
            bool same = memory::copy_checked(code, space->host(tb->pc), tb->guest_size) == 0 &&
                        content_hash(code, tb->guest_size) == tb->content_hash;
            if (same) continue;
            blocks.invalidations.fetch_add(1, std::memory_order_relaxed);
            ++page->dropped;
            blocks.remove(tb);
        }
    }
}

void Engine::fence_i(u64 start, u64 end) {
    Impl& i = *impl_;
    if (i.kept_blocks.on() && start < end) i.kept_blocks.compare(start, end);
    if (i.physical == nullptr && start < end) {
        LockGuard guard(i.blocks.lock);
        i.flush_pages(start, end);
    }
    if (i.blocks.shared_page_count.load() == 0) return;
    std::vector<u64> candidates;
    {
        LockGuard guard(i.blocks.lock);
        candidates = i.blocks.shared_pages;
    }
    // Read the guest's pages before taking the lock: they may fault.
    std::vector<u8> bytes(2 * memory::kPageSize);
    for (u64 page : candidates) {
        std::size_t missing = memory::copy_checked(bytes.data(), i.space->host(page << 12), bytes.size());
        std::size_t present = bytes.size() - missing;
        LockGuard guard(i.blocks.lock);
        CodePage* record = i.blocks.pages.find(page);
        if (record == nullptr) continue;
        for (PageLink* link = record->tbs; link != nullptr;) {
            TranslationBlock* tb = link->owner;
            link = link->next;
            if (tb->pc >> 12 != page) continue;  // belongs to the page before
            std::size_t offset = tb->pc & (memory::kPageSize - 1);
            bool same = offset + tb->guest_size <= present &&
                        content_hash(bytes.data() + offset, tb->guest_size) == tb->content_hash;
            if (same) continue;
            i.blocks.epoch.fetch_add(1);
            i.blocks.invalidations.fetch_add(1, std::memory_order_relaxed);
            i.blocks.remove(tb);
        }
    }
}

/// The TB that `v` has just left takes float registers for boxed, and they are not: the next one will not.
void Engine::Impl::remove_unboxed(Vcpu& v) {
    LockGuard guard(blocks.lock);
    TranslationBlock* tb = blocks.at(v.env->exit_host_pc);
    // Its code memory may have been reclaimed meanwhile, and be another TB's.
    if (tb == nullptr || tb->pc != v.env->pc) return;
    policy.note_unboxed(tb->pc);
    blocks.remove(tb);
}

void Engine::Impl::watch_stores(Worker& self, const memory::Region& ram, u64 physical_page) {
    if (StoreWatch::watched(ram, physical_page)) return;
    bool wait = false;
    {
        LockGuard guard(blocks.lock);
        if (StoreWatch::watched(ram, physical_page)) return;
        u64 page = store_watch->watch(ram, physical_page);
        watches.fetch_add(1, std::memory_order_relaxed);
        if (page == StoreWatch::kMany) searches.fetch_add(1, std::memory_order_relaxed);
        if (page == StoreWatch::kNowhere) return;
        for (Vcpu* v : blocks.vcpus) wait |= v->softmmu->slow_stores(page, physical_page) && v != &self;
    }
    if (!wait) return;
    // Another hart may be behind its lookup, with the store still to come: it is done when the hart has left its TB.
    store_waits.fetch_add(1, std::memory_order_relaxed);
    workers.begin_exclusive(self);
    workers.end_exclusive(self);
}

namespace {

/// A page whose translations were dropped this often mixes data and code: from then on stores drop only what they hit.
constexpr u32 kMixedAfter = 4;

}  // namespace

/// Code in [physical, physical + bytes) may have been changed. Any thread.
void Engine::Impl::code_written(u64 physical_address, u64 bytes) {
    LockGuard guard(blocks.lock);
    const u64 last = physical_address + bytes - 1;
    for (u64 page = physical_address >> 12; page <= last >> 12; ++page) {
        const u64 from = std::max(physical_address, page << 12) & 0xfff;
        const u64 to = std::min(last, page << 12 | 0xfff) & 0xfff;
        CodePage* record = blocks.pages.find(page);
        if (record != nullptr && record->tbs != nullptr) {
            const u64 lines = PageIndex::lines(from, to);
            // Another hart may be translating these lines, from what was there before.
            blocks.epoch.fetch_add(1);
            if ((record->lines & lines) == 0) continue;
            ++record->invalidations;
            blocks.invalidations.fetch_add(1, std::memory_order_relaxed);
            if (record->invalidations <= kMixedAfter) {
                blocks.remove_page(*record);
            } else {
                u64 left = 0;
                for (PageLink* link = record->tbs; link != nullptr;) {
                    PageLink* next = link->next;
                    u64 own = PageIndex::lines_of(*link);
                    if ((own & lines) != 0) {
                        blocks.remove(link->owner);
                        // A TB that has both its pages here has taken the next link with it.
                        if (next != nullptr && next->link == nullptr) next = record->tbs, left = 0;
                    } else {
                        left |= own;
                    }
                    link = next;
                }
                record->lines = left;
            }
        }
        if (record != nullptr && record->tbs != nullptr) continue;
        if (record != nullptr) record->lines = 0;
        const memory::Region* region = physical->find(page << 12);
        if (region == nullptr || region->kind != memory::Region::Kind::Ram ||
            !StoreWatch::watched(*region, page << 12)) {
            continue;
        }
        // A translation that is being made of the page begins again, and watches the page again.
        blocks.epoch.fetch_add(1);
        store_watch->unwatch(*region, page << 12);
    }
}

/// Flash has changed between memory and registers.
void Engine::Impl::forget_region(const memory::Region& region) {
    LockGuard guard(blocks.lock);
    blocks.epoch.fetch_add(1);
    for (Vcpu* v : blocks.vcpus) v->softmmu->drop_physical(region.base, region.base + region.size);
}

void Engine::Impl::reclaim(Worker& self) {
    workers.begin_exclusive(self);
    {
        LockGuard workers_guard(workers.lock);
        LockGuard guard(blocks.lock);
        blocks.epoch.fetch_add(1);
        reclaims.fetch_add(1, std::memory_order_relaxed);
        const u32 region = blocks.buffer.oldest_region();
        blocks.remove_region(region);
        for (Worker* w : workers.all) {
            if (w->translator.chunk() != nullptr && w->translator.chunk()->region == region) w->translator.drop_chunk();
        }
        // Host return addresses into the region may be on any return stack.
        for (Vcpu* v : blocks.vcpus) backend->reset_return_stack(v->env);
        blocks.clear_jump_caches();
        blocks.buffer.release_region(region);
        blocks.release_retired();
    }
    workers.end_exclusive(self);
}

}  // namespace dragoman::engine
