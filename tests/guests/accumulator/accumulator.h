// A guest for tests: a 16-bit accumulator machine with sixteen instructions. It stands on the interfaces that every
// guest has (guest/guest.h, guest/runtime.h, ir/builder.h) and on nothing else, and is linked into tests only: that it
// runs on all back ends shows that these interfaces are enough. docs/adding-a-guest.md goes through it.
//
// Registers: A (accumulator), X (index), L (link), 16 bits each; the program counter. Memory: 64 KiB of bytes, words
// are little-endian. An instruction is a word: operation in bits 15:12, signed operand n in bits 11:0. Addresses wrap.
#pragma once

#include <memory>

#include "guest/guest.h"

namespace dragoman::accumulator {

enum class Op : u8 {
    Hlt,  ///< environment call n (machines: waits for an interrupt)
    Ldi,  ///< A = n
    Lda,  ///< A = the word at X + n
    Sta,  ///< the word at X + n = A
    Add,  ///< A += the word at X + n; saturates in saturating mode
    Sub,  ///< A -= the word at X + n; likewise
    Xax,  ///< exchanges A and X
    Inx,  ///< X += n
    Bnz,  ///< goes n words on if A is not 0
    Bmi,  ///< goes n words on if A is negative
    Jmp,  ///< goes n words on
    Jsr,  ///< the same, with L = the address of the next instruction
    Ret,  ///< goes to L
    Jpx,  ///< goes to X
    Trp,  ///< exception kTrap + n
    Mod,  ///< saturating mode on (n odd) or off; only with the option "saturation"
};

constexpr u16 insn(Op op, int n = 0) {
    return static_cast<u16>(static_cast<unsigned>(op) << 12 | (static_cast<unsigned>(n) & 0xfff));
}

/// Exceptions. Value: the address that could not be fetched; the instruction; the operand.
inline constexpr u32 kFetchFault = 1, kIllegal = 2, kAccessFault = 3, kTrap = 16;

/// `env` of the machine. The registers hold 16-bit values, zero-extended.
struct State : ir::Env {
    u64 a, x, l;
    u32 call;  ///< operand of the last environment call
};

/// TB state flag: saturating mode.
inline constexpr u32 kFlagSaturating = 1;

/// Physical address of address 0 in system mode.
inline constexpr u64 kRamBase = 0x8000'0000;
/// Where exceptions are taken in system mode, with A = exception and L = the address of the instruction.
inline constexpr u64 kVector = 2;

const guest::Guest& guest();

/// `-cpu acc16[,saturation=on|off]`
class Model final : public guest::Model {
public:
    Model(bool has_saturation, bool system)
        : guest::Model(accumulator::guest(), system), has_saturation(has_saturation) {}
    u64 configuration() const override { return has_saturation; }
    const bool has_saturation;
};

// translate.cpp
extern const guest::TranslatorOps kTranslator;
// system.cpp
extern const guest::SystemOps kSystem;

}  // namespace dragoman::accumulator
