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
#include "devices/event_loop.h"
#include "devices/net/netdevs.h"
#include "devices/virtio/p9.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

class Console;

/// What devices may be connected with.
struct Backends {
    memory::PhysicalSpace& space;
    EventLoop& loop;
    block::Drives& drives;
    net::Netdevs& netdevs;
    P9Exports& exports;
    /// The chardev of that id. Throws FatalError when there is none, or it is taken.
    std::function<std::shared_ptr<Chardev>(const std::string& id)> chardev;
};

class Factory {
public:
    explicit Factory(Backends backends) : backends_(std::move(backends)) {}

    /// The values of "driver" that make() knows: "virtio-blk-device".
    static const std::vector<std::string_view>& models();
    static bool knows(std::string_view model);

    /// Makes the device of `-device MODEL,…`; "driver", "id" and "bus" have been taken out of `properties`. Null when
    /// there is nothing to plug: a port of a device made earlier (virtconsole). @throws FatalError
    std::unique_ptr<VirtioDevice> make(std::string_view model, Properties& properties);

private:
    struct Model;

    std::unique_ptr<VirtioDevice> make_blk(Properties& properties);
    std::unique_ptr<VirtioDevice> make_net(Properties& properties);
    std::unique_ptr<VirtioDevice> make_rng(Properties& properties);
    std::unique_ptr<VirtioDevice> make_serial(Properties& properties);
    std::unique_ptr<VirtioDevice> connect_console(Properties& properties);
    std::unique_ptr<VirtioDevice> make_balloon(Properties& properties);
    std::unique_ptr<VirtioDevice> make_9p(Properties& properties);
    static const std::vector<Model>& table();

    Backends backends_;
    Console* console_ = nullptr;  ///< made last, for virtconsole
};

}  // namespace dragoman::devices::virtio
