// From the command line to the running machine.
#pragma once

#include "cli/system/options.h"

namespace dragoman::cli_system {

/// Does what the options ask for. @returns the exit status. @throws FatalError
int launch(Options options);

}  // namespace dragoman::cli_system
