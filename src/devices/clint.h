// SiFive's core local interruptor: what the ACLINT's MSWI and MTIMER devices are in one window.
#pragma once

#include "devices/aclint.h"

namespace dragoman::devices {

class Clint final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = AclintMswi::kWindow + AclintMtimer::kWindow;  ///< bytes
    static constexpr memory::MmioLimits kLimits{4, 8, false, false};

    /// One line per hart each: machine software (3) and machine timer (7) interrupt.
    /// @param frequency  of mtime, in Hz
    Clint(std::vector<Irq> software, std::vector<Irq> timer, Clock& clock, u64 frequency = AclintMtimer::kFrequency)
        : mswi_(std::move(software)), mtimer_(std::move(timer), clock, frequency) {}

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override { return "clint"; }
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

    AclintMtimer& mtimer() { return mtimer_; }

private:
    static constexpr u64 kTimer = AclintMswi::kWindow;

    AclintMswi mswi_;
    AclintMtimer mtimer_;
};

}  // namespace dragoman::devices
