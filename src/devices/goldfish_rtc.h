// Real-time clock of the Goldfish platform: nanoseconds since 1970, and an alarm.
#pragma once

#include <memory>

#include "base/mutex.h"
#include "devices/clock.h"
#include "devices/device.h"
#include "devices/irq.h"
#include "devices/wall_clock.h"

namespace dragoman::devices {

class GoldfishRtc final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 0x24;  ///< bytes
    static constexpr memory::MmioLimits kLimits{4, 4, false, true};

    /// @param clock  for the alarm
    GoldfishRtc(Irq irq, Clock& clock, WallClock wall_clock);
    ~GoldfishRtc() override;

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    u64 now() const DRAGOMAN_REQUIRES(mutex_) { return wall_clock_.now() + offset_; }
    void set_alarm(u64 time) DRAGOMAN_REQUIRES(mutex_);
    void clear_alarm() DRAGOMAN_REQUIRES(mutex_);
    void on_alarm();
    void update_irq() DRAGOMAN_REQUIRES(mutex_) { irq_.set(pending_ && enabled_); }

    Irq irq_;
    Clock& clock_;
    WallClock wall_clock_;
    Mutex mutex_;
    u64 offset_ DRAGOMAN_GUARDED_BY(mutex_) = 0;  ///< the guest has set the time; kept over resets, as by a battery
    u64 alarm_ DRAGOMAN_GUARDED_BY(mutex_) = 0;
    u32 time_high_ DRAGOMAN_GUARDED_BY(mutex_) = 0, alarm_high_ DRAGOMAN_GUARDED_BY(mutex_) = 0,
                   set_time_high_ DRAGOMAN_GUARDED_BY(mutex_) = 0;
    bool running_ DRAGOMAN_GUARDED_BY(mutex_) = false, pending_ DRAGOMAN_GUARDED_BY(mutex_) = false,
                  enabled_ DRAGOMAN_GUARDED_BY(mutex_) = false;
    std::unique_ptr<Clock::Timer> timer_ DRAGOMAN_GUARDED_BY(mutex_);
};

}  // namespace dragoman::devices
