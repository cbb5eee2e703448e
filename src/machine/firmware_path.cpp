#include "machine/firmware_path.h"

#include <cstdio>

#include "devices/pci/host.h"
#include "devices/virtio/mmio.h"
#include "devices/virtio/pci.h"
#include "machine/machine.h"
#include "machine/pci_devices.h"

namespace dragoman::machine {

namespace {

namespace pci = devices::pci;

/// The names of classes in the PCI Bus Binding to IEEE 1275; others go by their numbers.
const char* class_name(u32 class_code) {
    switch (class_code) {
        case 0x0100: return "scsi";
        case 0x0200: return "ethernet";
        case 0x0604: return "pci-bridge";
        case 0x0c03: return "usb";
        default: return nullptr;
    }
}

std::string node_name(pci::Function& function) {
    char text[48];
    LockGuard held(function.bus()->host().lock());
    if (const char* name = class_name(function.peek(pci::kClass, 2))) {
        std::snprintf(text, sizeof text, "/%s@%x", name, function.slot());
    } else {
        std::snprintf(text, sizeof text, "/pci%04x,%04x@%x", function.peek(pci::kVendorId, 2),
                      function.peek(pci::kDeviceId, 2), function.slot());
    }
    std::string node = text;
    if (function.number() != 0) node += "," + std::to_string(function.number());
    return node;
}

}  // namespace

std::string firmware_path(pci::Function& function) {
    pci::Function* bridge = function.bus()->bridge();
    return (bridge != nullptr ? firmware_path(*bridge) : "/pci@ffffffffffffffff") + node_name(function);
}

std::string firmware_path(Machine& machine, const devices::virtio::MmioTransport& slot) {
    u64 base = 0;
    for (const memory::Region* region : machine.memory().regions()) {
        if (region->handler == &slot) base = region->base;
    }
    char text[40];
    std::snprintf(text, sizeof text, "/virtio-mmio@%016llx", static_cast<unsigned long long>(base));
    return text;
}

std::string firmware_path(Machine& machine, const devices::virtio::VirtioDevice& device) {
    for (devices::virtio::MmioTransport* slot : machine.virtio_slots()) {
        if (slot->device() == &device) return firmware_path(machine, *slot);
    }
    devices::virtio::PciTransport* function = find_transport(machine, device);
    return function != nullptr ? firmware_path(*function) : "";
}

}  // namespace dragoman::machine
