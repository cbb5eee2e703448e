// Interrupt files of message-signalled interrupts, as harts' CSRs see those of the board's controllers.
#pragma once

#include "devices/imsic.h"
#include "guest/riscv/interrupt_file.h"

namespace dragoman::machine {

class Machine;

// How many files a hart can have for its guests; its input for that of guest 1 is the one behind kGuestFileLines.
using riscv::kGuestFileLines;
using riscv::kMostGuestFiles;

/// Gives each hart of the machine its file of machine level and of supervisor level, and those of its guests, which
/// outlive the harts' execution.
/// @returns what has to be kept as long as the harts run
std::shared_ptr<void> connect_interrupt_files(Machine& machine, devices::Imsic& machine_level,
                                              devices::Imsic& supervisor_level);

}  // namespace dragoman::machine
