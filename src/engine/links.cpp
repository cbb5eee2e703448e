// Links between TBs and their removal. Everything here runs under tb_lock.
#include <algorithm>

#include "engine/impl.h"

namespace dragoman::engine {

TranslationBlock* Engine::Impl::tb_at(const u8* host_pc) {
    Chunk* chunk = buffer.chunk_of(host_pc);
    if (chunk == nullptr) return nullptr;
    const std::vector<u32>& starts = chunk->starts;
    auto after = std::upper_bound(starts.begin(), starts.end(), static_cast<u32>(host_pc - chunk->start));
    if (after == starts.begin()) return nullptr;
    TranslationBlock* tb = chunk->tbs[static_cast<std::size_t>(after - starts.begin()) - 1];
    return tb->contains(host_pc) ? tb : nullptr;
}

void Engine::Impl::link(SlotRecord& from, TranslationBlock* to) {
    from.target = to;
    from.next = to->incoming;
    from.link = &to->incoming;
    if (to->incoming != nullptr) to->incoming->link = &from.next;
    to->incoming = &from;
    bool checked = from.slot.checked || ((from.owner->flags ^ to->flags) & ~kLoopFlag) != 0;
    backend->link(from.owner->code, from.slot, checked ? to->checked() : to->fast());
}

void Engine::Impl::unlink(SlotRecord& from) {
    if (from.target == nullptr) return;
    backend->unlink(from.owner->code, from.slot);
    *from.link = from.next;
    if (from.next != nullptr) from.next->link = from.link;
    from.target = nullptr;
    from.next = nullptr;
    from.link = nullptr;
}

void Engine::Impl::remove(TranslationBlock* tb) {
    if (tb->invalid.exchange(true)) return;
    table.remove(tb);
    if (tb->template_fields != nullptr) templates.remove(tb);
    pages.remove(tb);
    while (tb->incoming != nullptr) unlink(*tb->incoming);
    for (unsigned i = 0; i < tb->slot_count; ++i) unlink(tb->slots[i]);
    for (Vcpu* v : vcpus) {
        // A loop that runs is left as soon as it sees a request.
        if (tb->is_loop()) __atomic_fetch_or(&v->env->request, u32{kRequestExclusive}, __ATOMIC_SEQ_CST);
        ir::JumpCacheEntry& entry = v->env->jump_cache[tb->pc >> 1 & (ir::kJumpCacheSize - 1)];
        // Another thread's own insertion may race with this; it looks at tb->invalid afterwards.
        if (__atomic_load_n(&entry.target, __ATOMIC_RELAXED) == tb->checked()) {
            __atomic_store_n(&entry.pc, ir::kNoPc, __ATOMIC_SEQ_CST);
        }
    }
}

void Engine::Impl::remove_page(CodePage& page) {
    while (page.tbs != nullptr) remove(page.tbs->owner);
}

void Engine::Impl::clear_jump_caches() {
    for (Vcpu* v : vcpus) {
        for (ir::JumpCacheEntry& entry : v->env->jump_cache) __atomic_store_n(&entry.pc, ir::kNoPc, __ATOMIC_RELAXED);
        if (v->softmmu != nullptr) v->softmmu->forget_cached();
    }
}

void Engine::Impl::cache(ir::Env* env, TranslationBlock* tb) {
    if (!config.chain || tb->is_loop()) return;
    ir::JumpCacheEntry& entry = env->jump_cache[tb->pc >> 1 & (ir::kJumpCacheSize - 1)];
    __atomic_store_n(&entry.target, tb->checked(), __ATOMIC_RELAXED);
    __atomic_store_n(&entry.pc, tb->pc, __ATOMIC_SEQ_CST);
    if (tb->invalid.load()) __atomic_store_n(&entry.pc, ir::kNoPc, __ATOMIC_RELAXED);
    if (Vcpu& v = vcpu_of(env); v.softmmu != nullptr) v.softmmu->note_cached(tb, v.global_code);
}

}  // namespace dragoman::engine
