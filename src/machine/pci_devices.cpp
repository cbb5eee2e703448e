#include "machine/pci_devices.h"

#include <cstdio>

#include "base/error.h"
#include "devices/pci/e1000.h"
#include "devices/pci/edu.h"
#include "devices/pci/i6300esb.h"
#include "devices/pci/nvme.h"
#include "devices/pci/pvpanic.h"
#include "devices/pci/root_port.h"
#include "devices/pci/xhci.h"
#include "devices/usb/keyboard.h"
#include "devices/usb/pointer.h"
#include "devices/usb/storage.h"
#include "devices/virtio/pci.h"
#include "machine/backends.h"
#include "machine/device_help.h"
#include "machine/firmware_path.h"
#include "machine/machine.h"

namespace dragoman::machine {

namespace {

namespace pci = devices::pci;
using devices::virtio::Factory;
using devices::virtio::PciOptions;
using devices::virtio::PciTransport;

PciOptions take_virtio_options(const DriverHelp& help, const pci::Bus& bus, Properties& properties) {
    const std::string_view driver = help.name;
    PciOptions options;
    // Behind a port there is PCI Express without I/O, where the old registers are of no use.
    std::size_t no_legacy = properties.take_choice("disable-legacy", {"auto", "on", "off"}, 0);
    bool no_modern = properties.take_bool("disable-modern", false);
    options.legacy = no_legacy == 0 ? bus.is_root() : no_legacy == 2;
    options.modern = !no_modern;
    options.express = !bus.is_root();
    if (driver.ends_with("-non-transitional") || help.modern_only) options.legacy = false, options.modern = true;
    else if (driver.ends_with("-transitional")) options.legacy = options.modern = true;
    if (!options.legacy && !options.modern)
        properties.fail("neither the modern nor the legacy registers are there (disable-modern, disable-legacy)");
    return options;
}

std::unique_ptr<pci::Function> make_virtio(Factory& factory, const DriverHelp& driver, pci::Bus& bus,
                                           const std::string& id, Properties& properties) {
    PciOptions options = take_virtio_options(driver, bus, properties);
    std::optional<u64> vectors;
    if (properties.has("vectors")) vectors = properties.take_number("vectors", 0, 0, 128);
    std::string base(driver.name.substr(0, driver.name.find("-pci")));
    auto device = factory.make(base + "-device", properties, id);
    options.vectors = static_cast<unsigned>(vectors.value_or(PciTransport::default_vectors(*device)));
    return std::make_unique<PciTransport>(std::string(driver.name), std::move(device), options);
}

std::unique_ptr<pci::Function> make_e1000(Machine& machine, Properties& properties) {
    devices::net::Netdevs& netdevs = machine.backends().netdevs();
    devices::net::Netdev* netdev = netdevs.take_netdev(properties);
    return std::make_unique<pci::E1000>(machine.tasks(), netdev, netdevs.take_mac(properties));
}

std::unique_ptr<pci::Function> make_edu(Machine& machine, Properties& properties) {
    return pci::Edu::make(machine.clock(), properties);
}

std::unique_ptr<pci::Function> make_nvme(Machine& machine, Properties& properties) {
    return pci::Nvme::make(machine.backends().drives(), properties);
}

std::unique_ptr<pci::Function> make_pvpanic(Machine& machine, Properties& properties) {
    using pci::Pvpanic;
    auto on_event = [&machine](Pvpanic::Event event) {
        if (event == Pvpanic::kShutdown) machine.request_shutdown(Cause::GuestShutdown);
        else machine.guest_panicked(event == Pvpanic::kCrashLoaded);
    };
    return Pvpanic::make(on_event, properties);
}

std::unique_ptr<pci::Function> make_i6300esb(Machine& machine, Properties& properties) {
    properties.finish();
    return std::make_unique<pci::I6300esb>(machine.clock(), [&machine] { machine.watchdog_expired(); });
}

std::unique_ptr<pci::Function> make_xhci(Machine& machine, Properties& properties) {
    properties.finish();
    return std::make_unique<pci::Xhci>(machine.clock());
}

struct Maker {
    std::string_view driver;
    std::unique_ptr<pci::Function> (*make)(Machine& machine, Properties& properties);
};
constexpr Maker kMakers[] = {{"e1000", make_e1000},         {"edu", make_edu},           {"nvme", make_nvme},
                             {"pvpanic-pci", make_pvpanic}, {"i6300esb", make_i6300esb}, {"qemu-xhci", make_xhci}};

std::unique_ptr<pci::Function> make_function(Machine& machine, Factory& factory, const DriverHelp& driver,
                                             pci::Bus& bus, const std::string& id, Properties& properties) {
    if (driver.name == "pcie-root-port") return pci::RootPort::make(*machine.pci(), id, properties);
    for (const Maker& maker : kMakers) {
        if (maker.driver == driver.name) return maker.make(machine, properties);
    }
    return make_virtio(factory, driver, bus, id, properties);
}

std::string place_name(const pci::Bus& bus, const pci::Bus::Place& place) {
    char text[16];
    std::snprintf(text, sizeof text, ":%02x.%x", place.devfn >> 3, place.devfn & 7);
    return bus.name() + text;
}

std::string namespace_node(u32 id) {
    char text[32];
    std::snprintf(text, sizeof text, "/namespace@%x,0", id);
    return text;
}

}  // namespace

pci::Bus& choose_pci_bus(Machine& machine, Properties& properties) {
    if (machine.pci() == nullptr) properties.fail("this board has no PCI bus");
    std::optional<std::string> name = properties.take("bus");
    if (!name) return machine.pci()->root();
    std::string names;
    for (pci::Bus* bus : machine.pci()->buses()) {
        // "pcie" is the first bus of its kind, as any bus' name without its number is.
        if (bus->name() == *name || bus->name() == *name + ".0") return *bus;
        names += (names.empty() ? "" : ", ") + bus->name();
    }
    properties.fail("bus=" + *name + ": there is no such PCI bus (there is: " + names + ")");
}

PciTransport* find_transport(Machine& machine, const devices::virtio::VirtioDevice& device) {
    for (const Machine::NamedDevice& one : machine.devices()) {
        auto* function = dynamic_cast<PciTransport*>(one.device.get());
        if (function != nullptr && &function->device() == &device) return function;
    }
    return nullptr;
}

PlacedDevice add_pci_device(Machine& machine, Factory& factory, const DriverHelp& driver, Properties& properties,
                            bool hot) {
    pci::Bus& bus = choose_pci_bus(machine, properties);
    pci::Bus::Place place = bus.choose(properties);
    std::string id = properties.take("id", "");
    properties.take_number("rombar", 0, 0, 1);
    if (std::string file = properties.take("romfile", ""); !file.empty())
        properties.fail("romfile=" + file + ": functions have no option ROM here");
    std::unique_ptr<pci::Function> function = make_function(machine, factory, driver, bus, id, properties);
    properties.finish();
    function->set_id(id);
    pci::Function& plugged = machine.add_device(place_name(bus, place), std::move(function));
    machine.while_paused([&] {
        bus.plug(plugged, place);
        if (!hot) return;
        plugged.reset();
        auto* port = dynamic_cast<pci::RootPort*>(bus.bridge());
        if (port != nullptr && plugged.number() == 0) port->announce();
    });
    PlacedDevice placed;
    placed.function = &plugged;
    placed.path = firmware_path(plugged);
    if (const auto* nvme = dynamic_cast<pci::Nvme*>(&plugged)) placed.path += namespace_node(nvme->first_namespace());
    else placed.path += is_network_card(driver.name) ? "/ethernet-phy@0" : "/disk@0,0";
    if (auto* transport = dynamic_cast<PciTransport*>(&plugged)) {
        auto* input = dynamic_cast<devices::input::Handler*>(&transport->device());
        if (input != nullptr) placed.inputs.push_back(input);
    }
    return placed;
}

PlacedDevice add_nvme_namespace(Machine& machine, Properties& properties) {
    if (machine.pci() == nullptr) properties.fail("this board has no PCI bus");
    properties.take("id");
    std::optional<std::string> bus = properties.take("bus");
    pci::Nvme* controller = nullptr;
    for (pci::Bus* one : machine.pci()->buses()) {
        for (unsigned devfn = 0; devfn < 256; devfn++) {
            auto* found = dynamic_cast<pci::Nvme*>(one->at(devfn));
            if (found != nullptr && (!bus || found->id() == *bus)) controller = found;
        }
    }
    if (controller == nullptr)
        properties.fail(bus ? "bus=" + *bus + ": there is no nvme of that id" : "an nvme must come before it");
    const u32 id = controller->add_namespace(machine.backends().drives(), properties);
    properties.finish();
    PlacedDevice placed;
    placed.parent = controller;
    placed.path = firmware_path(*controller) + namespace_node(id);
    return placed;
}

bool is_usb_device(std::string_view driver) { return driver.starts_with("usb-"); }

PlacedDevice add_usb_device(Machine& machine, std::string_view driver, Properties& properties) {
    properties.take("id");
    unsigned port = properties.has("port") ? static_cast<unsigned>(properties.take_number("port", 0, 1, 4)) : 0;
    std::string name = properties.take("bus", "");
    if (name.ends_with(".0")) name.resize(name.size() - 2);
    pci::Xhci* controller = nullptr;
    for (const Machine::NamedDevice& one : machine.devices()) {
        auto* found = dynamic_cast<pci::Xhci*>(one.device.get());
        if (found != nullptr && controller == nullptr &&
            (name.empty() || name == (found->id().empty() ? "usb-bus" : found->id())))
            controller = found;
    }
    if (controller == nullptr)
        properties.fail(name.empty() ? "a qemu-xhci must come before it"
                                     : "bus=" + name + ": there is no qemu-xhci of that id before it");
    std::unique_ptr<devices::usb::Device> device;
    if (driver == "usb-storage") {
        const std::string serial = properties.has("serial") ? *properties.take("serial") : "";
        if (!serial.empty()) properties.set("serial", serial);
        device = std::make_unique<devices::usb::Storage>(
            devices::scsi::Disk::make(machine.backends().drives(), false, properties), serial);
    }
    properties.finish();
    devices::usb::Hid* hid = nullptr;
    if (driver == "usb-kbd") device.reset(hid = new devices::usb::Keyboard);
    else if (device == nullptr) device.reset(hid = new devices::usb::Pointer(driver == "usb-tablet"));
    const std::string place = port == 0 ? "all ports" : "port " + std::to_string(port);
    port = controller->plug(std::move(device), port);
    if (port == 0)
        properties.fail(place + (place.ends_with("s") ? " of the qemu-xhci are taken" : " of the qemu-xhci is taken"));
    PlacedDevice placed;
    placed.parent = controller;
    placed.port = port;
    placed.path = firmware_path(*controller) + "/storage@" + std::to_string(port) + "/channel@0/disk@0,0";
    if (hid != nullptr) {
        machine.backends().input().add(*hid);
        placed.inputs.push_back(hid);
    }
    return placed;
}

}  // namespace dragoman::machine
