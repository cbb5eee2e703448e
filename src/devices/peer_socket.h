// A stream socket with one peer at a time: a server takes the next client when the last has gone, a client connects
// again when it is asked to.
#pragma once

#include <functional>

#include "base/bits.h"
#include "devices/event_loop.h"
#include "devices/socket_address.h"

namespace dragoman::devices {

class PeerSocket {
public:
    struct Options {
        SocketAddress address;
        bool server = false;
        bool wait = true;      ///< server: start() waits for a client
        bool nodelay = false;  ///< small packets at once
        u64 reconnect = 0;     ///< client: ns after which it tries again; 0: never
    };
    /// Is given a connected descriptor that does not block, and owns it. On the loop's thread, or in start().
    using Opened = std::function<void(int fd)>;

    PeerSocket(EventLoop& loop, Options options, Opened opened);
    ~PeerSocket();
    PeerSocket(const PeerSocket&) = delete;
    PeerSocket& operator=(const PeerSocket&) = delete;

    /// Binds and listens, or connects; with `reconnect`, tick() does. @throws FatalError
    void start();
    /// The owner has closed the descriptor that it was given.
    void lost();
    /// To be called before each sleep of the loop. @returns when next, at the latest
    u64 tick();

    const Options& options() const { return options_; }

private:
    void start_connecting();
    void end_connecting();
    void accept_client();
    void watch_listener();
    void open(int fd);

    EventLoop& loop_;
    Options options_;
    Opened opened_;
    bool has_peer_ = false;
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
