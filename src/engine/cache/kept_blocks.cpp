#include "engine/cache/kept_blocks.h"

#include <cstring>

namespace dragoman::engine {

bool KeptBlocks::may_keep(const TranslationRequest& request) const {
    return on_ && request.kind == guest::BlockKind::Extended && !request.is_loop() &&
           request.tracking == Tracking::Watched && request.optimise && request.assume_boxed &&
           request.breakpoints.empty();
}

bool KeptBlocks::load(Translator& translator, const TranslationRequest& request, CodeReader& reader, bool open,
                      std::vector<u8>& record) {
    if (!cache.find(request.pc, request.flags, open, record)) return false;
    const BlockView kept = view_record(record.data());
    const BlockRecord& head = *kept.head;
    if (!reader.read(request.pc, head.guest_read)) return false;
    if (std::memcmp(reader.bytes().data(), kept.guest_code, head.guest_read) != 0) return false;
    u8* code = translator.make_room(head.code_size);
    if (code == nullptr) return false;
    std::memcpy(code, kept.code, head.code_size);
    move_code(code, kept, static_cast<u32>(code_base_ - code));
    FinishedBlock& block = translator.block();
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
    return true;
}

void KeptBlocks::keep(const FinishedBlock& block, const TranslationBlock& tb, const CodeReader& reader) {
    if (reader.refused() || reader.bytes().size() < tb.guest_size) return;
    BlockRecord head{};
    head.pc = tb.pc;
    head.flags = tb.flags;
    head.guest_size = tb.guest_size;
    head.guest_insns = tb.guest_insns;
    head.code_size = tb.code_size;
    head.entry = tb.entry;
    head.checked_entry = static_cast<u32>(tb.target - tb.code);
    head.slot_count = tb.slot_count;
    cache.add(head, block.compiled, block.insn_map, reader.bytes(), tb.code, code_base_);
}

}  // namespace dragoman::engine
