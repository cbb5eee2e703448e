// Makes virtio devices from -device, and connects them with their back ends.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/properties.h"
#include "devices/block/drives.h"
#include "devices/chardev.h"
#include "devices/display/screens.h"
#include "devices/input/input.h"
#include "devices/net/netdevs.h"
#include "devices/replay/inputs.h"
#include "devices/task_queue.h"
#include "devices/virtio/input.h"
#include "devices/virtio/p9.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

class Console;
class Scsi;

/// What devices may be connected with.
struct Backends {
    memory::PhysicalSpace& space;
    TaskQueue& tasks;  ///< where cards do what they do later
    block::Drives& drives;
    net::Netdevs& netdevs;
    P9Exports& exports;
    display::Screens& screens;
    input::Input& input;
    /// The chardev of that id. Throws FatalError when there is none, or it is taken.
    std::function<std::shared_ptr<Chardev>(const std::string& id)> chardev;
    Inputs* inputs = nullptr;  ///< null: nobody records what comes from outside
};

class Factory {
public:
    explicit Factory(Backends backends) : backends_(std::move(backends)) {}

    /// The values of "driver" that make() knows: "virtio-blk-device".
    static const std::vector<std::string_view>& models();
    static bool knows(std::string_view model);
    /// Whether it is on the bus of a device before it, and takes no slot: a port of virtio-serial, a disk of
    /// virtio-scsi.
    static bool is_port(std::string_view model) {
        return model == "virtconsole" || model == "virtserialport" || is_scsi_disk(model);
    }
    static bool is_scsi_disk(std::string_view model) { return model == "scsi-hd" || model == "scsi-cd"; }

    /// Makes the device of `-device MODEL,…`; "driver", "id" and "bus" have been taken out of `properties`. `id`
    /// names the screens of the device. Null when there is nothing to plug: a port of a device made earlier
    /// (is_port). @throws FatalError
    std::unique_ptr<VirtioDevice> make(std::string_view model, Properties& properties, const std::string& id = {});

    /// Where what is_port names is.
    struct Port {
        const VirtioDevice* bus = nullptr;
        u32 target = 0, number = 0;  ///< a disk's target and unit
    };
    /// Of the one that was made last.
    const Port& port() const { return port_; }
    /// The device is about to go: nothing is connected to it any more.
    void forget(const VirtioDevice& device);

private:
    struct Model;

    std::unique_ptr<VirtioDevice> make_blk(Properties& properties);
    std::unique_ptr<VirtioDevice> make_net(Properties& properties);
    std::unique_ptr<VirtioDevice> make_rng(Properties& properties);
    std::unique_ptr<VirtioDevice> make_serial(Properties& properties);
    template <bool kConsole>
    std::unique_ptr<VirtioDevice> connect_port(Properties& properties);
    std::unique_ptr<VirtioDevice> make_balloon(Properties& properties);
    std::unique_ptr<VirtioDevice> make_9p(Properties& properties);
    std::unique_ptr<VirtioDevice> make_gpu(Properties& properties);
    std::unique_ptr<VirtioDevice> make_scsi(Properties& properties);
    template <bool kCdrom>
    std::unique_ptr<VirtioDevice> connect_disk(Properties& properties);
    template <InputKind kKind>
    std::unique_ptr<VirtioDevice> make_input(Properties& properties);
    static const std::vector<Model>& table();

    Backends backends_;
    std::string id_;                                         ///< of what is made
    Console* console_ = nullptr;                             ///< made last, for its ports
    std::vector<std::pair<std::string, Scsi*>> scsi_buses_;  ///< by the name of each
    Port port_;
};

}  // namespace dragoman::devices::virtio
