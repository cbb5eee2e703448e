// Publication: a finished block becomes a TB that others find.
#include <algorithm>
#include <cstring>

#include "engine/blocks.h"
#include "engine/cache/content_hash.h"
#include "engine/translate/translator.h"

namespace dragoman::engine {

TranslationBlock* describe_block(Translator& translator, const TranslationRequest& request, const CodeReader& reader) {
    const FinishedBlock& block = translator.block();
    const host::CompiledCode& compiled = block.compiled;
    unsigned slot_count = 0;
    for (unsigned i = 0; i < ir::kMaxSlots; ++i) {
        if (compiled.slots[i].used) slot_count = i + 1;
    }
    Chunk& chunk = *translator.chunk();
    Arena& arena = chunk.arena;
    auto* tb = new (arena.allocate(sizeof(TranslationBlock), alignof(TranslationBlock))) TranslationBlock;
    tb->slots = static_cast<SlotRecord*>(arena.allocate(slot_count * sizeof(SlotRecord), alignof(SlotRecord)));
    auto* map = static_cast<u8*>(arena.allocate(block.insn_map.size(), 1));
    std::copy(block.insn_map.begin(), block.insn_map.end(), map);
    for (unsigned i = 0; i < slot_count; ++i) {
        new (&tb->slots[i]) SlotRecord{.slot = compiled.slots[i], .owner = tb};
    }
    tb->pc = request.pc;
    const u64 last_page = (request.pc + block.guest_size - 1) / kPageBytes;
    for (unsigned i = 0; i < kMaxPagesPerTb; ++i) {
        u64 page = request.pc / kPageBytes + i;
        tb->page_numbers[i] = page <= last_page ? reader.page_number(page * kPageBytes) : 0;
    }
    tb->physical = tb->page_numbers[0] * kPageBytes | (request.pc & (kPageBytes - 1));
    tb->flags = request.flags;
    if (request.is_loop()) tb->flags |= kLoopFlag;
    tb->guest_size = block.guest_size;
    tb->guest_insns = static_cast<u16>(block.guest_insns);
    tb->slot_count = static_cast<u8>(slot_count);
    tb->verified = block.verified;
    tb->first = request.first;
    tb->code = block.code;
    tb->code_size = compiled.size;
    tb->entry = compiled.entry;
    tb->target = tb->code + compiled.checked_entry;
    tb->insn_map = map;
    tb->insn_map_size = static_cast<u32>(block.insn_map.size());
    if (!block.insn_starts.empty()) {
        const std::size_t bytes = block.insn_starts.size() * sizeof(u16);
        tb->insn_starts =
            static_cast<const u16*>(std::memcpy(arena.allocate(bytes, alignof(u16)), block.insn_starts.data(), bytes));
    }
    tb->content_hash = !block.verified && reader.bytes().size() >= block.guest_size
                           ? content_hash(reader.bytes().data(), block.guest_size)
                           : 0;
    chunk.advance(tb->code + tb->code_size);
    return tb;
}

TranslationBlock* Blocks::publish(Chunk& chunk, TranslationBlock* tb, const TranslationRequest& request,
                                  const CodeReader& reader, u64 started) {
    chunk.add(tb);
    if (request.leaves() || request.part || reader.refused() || reader.partial()) {
        tb->invalid = true;  // used once, found only by host address
        return tb;
    }
    if (epoch.load() != started) {
        tb->invalid = true;
        return nullptr;
    }
    TranslationBlock* other = insertions() == request.absent_at ? nullptr : find(tb->pc, tb->flags, tb->physical);
    if (other != nullptr && !(request.again && other->first)) {
        tb->invalid = true;
        return other;
    }
    other != nullptr ? replace(*other, tb) : insert(tb);
    if (reader.shared() && !tb->verified) note_shared(*tb);
    return tb;
}

void Blocks::insert(TranslationBlock* tb) {
    pages.add(tb);
    table_.insert(tb);
}

/// Puts `tb` into the place of `old`: what is linked to that goes on to it.
void Blocks::replace(TranslationBlock& old, TranslationBlock* tb) {
    std::vector<SlotRecord*> incoming;
    for (SlotRecord* record = old.incoming; record != nullptr; record = record->next) {
        if (record->owner != &old) incoming.push_back(record);
    }
    remove(&old);
    insert(tb);
    for (SlotRecord* record : incoming) link(*record, tb);
}

/// fence.i must look at the pages of `tb`.
void Blocks::note_shared(const TranslationBlock& tb) {
    for (u64 page = tb.pc >> 12; page <= (tb.end() - 1) >> 12; ++page) {
        auto place = std::lower_bound(shared_pages.begin(), shared_pages.end(), page);
        if (place == shared_pages.end() || *place != page) shared_pages.insert(place, page);
    }
    shared_page_count.store(static_cast<u32>(shared_pages.size()));
}

}  // namespace dragoman::engine
