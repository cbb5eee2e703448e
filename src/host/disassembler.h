// One line of x86-64 assembly for the log. Zydis is loaded when the first line is asked for, so that
// programs that log nothing do not pay for it, and the static binary does without.
#pragma once

#include <string>

#include "base/bits.h"

namespace dragoman::host {

/// Disassembles the x86-64 instruction at `code` as if it were at `address`. Where no disassembler can be
/// loaded the line holds the bytes, in assembler syntax.
/// @param length receives its length, 1 to `available`
std::string disassemble_x64(const u8* code, std::size_t available, u64 address, unsigned& length);

}  // namespace dragoman::host
