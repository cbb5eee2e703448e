#include "machine/user_devices.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "devices/display/ramfb.h"
#include "devices/virtio/pci.h"
#include "machine/backends.h"
#include "machine/device_help.h"
#include "machine/firmware_path.h"
#include "machine/loader_device.h"
#include "machine/machine.h"
#include "machine/pci_devices.h"
#include "machine/snapshot/migration.h"

namespace dragoman::machine {

namespace {

namespace pci = devices::pci;
using devices::display::Ramfb;
using devices::virtio::Factory;
using devices::virtio::MmioTransport;

constexpr u64 kPatience = 5'000'000'000;  // ns, within which a device is not asked for a second time

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

devices::virtio::Backends backends_of(Machine& machine) {
    Backends& backends = machine.backends();
    return {machine.memory(),   machine.tasks(),
            backends.drives(),  backends.netdevs(),
            backends.exports(), backends.screens(),
            backends.input(),   [&](const std::string& id) { return backends.use_chardev("-device", id); },
            machine.inputs()};
}

/// The value of a property that is left where it is; empty: there is none.
std::string peek(const Properties& properties, std::string_view name) {
    Properties copy = properties;
    return copy.take(name, "");
}

}  // namespace

UserDevices::UserDevices(Machine& machine) : machine_(machine), factory_(backends_of(machine)) {}

UserDevices::~UserDevices() = default;

PlacedDevice* UserDevices::find(const std::string& id) {
    for (PlacedDevice& one : placed_) {
        if (!id.empty() && one.id == id) return &one;
    }
    return nullptr;
}

const PlacedDevice* UserDevices::find(const std::string& id) const { return const_cast<UserDevices*>(this)->find(id); }

const DriverHelp& UserDevices::take_driver(Properties& properties) const {
    const std::string name = full_driver_name(properties.take("driver", ""), machine_.pci() != nullptr);
    if (name.empty()) properties.fail("needs the name of a device (there is: " + device_names() + ")");
    properties.rename(properties.option() + " " + name);
    const DriverHelp* driver = find_driver(name);
    if (driver == nullptr || driver->kind == DriverKind::Base)
        properties.fail("there is no such device (there is: " + device_names() + ")");
    return *driver;
}

void UserDevices::add_configured(BootImages& images) {
    for (Properties properties : machine_.config().devices) {
        const DriverHelp& driver = take_driver(properties);
        if (driver.name == kLoader) add_loader(machine_, images, properties);
        else add(driver, properties, false);
    }
    unsigned index = 0;
    for (const Properties& properties : machine_.config().nics) add_nic(properties, index++);
    for (const auto& drive : machine_.backends().drives().all()) {
        if (drive->interface != devices::block::Interface::Virtio || drive->in_use) continue;
        Properties disk("-drive", "");
        disk.set("drive", drive->id);
        add(*find_driver(full_driver_name("virtio-blk", machine_.pci() != nullptr)), disk, false);
    }
}

/// -nic TYPE,...: a back end with a card on it. The card's properties are model and mac; all others are the back end's.
void UserDevices::add_nic(Properties properties, unsigned index) {
    std::string type = properties.take("type", "user");
    if (type == "none") return properties.finish();
    std::string model = properties.take("model", "virtio-net");
    // "virtio" is what QEMU calls whichever of its virtio cards fits the board.
    std::string full = full_driver_name(model == "virtio" ? "virtio-net" : model, machine_.pci() != nullptr);
    const DriverHelp* driver = find_driver(full);
    if (driver == nullptr || !is_network_card(driver->name)) properties.fail("model=" + model + ": is no network card");
    std::optional<std::string> mac = properties.take("mac");
    std::string id = properties.take("id", "#nic" + std::to_string(index));
    Properties card(properties.option(), "");
    card.set("netdev", id);
    if (mac) card.set("mac", *mac);
    properties.set("type", type);
    properties.set("id", id);
    machine_.backends().netdevs().add(properties);
    add(*driver, card, false);
}

void UserDevices::add(const DriverHelp& driver, Properties& properties, bool hot) {
    machine_.config().globals.complete(kinds_of(driver), properties);
    const std::string id = peek(properties, "id");
    if (knows(id)) properties.fail("id=" + id + ": there is a device of that id already");
    if (driver.name == "ramfb") return add_ramfb(properties);
    if (driver.name.starts_with("virtio-rng-")) check_random_source(machine_, properties);
    BootOrder& order = machine_.boot_order();
    std::optional<u32> boot_index;
    if (has_property(driver, "bootindex")) boot_index = order.take(properties);
    const std::string drive = peek(properties, "drive"), chardev = peek(properties, "chardev");
    PlacedDevice placed = place(driver, properties, hot);
    placed.id = id;
    placed.driver = driver.name;
    placed.drive = drive;
    placed.chardev = chardev;
    placed.boot_index = boot_index;
    if (boot_index) order.add(*boot_index, placed.path);
    if (auto* port = dynamic_cast<pci::RootPort*>(placed.function)) watch_port(*port);
    placed_.push_back(std::move(placed));
}

PlacedDevice UserDevices::place(const DriverHelp& driver, Properties& properties, bool hot) {
    if (driver.kind == DriverKind::Pci || driver.kind == DriverKind::VirtioPci)
        return add_pci_device(machine_, factory_, driver, properties, hot);
    if (is_usb_device(driver.name)) return add_usb_device(machine_, driver.name, properties);
    if (driver.name == "nvme-ns") return add_nvme_namespace(machine_, properties);
    return place_in_slot(driver, properties);
}

/// A virtio device in a slot of the board, or a port of one.
PlacedDevice UserDevices::place_in_slot(const DriverHelp& driver, Properties& properties) {
    const std::string model(driver.name);
    const bool port = Factory::is_port(model);
    MmioTransport* slot = port ? nullptr : &choose_slot(machine_, properties);
    if (port && !Factory::is_scsi_disk(model)) properties.take("bus");
    std::string id = properties.take("id", "");
    auto device = factory_.make(model, properties, id);
    properties.finish();
    if (driver.modern_only && slot->legacy())
        warn("%s: many drivers need a slot of virtio 1.0 for it (-global virtio-mmio.force-legacy=off)",
             properties.option().c_str());
    PlacedDevice placed;
    if (port) {
        const Factory::Port& on = factory_.port();
        placed.parent = find_transport(machine_, *on.bus);
        if (!Factory::is_scsi_disk(model)) return placed;
        char text[48];
        std::snprintf(text, sizeof text, "/channel@0/disk@%x,%x", on.target, on.number);
        placed.path = firmware_path(machine_, *on.bus) + text;
        return placed;
    }
    slot->plug(std::move(device));
    placed.path = firmware_path(machine_, *slot) + (is_network_card(model) ? "/ethernet-phy@0" : "/disk@0,0");
    return placed;
}

void UserDevices::add_ramfb(Properties& properties) {
    const std::string id = properties.take("id", "");
    properties.finish();
    if (machine_.fw_cfg() == nullptr) properties.fail("this board has no fw_cfg");
    auto made = std::make_unique<Ramfb>(machine_.memory());
    if (!made->connect(*machine_.fw_cfg())) properties.fail("there is one already");
    auto& ramfb = machine_.add_device("ramfb", std::move(made));
    machine_.backends().screens().add(id, 0, ramfb);
}

void add_user_devices(Machine& machine, BootImages& images) { machine.add_user_devices(images); }

// While the machine runs

void UserDevices::plug(Properties properties) {
    if (machine_.migration().active()) properties.fail("not while the machine migrates");
    if (machine_.replay() != nullptr) properties.fail("not while the run is recorded or replayed");
    const DriverHelp& driver = take_driver(properties);
    check_hotplug(driver, properties);
    devices::block::Drives& drives = machine_.backends().drives();
    const devices::block::Drive* drive = drives.find(peek(properties, "drive"));
    const std::string taken = drive != nullptr && !drive->in_use ? drive->id : "";
    try {
        add(driver, properties, true);
    } catch (const FatalError&) {
        // It may have been taken before something was found to be wrong.
        if (!taken.empty()) drives.release(taken);
        throw;
    }
}

void UserDevices::check_hotplug(const DriverHelp& driver, const Properties& properties) {
    if (driver.fixed) properties.fail("the device cannot be plugged while the machine runs");
    const std::vector<std::string> known = property_names(driver);
    for (const auto& [name, value] : properties.rest()) {
        if (name != "id" && name != "bus" && std::find(known.begin(), known.end(), name) == known.end())
            properties.fail("there is no property '" + name + "'");
    }
    if (is_usb_device(driver.name)) return;
    if (driver.kind != DriverKind::Pci && driver.kind != DriverKind::VirtioPci)
        properties.fail("its bus takes no devices while the machine runs");
    Properties copy = properties;
    pci::Bus& bus = choose_pci_bus(machine_, copy);
    const auto* port = dynamic_cast<pci::RootPort*>(bus.bridge());
    if (port == nullptr)
        properties.fail("bus " + bus.name() + " takes no devices while the machine runs (pcie-root-port does)");
    if (!port->hotplug()) properties.fail("the port of bus " + bus.name() + " has hotplug=off");
}

void UserDevices::request_unplug(const std::string& id) {
    PlacedDevice* device = find(id);
    auto refuse = [&](const std::string& why) { throw FatalError(1, "device " + id + " " + why); };
    if (device == nullptr) refuse("is not there");
    if (machine_.migration().active()) refuse("cannot go while the machine migrates");
    if (machine_.replay() != nullptr) refuse("cannot go while the run is recorded or replayed");
    if (auto* controller = dynamic_cast<pci::Xhci*>(device->parent)) return take_out_usb(*controller, *device);
    if (device->function == nullptr) refuse("is on a bus that lets no devices go");
    pci::Bus& bus = *device->function->bus();
    auto* port = dynamic_cast<pci::RootPort*>(bus.bridge());
    if (port == nullptr) refuse("is on bus " + bus.name() + ", which lets no devices go");
    if (!port->hotplug()) refuse("is behind a port with hotplug=off");
    const u64 now = devices::EventLoop::host_time();
    if (device->asked_at != 0 && now - device->asked_at < kPatience) refuse("is about to go already");
    if (bus.at(0) == nullptr) return empty_slot(*port);  // the driver has not been told of it
    pci::RootPort::Answer answer{};
    machine_.while_paused([&] { answer = port->press_button(); });
    if (answer == pci::RootPort::Answer::Busy) refuse("is in a slot of which the guest is busy");
    device->asked_at = now;
    if (answer == pci::RootPort::Answer::Off) empty_slot(*port);
}

void UserDevices::watch_port(pci::RootPort& port) {
    port.set_on_power_off([this, &port] { machine_.post_held([this, &port] { empty_slot(port); }); });
}

void UserDevices::empty_slot(pci::RootPort& port) {
    pci::Bus& bus = *port.secondary_bus();
    if (bus.empty()) return;
    machine_.while_paused([&] {
        for (unsigned devfn = 256; devfn-- > 0;) {
            if (pci::Function* function = bus.at(devfn)) take_out(*function);
        }
        port.tell_empty();
    });
    // Twice, as what runs before may post once more.
    const u64 until = taken_out_;
    machine_.loop().post([this, until] { machine_.loop().post([this, until] { bury(until); }); });
}

/// Nothing comes from the user to it any more.
void UserDevices::disconnect(const PlacedDevice& device) {
    for (devices::input::Handler* handler : device.inputs) machine_.backends().input().remove(*handler);
    if (device.boot_index) machine_.boot_order().remove(*device.boot_index);
}

/// USB devices go without asking.
void UserDevices::take_out_usb(pci::Xhci& controller, const PlacedDevice& device) {
    const PlacedDevice gone = device;
    disconnect(gone);
    std::erase_if(placed_, [&](const PlacedDevice& one) { return one.parent == &controller && one.port == gone.port; });
    controller.unplug(gone.port).reset();
    release(gone);
    machine_.tell_device_deleted(gone.id);
}

/// While no hart runs: the device ends what it does, and is no longer there.
void UserDevices::take_out(pci::Function& function) {
    Leaving leaving;
    auto goes = [&](const PlacedDevice& one) { return one.function == &function || one.parent == &function; };
    for (PlacedDevice& one : placed_) {
        if (!goes(one)) continue;
        disconnect(one);
        leaving.placed.push_back(one);
    }
    std::erase_if(placed_, goes);
    function.reset();
    function.bus()->unplug(function);
    if (auto* transport = dynamic_cast<devices::virtio::PciTransport*>(&function)) factory_.forget(transport->device());
    leaving.device = machine_.remove_device(function);
    leaving.number = ++taken_out_;
    leaving_.push_back(std::move(leaving));
}

void UserDevices::bury(u64 until) {
    std::vector<Leaving> gone;
    while (!leaving_.empty() && leaving_.front().number <= until) {
        gone.push_back(std::move(leaving_.front()));
        leaving_.pop_front();
    }
    for (Leaving& one : gone) {
        one.device.reset();
        for (const PlacedDevice& placed : one.placed) release(placed);
        for (const PlacedDevice& placed : one.placed) machine_.tell_device_deleted(placed.id);
    }
}

/// Back ends that the device had are free again; a disk of -drive goes with it, as in QEMU.
void UserDevices::release(const PlacedDevice& device) {
    if (!device.drive.empty()) machine_.backends().drives().release_and_forget(device.drive);
    if (!device.chardev.empty()) machine_.backends().chardevs().release(device.chardev);
}

}  // namespace dragoman::machine
