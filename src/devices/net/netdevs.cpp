#include "devices/net/netdevs.h"

#include "base/error.h"
#include "devices/net/tap.h"
#include "devices/net/user.h"

namespace dragoman::devices::net {

Netdev& Netdevs::add(Properties properties) {
    if (!properties.has("type")) properties.fail("no type= (there is: tap, user)");
    bool tap = properties.take_choice("type", {"user", "tap"}, 0) == 1;
    std::string id = properties.take("id", "");
    if (id.empty()) properties.fail("no id=");
    for (const auto& other : netdevs_) {
        if (other->id() == id) properties.fail("there is a netdev '" + id + "' already");
    }
    std::unique_ptr<Netdev> made;
    if (tap) {
        made = std::make_unique<TapNetdev>(id, properties, loop_);
    } else {
        made = std::make_unique<UserNetdev>(id, properties, loop_);
    }
    return *netdevs_.emplace_back(std::move(made));
}

MacAddress Netdevs::next_mac() {
    MacAddress mac = kFirstMac;
    mac[5] = static_cast<u8>(mac[5] + cards_++);
    return mac;
}

MacAddress Netdevs::take_mac(Properties& properties) {
    MacAddress mac = next_mac();
    if (std::optional<std::string> text = properties.take("mac"); text && !parse_mac(*text, mac))
        properties.fail("mac=" + *text + ": not of the form 52:54:00:12:34:56");
    if ((mac[0] & 1) != 0) properties.fail("mac= is a multicast address");
    return mac;
}

Netdev* Netdevs::take_netdev(Properties& properties) {
    std::optional<std::string> name = properties.take("netdev");
    return name ? &take(*name) : nullptr;
}

Netdev& Netdevs::take(std::string_view id) {
    std::string names;
    for (const auto& netdev : netdevs_) {
        if (netdev->id() == id) {
            if (netdev->attached()) throw FatalError(1, "netdev '" + std::string(id) + "' is in use by another device");
            return *netdev;
        }
        names += (names.empty() ? "" : ", ") + netdev->id();
    }
    throw FatalError(
        1, "there is no netdev '" + std::string(id) + "'" + (names.empty() ? "" : " (there is: " + names + ")"));
}

}  // namespace dragoman::devices::net
