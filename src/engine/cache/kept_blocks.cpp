// TBs to the translation cache, and from there.
#include <cstring>

#include "engine/impl.h"

namespace dragoman::engine {

/// Whether the block may come from the cache, and go there.
bool Engine::Impl::may_keep(const TranslationRequest& request) const {
    return caching && request.kind == guest::BlockKind::Extended && !request.is_loop() &&
           request.tracking == Tracking::Watched && request.optimise && request.assume_boxed &&
           request.breakpoints.empty();
}

/// Takes the block from the translation cache, if it is there and for the code that the guest has.
bool Engine::Impl::load(Worker& w, const TranslationRequest& request, CodeReader& reader) {
    if (!code_cache.find(request.pc, request.flags, vcpu_count.load() <= 1, w.cached)) return false;
    const BlockView kept = view_record(w.cached.data());
    const BlockRecord& head = *kept.head;
    if (!reader.read(request.pc, head.guest_read)) return false;
    if (std::memcmp(reader.bytes().data(), kept.guest_code, head.guest_read) != 0) return false;
    u8* code = w.translator.make_room(head.code_size);
    if (code == nullptr) return false;
    std::memcpy(code, kept.code, head.code_size);
    move_code(code, kept, static_cast<u32>(buffer.base() - code));
    FinishedBlock& block = w.translator.block();
    block.code = code;
    block.compiled.reset();
    block.compiled.size = head.code_size;
    block.compiled.entry = head.entry;
    block.compiled.checked_entry = head.checked_entry;
    std::copy_n(kept.slots, head.slot_count, block.compiled.slots);
    block.insn_map.assign(kept.insn_map, kept.insn_map + head.insn_map_size);
    block.guest_size = head.guest_size;
    block.guest_insns = head.guest_insns;
    block.verified = false;
    ++w.stats.cached;
    return true;
}

/// Gives the new TB, which w.translator has made, to the translation cache.
void Engine::Impl::keep(Worker& w, const TranslationBlock& tb, const CodeReader& reader) {
    if (reader.refused() || reader.bytes().size() < tb.guest_size) return;
    const FinishedBlock& block = w.translator.block();
    BlockRecord head{};
    head.pc = tb.pc;
    head.flags = tb.flags;
    head.guest_size = tb.guest_size;
    head.guest_insns = tb.guest_insns;
    head.code_size = tb.code_size;
    head.entry = tb.entry;
    head.checked_entry = static_cast<u32>(tb.target - tb.code);
    head.slot_count = tb.slot_count;
    code_cache.add(head, block.compiled, block.insn_map, reader.bytes(), tb.code, buffer.base());
}

}  // namespace dragoman::engine
