// What there is to know about the drivers that -device and -global name, and their properties.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dragoman::machine {

enum class DriverKind {
    Virtio,     ///< takes a virtio slot of the board
    VirtioPci,  ///< the same as a PCI function
    Pci,        ///< a PCI function
    Plain,      ///< a device that takes none
    Base,       ///< no device: what devices or the board have in common
};

struct DriverHelp {
    std::string_view name, text;
    DriverKind kind;
    std::string_view properties;  ///< "name=VALUE", separated by blanks; without those of its kinds
    bool modern_only = false;     ///< a virtio device that legacy drivers do not know
    bool fixed = false;           ///< does not come and go while the machine runs
};

/// Null when there is none of that name.
const DriverHelp* find_driver(std::string_view name);
/// The full name of `driver`: short ones mean the one of a device's kinds that fits the board ("virtio-blk" is
/// virtio-blk-pci, or virtio-blk-device where there is no PCI).
std::string full_driver_name(const std::string& driver, bool pci);
/// "virtio-device" and what else `driver` has properties of, itself last.
std::vector<std::string_view> kinds_of(const DriverHelp& driver);
/// Whether it has that property of its own, or of its kinds.
bool has_property(const DriverHelp& driver, std::string_view name);
bool is_network_card(std::string_view driver);
/// All of them, for messages.
std::string driver_names();
/// All that -device takes, for messages.
std::string device_names();
/// Names of all there are.
std::vector<std::string> driver_list();
/// "name=VALUE" of each property, with those that all devices of its kind have.
std::vector<std::string> property_texts(const DriverHelp& driver);
/// Names of the properties, with those that all devices of its kind have.
std::vector<std::string> property_names(const DriverHelp& driver);

/// Text of -device help, or of -device DRIVER,help. @throws FatalError when there is no such device
std::string user_device_help(const std::string& driver);

}  // namespace dragoman::machine
