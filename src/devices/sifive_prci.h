// Power, reset, clocks of SiFive's chips (FE310-G002 Manual, chapter 6; FU540-C000 Manual, chapter 7): registers that
// hold what is written, with oscillators that are always ready and PLLs that are always locked.
#pragma once

#include <span>
#include <vector>

#include "base/mutex.h"
#include "devices/device.h"

namespace dragoman::devices {

class SifivePrci final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 0x1000;  ///< bytes
    static constexpr memory::MmioLimits kLimits{4, 4, false, false};

    struct Register {
        u64 offset;
        u32 reset;
        u32 always;  ///< bits that read as one
    };
    /// Of the FE310 and the FU540.
    static const std::span<const Register> kFe310, kFu540;

    explicit SifivePrci(std::span<const Register> registers) : registers_(registers), values_(registers.size()) {}

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override { return "sifive prci"; }
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    /// Index of the register at `offset`; registers_.size() when there is none.
    std::size_t find(u64 offset) const;

    const std::span<const Register> registers_;
    Mutex mutex_;
    std::vector<u32> values_ DRAGOMAN_GUARDED_BY(mutex_);
};

}  // namespace dragoman::devices
