// The devices that users name: -device, -nic and -drive if=virtio; device_add and device_del while the machine runs.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/properties.h"
#include "devices/pci/root_port.h"
#include "devices/pci/xhci.h"
#include "devices/virtio/factory.h"
#include "machine/placed_device.h"

namespace dragoman::machine {

class BootImages;
struct DriverHelp;
class Machine;

/// All functions are called on the I/O thread.
class UserDevices {
public:
    explicit UserDevices(Machine& machine);
    ~UserDevices();
    UserDevices(const UserDevices&) = delete;
    UserDevices& operator=(const UserDevices&) = delete;

    /// Makes those of the command line. `images` takes what -device loader loads. @throws FatalError
    void add_configured(BootImages& images);

    /// device_add: `properties` as those of -device. @throws FatalError; nothing has happened then
    void plug(Properties properties);
    /// Whether there is a device of that id.
    bool knows(const std::string& id) const { return find(id) != nullptr; }
    /// device_del: asks the guest to let the device go, where its bus is one on which that is usual. It has gone when
    /// Machine's device listeners are told. @throws FatalError when it cannot go
    void request_unplug(const std::string& id);

private:
    const PlacedDevice* find(const std::string& id) const;
    PlacedDevice* find(const std::string& id);
    /// Whose properties these are; "driver" is taken out of them. @throws FatalError
    const DriverHelp& take_driver(Properties& properties) const;
    void add(const DriverHelp& driver, Properties& properties, bool hot);
    PlacedDevice place(const DriverHelp& driver, Properties& properties, bool hot);
    PlacedDevice place_in_slot(const DriverHelp& driver, Properties& properties);
    void add_ramfb(Properties& properties);
    void add_nic(Properties properties, unsigned index);
    void check_hotplug(const DriverHelp& driver, const Properties& properties);
    void watch_port(devices::pci::RootPort& port);
    void empty_slot(devices::pci::RootPort& port);
    void take_out(devices::pci::Function& function);
    void take_out_usb(devices::pci::Xhci& controller, const PlacedDevice& device);
    void disconnect(const PlacedDevice& device);
    void release(const PlacedDevice& device);
    void bury(u64 until);

    Machine& machine_;
    devices::virtio::Factory factory_;
    std::vector<PlacedDevice> placed_;

    /// Devices that have been taken out. Functions that they have posted may still be about to run.
    struct Leaving {
        u64 number = 0;
        std::unique_ptr<devices::Device> device;
        std::vector<PlacedDevice> placed;  ///< it, and what was on it
    };
    std::deque<Leaving> leaving_;
    u64 taken_out_ = 0;  ///< how many have been
};

/// For boards, when all else is made: Machine::add_user_devices.
void add_user_devices(Machine& machine, BootImages& images);

}  // namespace dragoman::machine
