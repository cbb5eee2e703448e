// A hart's registers as a core file has them: the contents of NT_PRSTATUS of Linux for RISC-V.
#pragma once

#include <vector>

#include "machine/machine.h"

namespace dragoman::machine {

/// On the hart's thread. The number of the hart stands where a process has its number.
std::vector<u8> riscv_status_note(Machine& machine, Hart& hart);

}  // namespace dragoman::machine
