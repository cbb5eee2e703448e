#include "devices/socket_address.h"

#include <netdb.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/error.h"

namespace dragoman::devices {

namespace {

Endpoint unix_endpoint(const SocketAddress& where) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const std::size_t offset = where.abstract ? 1 : 0;  // an abstract name begins with a zero, and none ends it
    if (where.path.size() + 1 > sizeof name.sun_path)
        throw FatalError(1, "cannot use " + where.text() + ": the path is too long");
    std::memcpy(name.sun_path + offset, where.path.data(), where.path.size());
    Endpoint endpoint;
    endpoint.family = AF_UNIX;
    endpoint.length =
        where.abstract ? static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + where.path.size()) : sizeof name;
    std::memcpy(&endpoint.address, &name, sizeof name);
    return endpoint;
}

}  // namespace

std::string SocketAddress::text() const {
    if (fd >= 0) return "fd:" + std::to_string(fd);
    return path.empty() ? "tcp:" + host + ":" + port : "unix:" + path;
}

std::vector<Endpoint> resolve(const SocketAddress& where, int type, bool passive) {
    if (!where.path.empty()) return {unix_endpoint(where)};
    addrinfo hints{}, *list = nullptr;
    hints.ai_socktype = type;
    hints.ai_family = where.ipv4 == where.ipv6 ? AF_UNSPEC : where.ipv4 ? AF_INET : AF_INET6;
    hints.ai_flags = passive ? AI_PASSIVE : 0;
    int status = getaddrinfo(where.host.empty() ? nullptr : where.host.c_str(), where.port.c_str(), &hints, &list);
    if (status != 0) throw FatalError(1, "cannot use " + where.text() + ": " + gai_strerror(status));
    std::vector<Endpoint> found;
    for (addrinfo* i = list; i != nullptr; i = i->ai_next) {
        Endpoint& endpoint = found.emplace_back();
        endpoint.family = i->ai_family;
        endpoint.length = i->ai_addrlen;
        std::memcpy(&endpoint.address, i->ai_addr, i->ai_addrlen);
    }
    freeaddrinfo(list);
    return found;
}

int listen_on(const SocketAddress& where) {
    int error = 0;
    for (const Endpoint& endpoint : resolve(where, SOCK_STREAM, true)) {
        int fd = ::socket(endpoint.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int one = 1;
        if (endpoint.family != AF_UNIX && fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        else if (!where.abstract) ::unlink(where.path.c_str());  // what an earlier run has left
        if (fd >= 0 && ::bind(fd, endpoint.get(), endpoint.length) == 0 && ::listen(fd, 1) == 0) return fd;
        error = errno;
        if (fd >= 0) ::close(fd);
    }
    throw FatalError(1, "cannot listen on " + where.text() + ": " + std::strerror(error));
}

int connect_to(const SocketAddress& where) {
    int error = 0;
    for (const Endpoint& endpoint : resolve(where, SOCK_STREAM, false)) {
        int fd = ::socket(endpoint.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && ::connect(fd, endpoint.get(), endpoint.length) == 0) return fd;
        error = errno;
        if (fd >= 0) ::close(fd);
    }
    throw FatalError(1, "cannot connect to " + where.text() + ": " + std::strerror(error));
}

}  // namespace dragoman::devices
