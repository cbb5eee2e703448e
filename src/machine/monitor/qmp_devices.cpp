#include "machine/monitor/qmp_devices.h"

#include <array>

#include "base/error.h"
#include "machine/backends.h"
#include "machine/json_properties.h"
#include "machine/memory_dump.h"
#include "machine/monitor/qmp_error.h"
#include "machine/user_devices.h"

namespace dragoman::machine {

namespace {

using Json = nlohmann::ordered_json;

std::string take_text(const Json& arguments, const std::string& name) {
    auto found = arguments.is_object() ? arguments.find(name) : arguments.end();
    if (found == arguments.end()) throw QmpError{"Parameter '" + name + "' is missing"};
    if (!found->is_string()) throw QmpError{"Invalid parameter type for '" + name + "', expected: string"};
    return *found;
}

/// Runs `command`, whose FatalError becomes the answer.
template <class F>
Json done(F command) {
    try {
        command();
    } catch (const FatalError& error) {
        throw QmpError{error.what()};
    }
    return Json::object();
}

Properties properties_of(const char* command, const Json& arguments) {
    Properties properties(command, "");
    add_json(properties, arguments);
    return properties;
}

UserDevices& devices_of(Machine& machine) {
    if (machine.user_devices() == nullptr) throw QmpError{"this board takes no devices"};
    return *machine.user_devices();
}

[[noreturn]] void not_found(const std::string& id) {
    throw QmpError{"Device '" + id + "' not found", "DeviceNotFound"};
}

/// The property of -chardev that a member of the back end's data is.
std::string chardev_property(const std::string& member) {
    struct Name {
        std::string_view member, property;
    };
    constexpr std::array<Name, 7> kNames = {{{"addr.data.path", "path"},
                                             {"addr.data.host", "host"},
                                             {"addr.data.port", "port"},
                                             {"addr.data.str", "fd"},
                                             {"out", "path"},
                                             {"in", "input-path"},
                                             {"device", "path"}}};
    for (const Name& name : kNames) {
        if (name.member == member) return std::string(name.property);
    }
    return member;
}

}  // namespace

std::string qom_path(const std::string& id) {
    return id.empty() ? "/machine/peripheral-anon" : "/machine/peripheral/" + id;
}

Json qmp_device_add(Machine& machine, const Json& arguments) {
    take_text(arguments, "driver");
    return done([&] { devices_of(machine).plug(properties_of("device_add", arguments)); });
}

Json qmp_device_del(Machine& machine, const Json& arguments) {
    std::string id = take_text(arguments, "id");
    // By its path among QOM's objects, too.
    if (const std::string path = qom_path("x"); id.starts_with(path.substr(0, path.size() - 1)))
        id.erase(0, path.size() - 1);
    if (!devices_of(machine).knows(id)) not_found(id);
    return done([&] { devices_of(machine).request_unplug(id); });
}

Json qmp_netdev_add(Machine& machine, const Json& arguments) {
    take_text(arguments, "type");
    take_text(arguments, "id");
    return done([&] { machine.backends().netdevs().add(properties_of("netdev_add", arguments)); });
}

Json qmp_netdev_del(Machine& machine, const Json& arguments) {
    const std::string id = take_text(arguments, "id");
    if (machine.backends().netdevs().find(id) == nullptr) not_found(id);
    return done([&] { machine.backends().netdevs().remove(id); });
}

Json qmp_chardev_add(Machine& machine, const Json& arguments) {
    const std::string id = take_text(arguments, "id");
    const Json backend = arguments.value("backend", Json());
    const std::string type = take_text(backend, "type");
    Properties properties("chardev-add", "");
    done([&] {
        Properties data("chardev-add", "");
        if (backend.contains("data")) add_json(data, backend["data"]);
        data.take("addr.type");
        properties.set("backend", type);
        properties.set("id", id);
        for (const auto& [name, value] : data.rest()) properties.set(chardev_property(name), value);
        machine.backends().chardevs().add(properties);
    });
    Json answer = Json::object();
    constexpr std::string_view kPty = "pty:";
    for (const auto& info : machine.backends().chardevs().list()) {
        if (info.id == id && info.description.starts_with(kPty)) answer["pty"] = info.description.substr(kPty.size());
    }
    return answer;
}

Json qmp_chardev_remove(Machine& machine, const Json& arguments) {
    return done([&] { machine.backends().chardevs().remove("chardev-remove", take_text(arguments, "id")); });
}

Json qmp_blockdev_add(Machine& machine, const Json& arguments) {
    take_text(arguments, "driver");
    return done([&] { machine.backends().drives().add_blockdev(properties_of("blockdev-add", arguments)); });
}

Json qmp_blockdev_del(Machine& machine, const Json& arguments) {
    const std::string name = take_text(arguments, "node-name");
    const devices::block::Drive* node = machine.backends().drives().find(name);
    if (node == nullptr || !node->node) throw QmpError{"Failed to find node with node-name='" + name + "'"};
    return done([&] { machine.backends().drives().remove(name); });
}

Json qmp_dump_guest_memory(Machine& machine, const Json& arguments) {
    if (!arguments.contains("paging") || !arguments["paging"].is_boolean())
        throw QmpError{"Parameter 'paging' is missing, or no boolean"};
    if (arguments["paging"]) throw QmpError{"paging: there is only ELF by physical addresses"};
    if (arguments.contains("format") && take_text(arguments, "format") != "elf")
        throw QmpError{"format: there is only 'elf'"};
    constexpr std::string_view kFile = "file:";
    const std::string protocol = take_text(arguments, "protocol");
    if (!protocol.starts_with(kFile)) throw QmpError{"protocol: there is only 'file:'"};
    auto number = [&](const char* name) -> u64 {
        if (!arguments.contains(name)) return 0;
        if (!arguments[name].is_number_unsigned())
            throw QmpError{"Invalid parameter type for '" + std::string(name) + "', expected: integer"};
        return arguments[name];
    };
    const u64 begin = number("begin"), length = number("length");
    if (arguments.contains("begin") != (length != 0)) throw QmpError{"begin and length belong together"};
    return done([&] { dump_guest_memory(machine, protocol.substr(kFile.size()), begin, length); });
}

}  // namespace dragoman::machine
