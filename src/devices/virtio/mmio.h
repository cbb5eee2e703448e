// virtio over MMIO (virtio 1.2 §4.2): one slot of a board, version 2 or, as "legacy", version 1.
#pragma once

#include <array>

#include "devices/device.h"
#include "devices/irq.h"
#include "devices/virtio/virtio_device.h"

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

    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    void reset() override;
    void visit(State& state) override;
    void resume() override;
    std::string describe() const override;

private:
    /// What the driver writes piecewise before it enables a queue.
    struct QueueRegisters {
        u32 size = 0;
        u32 align = 4096;  ///< legacy
        u32 page = 0;      ///< legacy: page frame number
        u64 descriptors = 0, available = 0, used = 0;
    };
    static constexpr unsigned kMaxQueues = 64;

    u32 read_register(u64 offset);
    void write_register(u64 offset, u32 value, std::unique_lock<std::mutex>& held);
    void set_legacy_rings(std::unique_lock<std::mutex>& held);
    void set_ready(u32 value, std::unique_lock<std::mutex>& held);
    void set_status(u32 value, std::unique_lock<std::mutex>& held);
    void clear_registers();
    QueueRegisters* selected();
    void queue_interrupt(unsigned) override { raise(1); }  // one line for all of them
    void config_interrupt() override { raise(2); }
    void raise(u32 bit);

    Irq irq_;
    const bool legacy_;
    std::unique_ptr<VirtioDevice> device_;
    u32 device_features_select_ = 0;
    u32 driver_features_select_ = 0;
    u64 driver_features_ = 0;
    unsigned page_shift_ = 0;  ///< legacy; outlives resets by the driver, which may set it before
    u32 queue_select_ = 0;
    u32 interrupt_status_ = 0;
    std::array<QueueRegisters, kMaxQueues> queues_{};
};

}  // namespace dragoman::devices::virtio
