// The answer to query-pci.
#pragma once

#include <nlohmann/json.hpp>

#include "devices/pci/bus.h"

namespace dragoman::machine {

/// A bus with all that is on it and behind it, as QMP's PciInfo.
nlohmann::ordered_json pci_json(devices::pci::Bus& bus);

}  // namespace dragoman::machine
