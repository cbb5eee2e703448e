// The gdb stub (-g): a thread of its own that speaks the gdb remote protocol on a TCP port of the loopback
// interface or on a Unix socket. gdb manual, appendix "Remote Serial Protocol".
#pragma once

#include <string>

#include "linux/debugger.h"
#include "linux/task.h"

namespace dragoman::debug {

/// Listens at `where` (a port number or the path of a socket) and starts the server's thread. It lives as long
/// as the process. @param suspend whether the guest waits for gdb before its first instruction
/// @throws FatalError when it cannot listen there
linux_abi::Debugger* start_gdb_server(linux_abi::Process& process, const std::string& where, bool suspend);

/// Goes on with the debugger of the program that has executed this one, which is told so.
/// @param kept what Debugger::before_exec said
linux_abi::Debugger* take_over_gdb(linux_abi::Process& process, const std::string& kept);

}  // namespace dragoman::debug
