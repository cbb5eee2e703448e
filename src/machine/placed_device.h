// A device that -device or device_add has made: where it is, and what it has taken.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bits.h"

namespace dragoman::devices {
namespace input {
class Handler;
}
namespace pci {
class Function;
}
}  // namespace dragoman::devices

namespace dragoman::machine {

struct PlacedDevice {
    std::string id;           ///< empty: it has none
    std::string_view driver;  ///< its name in device_help
    std::string path;         ///< where firmware finds what could be started from there (firmware_path.h)
    std::optional<u32> boot_index;
    devices::pci::Function* function = nullptr;  ///< itself, where it is plugged into a PCI bus
    devices::pci::Function* parent = nullptr;    ///< the controller whose bus it is on
    unsigned port = 0;                           ///< of a USB device, from 1
    std::vector<devices::input::Handler*> inputs;
    std::string drive, chardev;  ///< ids of back ends; empty: none
    u64 asked_at = 0;            ///< host time (ns) at which its driver was last asked to let it go; 0: never
};

}  // namespace dragoman::machine
