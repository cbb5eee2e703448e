// What all devices share. A device is made with the lines, clock and back ends that it needs, and put into the
// physical map by the board; its registers are its MmioHandler.
//
// Locks: every device has one of its own, held while registers are accessed. Under it a device may set
// interrupt lines, arm timers and access guest memory, and nothing else that takes locks.
#pragma once

#include <string>

#include "memory/physical_space.h"

namespace dragoman::devices {

class Device {
public:
    virtual ~Device() = default;
    /// Power-on state. Harts are stopped.
    virtual void reset() = 0;
    /// Line of info qtree, without the name: "16550a, irq 10".
    virtual std::string describe() const = 0;
};

}  // namespace dragoman::devices
