// What a machine has to do with the record of its run.
#pragma once

#include <string>

namespace dragoman::machine {

class Machine;

/// What a replay must have in common with what was recorded: lines "NAME VALUE".
std::string replay_configuration(Machine& machine);

}  // namespace dragoman::machine
