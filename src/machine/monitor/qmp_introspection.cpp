#include "machine/monitor/qmp_introspection.h"

#include <vector>

#include "machine/board.h"
#include "machine/device_help.h"

namespace dragoman::machine {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMachineSuffix = "-machine";

/// "rv64-riscv-cpu" for "rv64".
std::string cpu_type(std::string_view model) {
    std::string_view known = Board::kinds().front()->default_cpu_type;
    return std::string(model) + std::string(known.substr(known.find('-')));
}

struct Type {
    std::string name;
    std::vector<std::string> parents;  ///< the nearest last
    bool abstract = false;
};

std::vector<Type> types_of(Machine& machine) {
    std::vector<Type> types{{"object", {}, true},
                            {"device", {"object"}, true},
                            {"machine", {"object"}, true},
                            {"cpu", {"object", "device"}, true}};
    for (const std::string& name : driver_list()) {
        const DriverHelp& driver = *find_driver(name);
        Type type{name, {"object", "device"}, driver.kind == DriverKind::Base};
        for (std::string_view kind : kinds_of(driver)) {
            if (kind != name) type.parents.emplace_back(kind);
        }
        types.push_back(std::move(type));
    }
    for (const Board::Kind* kind : Board::kinds()) {
        types.push_back({std::string(kind->name) + std::string(kMachineSuffix), {"object", "machine"}});
    }
    for (const guest::CpuModel& model : machine.guest().models(true)) {
        types.push_back({cpu_type(model.name), {"object", "device", "cpu"}});
    }
    return types;
}

/// Of what help shows as the value of a property.
std::string_view type_of(std::string_view value) {
    if (value == "on|off") return "bool";
    if (value == "N" || value == "BITS" || value == "DATA" || value == "VALUE" || value == "ADDRESS") return "uint64";
    if (value == "BYTES") return "size";
    return "str";
}

}  // namespace

Json qom_types(Machine& machine, const std::string& implements) {
    Json list = Json::array();
    for (const Type& type : types_of(machine)) {
        bool fits = implements.empty() || type.name == implements;
        for (const std::string& parent : type.parents) fits |= parent == implements;
        if (!fits) continue;
        Json entry{{"name", type.name}};
        if (type.abstract) entry["abstract"] = true;
        if (!type.parents.empty()) entry["parent"] = type.parents.back();
        list.push_back(entry);
    }
    return list;
}

std::optional<Json> device_properties(const std::string& type) {
    const DriverHelp* driver = find_driver(type);
    if (driver == nullptr || driver->kind == DriverKind::Base) return std::nullopt;
    Json list = Json::array();
    for (const std::string& text : property_texts(*driver)) {
        const std::string name = text.substr(0, text.find('='));
        const std::string value = text.substr(std::min(name.size() + 1, text.size()));
        list.push_back({{"name", name}, {"description", value}, {"type", type_of(value)}});
    }
    return list;
}

Json machines_json() {
    Json list = Json::array();
    for (const Board::Kind* kind : Board::kinds()) {
        Json entry{{"hotpluggable-cpus", false},  {"name", kind->name},
                   {"numa-mem-supported", false}, {"default-cpu-type", kind->default_cpu_type},
                   {"cpu-max", kind->max_harts},  {"deprecated", false},
                   {"acpi", kind->acpi}};
        if (kind == Board::kinds().front()) entry["is-default"] = true;
        list.push_back(entry);
    }
    return list;
}

Json cpu_definitions_json(Machine& machine) {
    Json list = Json::array();
    for (const guest::CpuModel& model : machine.guest().models(true)) {
        list.push_back(
            {{"name", model.name}, {"typename", cpu_type(model.name)}, {"static", false}, {"deprecated", false}});
    }
    return list;
}

Json schema_json(std::span<const CommandSchema> commands, std::span<const std::string_view> events) {
    Json list = Json::array();
    list.push_back({{"name", "any"}, {"meta-type", "builtin"}, {"json-type", "value"}});
    list.push_back({{"name", "none"}, {"meta-type", "object"}, {"members", Json::array()}});
    for (const CommandSchema& command : commands) {
        Json members = Json::array();
        for (std::string_view name : command.arguments) {
            members.push_back({{"name", name}, {"default", nullptr}, {"type", "any"}});
        }
        const std::string type = members.empty() ? "none" : std::string(command.name) + "-arg";
        if (!members.empty()) list.push_back({{"name", type}, {"meta-type", "object"}, {"members", members}});
        list.push_back({{"name", command.name}, {"meta-type", "command"}, {"arg-type", type}, {"ret-type", "any"}});
    }
    for (std::string_view event : events) {
        list.push_back({{"name", event}, {"meta-type", "event"}, {"arg-type", "none"}});
    }
    return list;
}

}  // namespace dragoman::machine
