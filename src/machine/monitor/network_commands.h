// The monitor's commands about network back ends.
#pragma once

#include <string>
#include <string_view>

#include "devices/net/netdevs.h"

namespace dragoman::machine {

/// hostfwd_add [NETDEV] RULE; without a name, the first user network. @returns what is to be printed
std::string add_host_forward(devices::net::Netdevs& netdevs, std::string_view arguments);
/// hostfwd_remove [NETDEV] RULE, where RULE has no guest.
std::string remove_host_forward(devices::net::Netdevs& netdevs, std::string_view arguments);
/// info usernet
std::string describe_user_networks(devices::net::Netdevs& netdevs);

}  // namespace dragoman::machine
