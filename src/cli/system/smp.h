// -smp: the number of harts, and the topology that it is made of.
#pragma once

#include <string>

namespace dragoman::cli_system {

/// Parses "[cpus=]N[,maxcpus=N][,sockets=N][,cores=N][,threads=N]" with QEMU's rules for what is left out; the boards
/// have none of the other levels. @returns the number of harts. @throws FatalError
unsigned parse_harts(const std::string& option, const std::string& text);

}  // namespace dragoman::cli_system
