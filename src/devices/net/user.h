// -netdev user: a network in user space (libslirp) with DHCP, DNS and forwarded ports; needs no privileges.
#pragma once

#include <slirp/libslirp.h>

#include <map>

#include "base/properties.h"
#include "devices/chardev/factory.h"
#include "devices/event_loop.h"
#include "devices/net/netdev.h"
#include "devices/net/tcp_merge.h"
#include "devices/net/user_options.h"

namespace dragoman::devices::net {

class UserNetdev final : public Netdev {
public:
    /// The properties but "type" and "id" are still in `properties`. @throws FatalError
    UserNetdev(std::string id, Properties& properties, EventLoop& loop, ChardevSet& chardevs);
    ~UserNetdev() override;

    /// Makes a port of the host lead to the guest. @returns 0 or an errno
    int add_forward(HostForward forward);
    /// Ends what add_forward() made for the host's address and port. @returns whether there was such a one
    bool remove_forward(const HostForward& forward);
    /// A table of forwards and open connections, for people.
    std::string describe_connections() const;

    std::string describe() const override { return "user, net " + network_text_; }
    bool takes_large_segments() const override { return true; }

protected:
    void send(std::span<const iovec> frame, u64 bytes) override;

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

    struct Cleanup {
        void operator()(Slirp* slirp) const { ::slirp_cleanup(slirp); }
    };
    struct GuestPort {
        std::shared_ptr<Chardev> chardev;
        in_addr address;
        int port;
    };

    static const SlirpCb& callbacks();
    void arrive(std::span<const u8> frame);
    void add_guest_forward(const Properties& properties, const GuestForward& forward, ChardevSet& chardevs);
    u64 before_sleep();
    u64 run_timers();
    void watch(int fd, int events);
    void unwatch(int fd);

    EventLoop& loop_;
    unsigned source_ = 0;
    in_addr first_guest_{};
    std::string network_text_;
    std::vector<u8> linear_;
    std::vector<Poll> polls_;     ///< asked for at the last sleep
    std::map<int, int> watched_;  ///< fd -> events
    std::map<int, int> ready_;    ///< fd -> revents since the last sleep
    std::vector<std::unique_ptr<Timer>> timers_;
    std::vector<GuestPort> guest_ports_;
    TcpMerge merge_;
    std::unique_ptr<Slirp, Cleanup> slirp_;  ///< last: its end calls back
};

}  // namespace dragoman::devices::net
