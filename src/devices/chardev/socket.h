// Unix and TCP sockets, as server (one client at a time) or as client.
#pragma once

#include "devices/chardev/stream.h"
#include "devices/chardev/telnet.h"
#include "devices/peer_socket.h"

namespace dragoman::devices {

class SocketChardev final : public StreamChardev {
public:
    struct Options : PeerSocket::Options {
        bool telnet = false;
    };
    /// Binds and listens, or connects. @throws FatalError
    SocketChardev(EventLoop& loop, const Options& options);
    std::string describe() const override;

private:
    void start(int fd);
    void lose_peer();

    void on_end() override { lose_peer(); }
    void on_write_error(int) override { lose_peer(); }
    void filter_input(std::vector<u8>& bytes) override;
    u64 on_tick() override { return socket_.tick(); }

    const bool is_telnet_;
    TelnetFilter telnet_;
    PeerSocket socket_;
};

}  // namespace dragoman::devices
