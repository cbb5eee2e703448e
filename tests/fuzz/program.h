// Random RISC-V programs, made from the instruction tables. Some call functions in all the ways there are (calls.cpp).
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

// Those of accesses with a changing base or with an index.
inline constexpr unsigned kPointer = 30, kIndex = 31;

inline constexpr unsigned kRecordWords = 64;  ///< x1..x31, f0..f31, fcsr
inline constexpr unsigned kMemoryBytes = 8192;

inline constexpr unsigned kSavedBytes = 4096;  ///< of memory at kRecord, of which the registers are the beginning

/// What is filled in when it is known where functions are.
enum class Fix : u8 { None, Jump, High, Low };  ///< jal; auipc; and what comes straight behind that

struct Insn {
    u32 bits;
    u8 length;
    const riscv::InsnRow* row = nullptr;
    bool skips_next = false;  ///< a branch or jump over the next instruction
    bool fixed = false;       ///< the program may not end without it
    Fix fix = Fix::None;
    u8 function = 0;  ///< whose address is filled in
};

struct Program {
    u64 registers[kRecordWords];
    std::vector<Insn> body;
    std::vector<std::vector<Insn>> functions;
    /// Not 0: instructions from here on lie in front of the others in memory, so that the loop is one of several TBs.
    std::size_t split = 0;
};

/// Makes random instructions that neither fault nor depend on anything but registers and the memory.
class InsnSource {
public:
    /// @param only     mnemonic prefix that the instructions must have; empty: all
    /// @param without  mnemonic prefixes of those that are left out
    InsnSource(const riscv::Decoder& decoder, const std::string& only, const std::vector<std::string>& without);
    bool empty() const { return rows_.empty(); }
    /// Whether there are vector instructions. Programs then begin with random vector registers, which end in the
    /// memory; instructions that are reserved, as many of theirs are by the vtype of the moment, are skipped.
    bool has_vectors() const { return vectors_; }
    /// Appends a vset.
    void append_vset(Random& random, std::vector<Insn>& body) const;
    /// Appends one instruction, or a few that belong together.
    void append(Random& random, std::vector<Insn>& body) const;
    /// As it is listed.
    const riscv::InsnRow* row(u32 bits) const { return decoder_.find(bits); }

private:
    void append_known(std::vector<Insn>& body, u32 bits) const;
    bool make(Random& random, const riscv::InsnRow& row, Insn& out) const;

    const riscv::Decoder& decoder_;
    std::vector<const riscv::InsnRow*> rows_;
    bool vectors_ = false;
};

/// The registers that loads and stores of whole vector registers go through before and after a program's body.
inline constexpr unsigned kVectorGroup = 8;
/// Bytes of vector registers behind the others in the output of a program: all for a VLEN of 256.
inline constexpr unsigned kVectorDump = 1024;

Program make_program(Random& random, const InsnSource& source, unsigned insns);

/// Whether all instructions from `first` on belong to what back ends make plain code of: no loop with others in it gets
/// a translation of its own.
bool are_plain(const std::vector<Insn>& body, std::size_t first);

/// A body with calls and the functions that they reach, instead of `p.body`.
void make_calls(Random& random, const InsnSource& source, Program& p);

/// The ELF file of a batch.
std::string make_elf(const std::vector<Program>& programs, u64 memory_seed, bool vectors, bool rv32);

/// Assembly listing of a body; without instructions that have no row (no-operations).
std::string list_body(const Program& program);

}  // namespace dragoman::fuzz
