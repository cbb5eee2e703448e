// Commands of the human monitor by which devices and their back ends come and go.
#include "base/error.h"
#include "machine/backends.h"
#include "machine/monitor/human.h"
#include "machine/user_devices.h"

namespace dragoman::machine {

namespace {

/// What a command prints that prints only what was wrong.
template <class F>
std::string error_of(F command) {
    try {
        command();
    } catch (const FatalError& error) {
        return "Error: " + std::string(error.what()) + "\n";
    }
    return {};
}

UserDevices& devices_of(Machine& machine) {
    if (machine.user_devices() == nullptr) throw FatalError(1, "this board takes no devices");
    return *machine.user_devices();
}

std::string need(std::string_view arguments, const char* command) {
    if (arguments.empty()) throw FatalError(1, std::string(command) + ": needs an id");
    return std::string(arguments);
}

}  // namespace

std::string HumanMonitor::device_add(std::string_view arguments) {
    return error_of([&] { devices_of(machine_).plug(Properties("device_add", arguments, "driver")); });
}

std::string HumanMonitor::device_del(std::string_view arguments) {
    return error_of([&] { devices_of(machine_).request_unplug(need(arguments, "device_del")); });
}

std::string HumanMonitor::netdev_add(std::string_view arguments) {
    return error_of([&] { machine_.backends().netdevs().add(Properties("netdev_add", arguments, "type")); });
}

std::string HumanMonitor::netdev_del(std::string_view arguments) {
    return error_of([&] { machine_.backends().netdevs().remove(need(arguments, "netdev_del")); });
}

std::string HumanMonitor::chardev_add(std::string_view arguments) {
    return error_of([&] { machine_.backends().chardevs().add(Properties("chardev-add", arguments, "backend")); });
}

std::string HumanMonitor::chardev_remove(std::string_view arguments) {
    return error_of(
        [&] { machine_.backends().chardevs().remove("chardev-remove", need(arguments, "chardev-remove")); });
}

/// The slot in front is a PC's, and has no meaning.
std::string HumanMonitor::drive_add(std::string_view arguments) {
    return error_of([&] {
        const std::size_t blank = arguments.find(' ');
        if (blank == arguments.npos) throw FatalError(1, "drive_add: needs a slot (0) and if=none,id=ID,file=FILE,...");
        std::string_view options = arguments.substr(blank);
        options.remove_prefix(std::min(options.find_first_not_of(' '), options.size()));
        Properties properties("drive_add", options);
        Properties copy = properties;
        if (copy.take("if", "") != "none") properties.fail("only if=none can be added while the machine runs");
        machine_.backends().drives().add_drive(properties, false);
    });
}

std::string HumanMonitor::drive_del(std::string_view arguments) {
    return error_of([&] { machine_.backends().drives().remove(need(arguments, "drive_del")); });
}

}  // namespace dragoman::machine
