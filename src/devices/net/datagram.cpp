#include "devices/net/datagram.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "base/error.h"

namespace dragoman::devices::net {

namespace {

constexpr std::size_t kMaxFrame = 65536 + 64;
constexpr unsigned kBurst = 64;  // frames at a time, so that others have their turn

const sockaddr_in& ipv4(const Endpoint& endpoint) { return reinterpret_cast<const sockaddr_in&>(endpoint.address); }

bool is_multicast(const Endpoint& endpoint) {
    return endpoint.family == AF_INET && IN_MULTICAST(ntohl(ipv4(endpoint).sin_addr.s_addr));
}

std::string name_of(const SocketAddress& address) {
    return address.is_unix() || address.fd >= 0 ? address.text() : "udp:" + address.host + ":" + address.port;
}

}  // namespace

DatagramNetdev::DatagramNetdev(std::string id, EventLoop& loop, const Options& options)
    : Netdev(std::move(id)), loop_(loop), buffer_(kMaxFrame) {
    const bool given = options.local && options.local->fd >= 0;
    if (options.remote) remote_ = resolve(*options.remote, SOCK_DGRAM, false).front();
    if (given) {
        fd_ = options.local->fd;
        fcntl(fd_, F_SETFD, FD_CLOEXEC);
        fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
        text_ = name_of(*options.local);
    } else if (is_multicast(remote_)) {
        join(options);
        text_ = "multicast " + name_of(*options.remote);
    } else {
        bind_to(*options.local, remote_.family);
        text_ = name_of(*options.local) + (options.remote ? " to " + name_of(*options.remote) : "");
    }
    drained();
}

DatagramNetdev::~DatagramNetdev() {
    loop_.unwatch(fd_);
    ::close(fd_);
    if (!owned_path_.empty()) ::unlink(owned_path_.c_str());
}

void DatagramNetdev::bind_to(const SocketAddress& local, int family) {
    int error = EAFNOSUPPORT;
    for (const Endpoint& endpoint : resolve(local, SOCK_DGRAM, true)) {
        if (family != AF_UNSPEC && endpoint.family != family) continue;
        int fd = ::socket(endpoint.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
        if (endpoint.family == AF_UNIX) ::unlink(local.path.c_str());  // what an earlier run has left
        else if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (fd >= 0 && ::bind(fd, endpoint.get(), endpoint.length) == 0) {
            fd_ = fd;
            if (endpoint.family == AF_UNIX) owned_path_ = local.path;
            return;
        }
        error = errno;
        if (fd >= 0) ::close(fd);
    }
    throw FatalError(1, "cannot bind to " + name_of(local) + ": " + std::strerror(error));
}

/// All who have joined the group on this host and its network get what one of them sends.
void DatagramNetdev::join(const Options& options) {
    auto check = [&](bool good) {
        if (!good) throw FatalError(1, "cannot join " + name_of(*options.remote) + ": " + std::strerror(errno));
    };
    fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int one = 1;
    check(fd_ >= 0);
    check(setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
    check(::bind(fd_, remote_.get(), remote_.length) == 0);
    ip_mreq group{};
    group.imr_multiaddr = ipv4(remote_).sin_addr;
    if (options.local) {
        const Endpoint interface = resolve(*options.local, SOCK_DGRAM, true).front();
        if (interface.family == AF_INET) group.imr_interface = ipv4(interface).sin_addr;
        check(setsockopt(fd_, IPPROTO_IP, IP_MULTICAST_IF, &group.imr_interface, sizeof group.imr_interface) == 0);
    }
    check(setsockopt(fd_, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) == 0);
    check(setsockopt(fd_, IPPROTO_IP, IP_MULTICAST_LOOP, &one, sizeof one) == 0);
}

void DatagramNetdev::drained() {
    if (watching_) return;
    watching_ = true;
    loop_.watch(fd_, EventLoop::kReadable, [this](u32) { readable(); });
}

void DatagramNetdev::readable() {
    for (unsigned i = 0; i < kBurst; i++) {
        ssize_t bytes = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
        if (bytes < 0) return;  // nothing there, or a report about a peer that is not there (yet)
        if (bytes != 0) deliver({buffer_.data(), static_cast<std::size_t>(bytes)});
        if (waiting()) {  // the guest is full: the host queues for us
            watching_ = false;
            loop_.unwatch(fd_);
            return;
        }
    }
}

void DatagramNetdev::send(std::span<const iovec> frame, u64) {
    msghdr message{};
    if (remote_.length != 0) {
        message.msg_name = &remote_.address;
        message.msg_namelen = remote_.length;
    }
    message.msg_iov = const_cast<iovec*>(frame.data());
    message.msg_iovlen = std::min<std::size_t>(frame.size(), IOV_MAX);
    // What the host does not take is lost, as on any network.
    while (::sendmsg(fd_, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

}  // namespace dragoman::devices::net
