// Finds the TB to run next, or has it made.
#include "engine/impl.h"

namespace dragoman::engine {

TranslationBlock* Engine::Impl::find_or_translate(Vcpu& v, u64 pc, u32 flags) {
    const u64 insertions = blocks.insertions();
    TranslationBlock* tb = physical != nullptr ? find_mapped(v, pc, flags) : blocks.find(pc, flags, pc);
    if (tb != nullptr) {
        ++v.stats.table_hits;
        return tb;
    }
    if (copying && !has_breakpoints.load(std::memory_order_relaxed)) {
        if (TranslationBlock* copy = copy_block(v, pc, flags)) return copy;
    }
    if (section_finder != nullptr) {
        if (const auto section = section_finder->current(v.env)) add_section(*section);
    }
    TranslationRequest request = request_for(pc, flags);
    if (physical == nullptr) {
        request.absent_at = insertions;
        request.begins_way = begins_way(v, pc);
    }
    return translate(v, request);
}

/// Whether the block at `pc`, which `v` comes to for the first time, is to count its entries: on each way that is gone
/// again and again, loops and functions, some block is come to from behind or from afar, or by an indirect jump.
bool Engine::Impl::begins_way(const Vcpu& v, u64 pc) const {
    if (v.env->exit_reason != ir::ExitReason::Slot || v.left == nullptr ||
        v.left_reclaims != reclaims.load(std::memory_order_relaxed)) {
        return true;
    }
    return pc - v.left->pc - 1 >= kNearBytes;
}

/// System mode: the TB of the code that is mapped at `pc` now. Null also when nothing may be fetched there.
TranslationBlock* Engine::Impl::find_mapped(Vcpu& v, u64 pc, u32 flags) {
    if (TranslationBlock* tb = v.softmmu->find_cached(pc, flags, v.global_code)) return tb;
    const unsigned mmu_index = guest.cpu.system->mmu_index(v.env, true);
    Place place;
    GuestFault fault;
    v.code_physical = ~u64{0};
    if (!v.softmmu->resolve(pc, guest::Access::Fetch, mmu_index, place, fault)) return nullptr;
    v.global_code = place.global;
    v.code_physical = place.physical;
    TranslationBlock* tb = blocks.find(pc, flags, place.physical);
    if (tb == nullptr || !tb->crosses_page()) return tb;
    u64 second_page = align_up(pc, kPageBytes);
    if (!v.softmmu->resolve(second_page, guest::Access::Fetch, mmu_index, place, fault)) return nullptr;
    v.global_code &= place.global;
    if (place.physical >> 12 == tb->page_numbers[1]) return tb;
    LockGuard guard(blocks.lock);
    blocks.remove(tb);
    return nullptr;
}

}  // namespace dragoman::engine
