// Interrupt files of message-signalled interrupts, as harts' CSRs see those of the board's controllers.
#pragma once

#include "devices/imsic.h"

namespace dragoman::machine {

class Machine;

/// Gives each hart of the machine its file of machine level and of supervisor level, which outlive the harts'
/// execution.
/// @returns what has to be kept as long as the harts run
std::shared_ptr<void> connect_interrupt_files(Machine& machine, devices::Imsic& machine_level,
                                              devices::Imsic& supervisor_level);

}  // namespace dragoman::machine
