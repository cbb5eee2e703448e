// Random RISC-V programs, made from the instruction tables.
//
// A batch is one ELF file with many short programs. Each loads all registers from a record of its own, runs its body
// a few times in a loop, or some thousand times, and writes all registers and fcsr to standard output; the batch ends
// with the contents of the memory that the bodies worked on. So two runs agree if their outputs do.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "guest/riscv/decode.h"

namespace dragoman::fuzz {

using Random = std::mt19937_64;

/// Registers that bodies do not write.
inline constexpr unsigned kStackPointer = 2;  ///< points at memory, for the sp-relative forms
inline constexpr unsigned kCounter = 7;       ///< of the loop around the body
inline constexpr unsigned kMemory = 8;        ///< base of all other accesses
inline constexpr unsigned kRecord = 9;        ///< where the registers are saved

inline constexpr unsigned kRecordWords = 64;  ///< x1..x31, f0..f31, fcsr
inline constexpr unsigned kMemoryBytes = 8192;

struct Insn {
    u32 bits;
    u8 length;
    const riscv::InsnRow* row = nullptr;
    bool skips_next = false;  ///< a branch or jump over the next instruction
};

struct Program {
    u64 registers[kRecordWords];
    std::vector<Insn> body;
};

/// Makes random instructions that neither fault nor depend on anything but registers and the memory.
class InsnSource {
public:
    /// @param only     mnemonic prefix that the instructions must have; empty: all
    /// @param without  mnemonic prefixes of those that are left out
    InsnSource(const riscv::Decoder& decoder, const std::string& only, const std::vector<std::string>& without);
    bool empty() const { return rows_.empty(); }
    /// Appends one instruction, or a few that belong together.
    void append(Random& random, std::vector<Insn>& body) const;

private:
    bool make(Random& random, const riscv::InsnRow& row, Insn& out) const;

    const riscv::Decoder& decoder_;
    std::vector<const riscv::InsnRow*> rows_;
};

Program make_program(Random& random, const InsnSource& source, unsigned insns);

/// The ELF file of a batch.
std::string make_elf(const std::vector<Program>& programs, u64 memory_seed);

/// Assembly listing of a body; without instructions that have no row (no-operations).
std::string list_body(const Program& program);

}  // namespace dragoman::fuzz
