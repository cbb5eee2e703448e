// From parsed options to a running guest program: picks the guest, makes address space, back end and
// engine, loads the program and runs it.
#pragma once

#include "cli/options.h"

namespace dragoman::cli {

/// Runs the guest program until the process ends. @throws FatalError when it cannot be started
[[noreturn]] void launch(Options& options);

/// Text of -cpu help: models and switchable extensions of every guest.
std::string cpu_help();

/// Text of -d help.
std::string log_help();

}  // namespace dragoman::cli
