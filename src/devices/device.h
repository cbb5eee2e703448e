// What all devices share. A device is made with the lines, clock and back ends that it needs, and put into the
// physical map by the board; its registers are its MmioHandler.
//
// Locks: every device has one of its own, held while registers are accessed. Under it a device may set
// interrupt lines, arm timers and access guest memory, and nothing else that takes locks.
#pragma once

#include <string>

#include "memory/physical_space.h"

namespace dragoman {
class State;
}

namespace dragoman::devices {

class Device {
public:
    virtual ~Device() = default;
    /// Power-on state. Harts are stopped.
    virtual void reset() = 0;
    /// Visits what the guest can tell this device's state by: saves it, checks a saved one, or takes it and puts lines
    /// and timers right (state.h). Harts are stopped; memory, which has the contents of ROM and flash too, is there
    /// before. Latched events (Irq::set_event) are the sink's state.
    virtual void visit(State& state) = 0;
    /// All devices have been visited: what was held for that goes on.
    virtual void resume() {}
    /// The same where nothing was held: what the guest has put somewhere without telling the device stays there.
    virtual void resume_idle() {}
    /// Line of info qtree, without the name: "16550a, irq 10".
    virtual std::string describe() const = 0;
};

}  // namespace dragoman::devices
