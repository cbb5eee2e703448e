// The -netdev back ends of a machine.
#pragma once

#include "base/properties.h"
#include "devices/event_loop.h"
#include "devices/net/netdev.h"

namespace dragoman::devices::net {

class Netdevs {
public:
    explicit Netdevs(EventLoop& loop) : loop_(loop) {}

    /// `-netdev TYPE,id=…`, with TYPE as the property "type". @throws FatalError
    Netdev& add(Properties properties);
    /// The back end `id`, which no card has yet. @throws FatalError
    Netdev& take(std::string_view id);
    const std::vector<std::unique_ptr<Netdev>>& all() const { return netdevs_; }

private:
    EventLoop& loop_;
    std::vector<std::unique_ptr<Netdev>> netdevs_;
};

}  // namespace dragoman::devices::net
