#include "machine/user_devices.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/error.h"
#include "devices/display/ramfb.h"
#include "devices/virtio/factory.h"
#include "machine/backends.h"
#include "machine/boot_images.h"
#include "machine/device_help.h"
#include "machine/firmware_path.h"
#include "machine/machine.h"
#include "machine/pci_devices.h"

namespace dragoman::machine {

namespace {

using devices::display::Ramfb;
using devices::virtio::Factory;
using devices::virtio::MmioTransport;

constexpr std::string_view kLoader = "loader";

/// The slot that bus= names, or the free one that QEMU would take: the last.
MmioTransport& choose_slot(Machine& machine, Properties& properties) {
    const std::vector<MmioTransport*>& slots = machine.virtio_slots();
    std::optional<std::string> bus = properties.take("bus");
    if (slots.empty()) properties.fail("this board has no virtio slots");
    MmioTransport* chosen = nullptr;
    bool known = false;
    for (std::size_t i = 0; i < slots.size(); i++) {
        if (bus && *bus != "virtio-mmio-bus." + std::to_string(i)) continue;
        known = true;
        if (slots[i]->device() == nullptr) chosen = slots[i];
    }
    if (!known) {
        properties.fail("bus=" + *bus + ": there is virtio-mmio-bus.0 to virtio-mmio-bus." +
                        std::to_string(slots.size() - 1));
    }
    if (chosen == nullptr)
        properties.fail(bus ? "bus=" + *bus + " is taken" : "all virtio slots of the board are taken");
    return *chosen;
}

void check_random_source(Machine& machine, Properties& properties) {
    std::optional<std::string> id = properties.take("rng");
    const std::vector<std::string>& ids = machine.config().random_sources;
    if (id && std::find(ids.begin(), ids.end(), *id) == ids.end())
        properties.fail("rng=" + *id + ": there is no such -object");
}

/// Of the disk that the factory has put on the bus of a virtio-scsi last.
std::string scsi_disk_path(Machine& machine, const Factory& factory) {
    const Factory::ScsiPlace& place = factory.scsi_place();
    char text[48];
    std::snprintf(text, sizeof text, "/channel@0/disk@%x,%x", place.target, place.lun);
    return firmware_path(machine, *place.controller) + text;
}

/// A virtio device in a slot of the board, or a port of one. @returns where firmware finds what could be started from
/// there
std::string add_slot_device(Machine& machine, Factory& factory, const DriverHelp& driver, Properties& properties) {
    const std::string model(driver.name);
    const bool port = Factory::is_port(model);
    MmioTransport* slot = port ? nullptr : &choose_slot(machine, properties);
    if (port && !Factory::is_scsi_disk(model)) properties.take("bus");
    std::string id = properties.take("id", "");
    auto device = factory.make(model, properties, id);
    properties.finish();
    if (driver.modern_only && slot->legacy())
        warn("%s: many drivers need a slot of virtio 1.0 for it (-global virtio-mmio.force-legacy=off)",
             properties.option().c_str());
    if (Factory::is_scsi_disk(model)) return scsi_disk_path(machine, factory);
    if (device == nullptr) return {};
    slot->plug(std::move(device));
    return firmware_path(machine, *slot) + (is_network_card(model) ? "/ethernet-phy@0" : "/disk@0,0");
}

void add_ramfb(Machine& machine, Properties& properties) {
    const std::string id = properties.take("id", "");
    properties.finish();
    if (machine.fw_cfg() == nullptr) properties.fail("this board has no fw_cfg");
    auto made = std::make_unique<Ramfb>(machine.memory());
    if (!made->connect(*machine.fw_cfg())) properties.fail("there is one already");
    auto& ramfb = machine.add_device("ramfb", std::move(made));
    machine.backends().screens().add(id, 0, ramfb);
}

std::string place_device(Machine& machine, Factory& factory, const DriverHelp& driver, Properties& properties) {
    std::string_view name = driver.name;
    if (driver.kind == DriverKind::Pci || driver.kind == DriverKind::VirtioPci)
        return add_pci_device(machine, factory, driver, properties);
    if (is_usb_device(name)) return add_usb_device(machine, name, properties);
    if (name == "nvme-ns") return add_nvme_namespace(machine, properties);
    return add_slot_device(machine, factory, driver, properties);
}

void add_device(Machine& machine, Factory& factory, const DriverHelp& driver, Properties& properties) {
    machine.config().globals.complete(kinds_of(driver), properties);
    std::string_view name = driver.name;
    if (name == "ramfb") return add_ramfb(machine, properties);
    if (name.starts_with("virtio-rng-")) check_random_source(machine, properties);
    BootOrder& order = machine.boot_order();
    std::optional<u32> boot_index;
    if (has_property(driver, "bootindex")) boot_index = order.take(properties);
    const std::string path = place_device(machine, factory, driver, properties);
    if (boot_index) order.add(*boot_index, path);
}

void load_file(Machine& machine, BootImages& images, Properties& properties, const std::string& file) {
    bool has_address = properties.has("addr"), raw = properties.take_bool("force-raw", false);
    u64 address = properties.take_number("addr", 0);
    u64 hart = properties.take_number("cpu-num", ~u64{0}, 0, machine.hart_count() - 1);
    properties.finish();
    ImageFile image(properties.option(), file, true);
    std::optional<BootImages::Placed> placed;
    if (!raw) placed = images.add_elf(image, machine.guest());
    if (!placed && !has_address) properties.fail(file + " is no ELF file: needs addr=ADDRESS");
    if (!placed) placed = images.add_raw(std::move(image), address);
    if (hart != ~u64{0}) machine.set_start(static_cast<unsigned>(hart), placed->entry);
}

void add_loader(Machine& machine, BootImages& images, Properties& properties) {
    if (std::optional<std::string> file = properties.take("file")) return load_file(machine, images, properties, *file);
    if (!properties.has("addr")) properties.fail("needs file=FILE or addr=ADDRESS");
    u64 address = properties.take_number("addr", 0);
    u64 hart = properties.take_number("cpu-num", ~u64{0}, 0, machine.hart_count() - 1);
    bool has_data = properties.has("data"), big = properties.take_bool("data-be", false);
    u64 length = properties.take_number("data-len", 0, 1, 8), data = properties.take_number("data", 0);
    properties.finish();
    if (!has_data) {
        if (hart == ~u64{0}) properties.fail("needs file=FILE, data=VALUE or cpu-num=HART");
        return machine.set_start(static_cast<unsigned>(hart), address);
    }
    if (length == 0) properties.fail("data needs data-len=1 to 8");
    std::vector<u8> bytes(length);
    for (u64 i = 0; i < length; i++) bytes[big ? length - 1 - i : i] = static_cast<u8>(data >> (8 * i));
    images.add_bytes("-device loader: data", address, std::move(bytes));
}

/// -nic TYPE,...: a back end with a card on it. The card's properties are model and mac; all others are the back end's.
void add_nic(Machine& machine, Factory& factory, Properties properties, unsigned index) {
    std::string type = properties.take("type", "user");
    if (type == "none") return properties.finish();
    std::string model = properties.take("model", "virtio-net");
    // "virtio" is what QEMU calls whichever of its virtio cards fits the board.
    std::string full = full_driver_name(model == "virtio" ? "virtio-net" : model, machine.pci() != nullptr);
    const DriverHelp* driver = find_driver(full);
    if (driver == nullptr || !is_network_card(driver->name)) properties.fail("model=" + model + ": is no network card");
    std::optional<std::string> mac = properties.take("mac");
    std::string id = properties.take("id", "#nic" + std::to_string(index));
    Properties card(properties.option(), "");
    card.set("netdev", id);
    if (mac) card.set("mac", *mac);
    properties.set("type", type);
    properties.set("id", id);
    machine.backends().netdevs().add(properties);
    add_device(machine, factory, *driver, card);
}

}  // namespace

void add_user_devices(Machine& machine, BootImages& images) {
    Backends& backends = machine.backends();
    Factory factory({machine.memory(), machine.loop(), backends.drives(), backends.netdevs(), backends.exports(),
                     backends.screens(), backends.input(),
                     [&](const std::string& id) { return backends.chardevs().use("-device", id); }});
    const bool pci = machine.pci() != nullptr;
    for (Properties properties : machine.config().devices) {
        std::string name = full_driver_name(properties.take("driver", ""), pci);
        if (name.empty()) properties.fail("needs the name of a device (there is: " + device_names() + ")");
        properties.rename(properties.option() + " " + name);
        const DriverHelp* driver = find_driver(name);
        if (driver == nullptr || driver->kind == DriverKind::Base)
            properties.fail("there is no such device (there is: " + device_names() + ")");
        if (name == kLoader) add_loader(machine, images, properties);
        else add_device(machine, factory, *driver, properties);
    }
    unsigned index = 0;
    for (const Properties& properties : machine.config().nics) add_nic(machine, factory, properties, index++);
    for (const auto& drive : backends.drives().all()) {
        if (drive->interface != devices::block::Interface::Virtio || drive->in_use) continue;
        Properties disk("-drive", "");
        disk.set("drive", drive->id);
        add_device(machine, factory, *find_driver(full_driver_name("virtio-blk", pci)), disk);
    }
}

}  // namespace dragoman::machine
