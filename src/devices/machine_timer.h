// The count of time that all harts of a machine see, whichever device holds it.
#pragma once

#include "base/bits.h"

namespace dragoman::devices {

/// All functions from any thread, without locks.
class MachineTimer {
public:
    virtual ~MachineTimer() = default;
    virtual u64 ticks() const = 0;
    /// When the clock will show `ticks`, in its nanoseconds; ~0 when that is out of its reach.
    virtual u64 deadline(u64 ticks) const = 0;
};

}  // namespace dragoman::devices
