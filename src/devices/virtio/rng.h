// virtio-rng (virtio 1.2 §5.4): the host's random numbers.
#pragma once

#include "devices/replay/inputs.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

class Rng final : public VirtioDevice {
public:
    /// @param inputs  through which the numbers come; null: straight from the host
    explicit Rng(memory::PhysicalSpace& space, Inputs* inputs = nullptr);
    std::string describe() const override { return "virtio-rng"; }

private:
    u64 device_features() const override { return 0; }
    void fill_config(std::span<u8>) override {}
    u32 config_bytes() const override { return 0; }
    void queue_notified(unsigned index) override DRAGOMAN_REQUIRES(lock());

    Inputs* const inputs_;
    Chain chain_ DRAGOMAN_GUARDED_BY(lock());
};

}  // namespace dragoman::devices::virtio
