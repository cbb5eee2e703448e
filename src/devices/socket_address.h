// Where a socket of the host is: what character devices and network back ends listen on and connect to.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

namespace dragoman::devices {

struct SocketAddress {
    std::string path;        ///< of a unix socket; else:
    std::string host, port;  ///< an empty host: all addresses, or this host
    int fd = -1;             ///< an open socket that we were given; else -1
    bool ipv4 = true, ipv6 = true;
    bool abstract = false;  ///< path is a name of Linux's abstract space

    bool is_unix() const { return fd < 0 && !path.empty(); }
    /// For messages: "tcp:HOST:PORT", "unix:PATH", "fd:NUMBER".
    std::string text() const;
};

/// What an address resolves to.
struct Endpoint {
    int family = AF_UNSPEC;
    sockaddr_storage address{};
    socklen_t length = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

/// The endpoints of `where` (not an fd), at least one. `type`: SOCK_STREAM or SOCK_DGRAM; `passive`: to be bound to.
/// @throws FatalError
std::vector<Endpoint> resolve(const SocketAddress& where, int type, bool passive);

/// A listening stream socket that does not block; a path that is there is taken over. @throws FatalError
int listen_on(const SocketAddress& where);
/// A connected stream socket. Waits for the peer's answer. @throws FatalError
int connect_to(const SocketAddress& where);

}  // namespace dragoman::devices
