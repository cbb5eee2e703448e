// Building instructions from rows.
#include "guest/riscv/encode.h"

#include <cstring>

namespace dragoman::riscv {

static u32 put(RegField f, u8 value) { return static_cast<u32>((value - f.base) & f.mask) << f.shift; }

u32 encode(const InsnRow& row, const Operands& a) {
    u32 bits = row.match | put(row.rd, a.rd) | put(row.rs1, a.rs1) | put(row.rs2, a.rs2) | put(row.rs3, a.rs3);
    for (unsigned i = 0; i < row.imm_segments; ++i) {
        const ImmSegment& s = row.imm[i];
        u64 field = extract(static_cast<u64>(a.imm - row.imm_plus), s.to, s.length);
        bits |= static_cast<u32>(field) << s.from;
    }
    if (std::strchr(row.pattern, 'm') != nullptr) bits |= u32{a.rm} << 12;
    if (std::strchr(row.pattern, 'a') != nullptr) bits |= u32{a.aq} << 26 | u32{a.rl} << 25;
    return bits;
}

}  // namespace dragoman::riscv
