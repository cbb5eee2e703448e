// -net, the oldest form of network options: cards and back ends that all are on one hub.
#pragma once

#include <string>
#include <vector>

#include "base/properties.h"
#include "machine/config.h"

namespace dragoman::cli_system {

/// What the -net options said. One card and one back end on the hub are the same as -nic with both; larger hubs there
/// are none.
class LegacyNetwork {
public:
    /// "nic[,model=NAME][,macaddr=ADDRESS][,netdev=ID]", "user[,...]", "tap[,...]" or "none". @throws FatalError
    void add(const std::string& option, const std::string& text);
    /// Once all options are known: adds what they describe. @throws FatalError
    void connect(machine::Config& config);

private:
    std::vector<Properties> cards_, back_ends_;
};

}  // namespace dragoman::cli_system
