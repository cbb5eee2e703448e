// RISC-V Advanced Core Local Interruptor (ACLINT specification 1.0-rc4): software interrupts between harts, and
// the machine's timer.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "devices/clock.h"
#include "devices/device.h"
#include "devices/irq.h"
#include "devices/machine_timer.h"

namespace dragoman::devices {

/// MSWI: a level per hart, wired to its machine software interrupt (3).
class AclintMswi final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 0x4000;
    static constexpr memory::MmioLimits kLimits{4, 4, false, false};

    /// @param irqs  one per hart
    explicit AclintMswi(std::vector<Irq> irqs) : irqs_(std::move(irqs)), levels_(irqs_.size()) {}

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    std::vector<Irq> irqs_;
    Mutex mutex_;
    std::vector<u8> levels_ DRAGOMAN_GUARDED_BY(mutex_);
};

/// SSWI: a store sets the hart's supervisor software interrupt (1), which the hart clears itself.
class AclintSswi final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 0x4000;
    static constexpr memory::MmioLimits kLimits{4, 4, false, false};

    explicit AclintSswi(std::vector<Irq> irqs) : irqs_(std::move(irqs)) {}

    void reset() override {}
    void visit(State& state) override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    std::vector<Irq> irqs_;
};

/// MTIMER: the time, usually at 10 MHz, and a compare register per hart, wired to its machine timer interrupt (7).
class AclintMtimer final : public Device, public memory::MmioHandler, public MachineTimer {
public:
    static constexpr u64 kWindow = 0x8000;
    static constexpr memory::MmioLimits kLimits{4, 8, false, false};
    static constexpr u64 kFrequency = 10'000'000;
    static constexpr u64 kNanosecondsPerTick = 1'000'000'000 / kFrequency;

    /// @param frequency  of mtime, in Hz; at most 1 GHz
    AclintMtimer(std::vector<Irq> irqs, Clock& clock, u64 frequency = kFrequency);
    ~AclintMtimer() override;

    void reset() override;
    /// mtime goes on from where it was saved, whatever the clock shows.
    void visit(State& state) override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

    /// mtime, which is also what the harts' `time` CSR shows. Any thread, without locks.
    u64 ticks() const override { return clock_ticks() + offset_.load(std::memory_order_relaxed); }
    u64 deadline(u64 ticks) const override;

private:
    struct Hart {
        Irq irq;
        u64 compare;
        std::unique_ptr<Clock::Timer> timer;
    };
    void update(Hart& hart) DRAGOMAN_REQUIRES(mutex_);
    /// Of the clock, since the machine was made.
    u64 clock_ticks() const {
        const u64 now = clock_.now();
        if (frequency_ == kFrequency) [[likely]]
            return now / kNanosecondsPerTick;
        return static_cast<u64>(static_cast<unsigned __int128>(now) * frequency_ / kNanosecondsPerSecond);
    }

    static constexpr u64 kNanosecondsPerSecond = 1'000'000'000;

    Clock& clock_;
    const u64 frequency_;
    std::size_t hart_count_;
    std::atomic<u64> offset_{0};  ///< mtime minus the clock's ticks: stores to mtime
    Mutex mutex_;                 ///< also of stores to offset_
    std::vector<Hart> harts_ DRAGOMAN_GUARDED_BY(mutex_);
};

}  // namespace dragoman::devices
