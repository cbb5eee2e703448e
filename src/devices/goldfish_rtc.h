// Real-time clock of the Goldfish platform: nanoseconds since 1970, and an alarm.
#pragma once

#include <memory>
#include <mutex>

#include "devices/clock.h"
#include "devices/device.h"
#include "devices/irq.h"
#include "devices/wall_clock.h"

namespace dragoman::devices {

class GoldfishRtc final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 0x1000;
    static constexpr memory::MmioLimits kLimits{4, 4, false, true};

    /// @param clock  for the alarm
    GoldfishRtc(Irq irq, Clock& clock, WallClock wall_clock);
    ~GoldfishRtc() override;

    void reset() override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    u64 now() const { return wall_clock_.now() + offset_; }
    void set_alarm(u64 time);
    void clear_alarm();
    void on_alarm();
    void update_irq() { irq_.set(pending_ && enabled_); }

    Irq irq_;
    Clock& clock_;
    WallClock wall_clock_;
    std::mutex mutex_;  ///< guards all below
    u64 offset_ = 0;    ///< the guest has set the time; kept over resets, as by a battery
    u64 alarm_ = 0;
    u32 time_high_ = 0, alarm_high_ = 0, set_time_high_ = 0;
    bool running_ = false, pending_ = false, enabled_ = false;
    std::unique_ptr<Clock::Timer> timer_;
};

}  // namespace dragoman::devices
