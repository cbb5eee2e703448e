// -netdev bridge: a tap interface on a bridge of the host's, from the set-user-ID helper of QEMU's package, so that
// the machine needs no privileges.
#pragma once

#include <string>

namespace dragoman::devices::net {

constexpr const char* kBridgeHelper = "/usr/lib/qemu/qemu-bridge-helper";

/// Runs `helper` for a port of the bridge `bridge`. @returns the interface's descriptor. @throws FatalError
int open_bridge_port(const std::string& helper, const std::string& bridge);

}  // namespace dragoman::devices::net
