// The connection to gdb: a TCP port of the loopback interface, or a Unix socket.
#pragma once

#include <string>

namespace dragoman::debug {

/// A socket that listens at `where`: a port number, or else the path of a Unix socket ("%d" becomes the process
/// id). Out of the guest's way. @throws FatalError
int listen_for_gdb(const std::string& where);

/// A socket that listens on TCP port `port` of `host` (a numeric address or "localhost", which empty means too).
int listen_for_gdb(const std::string& host, unsigned port);

/// Waits for gdb. @returns the connected socket, out of the guest's way, or -1.
int accept_gdb(int listener);

}  // namespace dragoman::debug
