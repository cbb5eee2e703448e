// What a driver writes piece by piece before its device takes it, whatever the transport: features, and where each
// queue is. Guarded by the device's lock, as the device is.
#pragma once

#include <array>

#include "base/mutex.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

class DriverRegisters {
public:
    struct Queue {
        u32 size = 0;
        u32 align = 4096;  ///< legacy
        u32 page = 0;      ///< legacy: page frame number
        u64 descriptors = 0, available = 0, used = 0;
    };
    static constexpr unsigned kMaxQueues = 64;

    u32 device_features_select = 0;
    u32 driver_features_select = 0;
    u32 queue_select = 0;
    unsigned page_shift = 0;  ///< legacy; outlives resets by the driver, which may set it before

    // `device` is always the one that the transport carries.

    /// As after a reset.
    void clear(const VirtioDevice& device) DRAGOMAN_REQUIRES(device.lock());
    /// The queue that queue_select names; null when there is none.
    Queue* selected(const VirtioDevice& device);

    /// The half of the features that device_features_select names.
    u32 offered_features(const VirtioDevice& device, bool legacy) const DRAGOMAN_REQUIRES(device.lock());
    /// What the driver has written of the half that driver_features_select names.
    u32 written_features() const;
    /// Writes the half that driver_features_select names.
    void write_features(VirtioDevice& device, u32 value, bool legacy) DRAGOMAN_REQUIRES(device.lock());
    /// Enables the selected queue, which is there, or disables it.
    void set_ready(VirtioDevice& device, bool ready, UniqueLock& held) DRAGOMAN_REQUIRES(device.lock());
    /// The page, size or alignment of the selected queue, which is there, was written, in whatever order.
    void set_legacy_rings(VirtioDevice& device, UniqueLock& held) DRAGOMAN_REQUIRES(device.lock());

    /// @param interrupt_status  the transport's, which has its place here
    void visit(State& state, const VirtioDevice& device, u32& interrupt_status);

private:
    u64 driver_features_ = 0;
    std::array<Queue, kMaxQueues> queues_{};
};

}  // namespace dragoman::devices::virtio
