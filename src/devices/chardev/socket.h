// Unix and TCP sockets, as server (one client at a time) or as client.
#pragma once

#include <sys/socket.h>

#include "devices/chardev/stream.h"
#include "devices/chardev/telnet.h"

namespace dragoman::devices {

struct SocketAddress {
    std::string path;        ///< of a unix socket; else:
    std::string host, port;  ///< an empty host: all addresses, or this host
    int fd = -1;             ///< an open socket that we were given; else -1
    bool ipv4 = true, ipv6 = true;

    std::string text() const;
};

class SocketChardev final : public StreamChardev {
public:
    struct Options {
        SocketAddress address;
        bool server = false;
        bool wait = true;  ///< server: the constructor waits for a client
        bool telnet = false;
        bool nodelay = false;  ///< small packets at once
        u64 reconnect = 0;     ///< client: ns after which it tries again; 0: never
    };
    /// Binds and listens, or connects. @throws FatalError
    SocketChardev(EventLoop& loop, Options options);
    ~SocketChardev() override;
    std::string describe() const override;

private:
    /// What an address resolves to.
    struct Endpoint {
        int family;
        sockaddr_storage address;
        socklen_t length;
    };
    std::vector<Endpoint> resolve() const;
    int make_listener();
    int connect_now() const;
    void start_connecting();
    void end_connecting();
    void accept_client();
    void watch_listener();
    void start(int fd);
    void lose_peer();

    void on_end() override { lose_peer(); }
    void on_write_error(int) override { lose_peer(); }
    void filter_input(std::vector<u8>& bytes) override;
    u64 on_tick() override;

    Options options_;
    TelnetFilter telnet_;
    int listener_ = -1;
    bool listener_watched_ = false;
    bool owns_path_ = false;

    // With reconnect
    std::vector<Endpoint> endpoints_;  ///< tried in turn
    std::size_t next_endpoint_ = 0;
    int connecting_ = -1;
    u64 next_attempt_ = ~u64{0};
};

}  // namespace dragoman::devices
