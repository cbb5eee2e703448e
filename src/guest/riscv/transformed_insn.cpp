// The instruction that htinst and mtinst hold for a trap of a load, a store or an atomic: its address operand replaced
// by how far the fault is from the access's own address (Privileged specification, "Transformed Instruction or
// Pseudoinstruction for mtinst or htinst").
#include "guest/riscv/system.h"
#include "guest/runtime.h"

namespace dragoman::riscv {

namespace {

/// Reads code without side effects.
bool fetch_half(Hart& hart, u64 address, u64& half) {
    guest::Translation t;
    const unsigned index = mmu_index(&hart, true);
    return translate(&hart, address, guest::Access::Fetch, index, true, t) &&
           guest::bus_load(&hart, t.physical, 2, half);
}

constexpr u32 kFunct3 = 7u << 12, kRd = 31u << 7, kRs2 = 31u << 20, kOpcode = 0x7f;
enum Opcode : u32 {
    kLoad = 0x03,
    kLoadFp = 0x07,
    kMiscMem = 0x0f,
    kStore = 0x23,
    kStoreFp = 0x27,
    kAmo = 0x2f,
    kSystem = 0x73,
};

/// A transformed instruction without "Addr. Offset", and what the access's address was made of.
struct Parts {
    u32 insn = 0;
    unsigned base = 0;
    u64 displacement = 0;
};

Parts take_apart_32(u32 insn) {
    const unsigned rs1 = extract(insn, 15, 5), funct3 = extract(insn, 12, 3);
    switch (insn & kOpcode) {
        case kLoadFp:
            if (funct3 == 0 || funct3 > 4) return {};  // vectors
            [[fallthrough]];
        case kLoad: return {insn & (kRd | kFunct3 | kOpcode), rs1, static_cast<u64>(static_cast<i32>(insn) >> 20)};
        case kStoreFp:
            if (funct3 == 0 || funct3 > 4) return {};
            [[fallthrough]];
        case kStore: {
            const u32 upper = insn & 0xfe00'0000;
            return {insn & (kRs2 | kFunct3 | kOpcode), rs1,
                    static_cast<u64>((static_cast<i32>(upper) >> 20) | static_cast<i32>(extract(insn, 7, 5)))};
        }
        case kAmo: return {insn & ~(31u << 15), rs1, 0};
        case kMiscMem: return funct3 == 2 ? Parts{insn & ~(31u << 15), rs1, 0} : Parts{};  // cbo
        case kSystem: return funct3 == 4 ? Parts{insn & ~(31u << 15), rs1, 0} : Parts{};   // hlv, hsv
        default: return {};
    }
}

/// The form of the 32-bit instruction that it stands for, with bit 1 of the opcode clear.
Parts take_apart_16(u32 insn) {
    const unsigned quadrant = insn & 3, funct3 = extract(insn, 13, 3);
    const bool store = funct3 >= 5;
    if (funct3 == 0 || funct3 == 4) return {};
    const unsigned kind = funct3 & 3;  // 1: fld, fsd; 2: lw, sw; 3: ld, sd
    const u32 width = kind == 2 ? 2 : 3;
    const u32 opcode = (store ? (kind == 1 ? kStoreFp : kStore) : (kind == 1 ? kLoadFp : kLoad)) & ~2u;
    u32 displacement;
    unsigned base, data;
    if (quadrant == 0) {
        base = 8 + extract(insn, 7, 3);
        data = 8 + extract(insn, 2, 3);
        displacement = extract(insn, 10, 3) << 3;
        displacement |= kind == 2 ? extract(insn, 6, 1) << 2 | extract(insn, 5, 1) << 6 : extract(insn, 5, 2) << 6;
    } else if (quadrant == 2) {
        base = 2;
        data = store ? extract(insn, 2, 5) : extract(insn, 7, 5);
        if (store) {
            displacement = kind == 2 ? extract(insn, 9, 4) << 2 | extract(insn, 7, 2) << 6
                                     : extract(insn, 10, 3) << 3 | extract(insn, 7, 3) << 6;
        } else {
            displacement = extract(insn, 12, 1) << 5;
            displacement |= kind == 2 ? extract(insn, 4, 3) << 2 | extract(insn, 2, 2) << 6
                                      : extract(insn, 5, 2) << 3 | extract(insn, 2, 3) << 6;
        }
    } else {
        return {};
    }
    return {opcode | width << 12 | data << (store ? 20 : 7), base, displacement};
}

}  // namespace

u64 transformed_insn(Hart& hart, u64 address) {
    u64 low, high = 0;
    if (!fetch_half(hart, hart.pc, low)) return 0;
    const bool compressed = (low & 3) != 3;
    if (!compressed && !fetch_half(hart, hart.pc + 2, high)) return 0;
    const Parts parts =
        compressed ? take_apart_16(static_cast<u32>(low)) : take_apart_32(static_cast<u32>(high << 16 | low));
    if (parts.insn == 0) return 0;
    const u64 offset = address - (hart.gpr[parts.base] + parts.displacement);
    return parts.insn | (offset & 31) << 15;
}

}  // namespace dragoman::riscv
