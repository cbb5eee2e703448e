#include "linux/filter/bpf.h"

#include <cstring>
#include <vector>

namespace dragoman::linux_abi::bpf {

namespace {

constexpr u16 kLoadWord = BPF_LD | BPF_W | BPF_ABS;
constexpr u16 kLoadLength = BPF_LD | BPF_W | BPF_LEN, kLoadLengthX = BPF_LDX | BPF_W | BPF_LEN;

bool is_conditional_jump(const Instruction& insn) {
    return BPF_CLASS(insn.code) == BPF_JMP && BPF_OP(insn.code) != BPF_JA;
}

/// Whether seccomp knows the instruction, and its constant has a meaning.
bool is_valid(const Instruction& insn) {
    switch (insn.code) {
        case kLoadWord: return insn.k < sizeof(SyscallData) && insn.k % 4 == 0;
        case kLoadLength:
        case kLoadLengthX:
        case BPF_LD | BPF_IMM:
        case BPF_LDX | BPF_IMM:
        case BPF_RET | BPF_K:
        case BPF_RET | BPF_A:
        case BPF_MISC | BPF_TAX:
        case BPF_MISC | BPF_TXA:
        case BPF_ALU | BPF_ADD | BPF_K:
        case BPF_ALU | BPF_ADD | BPF_X:
        case BPF_ALU | BPF_SUB | BPF_K:
        case BPF_ALU | BPF_SUB | BPF_X:
        case BPF_ALU | BPF_MUL | BPF_K:
        case BPF_ALU | BPF_MUL | BPF_X:
        case BPF_ALU | BPF_DIV | BPF_X:
        case BPF_ALU | BPF_AND | BPF_K:
        case BPF_ALU | BPF_AND | BPF_X:
        case BPF_ALU | BPF_OR | BPF_K:
        case BPF_ALU | BPF_OR | BPF_X:
        case BPF_ALU | BPF_XOR | BPF_K:
        case BPF_ALU | BPF_XOR | BPF_X:
        case BPF_ALU | BPF_LSH | BPF_X:
        case BPF_ALU | BPF_RSH | BPF_X:
        case BPF_ALU | BPF_NEG:
        case BPF_JMP | BPF_JA:
        case BPF_JMP | BPF_JEQ | BPF_K:
        case BPF_JMP | BPF_JEQ | BPF_X:
        case BPF_JMP | BPF_JGE | BPF_K:
        case BPF_JMP | BPF_JGE | BPF_X:
        case BPF_JMP | BPF_JGT | BPF_K:
        case BPF_JMP | BPF_JGT | BPF_X:
        case BPF_JMP | BPF_JSET | BPF_K:
        case BPF_JMP | BPF_JSET | BPF_X: return true;
        case BPF_ALU | BPF_DIV | BPF_K: return insn.k != 0;
        case BPF_ALU | BPF_LSH | BPF_K:
        case BPF_ALU | BPF_RSH | BPF_K: return insn.k < 32;
        case BPF_LD | BPF_MEM:
        case BPF_LDX | BPF_MEM:
        case BPF_ST:
        case BPF_STX: return insn.k < BPF_MEMWORDS;
        default: return false;
    }
}

/// Whether jumps lead to an instruction of the program; `left` is how many follow `insn`.
bool jumps_inside(const Instruction& insn, std::size_t left) {
    if (insn.code == (BPF_JMP | BPF_JA)) return insn.k < left;
    return !is_conditional_jump(insn) || (insn.jt < left && insn.jf < left);
}

/// Whether each word of memory has been written, on all ways, before it is read.
bool reads_what_it_wrote(std::span<const Instruction> program) {
    constexpr u16 kAll = 0xffff;
    std::vector<u16> written_at(program.size(), kAll);  // by instruction: on all jumps to it
    u16 written = 0;
    for (std::size_t pc = 0; pc < program.size(); ++pc) {
        const Instruction& insn = program[pc];
        written = static_cast<u16>(written & written_at[pc]);
        auto jump = [&](u32 offset) {
            written_at[pc + 1 + offset] = static_cast<u16>(written_at[pc + 1 + offset] & written);
        };
        if (insn.code == BPF_ST || insn.code == BPF_STX) {
            written = static_cast<u16>(written | 1u << insn.k);
        } else if (insn.code == (BPF_LD | BPF_MEM) || insn.code == (BPF_LDX | BPF_MEM)) {
            if (!(written >> insn.k & 1)) return false;
        } else if (insn.code == (BPF_JMP | BPF_JA)) {
            jump(insn.k);
            written = kAll;
        } else if (is_conditional_jump(insn)) {
            jump(insn.jt);
            jump(insn.jf);
            written = kAll;
        }
    }
    return true;
}

/// bpf_convert_filter() of Linux.
std::size_t extended_length(const Instruction& insn) {
    if (insn.code == (BPF_ALU | BPF_DIV | BPF_X)) return 5;  // with a test for zero
    if (insn.code == (BPF_RET | BPF_K)) return 2;
    if (!is_conditional_jump(insn)) return 1;
    const bool wide = BPF_SRC(insn.code) == BPF_K && static_cast<i32>(insn.k) < 0;
    const bool turned = insn.jt == 0 && BPF_OP(insn.code) != BPF_JSET;
    return (insn.jf == 0 || turned ? 1u : 2u) + wide;
}

u32 operate(u16 operation, u32 a, u32 b) {
    switch (operation) {
        case BPF_ADD: return a + b;
        case BPF_SUB: return a - b;
        case BPF_MUL: return a * b;
        case BPF_DIV: return a / b;
        case BPF_AND: return a & b;
        case BPF_OR: return a | b;
        case BPF_XOR: return a ^ b;
        case BPF_LSH: return a << (b & 31);
        case BPF_RSH: return a >> (b & 31);
        default: return 0 - a;  // BPF_NEG
    }
}

bool holds(u16 comparison, u32 a, u32 b) {
    switch (comparison) {
        case BPF_JEQ: return a == b;
        case BPF_JGE: return a >= b;
        case BPF_JGT: return a > b;
        default: return a & b;  // BPF_JSET
    }
}

}  // namespace

bool is_valid(std::span<const Instruction> program) {
    if (program.empty() || program.size() > kMaxInstructions) return false;
    for (std::size_t pc = 0; pc < program.size(); ++pc) {
        if (!is_valid(program[pc]) || !jumps_inside(program[pc], program.size() - pc - 1)) return false;
    }
    return BPF_CLASS(program.back().code) == BPF_RET && reads_what_it_wrote(program);
}

std::size_t extended_length(std::span<const Instruction> program) {
    std::size_t length = 3;  // clears the registers, keeps the address of the data
    for (const Instruction& insn : program) length += extended_length(insn);
    return length;
}

u32 run(std::span<const Instruction> program, const SyscallData& data) {
    u32 a = 0, x = 0;
    u32 memory[BPF_MEMWORDS] = {};
    for (const Instruction* at = program.data();; ++at) {
        const Instruction& insn = *at;
        const u16 operation = BPF_OP(insn.code);
        const u32 operand = BPF_SRC(insn.code) == BPF_X ? x : insn.k;
        switch (BPF_CLASS(insn.code)) {
            case BPF_LD:
                if (insn.code == kLoadWord) std::memcpy(&a, reinterpret_cast<const u8*>(&data) + insn.k, sizeof a);
                else if (insn.code == kLoadLength) a = sizeof data;
                else a = BPF_MODE(insn.code) == BPF_MEM ? memory[insn.k] : insn.k;
                break;
            case BPF_LDX:
                if (insn.code == kLoadLengthX) x = sizeof data;
                else x = BPF_MODE(insn.code) == BPF_MEM ? memory[insn.k] : insn.k;
                break;
            case BPF_ST: memory[insn.k] = a; break;
            case BPF_STX: memory[insn.k] = x; break;
            case BPF_ALU:
                if (operation == BPF_DIV && operand == 0) return 0;
                a = operate(operation, a, operand);
                break;
            case BPF_JMP:
                if (operation == BPF_JA) at += insn.k;
                else at += holds(operation, a, operand) ? insn.jt : insn.jf;
                break;
            case BPF_MISC:
                if (BPF_MISCOP(insn.code) == BPF_TAX) x = a;
                else a = x;
                break;
            default: return BPF_RVAL(insn.code) == BPF_A ? a : insn.k;  // BPF_RET
        }
    }
}

}  // namespace dragoman::linux_abi::bpf
