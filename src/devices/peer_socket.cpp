#include "devices/peer_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/program_name.h"

namespace dragoman::devices {

PeerSocket::PeerSocket(EventLoop& loop, Options options, Opened opened)
    : loop_(loop), options_(std::move(options)), opened_(std::move(opened)) {}

PeerSocket::~PeerSocket() {
    if (connecting_ >= 0) {
        loop_.unwatch(connecting_);
        ::close(connecting_);
    }
    if (listener_ >= 0) {
        if (listener_watched_) loop_.unwatch(listener_);
        ::close(listener_);
    }
    if (owns_path_) ::unlink(options_.address.path.c_str());
}

void PeerSocket::start() {
    const SocketAddress& address = options_.address;
    if (address.fd >= 0) fcntl(address.fd, F_SETFD, FD_CLOEXEC);
    if (!options_.server) {
        if (options_.reconnect == 0) {
            open(address.fd >= 0 ? address.fd : connect_to(address));
        } else {
            endpoints_ = resolve(address, SOCK_STREAM, false);
            next_attempt_ = 0;
        }
        return;
    }
    listener_ = address.fd >= 0 ? address.fd : listen_on(address);
    owns_path_ = address.is_unix() && !address.abstract;
    if (options_.wait) {
        std::fprintf(stderr, "%s: waiting for a connection on %s\n", program_name(), address.text().c_str());
        while (!has_peer_) {
            pollfd state{listener_, POLLIN, 0};
            if (poll(&state, 1, -1) > 0) accept_client();
        }
    }
    watch_listener();
}

/// Without blocking the loop: a peer that does not answer takes minutes to fail.
void PeerSocket::start_connecting() {
    const Endpoint& endpoint = endpoints_[next_endpoint_++ % endpoints_.size()];
    next_attempt_ = EventLoop::host_time() + options_.reconnect;
    int fd = ::socket(endpoint.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return;
    if (::connect(fd, endpoint.get(), endpoint.length) == 0) {
        next_attempt_ = ~u64{0};
        open(fd);
    } else if (errno == EINPROGRESS) {
        next_attempt_ = ~u64{0};
        connecting_ = fd;
        loop_.watch(fd, EventLoop::kWritable, [this](u32) { end_connecting(); });
    } else {
        ::close(fd);
    }
}

void PeerSocket::end_connecting() {
    int fd = std::exchange(connecting_, -1), error = 0;
    socklen_t size = sizeof error;
    loop_.unwatch(fd);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) {
        open(fd);
    } else {
        ::close(fd);
        next_attempt_ = EventLoop::host_time() + options_.reconnect;
    }
}

void PeerSocket::open(int fd) {
    int one = 1;
    if (options_.nodelay && options_.address.path.empty()) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    has_peer_ = true;
    opened_(fd);
}

void PeerSocket::accept_client() {
    int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    open(fd);
    watch_listener();
}

/// Further clients wait until the first one has gone.
void PeerSocket::watch_listener() {
    if (listener_ < 0 || listener_watched_ == !has_peer_) return;
    listener_watched_ = !has_peer_;
    if (listener_watched_) loop_.watch(listener_, EventLoop::kReadable, [this](u32) { accept_client(); });
    else loop_.unwatch(listener_);
}

void PeerSocket::lost() {
    has_peer_ = false;
    watch_listener();
    if (!options_.server && options_.reconnect != 0) next_attempt_ = EventLoop::host_time() + options_.reconnect;
}

u64 PeerSocket::tick() {
    if (next_attempt_ <= EventLoop::host_time()) start_connecting();
    return next_attempt_;
}

}  // namespace dragoman::devices
