// A guest for tests of the engine: a register machine with 64-bit addresses and ten instructions. Like the accumulator
// machine beside it, it stands on the interfaces that every guest has and on nothing else; it is as plain as can be,
// so that a test can say in a line or two what the engine is to run, and give the guest another property (an MMU,
// precise self-modification) by changing its table.
//
// Registers: eight of 64 bits. An instruction is 4 bytes: operation, register a, register b, signed immediate (jumps:
// in instructions, relative to this one).
#pragma once

#include <memory>

#include "guest/guest.h"

namespace dragoman::toy {

enum Op : u8 {
    Halt,      ///< environment call
    AddI,      ///< a += n
    Jump,      ///< goes n instructions on
    BranchNe,  ///< goes n instructions on if a is not b
    Load,      ///< a = the double word at b + n
    Store,     ///< the double word at b + n = a
    Raise,     ///< exception n, with kRaisedValue
    JumpReg,   ///< goes to a
    Call,      ///< goes n instructions on, with r7 = the address of the next instruction
    Return,    ///< goes to r7
};

struct Insn {
    u8 op, a, b;
    i8 imm;
};

/// `env` of the machine.
struct Cpu : ir::Env {
    u64 r[8];
};

/// Exception: the code cannot be fetched.
inline constexpr u32 kFetchFault = 1000;
/// The value of exceptions that Raise raises.
inline constexpr u64 kRaisedValue = 99;

const guest::Guest& guest();

}  // namespace dragoman::toy
