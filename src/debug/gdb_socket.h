// The connection to gdb: a TCP port of the loopback interface, or a Unix socket.
#pragma once

#include <string>

namespace dragoman::debug {

/// A Unix socket's name in the file system, which is to go when nobody listens any more.
class SocketFile {
public:
    SocketFile() = default;
    /// @param path of a socket that exists now
    explicit SocketFile(std::string path);
    /// Removes the name, if it is still that of the same socket.
    void remove() const;

private:
    std::string path_;  ///< absolute; empty: none
    unsigned long device_ = 0, inode_ = 0;
};

/// A socket that listens at `where`: a port number, or else the path of a Unix socket ("%d" becomes the process
/// id), which `file` then names. Out of the guest's way. @throws FatalError
int listen_for_gdb(const std::string& where, SocketFile& file);

/// A socket that listens on TCP port `port` of `host` (a numeric address or "localhost", which empty means too).
int listen_for_gdb(const std::string& host, unsigned port);

/// Waits for gdb. @returns the connected socket, out of the guest's way, or -1.
int accept_gdb(int listener);

}  // namespace dragoman::debug
