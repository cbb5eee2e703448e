// Commands of the human monitor by which devices and their back ends come and go.
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/number.h"
#include "machine/backends.h"
#include "machine/memory_dump.h"
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

/// QEMU's options for other formats and for addresses of the guest's page tables are refused by name.
std::string HumanMonitor::dump_guest_memory(std::string_view arguments) {
    return error_of([&] {
        std::vector<std::string> words;
        while (true) {
            arguments.remove_prefix(std::min(arguments.find_first_not_of(' '), arguments.size()));
            if (arguments.empty()) break;
            const std::size_t end = std::min(arguments.find(' '), arguments.size());
            words.emplace_back(arguments.substr(0, end));
            arguments.remove_prefix(end);
            if (words.back().starts_with('-') && words.back() != "-d")
                throw FatalError(1, "dump-guest-memory: " + words.back() + ": there is only ELF by physical addresses");
            if (words.back() == "-d") words.pop_back();  // it is done at once
        }
        std::optional<u64> begin, length;
        if (words.size() == 3) begin = parse_number(words[1]), length = parse_number(words[2]);
        if (words.size() != 1 && !(begin && length && *length != 0))
            throw FatalError(1, "dump-guest-memory: needs FILE, or FILE BEGIN LENGTH");
        machine::dump_guest_memory(machine_, words[0], begin.value_or(0), length.value_or(0));
    });
}

}  // namespace dragoman::machine
