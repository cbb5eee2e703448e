// -vnc
#pragma once

#include <memory>

#include "base/properties.h"
#include "devices/display/vnc_server.h"

namespace dragoman::machine {

class Machine;

/// The server that "vnc" and the other properties describe. @throws FatalError
std::unique_ptr<devices::display::VncServer> make_vnc(Machine& machine, Properties properties);

}  // namespace dragoman::machine
