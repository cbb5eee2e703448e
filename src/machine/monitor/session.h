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

std::unique_ptr<MonitorSession> make_human_session(Machine& machine, std::shared_ptr<devices::Chardev> chardev);
std::unique_ptr<MonitorSession> make_qmp_session(Machine& machine, std::shared_ptr<devices::Chardev> chardev);

}  // namespace dragoman::machine
