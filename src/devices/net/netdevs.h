// The -netdev back ends of a machine.
#pragma once

#include "base/properties.h"
#include "devices/chardev/factory.h"
#include "devices/event_loop.h"
#include "devices/net/mac_address.h"
#include "devices/net/netdev.h"
#include "devices/replay/inputs.h"

namespace dragoman::devices::net {

class Netdevs {
public:
    /// `chardevs`: where guestfwd= leads to.
    Netdevs(EventLoop& loop, ChardevSet& chardevs) : loop_(loop), chardevs_(chardevs) {}

    /// From now on cards get what `inputs` knows of the network. Null: the network itself.
    void set_inputs(Inputs* inputs) { inputs_ = inputs; }

    /// The names that `type` may have, in order.
    static std::vector<std::string_view> types();

    /// `-netdev TYPE,id=…`, with TYPE as the property "type". @throws FatalError
    Netdev& add(Properties properties);
    /// `-object filter-dump,netdev=…`, without its id. @throws FatalError
    void add_dump(Properties properties);
    /// Takes a back end out. @throws FatalError when there is none, or a card has it
    void remove(std::string_view id);
    /// The back end `id`, or null.
    Netdev* find(std::string_view id) const;
    /// The back end `id`, which no card has yet. @throws FatalError
    Netdev& take(std::string_view id);
    /// The address of the machine's next card, unless it is told another one.
    MacAddress next_mac();
    /// What a card's properties say: netdev= (null: nothing), and mac=, else next_mac(). @throws FatalError
    Netdev* take_netdev(Properties& properties);
    MacAddress take_mac(Properties& properties);
    const std::vector<std::unique_ptr<Netdev>>& all() const { return netdevs_; }

private:
    EventLoop& loop_;
    ChardevSet& chardevs_;
    std::vector<std::unique_ptr<Netdev>> netdevs_;
    Inputs* inputs_ = nullptr;
    std::vector<std::unique_ptr<Netdev>> recorded_;  ///< those that cards have of netdevs_
    unsigned cards_ = 0;                             ///< that have asked for an address
};

}  // namespace dragoman::devices::net
