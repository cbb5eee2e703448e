// The one-time programmable memory of SiFive's FU540 (FU540-C000 Manual, chapter 18): 4096 fuses of 32 bits. A bit
// that was once cleared stays so.
#pragma once

#include <array>

#include "base/mutex.h"
#include "devices/device.h"

namespace dragoman::devices {

class SifiveOtp final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 0x1000;  ///< bytes
    static constexpr memory::MmioLimits kLimits{4, 4, false, false};
    static constexpr unsigned kFuses = 0x1000;

    /// @param serial  of the board: programmed where its boot loader looks for it, together with its complement
    explicit SifiveOtp(u32 serial);

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override { return "sifive otp"; }
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    static constexpr unsigned kRegisters = 15;

    u32 data_out() const DRAGOMAN_REQUIRES(mutex_);

    Mutex mutex_;
    std::array<u32, kRegisters> registers_ DRAGOMAN_GUARDED_BY(mutex_){};  ///< by offset / 4
    std::array<u32, kFuses> fuses_ DRAGOMAN_GUARDED_BY(mutex_);
};

}  // namespace dragoman::devices
