// The UART of SiFive's chips (FE310-G002 Manual, chapter 18; FU540-C000 Manual, chapter 13).
#pragma once

#include <memory>

#include "base/mutex.h"
#include "devices/byte_fifo.h"
#include "devices/chardev.h"
#include "devices/device.h"
#include "devices/irq.h"

namespace dragoman::devices {

/// Bytes are sent and received whether or not txctrl and rxctrl enable it: programs are about that were only ever run
/// where that makes no difference.
class SifiveUart final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 0x20;  ///< bytes
    static constexpr memory::MmioLimits kLimits{4, 4, false, false};
    static constexpr unsigned kDepth = 8;  ///< of each FIFO

    /// @param chardev  may be null: nothing comes in, and what is sent is lost
    SifiveUart(Irq irq, std::shared_ptr<Chardev> chardev);
    ~SifiveUart() override;

    void reset() override;
    void visit(State& state) override;
    void resume() override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    using Fifo = ByteFifo<kDepth>;

    u32 pending() const DRAGOMAN_REQUIRES(mutex_);
    void update_irq() DRAGOMAN_REQUIRES(mutex_);
    void transmit() DRAGOMAN_REQUIRES(mutex_);

    Irq irq_;
    std::shared_ptr<Chardev> chardev_;
    Mutex mutex_;
    Fifo in_ DRAGOMAN_GUARDED_BY(mutex_), out_ DRAGOMAN_GUARDED_BY(mutex_);
    u32 transmit_control_ DRAGOMAN_GUARDED_BY(mutex_) = 0, receive_control_ DRAGOMAN_GUARDED_BY(mutex_) = 0,
                          interrupt_enable_ DRAGOMAN_GUARDED_BY(mutex_) = 0, divisor_ DRAGOMAN_GUARDED_BY(mutex_) = 0;
};

}  // namespace dragoman::devices
