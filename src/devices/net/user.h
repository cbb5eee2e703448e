// -netdev user: a network in user space (libslirp) with DHCP, DNS and forwarded ports; needs no privileges.
#pragma once

#include <slirp/libslirp.h>

#include <map>

#include "base/properties.h"
#include "devices/event_loop.h"
#include "devices/net/netdev.h"

namespace dragoman::devices::net {

class UserNetdev final : public Netdev {
public:
    /// The properties but "type" and "id" are still in `properties`. @throws FatalError
    UserNetdev(std::string id, Properties& properties, EventLoop& loop);
    ~UserNetdev() override;

    std::string describe() const override { return "user, net " + network_text_; }
    void send(std::span<const iovec> frame, u64 bytes) override;
    bool takes_large_segments() const override { return true; }

private:
    struct Poll {
        int fd;
        int events;  ///< SLIRP_POLL_*
        int revents;
    };
    struct Timer {
        SlirpTimerCb callback;
        void* opaque;
        u64 deadline;  ///< ns
    };

    struct Forward {
        bool udp;
        in_addr host;
        u16 host_port;
        in_addr guest;
        u16 guest_port;
    };

    static const SlirpCb& callbacks();
    void configure(Properties& properties, SlirpConfig& config);
    Forward parse_forward(const Properties& properties, const std::string& text, in_addr default_guest) const;
    u64 before_sleep();
    u64 run_timers();
    void watch(int fd, int events);
    void unwatch(int fd);

    EventLoop& loop_;
    Slirp* slirp_ = nullptr;
    std::string network_text_;
    std::vector<u8> linear_;
    std::vector<Poll> polls_;     ///< asked for at the last sleep
    std::map<int, int> watched_;  ///< fd -> events
    std::map<int, int> ready_;    ///< fd -> revents since the last sleep
    std::vector<std::unique_ptr<Timer>> timers_;
};

}  // namespace dragoman::devices::net
