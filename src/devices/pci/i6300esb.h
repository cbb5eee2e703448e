// The watchdog of Intel's 6300ESB I/O controller hub (datasheet 300641, §17): two stages, of which the second acts.
#pragma once

#include <functional>

#include "base/mutex.h"
#include "devices/clock.h"
#include "devices/pci/function.h"

namespace dragoman::devices::pci {

class I6300esb final : public Function, private memory::MmioHandler {
public:
    /// @param on_expired  is told when both stages have run out; on the thread of timers
    I6300esb(Clock& clock, std::function<void()> on_expired);

    void write_config(unsigned offset, unsigned size, u32 value) override;

private:
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    void reset_device() override;
    void visit_device(State& state) override;

    void start_stage(u8 stage) DRAGOMAN_REQUIRES(lock_);
    void stop() DRAGOMAN_REQUIRES(lock_);
    void expired();

    Clock& clock_;
    const std::function<void()> on_expired_;
    Mutex lock_;
    u16 settings_ DRAGOMAN_GUARDED_BY(lock_) = 0;  ///< registers of the configuration space
    u8 control_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u32 preload_[2] DRAGOMAN_GUARDED_BY(lock_) = {};
    u8 unlocked_ DRAGOMAN_GUARDED_BY(lock_) = 0;  ///< how much of the sequence has been written
    bool timed_out_ DRAGOMAN_GUARDED_BY(lock_) = false;
    u8 stage_ DRAGOMAN_GUARDED_BY(lock_) = 0;  ///< 0: stands still
    u64 deadline_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    std::unique_ptr<Clock::Timer> timer_;
};

}  // namespace dragoman::devices::pci
