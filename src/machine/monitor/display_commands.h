// What both monitors do with screens and keyboard.
#pragma once

#include <string>
#include <vector>

#include "machine/machine.h"

namespace dragoman::machine {

struct ScreendumpRequest {
    std::string path;
    std::string format = "ppm";
    std::string device;  ///< id; empty: the first
    u64 head = 0;
};

/// @returns what was wrong; empty: nothing
std::string screendump(Machine& machine, const ScreendumpRequest& request);
/// Presses keys for `hold` ms. @returns what was wrong; empty: nothing
std::string press_keys(Machine& machine, std::vector<u16> codes, i64 hold);
/// The password that VNC clients need from now on. @returns what was wrong; empty: nothing
std::string set_vnc_password(Machine& machine, const std::string& password);

}  // namespace dragoman::machine
