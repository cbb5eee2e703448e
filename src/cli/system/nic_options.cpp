#include "cli/system/nic_options.h"

#include <algorithm>
#include <cstdio>

#include "base/program_name.h"
#include "devices/net/netdevs.h"

namespace dragoman::cli_system {

void LegacyNetwork::add(const std::string& option, const std::string& text) {
    Properties properties(option, text, "type");
    std::string type = properties.take("type", "");
    if (type == "none") return properties.finish();
    if (type == "nic") {
        cards_.push_back(properties);
        return;
    }
    const std::vector<std::string_view> types = devices::net::Netdevs::types();
    if (std::find(types.begin(), types.end(), type) == types.end()) {
        std::string names = "nic, none";
        for (std::string_view name : types) names += ", " + std::string(name);
        properties.fail("'" + type + "': there is " + names);
    }
    properties.set("type", type);
    back_ends_.push_back(properties);
}

void LegacyNetwork::connect(machine::Config& config) {
    auto warn = [](const std::string& text) {
        std::fprintf(stderr, "%s: warning: -net: %s\n", program_name(), text.c_str());
    };
    std::size_t on_hub = 0;
    for (Properties& card : cards_) {
        std::optional<std::string> model = card.take("model"), mac = card.take("macaddr"), netdev = card.take("netdev");
        card.take("name");
        card.finish();
        if (netdev) {
            Properties device("-net", "");
            device.set("driver", model && *model != "virtio" ? *model : "virtio-net");
            device.set("netdev", *netdev);
            if (mac) device.set("mac", *mac);
            config.devices.push_back(device);
            continue;
        }
        if (back_ends_.empty()) {
            warn("nic: there is nothing that it is connected to");
            continue;
        }
        if (++on_hub > 1) card.fail("nic: there is one card on the hub already (-nic has as many as wanted)");
        Properties nic = back_ends_.front();
        if (model) nic.set("model", *model);
        if (mac) nic.set("mac", *mac);
        config.nics.push_back(nic);
    }
    if (back_ends_.size() > 1)
        back_ends_[1].fail("there is one back end on the hub already (-nic has as many as wanted)");
    if (!back_ends_.empty() && on_hub == 0) warn("there is no card for " + *back_ends_.front().take("type"));
}

}  // namespace dragoman::cli_system
