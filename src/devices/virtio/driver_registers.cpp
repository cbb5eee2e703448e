#include "devices/virtio/driver_registers.h"

#include "base/error.h"
#include "devices/state.h"

namespace dragoman::devices::virtio {

namespace {

/// A size that does not fit in 16 bits stays one that no queue has.
u16 ring_size(u32 size) { return size <= 0xffff ? static_cast<u16>(size) : u16{0}; }

}  // namespace

void DriverRegisters::clear(const VirtioDevice& device) {
    DRAGOMAN_ASSERT(device.queue_count() <= kMaxQueues);
    device_features_select = driver_features_select = 0;
    driver_features_ = 0;
    queue_select = 0;
    for (unsigned i = 0; i < kMaxQueues; i++) {
        queues_[i] = {};
        if (i < device.queue_count()) queues_[i].size = device.queue(i).default_size();
    }
}

DriverRegisters::Queue* DriverRegisters::selected(const VirtioDevice& device) {
    return queue_select < device.queue_count() ? &queues_[queue_select] : nullptr;
}

u32 DriverRegisters::offered_features(const VirtioDevice& device, bool legacy) const {
    if (device_features_select > 1) return 0;
    return static_cast<u32>(device.offered_features(legacy) >> (32 * device_features_select));
}

u32 DriverRegisters::written_features() const {
    return driver_features_select > 1 ? 0 : static_cast<u32>(driver_features_ >> (32 * driver_features_select));
}

void DriverRegisters::write_features(VirtioDevice& device, u32 value, bool legacy) {
    if (driver_features_select > (legacy ? 0u : 1u)) return;
    driver_features_ = deposit(driver_features_, 32 * driver_features_select, 32, value);
    device.set_driver_features(driver_features_);
}

void DriverRegisters::set_ready(VirtioDevice& device, bool ready, UniqueLock& held) {
    if (!ready) return device.disable_queue(queue_select, held);
    const Queue& queue = *selected(device);
    device.enable_queue(queue_select, {ring_size(queue.size), queue.descriptors, queue.available, queue.used});
}

void DriverRegisters::set_legacy_rings(VirtioDevice& device, UniqueLock& held) {
    // §2.7.2: the rings lie one after the other from a page on, the used ring at the next multiple of the alignment.
    unsigned index = queue_select;  // of which another hart may choose another one while we wait
    Queue& queue = queues_[index];
    device.disable_queue(index, held);
    if (queue.page == 0) return;
    u16 size = ring_size(queue.size);
    u64 align = queue.align;
    if ((align & (align - 1)) != 0) size = 0;
    u64 descriptors = u64{queue.page} << page_shift;
    u64 available = descriptors + u64{16} * size;
    u64 used = size != 0 ? align_up(available + 4 + 2 * u64{size} + 2, align) : 0;
    device.enable_queue(index, {size, descriptors, available, used});
}

void DriverRegisters::visit(State& state, const VirtioDevice& device, u32& interrupt_status) {
    state.field("device features select", device_features_select);
    state.field("driver features select", driver_features_select);
    state.field("driver features", driver_features_);
    state.field("page shift", page_shift, 31);
    state.field("queue select", queue_select);
    state.field("interrupt status", interrupt_status, 3);
    for (unsigned i = 0; i < device.queue_count(); i++) {
        Queue& queue = queues_[i];
        state.field("size", queue.size);
        state.field("align", queue.align);
        state.field("page", queue.page);
        state.field("descriptors", queue.descriptors);
        state.field("available", queue.available);
        state.field("used", queue.used);
    }
}

}  // namespace dragoman::devices::virtio
