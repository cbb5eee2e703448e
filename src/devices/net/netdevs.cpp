#include "devices/net/netdevs.h"

#include "base/error.h"
#include "devices/net/bridge.h"
#include "devices/net/datagram.h"
#include "devices/net/dump.h"
#include "devices/net/options.h"
#include "devices/net/stream.h"
#include "devices/net/tap.h"
#include "devices/net/user.h"
#include "devices/replay/replay_netdev.h"

namespace dragoman::devices::net {

namespace {

using Made = std::unique_ptr<Netdev>;
using Maker = Made (*)(const std::string& id, Properties& properties, EventLoop& loop, ChardevSet& chardevs);

Made make_user(const std::string& id, Properties& properties, EventLoop& loop, ChardevSet& chardevs) {
    return std::make_unique<UserNetdev>(id, properties, loop, chardevs);
}

Made make_tap(const std::string& id, Properties& properties, EventLoop& loop, ChardevSet&) {
    std::optional<std::string> helper = properties.take("helper");
    std::string bridge = properties.take("br", "br0");
    if (helper) properties.set("fd", std::to_string(open_bridge_port(*helper, bridge)));
    return std::make_unique<TapNetdev>(id, properties, loop);
}

Made make_bridge(const std::string& id, Properties& properties, EventLoop& loop, ChardevSet& chardevs) {
    if (!properties.has("helper")) properties.set("helper", kBridgeHelper);
    return make_tap(id, properties, loop, chardevs);
}

Made make_stream(const std::string& id, Properties& properties, EventLoop& loop, ChardevSet&) {
    PeerSocket::Options options = take_stream_options(properties);
    properties.finish();
    return std::make_unique<StreamNetdev>(id, loop, options);
}

Made make_datagram(const std::string& id, Properties& properties, EventLoop& loop, ChardevSet&) {
    DatagramNetdev::Options options = take_datagram_options(properties);
    properties.finish();
    return std::make_unique<DatagramNetdev>(id, loop, options);
}

Made make_socket(const std::string& id, Properties& properties, EventLoop& loop, ChardevSet&) {
    SocketOptions options = take_socket_options(properties);
    properties.finish();
    if (options.stream) return std::make_unique<StreamNetdev>(id, loop, *options.stream);
    return std::make_unique<DatagramNetdev>(id, loop, options.datagram);
}

struct Kind {
    std::string_view name;
    Maker make;
};
constexpr Kind kKinds[] = {{"bridge", make_bridge}, {"dgram", make_datagram}, {"socket", make_socket},
                           {"stream", make_stream}, {"tap", make_tap},        {"user", make_user}};

}  // namespace

std::vector<std::string_view> Netdevs::types() {
    std::vector<std::string_view> names;
    for (const Kind& kind : kKinds) names.push_back(kind.name);
    return names;
}

Netdev& Netdevs::add(Properties properties) {
    std::size_t type = properties.take_choice("type", types(), std::size(kKinds));
    if (type == std::size(kKinds)) {
        std::string names;
        for (std::string_view name : types()) names += (names.empty() ? "" : ", ") + std::string(name);
        properties.fail("no type= (there is: " + names + ")");
    }
    std::string id = properties.take("id", "");
    if (id.empty()) properties.fail("no id=");
    for (const auto& other : netdevs_) {
        if (other->id() == id) properties.fail("there is a netdev '" + id + "' already");
    }
    return *netdevs_.emplace_back(kKinds[type].make(id, properties, loop_, chardevs_));
}

void Netdevs::remove(std::string_view id) {
    Netdev& netdev = take(id);
    std::erase_if(netdevs_, [&](const auto& one) { return one.get() == &netdev; });
}

void Netdevs::add_dump(Properties properties) {
    std::optional<std::string> name = properties.take("netdev");
    if (!name) properties.fail("needs netdev=ID");
    Netdev* netdev = find(*name);
    if (netdev == nullptr) properties.fail("netdev=" + *name + ": there is no such back end");
    netdev->add_observer(std::make_unique<Dump>(properties));
}

Netdev* Netdevs::find(std::string_view id) const {
    for (const auto& netdev : netdevs_) {
        if (netdev->id() == id) return netdev.get();
    }
    return nullptr;
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
    if (Netdev* netdev = find(id)) {
        if (netdev->attached()) throw FatalError(1, "netdev '" + std::string(id) + "' is in use by another device");
        if (inputs_ == nullptr) return *netdev;
        return *recorded_.emplace_back(std::make_unique<ReplayNetdev>(*netdev, *inputs_, loop_));
    }
    std::string names;
    for (const auto& netdev : netdevs_) names += (names.empty() ? "" : ", ") + netdev->id();
    throw FatalError(
        1, "there is no netdev '" + std::string(id) + "'" + (names.empty() ? "" : " (there is: " + names + ")"));
}

}  // namespace dragoman::devices::net
