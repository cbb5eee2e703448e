// dump-guest-memory: the machine's memory and registers as an ELF core file, for gdb and crash.
#pragma once

#include <string>

#include "base/bits.h"

namespace dragoman::machine {

class Machine;

/// Writes it to `path`, while no hart runs: a note with the registers of each hart, and RAM and ROM by their physical
/// addresses. @param length  of what is dumped from `begin` on; 0: all. @throws FatalError
void dump_guest_memory(Machine& machine, const std::string& path, u64 begin = 0, u64 length = 0);

}  // namespace dragoman::machine
