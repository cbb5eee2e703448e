// What QMP tells of itself and of what a machine can be made of.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "machine/machine.h"

namespace dragoman::machine {

/// The answer of qom-list-types: devices, boards and CPUs. @param implements  only those that are of that type; empty:
/// all
nlohmann::ordered_json qom_types(Machine& machine, const std::string& implements);
/// The answer of device-list-properties; nothing: there is no such device.
std::optional<nlohmann::ordered_json> device_properties(const std::string& type);
/// The answer of query-machines.
nlohmann::ordered_json machines_json();
/// The answer of query-cpu-definitions.
nlohmann::ordered_json cpu_definitions_json(Machine& machine);

/// One command, for query-qmp-schema.
struct CommandSchema {
    std::string_view name;
    std::span<const std::string_view> arguments;
};
/// The answer of query-qmp-schema: commands with the names of their arguments, and events. Types of arguments and
/// answers are "any" where they are not objects of arguments.
nlohmann::ordered_json schema_json(std::span<const CommandSchema> commands, std::span<const std::string_view> events);

}  // namespace dragoman::machine
