// What monitors tell of PCI functions: info pci, query-pci.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "devices/pci/host.h"

namespace dragoman::machine {

struct PciRegion {
    unsigned bar;
    bool io, wide, prefetchable;
    u64 address, size;  ///< address: Function::kUnmapped while nothing reaches it
};

/// A function as its configuration space has it at a moment.
struct PciInfo {
    unsigned bus, slot, function;
    u16 class_code, vendor, device, subsystem_vendor, subsystem;
    unsigned irq, pin;  ///< pin: 0 for none
    std::string id;
    std::vector<PciRegion> regions;
    struct Range {
        u64 base, limit;
    };
    struct Bridge {
        unsigned primary, secondary, subordinate;
        Range io, memory, prefetchable;
        devices::pci::Bus* bus;
    };
    std::optional<Bridge> bridge;
};

/// "Host bridge", or empty where the class has no name here.
std::string_view pci_class_name(u16 class_code);
/// The functions of a bus, by slot.
std::vector<PciInfo> pci_functions(devices::pci::Bus& bus);
/// The text of info pci.
std::string describe_pci(devices::pci::Bus& bus);

}  // namespace dragoman::machine
