// Interrupt lines: a device's output is wired to the input of an interrupt controller or hart.
#pragma once

#include "base/bits.h"

namespace dragoman::devices {

/// Who has interrupt inputs. Called from any thread, possibly with the calling device's lock held: sets a level
/// and returns; never calls back into the device.
class IrqSink {
public:
    virtual ~IrqSink() = default;
    virtual void set_irq(unsigned line, bool level) = 0;
    /// Latches an event on `line` beside its level, until it has been claimed or is called off (`pending` false). A
    /// sink without claims has no latch, and takes it for the level.
    virtual void set_event(unsigned line, bool pending) { set_irq(line, pending); }
};

/// One wire. Unconnected by default.
struct Irq {
    IrqSink* sink = nullptr;
    unsigned line = 0;

    void set(bool level) const {
        if (sink != nullptr) sink->set_irq(line, level);
    }
    void set_event(bool pending) const {
        if (sink != nullptr) sink->set_event(line, pending);
    }
};

}  // namespace dragoman::devices
