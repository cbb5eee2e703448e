// The command line of dragoman-system: options of qemu-system-riscv64, with the same meaning. Every option is one row
// of the table in options.cpp.
#pragma once

#include <string>
#include <vector>

#include "machine/config.h"

namespace dragoman::cli_system {

enum class Action { Run, Help, Version, LogHelp, CpuHelp, MachineHelp, DeviceHelp, Print };

struct Options {
    Action action = Action::Run;
    std::string text;  ///< of Action::Print; of MachineHelp and DeviceHelp: which one, or empty for all
    machine::Config machine;
    std::string log_file;  ///< -D
    std::string pid_file;  ///< -pidfile
    bool daemonize = false;
    bool perf_map = false, jit_dump = false;
};

/// Log items and filter are switched on in dragoman::log as they are met.
/// @param arguments without the program's name in front
/// @throws FatalError
Options parse_options(const std::vector<std::string>& arguments);

/// Text of -h: one line per row of the table.
std::string help_text();

}  // namespace dragoman::cli_system
