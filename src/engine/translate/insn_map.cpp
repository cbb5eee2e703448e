#include "engine/translate/insn_map.h"

namespace dragoman::engine {

namespace {

constexpr std::size_t kMaxNumber = 10;  // bytes of a u64

inline u8* put(u8* p, u64 value) {
    while (value >= 0x80) {
        *p++ = static_cast<u8>(value | 0x80);
        value >>= 7;
    }
    *p++ = static_cast<u8>(value);
    return p;
}

u64 get(const u8*& p) {
    u64 value = 0;
    for (unsigned shift = 0;; shift += 7) {
        u8 byte = *p++;
        value |= u64{byte & 0x7fu} << shift;
        if (byte < 0x80) return value;
    }
}

/// Small magnitudes of either sign to small unsigned numbers.
u64 zigzag(i64 v) { return static_cast<u64>(v) << 1 ^ static_cast<u64>(v >> 63); }
i64 unzigzag(u64 v) { return static_cast<i64>(v >> 1) ^ -static_cast<i64>(v & 1); }

}  // namespace

void encode_insn_map(const host::CompiledCode& code, InsnMapBytes& out) {
    const std::size_t state_entries = code.state.entries().size() + code.states.size();
    out.resize(code.insn_map.size() * (2 * kMaxNumber + 4) + state_entries * ir::kMaxStateEntryBytes + 4);
    u8* p = ir::encode_state(code.state.entries(), out.data());
    host::InsnMapEntry last{};
    for (const host::InsnMapEntry& e : code.insn_map) {
        const u64 host = e.host_offset - last.host_offset;
        // Cold code at the end of the TB goes back to earlier instructions.
        const u64 pc =
            zigzag(static_cast<i64>(e.pc_offset) - static_cast<i64>(last.pc_offset)) << 1 | u64{e.state_count != 0};
        if ((host | pc) < 0x80) {
            p[0] = static_cast<u8>(host);
            p[1] = static_cast<u8>(pc);
            p += 2;
        } else {
            p = put(put(p, host), pc);
        }
        if (e.state_count != 0) p = ir::encode_state({code.states.data() + e.state, e.state_count}, p);
        last = e;
    }
    out.resize(static_cast<std::size_t>(p - out.data()));
}

bool find_in_insn_map(const u8* map, u32 size, u32 host_offset, InsnPoint& found) {
    if (size == 0) return false;
    InsnPoint point{.tb_state = map};
    u32 offset = 0;
    bool any = false;
    for (const u8* p = ir::skip_state(map); p < map + size;) {
        offset += static_cast<u32>(get(p));
        if (offset > host_offset) break;
        const u64 pc = get(p);
        point.pc_offset = static_cast<u32>(point.pc_offset + unzigzag(pc >> 1));
        point.insn_state = nullptr;
        if ((pc & 1) != 0) {
            point.insn_state = p;
            p = ir::skip_state(p);
        }
        found = point;
        any = true;
    }
    return any;
}

}  // namespace dragoman::engine
