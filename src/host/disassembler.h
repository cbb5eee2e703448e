// One line of x86-64 assembly for the log. Zydis is loaded when the first line is asked for, so that
// programs that log nothing do not pay for it, and the static binary does without.
#pragma once

#include <dlfcn.h>

#include <string>

#include "base/bits.h"

namespace dragoman::host {

/// Finds a function in a shared library, null when it is not there. Set by programs that can load libraries:
/// a static one cannot, reliably.
extern void* (*find_in_library)(const char* library, const char* function);

inline void* find_with_dlopen(const char* library, const char* function) {
    void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    return handle ? dlsym(handle, function) : nullptr;
}

/// Disassembles the x86-64 instruction at `code` as if it were at `address`. Where no disassembler can be
/// loaded the line holds the bytes, in assembler syntax.
/// @param length receives its length, 1 to `available`
std::string disassemble_x64(const u8* code, std::size_t available, u64 address, unsigned& length);

}  // namespace dragoman::host
