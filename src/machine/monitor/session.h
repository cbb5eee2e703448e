// Monitors on character back ends: the human one with a prompt and a line editor, and QMP.
#pragma once

#include <memory>

#include "devices/chardev.h"
#include "machine/machine.h"

namespace dragoman::machine {

/// One monitor; lives until it is destroyed, whoever comes and goes at the other end.
class MonitorSession {
public:
    virtual ~MonitorSession() = default;
};

/// `shared`: on a mux beside a serial port; it keeps quiet until it gets the input.
std::unique_ptr<MonitorSession> make_human_session(Machine& machine, std::shared_ptr<devices::Chardev> chardev,
                                                   bool shared);
std::unique_ptr<MonitorSession> make_qmp_session(Machine& machine, std::shared_ptr<devices::Chardev> chardev);

}  // namespace dragoman::machine
