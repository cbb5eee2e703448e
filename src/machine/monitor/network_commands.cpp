#include "machine/monitor/network_commands.h"

#include <cstring>

#include "base/error.h"
#include "devices/net/user.h"

namespace dragoman::machine {

namespace {

using devices::net::HostForward;
using devices::net::Netdev;
using devices::net::Netdevs;
using devices::net::UserNetdev;

struct Request {
    UserNetdev& network;
    HostForward rule;
    std::string text;  ///< of the rule
};

/// "[NETDEV] RULE". @throws FatalError
Request parse(Netdevs& netdevs, const char* command, std::string_view arguments, bool with_guest) {
    const std::size_t blank = arguments.find(' ');
    std::string_view name = blank == std::string_view::npos ? "" : arguments.substr(0, blank);
    std::string_view rule = blank == std::string_view::npos ? arguments : arguments.substr(blank + 1);
    while (rule.starts_with(' ')) rule.remove_prefix(1);
    if (rule.empty()) throw FatalError(1, std::string(command) + ": needs a rule");
    UserNetdev* network = nullptr;
    for (const auto& netdev : netdevs.all()) {
        if (name.empty() || netdev->id() == name) network = dynamic_cast<UserNetdev*>(netdev.get());
        if (network != nullptr) break;
    }
    if (network == nullptr)
        throw FatalError(
            1, name.empty() ? "there is no user network" : "there is no user network '" + std::string(name) + "'");
    return {*network, HostForward::parse(command, std::string(rule), with_guest), std::string(rule)};
}

template <class F>
std::string guarded(F f) {
    try {
        return f();
    } catch (const FatalError& error) {
        return std::string(error.what()) + "\n";
    }
}

}  // namespace

std::string add_host_forward(Netdevs& netdevs, std::string_view arguments) {
    return guarded([&]() -> std::string {
        Request request = parse(netdevs, "hostfwd_add", arguments, true);
        int error = request.network.add_forward(request.rule);
        if (error == 0) return "";
        return "hostfwd_add: " + request.text + ": the host's port cannot be had: " + std::strerror(error) + "\n";
    });
}

std::string remove_host_forward(Netdevs& netdevs, std::string_view arguments) {
    return guarded([&] {
        Request request = parse(netdevs, "hostfwd_remove", arguments, false);
        return "host forwarding rule for " + request.text +
               (request.network.remove_forward(request.rule) ? " removed\n" : " not found\n");
    });
}

std::string describe_user_networks(Netdevs& netdevs) {
    std::string text;
    for (const auto& netdev : netdevs.all()) {
        if (auto* network = dynamic_cast<UserNetdev*>(netdev.get()))
            text += netdev->id() + ":\n" + network->describe_connections();
    }
    return text;
}

}  // namespace dragoman::machine
