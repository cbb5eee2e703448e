// -device of what is plugged into a PCI bus.
#pragma once

#include "base/properties.h"
#include "devices/virtio/factory.h"
#include "devices/virtio/pci.h"
#include "machine/placed_device.h"

namespace dragoman::machine {

struct DriverHelp;
class Machine;

/// The bus that bus= names, which is taken out of `properties`, or the root. @throws FatalError
devices::pci::Bus& choose_pci_bus(Machine& machine, Properties& properties);
/// The function that carries the device; null: it is in a slot of the board.
devices::virtio::PciTransport* find_transport(Machine& machine, const devices::virtio::VirtioDevice& device);

// Each returns what it has made without what is the same for all: id, driver, back ends. @throws FatalError

/// Makes the device `driver`, of kind Pci or VirtioPci, and plugs it where bus= and addr= say.
/// @param hot  the machine has begun to run: what is behind a root port is announced to its driver
PlacedDevice add_pci_device(Machine& machine, devices::virtio::Factory& factory, const DriverHelp& driver,
                            Properties& properties, bool hot);
/// `-device nvme-ns`: a disk behind the nvme whose id bus= says, or the last one.
PlacedDevice add_nvme_namespace(Machine& machine, Properties& properties);
/// Whether it is on the bus of a USB host controller before it.
bool is_usb_device(std::string_view driver);
PlacedDevice add_usb_device(Machine& machine, std::string_view driver, Properties& properties);

}  // namespace dragoman::machine
