// Computes the address of a faulting access from its instruction, for faults whose address the host
// does not tell (general protection faults on addresses that are not canonical).
#include "guest/riscv/state.h"
#include "linux/riscv/arch.h"
#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

namespace {

// Offsets of the compressed forms (Unprivileged specification, "C" extension, load and store formats).
u64 compressed_address(u32 insn, const u64* x) {
    u32 quadrant = insn & 3, funct3 = insn >> 13 & 7;
    bool word = (funct3 & 3) == 2;  // c.lw, c.sw and their sp forms; the others move 8 bytes
    if (quadrant == 0) {
        u64 base = x[8 + (insn >> 7 & 7)];
        if (funct3 == 4) return base + (extract(insn, 5, 1) << 1 | extract(insn, 6, 1));  // Zcb
        u64 offset = extract(insn, 10, 3) << 3;
        return base + (word ? offset | extract(insn, 6, 1) << 2 | extract(insn, 5, 1) << 6
                            : offset | extract(insn, 5, 2) << 6);
    }
    if (quadrant != 2) return 0;
    bool load = funct3 < 4;
    u64 offset;
    if (load && word) {
        offset = extract(insn, 12, 1) << 5 | extract(insn, 4, 3) << 2 | extract(insn, 2, 2) << 6;
    } else if (load) {
        offset = extract(insn, 12, 1) << 5 | extract(insn, 5, 2) << 3 | extract(insn, 2, 3) << 6;
    } else if (word) {
        offset = extract(insn, 9, 4) << 2 | extract(insn, 7, 2) << 6;
    } else {
        offset = extract(insn, 10, 3) << 3 | extract(insn, 7, 3) << 6;
    }
    return x[2] + offset;
}

}  // namespace

u64 access_address(const Task& task) {
    const u64* x = dragoman::riscv::hart(task.env)->gpr;
    u16 half[2] = {};
    if (!task.read(half[0], task.env->pc)) return 0;
    if ((half[0] & 3) != 3) return compressed_address(half[0], x);
    if (!task.read(half[1], task.env->pc + 2)) return 0;
    u32 insn = u32{half[0]} | u32{half[1]} << 16;
    u64 base = x[insn >> 15 & 31];
    switch (insn & 0x7f) {
        case 0x03:  // LOAD
        case 0x07:  // LOAD-FP
            return base + static_cast<u64>(sextract(insn, 20, 12));
        case 0x23:  // STORE
        case 0x27:  // STORE-FP
            return base + static_cast<u64>(sign_extend(extract(insn, 25, 7) << 5 | extract(insn, 7, 5), 12));
        case 0x2f:  // AMO
        case 0x0f:  // MISC-MEM: cbo.zero
            return base;
        default: return 0;
    }
}

}  // namespace dragoman::linux_abi::riscv
