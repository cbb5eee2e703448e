// QMP's commands about screens, keyboard and pointer.
#pragma once

#include <nlohmann/json.hpp>

#include "machine/machine.h"

namespace dragoman::machine {

// Each gets the command's arguments, of which only the names have been looked at. @throws QmpError
nlohmann::ordered_json qmp_screendump(Machine& machine, const nlohmann::ordered_json& arguments);
nlohmann::ordered_json qmp_send_key(Machine& machine, const nlohmann::ordered_json& arguments);
nlohmann::ordered_json qmp_send_input(Machine& machine, const nlohmann::ordered_json& arguments);
nlohmann::ordered_json qmp_set_password(Machine& machine, const nlohmann::ordered_json& arguments);
nlohmann::ordered_json qmp_mice(Machine& machine);
nlohmann::ordered_json qmp_vnc(Machine& machine);

}  // namespace dragoman::machine
