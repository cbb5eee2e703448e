#include "devices/virtio/factory.h"

#include "base/error.h"
#include "devices/virtio/balloon.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/console.h"
#include "devices/virtio/net.h"
#include "devices/virtio/rng.h"

namespace dragoman::devices::virtio {

struct Factory::Model {
    std::string_view name;
    std::unique_ptr<VirtioDevice> (Factory::*make)(Properties& properties);
};

const std::vector<Factory::Model>& Factory::table() {
    static const std::vector<Model> models = {
        {"virtio-blk-device", &Factory::make_blk},  {"virtio-net-device", &Factory::make_net},
        {"virtio-rng-device", &Factory::make_rng},  {"virtio-serial-device", &Factory::make_serial},
        {"virtconsole", &Factory::connect_console}, {"virtio-balloon-device", &Factory::make_balloon},
        {"virtio-9p-device", &Factory::make_9p},
    };
    return models;
}

const std::vector<std::string_view>& Factory::models() {
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> all;
        for (const Model& model : table()) all.push_back(model.name);
        return all;
    }();
    return names;
}

bool Factory::knows(std::string_view model) {
    for (std::string_view name : models()) {
        if (name == model) return true;
    }
    return false;
}

std::unique_ptr<VirtioDevice> Factory::make(std::string_view name, Properties& properties) {
    u64 withheld = 0;
    if (name != "virtconsole") {
        if (!properties.take_bool("indirect_desc", true)) withheld |= kFeatureIndirect;
        if (!properties.take_bool("event_idx", true)) withheld |= kFeatureEventIndex;
        if (!properties.take_bool("any_layout", true)) withheld |= kFeatureAnyLayout;
        if (!properties.take_bool("notify_on_empty", true)) withheld |= kFeatureNotifyOnEmpty;
        for (std::string_view absent : {"packed", "in_order", "iommu_platform"}) {
            if (properties.take_bool(absent, false)) properties.fail(std::string(absent) + "=on: there is only off");
        }
    }
    for (const Model& model : table()) {
        if (model.name != name) continue;
        std::unique_ptr<VirtioDevice> device = (this->*model.make)(properties);
        if (device != nullptr) device->withhold(withheld);
        return device;
    }
    properties.fail("unknown device '" + std::string(name) + "'");
}

std::unique_ptr<VirtioDevice> Factory::make_blk(Properties& properties) {
    return Blk::make(backends_.space, backends_.drives, properties);
}

std::unique_ptr<VirtioDevice> Factory::make_net(Properties& properties) {
    net::Netdev* netdev = backends_.netdevs.take_netdev(properties);
    const MacAddress mac = backends_.netdevs.take_mac(properties);
    NetOptions options = Net::take_options(properties, mac);
    return std::make_unique<Net>(backends_.space, backends_.loop, netdev, options);
}

std::unique_ptr<VirtioDevice> Factory::make_9p(Properties& properties) {
    std::string id = properties.take("fsdev", ""), tag = properties.take("mount_tag", "");
    const P9Export* folder = backends_.exports.find(id);
    if (id.empty()) properties.fail("no fsdev=");
    if (folder == nullptr) properties.fail("fsdev=" + id + ": there is no such -fsdev");
    if (tag.empty() || tag.size() > 31) properties.fail("mount_tag=" + tag + ": needs 1 to 31 characters");
    properties.finish();
    return std::make_unique<P9>(backends_.space, *folder, tag);
}

std::unique_ptr<VirtioDevice> Factory::make_rng(Properties& properties) {
    properties.finish();
    return std::make_unique<Rng>(backends_.space);
}

std::unique_ptr<VirtioDevice> Factory::make_serial(Properties& properties) {
    properties.take_number("max_ports", 1, 1, 31);
    properties.finish();
    auto console = std::make_unique<Console>(backends_.space);
    console_ = console.get();
    return console;
}

std::unique_ptr<VirtioDevice> Factory::connect_console(Properties& properties) {
    properties.take("name");
    properties.take_number("nr", 0, 0, 0);
    std::optional<std::string> chardev = properties.take("chardev");
    if (!chardev) properties.fail("no chardev=");
    properties.finish();
    if (console_ == nullptr) properties.fail("a virtio-serial-device must come before it");
    if (!console_->connect_port(backends_.chardev(*chardev)))
        properties.fail("port 0 of the virtio-serial-device is taken");
    return nullptr;
}

std::unique_ptr<VirtioDevice> Factory::make_balloon(Properties& properties) {
    BalloonOptions options{.deflate_on_oom = properties.take_bool("deflate-on-oom", false),
                           .free_page_reporting = properties.take_bool("free-page-reporting", false)};
    properties.finish();
    return std::make_unique<Balloon>(backends_.space, options);
}

}  // namespace dragoman::devices::virtio
