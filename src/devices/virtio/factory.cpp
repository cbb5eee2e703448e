#include "devices/virtio/factory.h"

#include <bit>

#include "base/error.h"
#include "devices/display/edid.h"
#include "devices/virtio/balloon.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/console.h"
#include "devices/virtio/gpu.h"
#include "devices/virtio/net.h"
#include "devices/virtio/rng.h"
#include "devices/virtio/scsi.h"

namespace dragoman::devices::virtio {

struct Factory::Model {
    std::string_view name;
    std::unique_ptr<VirtioDevice> (Factory::*make)(Properties& properties);
};

const std::vector<Factory::Model>& Factory::table() {
    static const std::vector<Model> models = {
        {"virtio-blk-device", &Factory::make_blk},
        {"virtio-net-device", &Factory::make_net},
        {"virtio-rng-device", &Factory::make_rng},
        {"virtio-serial-device", &Factory::make_serial},
        {"virtconsole", &Factory::connect_port<true>},
        {"virtserialport", &Factory::connect_port<false>},
        {"virtio-scsi-device", &Factory::make_scsi},
        {"scsi-hd", &Factory::connect_disk<false>},
        {"scsi-cd", &Factory::connect_disk<true>},
        {"virtio-balloon-device", &Factory::make_balloon},
        {"virtio-9p-device", &Factory::make_9p},
        {"virtio-gpu-device", &Factory::make_gpu},
        {"virtio-keyboard-device", &Factory::make_input<InputKind::Keyboard>},
        {"virtio-mouse-device", &Factory::make_input<InputKind::Mouse>},
        {"virtio-tablet-device", &Factory::make_input<InputKind::Tablet>},
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

std::unique_ptr<VirtioDevice> Factory::make(std::string_view name, Properties& properties, const std::string& id) {
    id_ = id;
    u64 withheld = 0;
    if (!is_port(name)) {
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

void Factory::forget(const VirtioDevice& device) {
    if (console_ == &device) console_ = nullptr;
    std::erase_if(scsi_buses_, [&](const auto& bus) { return bus.second == &device; });
}

std::unique_ptr<VirtioDevice> Factory::make_blk(Properties& properties) {
    return Blk::make(backends_.space, backends_.drives, properties);
}

std::unique_ptr<VirtioDevice> Factory::make_net(Properties& properties) {
    net::Netdev* netdev = backends_.netdevs.take_netdev(properties);
    const MacAddress mac = backends_.netdevs.take_mac(properties);
    NetOptions options = Net::take_options(properties, mac);
    return std::make_unique<Net>(backends_.space, backends_.tasks, netdev, options);
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

std::unique_ptr<VirtioDevice> Factory::make_gpu(Properties& properties) {
    GpuOptions options;
    auto take = [&](const char* name, u32 otherwise, u64 low, u64 high) {
        return static_cast<u32>(properties.take_number(name, otherwise, low, high));
    };
    options.outputs = take("max_outputs", options.outputs, 1, gpu::kMaxScanouts);
    options.width = take("xres", options.width, 16, display::kEdidMaxSide);
    options.height = take("yres", options.height, 16, display::kEdidMaxSide);
    options.edid = properties.take_bool("edid", options.edid);
    options.max_memory = properties.take_size("max_hostmem", options.max_memory);
    if (properties.take_bool("blob", false)) properties.fail("blob=on: there is only off");
    properties.finish();
    auto device = std::make_unique<Gpu>(backends_.space, options);
    for (u32 head = 0; head < device->outputs(); head++) backends_.screens.add(id_, head, device->screen(head));
    return device;
}

template <InputKind kKind>
std::unique_ptr<VirtioDevice> Factory::make_input(Properties& properties) {
    std::string serial = properties.take("serial", "");
    if (serial.size() > InputDevice::kMaxSerial)
        properties.fail("serial= is longer than " + std::to_string(InputDevice::kMaxSerial) + " bytes");
    properties.finish();
    auto device = std::make_unique<InputDevice>(backends_.space, kKind, std::move(serial));
    backends_.input.add(*device);
    return device;
}

std::unique_ptr<VirtioDevice> Factory::make_rng(Properties& properties) {
    properties.finish();
    return std::make_unique<Rng>(backends_.space, backends_.inputs);
}

std::unique_ptr<VirtioDevice> Factory::make_serial(Properties& properties) {
    const u64 ports = properties.take_number("max_ports", Console::kMaxPorts, 1, Console::kMaxPorts);
    properties.finish();
    auto console = std::make_unique<Console>(backends_.space, static_cast<u32>(ports));
    console_ = console.get();
    return console;
}

template <bool kConsole>
std::unique_ptr<VirtioDevice> Factory::connect_port(Properties& properties) {
    ConsolePortOptions options{.console = kConsole, .name = properties.take("name", ""), .number = std::nullopt};
    if (options.name.size() > Console::kMaxName)
        properties.fail("name= is longer than " + std::to_string(Console::kMaxName) + " bytes");
    if (properties.has("nr"))
        options.number = static_cast<u32>(properties.take_number("nr", 0, 0, Console::kMaxPorts - 1));
    std::optional<std::string> chardev = properties.take("chardev");
    if (!chardev) properties.fail("no chardev=");
    properties.finish();
    if (console_ == nullptr) properties.fail("a virtio-serial-device must come before it");
    if (std::string wrong = console_->connect_port(backends_.chardev(*chardev), options); !wrong.empty())
        properties.fail(wrong);
    port_ = {console_};
    return nullptr;
}

std::unique_ptr<VirtioDevice> Factory::make_scsi(Properties& properties) {
    ScsiOptions options;
    options.queue_size = static_cast<u16>(properties.take_number("virtqueue_size", options.queue_size, 4, 1024));
    if (!std::has_single_bit(options.queue_size)) properties.fail("virtqueue_size= is no power of two");
    options.max_sectors = static_cast<u32>(properties.take_number("max_sectors", options.max_sectors, 1, ~u32{0}));
    options.cmd_per_lun = static_cast<u32>(properties.take_number("cmd_per_lun", options.cmd_per_lun, 1, ~u32{0}));
    properties.take_number("num_queues", 1, 1, 1);
    properties.finish();
    options.tasks = backends_.drives.tasks();
    auto device = std::make_unique<Scsi>(backends_.space, options);
    // QEMU's name of the bus is the device's id, or "scsi", and ".0".
    scsi_buses_.push_back({id_.empty() ? "scsi" : id_, device.get()});
    return device;
}

template <bool kCdrom>
std::unique_ptr<VirtioDevice> Factory::connect_disk(Properties& properties) {
    std::string bus = properties.take("bus", "");
    if (bus.ends_with(".0")) bus.resize(bus.size() - 2);
    properties.take_number("channel", 0, 0, 0);
    const u32 lun = static_cast<u32>(properties.take_number("lun", 0, 0, Scsi::kMaxLun));
    std::optional<u32> target;
    if (properties.has("scsi-id")) target = static_cast<u32>(properties.take_number("scsi-id", 0, 0, Scsi::kMaxTarget));
    Scsi* controller = nullptr;
    for (const auto& [name, device] : scsi_buses_) {
        if (controller == nullptr && (bus.empty() || bus == name)) controller = device;
    }
    if (controller == nullptr)
        properties.fail(bus.empty() ? "a virtio-scsi device must come before it"
                                    : "bus=" + bus + ": there is no virtio-scsi device of that id before it");
    if (!target) target = controller->free_target();
    std::unique_ptr<scsi::Disk> disk = scsi::Disk::make(backends_.drives, kCdrom, properties);
    properties.finish();
    if (std::string wrong = controller->add(std::move(disk), target, lun); !wrong.empty()) properties.fail(wrong);
    port_ = {controller, *target, lun};
    return nullptr;
}

std::unique_ptr<VirtioDevice> Factory::make_balloon(Properties& properties) {
    BalloonOptions options{.deflate_on_oom = properties.take_bool("deflate-on-oom", false),
                           .free_page_reporting = properties.take_bool("free-page-reporting", false)};
    properties.finish();
    return std::make_unique<Balloon>(backends_.space, options);
}

}  // namespace dragoman::devices::virtio
