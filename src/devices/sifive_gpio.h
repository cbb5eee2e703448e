// The GPIO controller of SiFive's chips (FE310-G002 Manual, chapter 17; FU540-C000 Manual, chapter 15). Nothing drives
// the pins from outside: a pin is what it puts out itself, or what its pull-up makes of it.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "base/mutex.h"
#include "devices/device.h"
#include "devices/irq.h"

namespace dragoman::devices {

class SifiveGpio final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 0x100;  ///< bytes
    static constexpr memory::MmioLimits kLimits{4, 4, false, true};

    /// @param irqs       one per pin, at most 32
    /// @param on_output  is told, on the hart's thread, what pins put out that are enabled to, with each access
    explicit SifiveGpio(std::vector<Irq> irqs, std::function<void(u32 enabled, u32 levels)> on_output = nullptr)
        : irqs_(std::move(irqs)), on_output_(std::move(on_output)) {}

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override { return "sifive gpio, pins " + std::to_string(irqs_.size()); }
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    static constexpr unsigned kRegisters = 17;

    u32 pins() const { return irqs_.size() == 32 ? ~u32{0} : (u32{1} << irqs_.size()) - 1; }
    void update() DRAGOMAN_REQUIRES(mutex_);
    void update_irqs() DRAGOMAN_REQUIRES(mutex_);

    const std::vector<Irq> irqs_;
    const std::function<void(u32 enabled, u32 levels)> on_output_;
    Mutex mutex_;
    std::array<u32, kRegisters> registers_ DRAGOMAN_GUARDED_BY(mutex_){};  ///< by offset / 4
};

}  // namespace dragoman::devices
