// Where devices are, in the words of firmware: OpenFirmware paths as QEMU's "bootorder" has them.
#pragma once

#include <string>

namespace dragoman::devices {
namespace pci {
class Function;
}
namespace virtio {
class MmioTransport;
class VirtioDevice;
}  // namespace virtio
}  // namespace dragoman::devices

namespace dragoman::machine {

class Machine;

/// "/pci@ffffffffffffffff/pci-bridge@4/scsi@0". On the I/O thread.
std::string firmware_path(devices::pci::Function& function);
/// "/virtio-mmio@0000000010008000": by the address of the slot's registers.
std::string firmware_path(Machine& machine, const devices::virtio::MmioTransport& slot);
/// That of its function or slot.
std::string firmware_path(Machine& machine, const devices::virtio::VirtioDevice& device);

}  // namespace dragoman::machine
