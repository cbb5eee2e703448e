// What there is to know about the drivers that -device and -global name, and their properties.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dragoman::machine {

enum class DriverKind {
    Virtio,  ///< takes a virtio slot of the board
    Plain,   ///< a device that takes none
    Base,    ///< no device: what devices or the board have in common
};

struct DriverHelp {
    std::string_view name, text;
    DriverKind kind;
    std::string_view properties;  ///< "name=VALUE", separated by blanks; without those of virtio-device
};

/// Null when there is none of that name; "virtio-blk" is virtio-blk-device.
const DriverHelp* find_driver(std::string_view name);
/// The full name of `driver`: QEMU's short names mean whichever of a device's kinds fits the board.
std::string full_driver_name(const std::string& driver);
/// All of them, for messages.
std::string driver_names();
/// All that -device takes, for messages.
std::string device_names();
/// Names of the properties, with those that all devices of its kind have.
std::vector<std::string> property_names(const DriverHelp& driver);

/// Text of -device help, or of -device DRIVER,help. @throws FatalError when there is no such device
std::string user_device_help(const std::string& driver);

}  // namespace dragoman::machine
