// QMP's commands by which devices and their back ends come and go, and dump-guest-memory.
#pragma once

#include <nlohmann/json.hpp>

#include "machine/machine.h"

namespace dragoman::machine {

// Each gets the command's arguments. @throws QmpError
nlohmann::ordered_json qmp_device_add(Machine& machine, const nlohmann::ordered_json& arguments);
nlohmann::ordered_json qmp_device_del(Machine& machine, const nlohmann::ordered_json& arguments);
nlohmann::ordered_json qmp_netdev_add(Machine& machine, const nlohmann::ordered_json& arguments);
nlohmann::ordered_json qmp_netdev_del(Machine& machine, const nlohmann::ordered_json& arguments);
nlohmann::ordered_json qmp_chardev_add(Machine& machine, const nlohmann::ordered_json& arguments);
nlohmann::ordered_json qmp_chardev_remove(Machine& machine, const nlohmann::ordered_json& arguments);
nlohmann::ordered_json qmp_blockdev_add(Machine& machine, const nlohmann::ordered_json& arguments);
nlohmann::ordered_json qmp_blockdev_del(Machine& machine, const nlohmann::ordered_json& arguments);

nlohmann::ordered_json qmp_dump_guest_memory(Machine& machine, const nlohmann::ordered_json& arguments);

/// Where the device is among QOM's objects, as events name it.
std::string qom_path(const std::string& id);

}  // namespace dragoman::machine
