// -netdev dgram, and socket with udp= or mcast=: one frame in each datagram.
#pragma once

#include <optional>

#include "devices/event_loop.h"
#include "devices/net/netdev.h"
#include "devices/socket_address.h"

namespace dragoman::devices::net {

class DatagramNetdev final : public Netdev {
public:
    struct Options {
        std::optional<SocketAddress> local;   ///< bound to, or an open socket
        std::optional<SocketAddress> remote;  ///< sent to; a multicast address is joined
    };
    /// @throws FatalError
    DatagramNetdev(std::string id, EventLoop& loop, const Options& options);
    ~DatagramNetdev() override;

    std::string describe() const override { return "dgram, " + text_; }

protected:
    void send(std::span<const iovec> frame, u64 bytes) override;

private:
    void bind_to(const SocketAddress& local, int family);
    void join(const Options& options);
    void readable();
    void drained() override;

    EventLoop& loop_;
    std::string text_;
    int fd_ = -1;
    Endpoint remote_;         ///< length 0: the socket is connected
    std::string owned_path_;  ///< removed at the end
    bool watching_ = false;
    std::vector<u8> buffer_;
};

}  // namespace dragoman::devices::net
