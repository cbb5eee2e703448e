// virtio over MMIO (virtio 1.2 §4.2): one slot of a board, version 2 or, as "legacy", version 1.
#pragma once

#include "devices/device.h"
#include "devices/irq.h"
#include "devices/virtio/driver_registers.h"

namespace dragoman::devices::virtio {

/// A slot, empty until plug() is called. An empty one reads as device ID 0.
class MmioTransport final : public Device, public memory::MmioHandler, private Transport {
public:
    static constexpr u64 kBytes = 0x200;  ///< of its registers and configuration space
    static constexpr memory::MmioLimits kLimits{.min_size = 1, .max_size = 4, .misaligned = false, .adapt = true};

    /// @param legacy  version 1; the guest cannot choose
    explicit MmioTransport(Irq irq, bool legacy) : irq_(irq), legacy_(legacy) {}

    void plug(std::unique_ptr<VirtioDevice> device);
    VirtioDevice* device() { return device_.get(); }
    bool legacy() const { return legacy_; }

    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    void reset() override;
    void visit(State& state) override;
    void resume() override;
    void resume_idle() override;
    std::string describe() const override;

private:
    u32 read_register(u64 offset) DRAGOMAN_REQUIRES(device_->lock());
    void write_register(u64 offset, u32 value, UniqueLock& held) DRAGOMAN_REQUIRES(device_->lock());
    void set_status(u32 value, UniqueLock& held) DRAGOMAN_REQUIRES(device_->lock());
    void clear_registers() DRAGOMAN_REQUIRES(device_->lock());
    void queue_interrupt(unsigned) override DRAGOMAN_REQUIRES(device_->lock()) {
        raise(1);
    }  // one line for all of them
    void config_interrupt() override DRAGOMAN_REQUIRES(device_->lock()) { raise(2); }
    void raise(u32 bit) DRAGOMAN_REQUIRES(device_->lock());

    Irq irq_;
    const bool legacy_;
    std::unique_ptr<VirtioDevice> device_;
    DriverRegisters registers_ DRAGOMAN_GUARDED_BY(device_->lock());
    u32 interrupt_status_ DRAGOMAN_GUARDED_BY(device_->lock()) = 0;
};

}  // namespace dragoman::devices::virtio
