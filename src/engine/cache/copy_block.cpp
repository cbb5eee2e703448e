// System mode: TBs for code that is mapped at another guest address than the one that they were translated for.
#include <cstring>

#include "engine/impl.h"

namespace dragoman::engine {

/// Makes `tb`, which w.translator has made last, a template if it can be one.
void Engine::Impl::keep_template(Worker& w, TranslationBlock& tb) {
    // The second page of a TB may be another one elsewhere.
    std::vector<TemplateField>& found = w.fields;
    if (tb.crosses_page() || !template_fields(w.translator.block().compiled.relocations, found)) return;
    if (blocks.templates.find(tb.physical, tb.flags) != nullptr) return;
    const std::size_t bytes = found.size() * sizeof(TemplateField);
    void* fields = w.translator.chunk()->arena.allocate(bytes + 1, alignof(TemplateField));
    std::memcpy(fields, found.data(), bytes);
    tb.template_fields = fields;
    tb.template_field_count = static_cast<u32>(found.size());
    blocks.templates.insert(&tb);
}

/// A TB for `pc`, where the code of page v.code_physical is mapped. Null when there is no template for it.
TranslationBlock* Engine::Impl::copy_block(Vcpu& v, u64 pc, u32 flags) {
    UniqueLock guard(blocks.lock);
    const TranslationBlock* from;
    if (policy.is_unboxed(pc)) return nullptr;
    for (;;) {
        from = blocks.templates.find(v.code_physical, flags);
        if (from == nullptr) return nullptr;
        if (TranslationBlock* other = blocks.find(pc, flags, v.code_physical)) return other;
        if (v.translator.has_room(from->code_size)) break;
        const std::size_t bytes = from->code_size;
        guard.unlock();
        v.translator.make_room(bytes);
        guard.lock();
    }
    Chunk& chunk = *v.translator.chunk();
    u8* code = chunk.next;
    std::memcpy(code, from->code, from->code_size);
    move_template(code, from->code,
                  {static_cast<const TemplateField*>(from->template_fields), from->template_field_count},
                  pc - from->pc);

    auto* tb = new (chunk.arena.allocate(sizeof(TranslationBlock), alignof(TranslationBlock))) TranslationBlock;
    tb->pc = pc;
    tb->physical = from->physical;
    tb->flags = flags;
    tb->guest_size = from->guest_size;
    tb->guest_insns = from->guest_insns;
    tb->slot_count = from->slot_count;
    tb->verified = false;
    tb->code = code;
    tb->code_size = from->code_size;
    tb->entry = from->entry;
    tb->target = code + (from->target - from->code);
    auto* map = static_cast<u8*>(chunk.arena.allocate(from->insn_map_size, 1));
    std::memcpy(map, from->insn_map, from->insn_map_size);
    tb->insn_map = map;
    tb->insn_map_size = from->insn_map_size;
    if (from->insn_starts != nullptr) {
        const std::size_t bytes = from->guest_insns * sizeof(u16);
        tb->insn_starts =
            static_cast<const u16*>(std::memcpy(chunk.arena.allocate(bytes, alignof(u16)), from->insn_starts, bytes));
    }
    tb->page_numbers[0] = from->page_numbers[0];
    tb->page_numbers[1] = 0;
    tb->content_hash = 0;
    tb->slots =
        static_cast<SlotRecord*>(chunk.arena.allocate(from->slot_count * sizeof(SlotRecord), alignof(SlotRecord)));
    for (unsigned i = 0; i < from->slot_count; ++i) {
        auto* record = new (&tb->slots[i]) SlotRecord{.slot = from->slots[i].slot, .owner = tb};
        if (!record->slot.used) continue;
        record->slot.target_pc += pc - from->pc;
        backend->unlink(code, record->slot);
    }
    chunk.advance(code + tb->code_size);
    chunk.add(tb);
    blocks.insert(tb);
    ++v.stats.copied;
    return tb;
}

}  // namespace dragoman::engine
