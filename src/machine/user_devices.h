// The devices that -device names.
#pragma once

#include <string>

#include "base/properties.h"

namespace dragoman::machine {

class BootImages;
class Machine;

/// Makes the device and puts it into the machine. `images` takes what -device loader loads. @throws FatalError
void add_user_device(Machine& machine, BootImages& images, Properties properties);
/// Text of -device help.
std::string user_device_help();

}  // namespace dragoman::machine
