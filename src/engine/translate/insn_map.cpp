#include "engine/translate/insn_map.h"

#include "base/leb128.h"

namespace dragoman::engine {

void encode_insn_map(const host::CompiledCode& code, InsnMapBytes& out) {
    const std::size_t state_entries = code.state.entries().size() + code.states.size();
    out.resize(code.insn_map.size() * (2 * kMaxLeb128Bytes + 4) + state_entries * ir::kMaxStateEntryBytes + 4);
    u8* p = out.data();
    const host::InsnMapEntry start{};
    const host::InsnMapEntry* last = &start;
    for (const host::InsnMapEntry& e : code.insn_map) {
        if (!e.may_fault) continue;
        u64 host = e.host_offset - last->host_offset;
        // Cold code at the end of the TB goes back to earlier instructions.
        const u64 pc =
            zigzag(static_cast<i64>(e.pc_offset) - static_cast<i64>(last->pc_offset)) << 1 | u64{e.state_count != 0};
        if (last == &start) {
            const bool has_state = !code.state.entries().empty();
            p = put_leb128(p, host << 1 | u64{has_state});
            if (has_state) p = ir::encode_state(code.state.entries(), p);
            p = put_leb128(p, pc);
        } else if ((host | pc) < 0x80) {
            p[0] = static_cast<u8>(host);
            p[1] = static_cast<u8>(pc);
            p += 2;
        } else {
            p = put_leb128(put_leb128(p, host), pc);
        }
        if (e.state_count != 0) p = ir::encode_state({code.states.data() + e.state, e.state_count}, p);
        last = &e;
    }
    out.resize(static_cast<std::size_t>(p - out.data()));
}

bool find_in_insn_map(const u8* map, u32 size, u32 host_offset, InsnPoint& found) {
    if (size == 0) return false;
    const u8* p = map;
    const u64 first = get_leb128(p);
    InsnPoint point;
    if ((first & 1) != 0) {
        point.tb_state = p;
        p = ir::skip_state(p);
    }
    bool any = false;
    for (u64 offset = first >> 1; offset <= host_offset; offset += get_leb128(p)) {
        const u64 pc = get_leb128(p);
        point.pc_offset = static_cast<u32>(point.pc_offset + unzigzag(pc >> 1));
        point.insn_state = nullptr;
        if ((pc & 1) != 0) {
            point.insn_state = p;
            p = ir::skip_state(p);
        }
        found = point;
        any = true;
        if (p >= map + size) break;
    }
    return any;
}

}  // namespace dragoman::engine
