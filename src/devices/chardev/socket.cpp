#include "devices/chardev/socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/program_name.h"

namespace dragoman::devices {

std::string SocketAddress::text() const {
    if (fd >= 0) return "fd:" + std::to_string(fd);
    return path.empty() ? "tcp:" + host + ":" + port : "unix:" + path;
}

SocketChardev::SocketChardev(EventLoop& loop, Options options) : StreamChardev(loop), options_(std::move(options)) {
    const SocketAddress& address = options_.address;
    if (address.fd >= 0) fcntl(address.fd, F_SETFD, FD_CLOEXEC);
    if (!options_.server) {
        if (options_.reconnect == 0) {
            start(address.fd >= 0 ? address.fd : connect_now());
        } else {
            endpoints_ = resolve();
            next_attempt_ = 0;
        }
        return;
    }
    listener_ = address.fd >= 0 ? address.fd : make_listener();
    if (options_.wait) {
        std::fprintf(stderr, "%s: waiting for a connection on %s\n", program_name(), address.text().c_str());
        while (!is_open()) {
            pollfd state{listener_, POLLIN, 0};
            if (poll(&state, 1, -1) > 0) accept_client();
        }
    }
    watch_listener();
}

SocketChardev::~SocketChardev() {
    if (connecting_ >= 0) {
        loop().unwatch(connecting_);
        ::close(connecting_);
    }
    if (listener_ >= 0) {
        if (listener_watched_) loop().unwatch(listener_);
        ::close(listener_);
    }
    if (owns_path_) ::unlink(options_.address.path.c_str());
}

std::string SocketChardev::describe() const {
    std::string text = options_.address.text();
    if (options_.telnet) text = "telnet:" + options_.address.host + ":" + options_.address.port;
    return text + (options_.server ? ",server" : "");
}

std::vector<SocketChardev::Endpoint> SocketChardev::resolve() const {
    const SocketAddress& where = options_.address;
    std::vector<Endpoint> found;
    auto add = [&found](int family, const void* address, std::size_t length) {
        Endpoint& endpoint = found.emplace_back(Endpoint{family, {}, static_cast<socklen_t>(length)});
        std::memcpy(&endpoint.address, address, length);
    };
    if (!where.path.empty()) {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        if (where.path.size() >= sizeof name.sun_path)
            throw FatalError(1, "cannot use " + where.text() + ": the path is too long");
        std::memcpy(name.sun_path, where.path.c_str(), where.path.size() + 1);
        add(AF_UNIX, &name, sizeof name);
        return found;
    }
    addrinfo hints{}, *list = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_family = where.ipv4 == where.ipv6 ? AF_UNSPEC : where.ipv4 ? AF_INET : AF_INET6;
    hints.ai_flags = options_.server ? AI_PASSIVE : 0;
    int status = getaddrinfo(where.host.empty() ? nullptr : where.host.c_str(), where.port.c_str(), &hints, &list);
    if (status != 0) throw FatalError(1, "cannot use " + where.text() + ": " + gai_strerror(status));
    for (addrinfo* i = list; i != nullptr; i = i->ai_next) add(i->ai_family, i->ai_addr, i->ai_addrlen);
    freeaddrinfo(list);
    return found;
}

int SocketChardev::make_listener() {
    const SocketAddress& address = options_.address;
    int error = 0;
    for (const Endpoint& endpoint : resolve()) {
        int fd = ::socket(endpoint.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int one = 1;
        if (endpoint.family == AF_UNIX) ::unlink(address.path.c_str());  // what an earlier run has left
        else if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.length) == 0 &&
            ::listen(fd, 1) == 0) {
            owns_path_ = endpoint.family == AF_UNIX;
            return fd;
        }
        error = errno;
        if (fd >= 0) ::close(fd);
    }
    throw FatalError(1, "cannot listen on " + address.text() + ": " + std::strerror(error));
}

int SocketChardev::connect_now() const {
    int error = 0;
    for (const Endpoint& endpoint : resolve()) {
        int fd = ::socket(endpoint.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.length) == 0)
            return fd;
        error = errno;
        if (fd >= 0) ::close(fd);
    }
    throw FatalError(1, "cannot connect to " + options_.address.text() + ": " + std::strerror(error));
}

/// Without blocking the loop: a peer that does not answer takes minutes to fail.
void SocketChardev::start_connecting() {
    const Endpoint& endpoint = endpoints_[next_endpoint_++ % endpoints_.size()];
    next_attempt_ = EventLoop::host_time() + options_.reconnect;
    int fd = ::socket(endpoint.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.length) == 0) {
        next_attempt_ = ~u64{0};
        start(fd);
    } else if (errno == EINPROGRESS) {
        next_attempt_ = ~u64{0};
        connecting_ = fd;
        loop().watch(fd, EventLoop::kWritable, [this](u32) { end_connecting(); });
    } else {
        ::close(fd);
    }
}

void SocketChardev::end_connecting() {
    int fd = std::exchange(connecting_, -1), error = 0;
    socklen_t size = sizeof error;
    loop().unwatch(fd);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) {
        start(fd);
    } else {
        ::close(fd);
        next_attempt_ = EventLoop::host_time() + options_.reconnect;
    }
}

void SocketChardev::start(int fd) {
    int one = 1;
    if (options_.nodelay && options_.address.path.empty()) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    telnet_.reset();
    if (options_.telnet && options_.server) write_out_of_band(TelnetFilter::greeting());
    open_stream(fd, fd);
}

void SocketChardev::accept_client() {
    int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    start(fd);
    watch_listener();
}

/// Further clients wait until the first one has gone.
void SocketChardev::watch_listener() {
    if (listener_ < 0 || listener_watched_ == !is_open()) return;
    listener_watched_ = !is_open();
    if (listener_watched_) loop().watch(listener_, EventLoop::kReadable, [this](u32) { accept_client(); });
    else loop().unwatch(listener_);
}

void SocketChardev::lose_peer() {
    close_stream();
    watch_listener();
    if (!options_.server && options_.reconnect != 0) next_attempt_ = EventLoop::host_time() + options_.reconnect;
}

void SocketChardev::filter_input(std::vector<u8>& bytes) {
    if (!options_.telnet) return;
    auto fe = frontend();
    telnet_.filter(bytes, [&] {
        if (fe != nullptr && fe->line_break) fe->line_break();
    });
}

u64 SocketChardev::on_tick() {
    if (next_attempt_ <= EventLoop::host_time()) start_connecting();
    return next_attempt_;
}

}  // namespace dragoman::devices
