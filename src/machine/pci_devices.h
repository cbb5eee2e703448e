// -device of what is plugged into a PCI bus.
#pragma once

#include "base/properties.h"
#include "devices/virtio/factory.h"

namespace dragoman::machine {

struct DriverHelp;
class Machine;

// Each returns where firmware finds what could be started from there (firmware_path.h). @throws FatalError

/// Makes the device `driver`, of kind Pci or VirtioPci, and plugs it where bus= and addr= say.
std::string add_pci_device(Machine& machine, devices::virtio::Factory& factory, const DriverHelp& driver,
                           Properties& properties);
/// `-device nvme-ns`: a disk behind the nvme whose id bus= says, or the last one.
std::string add_nvme_namespace(Machine& machine, Properties& properties);
/// Whether it is on the bus of a USB host controller before it.
bool is_usb_device(std::string_view driver);
std::string add_usb_device(Machine& machine, std::string_view driver, Properties& properties);

}  // namespace dragoman::machine
