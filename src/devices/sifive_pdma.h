// The platform DMA engine of SiFive's FU540 (FU540-C000 Manual, chapter 12): four channels that copy memory.
#pragma once

#include <array>
#include <vector>

#include "base/mutex.h"
#include "devices/device.h"
#include "devices/irq.h"

namespace dragoman::devices {

/// A transfer is done when the write that starts it returns. One that repeats itself is done once for each start.
class SifivePdma final : public Device, public memory::MmioHandler {
public:
    static constexpr unsigned kChannels = 4;
    static constexpr u64 kWindow = 0x100000, kChannelStride = 0x1000;  ///< bytes
    static constexpr memory::MmioLimits kLimits{4, 8, false, true};

    /// @param irqs  for each channel the one that says that it is done, and the one for errors
    SifivePdma(memory::PhysicalSpace& space, std::vector<Irq> irqs);

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override { return "sifive pdma, 4 channels"; }
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    struct Transfer {
        u32 config = 0;
        u64 bytes = 0, destination = 0, source = 0;
    };
    struct Channel {
        u32 control = 0;
        Transfer next, current;
    };

    void run(Channel& channel);
    void update_irqs(unsigned index) DRAGOMAN_REQUIRES(mutex_);
    void write_control(unsigned index, u32 value);

    memory::PhysicalSpace& space_;
    const std::vector<Irq> irqs_;
    Mutex mutex_;
    std::array<Channel, kChannels> channels_ DRAGOMAN_GUARDED_BY(mutex_);
};

}  // namespace dragoman::devices
