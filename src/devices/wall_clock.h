// The date and time that the guest's real-time clock starts with, and what moves it on (-rtc).
#pragma once

#include <ctime>
#include <functional>
#include <string>

#include "base/properties.h"
#include "devices/clock.h"

namespace dragoman::devices {

class WallClock {
public:
    /// Reads a clock of the host's.
    using HostTime = std::function<u64(clockid_t)>;
    static u64 read_host_clock(clockid_t id);

    /// `rtc`: base=utc|localtime|DATE, clock=host|rt|vm, driftfix=none. DATE is 2006-06-17 or 2006-06-17T16:01:21, UTC.
    /// @throws FatalError
    WallClock(const Clock& clock, Properties rtc, HostTime host_time = read_host_clock);

    /// Nanoseconds since 1970.
    u64 now() const;

private:
    enum class Source : u8 { Host, HostMonotonic, Machine };
    u64 source_time() const;

    const Clock& clock_;
    HostTime host_time_;
    Source source_ = Source::Host;
    u64 offset_ = 0;  ///< what now() is ahead of the source, modulo 2^64
};

}  // namespace dragoman::devices
