// What the host lends a machine: character back ends, disks, monitors on them; and info's answers about them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "devices/block/drives.h"
#include "devices/chardev/factory.h"
#include "devices/display/screens.h"
#include "devices/display/vnc_server.h"
#include "devices/input/input.h"
#include "devices/input/key_sequence.h"
#include "devices/net/netdevs.h"
#include "devices/virtio/p9.h"
#include "devices/virtual_clock.h"
#include "machine/config.h"
#include "machine/monitor/session.h"

namespace dragoman::machine {

class Machine;

class Backends {
public:
    /// Opens what -chardev, -drive, -blockdev, -netdev and -fsdev describe. @throws FatalError
    explicit Backends(Machine& machine);
    ~Backends();

    devices::block::Drives& drives() { return drives_; }
    devices::net::Netdevs& netdevs() { return netdevs_; }
    devices::virtio::P9Exports& exports() { return exports_; }
    devices::ChardevSet& chardevs() { return chardevs_; }
    devices::display::Screens& screens() { return screens_; }
    devices::input::Input& input() { return input_; }
    devices::input::KeySequence& key_sequence() { return key_sequence_; }
    /// The chardev `id`, for a device of the guest's. @throws FatalError; `option` begins its text
    std::shared_ptr<devices::Chardev> use_chardev(const std::string& option, const std::string& id);
    /// Back end of -serial number `index`; null when there is none.
    std::shared_ptr<devices::Chardev> serial(unsigned index);
    const std::vector<std::unique_ptr<devices::display::VncServer>>& vncs() const { return vncs_; }
    /// Opens what -vnc asks for. After the devices. @throws FatalError
    void start_displays();
    /// Puts monitors where -serial mon:, -monitor, -mon and -qmp want them. After the devices. @throws FatalError
    void start_monitors();
    /// Ends the displays and monitors, and brings what was written to the disks.
    void finish();

    std::string describe_chardevs() const;
    std::string describe_disks() const;
    std::string describe_network() const;

private:
    std::shared_ptr<devices::Chardev> for_guest(std::shared_ptr<devices::Chardev> chardev, const std::string& name);

    Machine& machine_;
    /// Of what is not the guest's, where the machine's own time is to be the same in each run.
    std::unique_ptr<devices::VirtualClock> user_clock_;
    devices::ChardevSet chardevs_;
    devices::block::Drives drives_;
    devices::net::Netdevs netdevs_;
    devices::virtio::P9Exports exports_;
    devices::display::Screens screens_;
    devices::input::Input input_;
    devices::input::KeySequence key_sequence_;
    std::vector<std::unique_ptr<devices::display::VncServer>> vncs_;
    std::vector<std::shared_ptr<devices::Chardev>> shared_monitors_;  ///< of -serial mon:...
    std::vector<std::unique_ptr<MonitorSession>> sessions_;
};

}  // namespace dragoman::machine
