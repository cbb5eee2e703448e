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

void encode_insn_map(std::span<const host::InsnMapEntry> map, InsnMapBytes& out) {
    out.resize(map.size() * 3 * kMaxNumber);
    u8* p = out.data();
    host::InsnMapEntry last{};
    for (const host::InsnMapEntry& e : map) {
        const u64 host = e.host_offset - last.host_offset;
        // Cold code at the end of the TB goes back to earlier instructions.
        const u64 pc = zigzag(static_cast<i64>(e.pc_offset) - static_cast<i64>(last.pc_offset));
        const u64 data = e.data ^ last.data;
        if ((host | pc | data) < 0x80) {
            p[0] = static_cast<u8>(host);
            p[1] = static_cast<u8>(pc);
            p[2] = static_cast<u8>(data);
            p += 3;
        } else {
            p = put(put(put(p, host), pc), data);
        }
        last = e;
    }
    out.resize(static_cast<std::size_t>(p - out.data()));
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
