#include "guest/riscv/made_addresses.h"

#include <cstring>

#include "guest/riscv/state.h"

namespace dragoman::riscv {

namespace {

// Unprivileged specification, "RV32/64G Instruction Set Listings".
constexpr u32 kOpcodeMask = 0x7f, kLoad = 0x03, kOpImm = 0x13, kAuipc = 0x17, kOpImm32 = 0x1b, kLui = 0x37;
constexpr u32 kAddi = 0, kLw = 2, kLd = 3;  // funct3
constexpr unsigned kGp = 3;

struct ImmediateInsn {
    u32 opcode, funct3;
    unsigned rd, rs1;
    u64 imm;
};

ImmediateInsn decode_immediate(u32 insn) {
    return {insn & kOpcodeMask, insn >> 12 & 7, insn >> 7 & 31, insn >> 15 & 31,
            static_cast<u64>(static_cast<i64>(static_cast<i32>(insn) >> 20))};
}

bool is_addi(const ImmediateInsn& i) { return (i.opcode == kOpImm || i.opcode == kOpImm32) && i.funct3 == kAddi; }
bool is_pointer_load(const ImmediateInsn& i) { return i.opcode == kLoad && (i.funct3 == kLd || i.funct3 == kLw); }

}  // namespace

void made_addresses(const guest::Model&, const ir::Env* env, u64 pc, std::span<const u8> bytes,
                    const std::function<void(guest::MadeAddress)>& take) {
    constexpr std::size_t kInsn = 4;
    const auto word_at = [&](std::size_t at) {
        u32 word;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        return word;
    };
    for (std::size_t at = 0, length; at + kInsn <= bytes.size(); at += length) {
        length = (bytes[at] & 3) == 3 ? kInsn : kInsn / 2;
        const u32 opcode = bytes[at] & kOpcodeMask;
        if (opcode != kOpImm && opcode != kAuipc && opcode != kLui) continue;
        const u32 insn = word_at(at);
        if (opcode == kOpImm) {
            if (env == nullptr || (insn >> 15 & 31) != kGp) continue;
            if (const ImmediateInsn low = decode_immediate(insn); is_addi(low))
                take({hart(env)->gpr[kGp] + low.imm, false});
            continue;
        }
        if (at + 2 * kInsn > bytes.size()) continue;
        const ImmediateInsn low = decode_immediate(word_at(at + kInsn));
        if (low.rs1 != (insn >> 7 & 31)) continue;
        const u64 high = static_cast<u64>(static_cast<i64>(static_cast<i32>(insn & 0xfffff000)));
        const u64 address = high + (opcode == kAuipc ? pc + at : 0) + low.imm;
        if (is_addi(low)) take({address, false});
        if (is_pointer_load(low)) take({address, true});
    }
}

}  // namespace dragoman::riscv
