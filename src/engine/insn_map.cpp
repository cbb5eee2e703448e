#include "engine/insn_map.h"

namespace dragoman::engine {

namespace {

void put(std::vector<u8>& out, u64 value) {
    while (value >= 0x80) {
        out.push_back(static_cast<u8>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<u8>(value));
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

void encode_insn_map(std::span<const host::InsnMapEntry> map, std::vector<u8>& out) {
    host::InsnMapEntry last{};
    for (const host::InsnMapEntry& e : map) {
        put(out, e.host_offset - last.host_offset);
        // Cold code at the end of the TB goes back to earlier instructions.
        put(out, zigzag(static_cast<i64>(e.pc_offset) - static_cast<i64>(last.pc_offset)));
        put(out, e.data ^ last.data);
        last = e;
    }
}

bool find_in_insn_map(const u8* map, u32 size, u32 host_offset, host::InsnMapEntry& found) {
    host::InsnMapEntry e{};
    bool any = false;
    for (const u8* p = map; p < map + size;) {
        e.host_offset += static_cast<u32>(get(p));
        if (e.host_offset > host_offset) break;
        e.pc_offset = static_cast<u32>(e.pc_offset + unzigzag(get(p)));
        e.data ^= get(p);
        found = e;
        any = true;
    }
    return any;
}

}  // namespace dragoman::engine
