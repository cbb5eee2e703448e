// The always-on domain of SiFive's FE310 (FE310-G002 Manual, chapter 12): its watchdog (chapter 14). The backup
// registers, the real-time clock and the power management read as zero.
#pragma once

#include <functional>
#include <memory>

#include "base/mutex.h"
#include "devices/clock.h"
#include "devices/device.h"
#include "devices/irq.h"

namespace dragoman::devices {

class SifiveAon final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 0x150;  ///< bytes
    static constexpr memory::MmioLimits kLimits{4, 4, false, false};
    static constexpr u64 kFrequency = 32'768;  ///< of the watchdog's counter, in Hz

    /// @param on_expired  is told when the watchdog resets the chip; on the thread of timers or a hart's
    SifiveAon(Irq irq, Clock& clock, std::function<void()> on_expired);
    ~SifiveAon() override;

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override { return "sifive aon, irq " + std::to_string(irq_.line); }
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    bool running() const DRAGOMAN_REQUIRES(mutex_);
    u32 count() const DRAGOMAN_REQUIRES(mutex_);
    u16 scaled_count() const DRAGOMAN_REQUIRES(mutex_);
    void set_count(u32 value) DRAGOMAN_REQUIRES(mutex_);
    void write_unlocked(u64 offset, u32 value) DRAGOMAN_REQUIRES(mutex_);
    bool update() DRAGOMAN_REQUIRES(mutex_);
    void on_timer();

    const Irq irq_;
    Clock& clock_;
    const std::function<void()> on_expired_;
    Mutex mutex_;
    u32 config_ DRAGOMAN_GUARDED_BY(mutex_) = 0;
    u16 compare_ DRAGOMAN_GUARDED_BY(mutex_) = 0;
    bool unlocked_ DRAGOMAN_GUARDED_BY(mutex_) = false;
    u32 base_ DRAGOMAN_GUARDED_BY(mutex_) = 0;            ///< what the counter was
    u64 since_ DRAGOMAN_GUARDED_BY(mutex_) = 0;           ///< at this time
    u64 deadline_ DRAGOMAN_GUARDED_BY(mutex_) = ~u64{0};  ///< when it will be at the comparator
    std::unique_ptr<Clock::Timer> timer_;
};

}  // namespace dragoman::devices
