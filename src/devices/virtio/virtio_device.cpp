#include "devices/virtio/virtio_device.h"

#include <array>
#include <cstring>

#include "base/error.h"
#include "devices/state.h"
#include "devices/wake_scope.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kMaxConfigBytes = 256;

}  // namespace

VirtioDevice::VirtioDevice(memory::PhysicalSpace& space, u32 device_id, std::span<const u16> queue_sizes)
    : space_(space), device_id_(device_id), queue_count_(static_cast<unsigned>(queue_sizes.size())) {
    queues_.reserve(queue_sizes.size());
    for (u16 size : queue_sizes) queues_.emplace_back(space, size);
}

u64 VirtioDevice::offered_features(bool legacy) const {
    u64 features = device_features() | kFeatureIndirect | kFeatureEventIndex;
    return (features | (legacy ? kFeatureAnyLayout | kFeatureNotifyOnEmpty : kFeatureVersion1)) & ~withheld_;
}

void VirtioDevice::set_driver_features(u64 features) {
    if ((status_ & kStatusFeaturesOk) != 0) return;  // §2.2: they are fixed
    driver_features_ = features;
    if (legacy_) accept_features();  // there is no step that ends the negotiation
}

RingFeatures VirtioDevice::ring_features(u64 features) {
    return {.event_index = (features & kFeatureEventIndex) != 0,
            .indirect = (features & kFeatureIndirect) != 0,
            .notify_on_empty = (features & kFeatureNotifyOnEmpty) != 0};
}

void VirtioDevice::accept_features() {
    features_ = driver_features_ & offered_features(legacy_);
    for (Virtqueue& queue : queues_) {
        if (!queue.agree(ring_features(features_))) fail(queue.error());
    }
}

bool VirtioDevice::running() const {
    if ((status_ & kStatusNeedsReset) != 0 || stopping_ != 0 || visited_ || !dma_) return false;
    return (status_ & kStatusDriverOk) != 0 || legacy_;  // legacy drivers use queues before they set it (§3.1.2)
}

void VirtioDevice::set_status(u8 status, UniqueLock& held) {
    if (status == 0) {
        reset(held);
        return;
    }
    u8 before = status_;
    u8 kept = before & kStatusNeedsReset;
    if ((status & ~before & kStatusFeaturesOk) != 0) accept_features();
    status_ = static_cast<u8>(status | kept);
    if ((status & ~before & kStatusDriverOk) != 0) start();
}

void VirtioDevice::start() {
    if ((status_ & kStatusDriverOk) == 0 || !running()) return;
    driver_ready();
    notify_queues();
}

void VirtioDevice::wait_idle(UniqueLock& held) {
    stopping_++;
    WakeScope::flush();
    while (in_flight_ != 0) idle_.wait(held);
    stopping_--;
}

void VirtioDevice::allow_dma(bool allowed, UniqueLock& held) {
    dma_ = allowed;
    if (!allowed) wait_idle(held);
}

void VirtioDevice::reset(UniqueLock& held) {
    wait_idle(held);
    for (Virtqueue& queue : queues_) queue.disable();
    driver_features_ = 0;
    features_ = 0;
    status_ = 0;
    device_reset();
}

void VirtioDevice::visit(State& state, UniqueLock& held, bool legacy) {
    wait_idle(held);
    visited_ = true;
    if (state.loading()) device_reset();
    state.version(1);
    state.same("device features", device_features());
    state.field("driver features", driver_features_);
    const u64 features = state.peek("features", features_.load());
    if ((features & ~offered_features(legacy)) != 0) state.refuse("features that the device does not offer");
    if (state.loading()) {
        legacy_ = legacy;
        features_ = features;
    }
    state.field("status", status_);
    state.field("generation", generation_);
    state.same("queues", queue_count());
    for (unsigned i = 0; i < queue_count(); i++) queues_[i].visit(state, ring_features(features), held_chains(i));
    visit_device(state);
}

void VirtioDevice::resume() {
    visited_ = false;
    notify_queues();
}

void VirtioDevice::notify_queues() {
    for (unsigned i = 0; i < queue_count() && running(); i++) notify_queue(i);
}

void VirtioDevice::end_work() {
    DRAGOMAN_ASSERT(in_flight_ != 0);
    if (--in_flight_ == 0) idle_.notify_all();
}

bool VirtioDevice::enable_queue(unsigned index, const QueueLayout& layout) {
    if (index >= queue_count()) return false;
    if (queues_[index].enabled()) return true;
    if (!queues_[index].enable(layout, ring_features(features_))) {
        fail(queues_[index].error());
        return false;
    }
    return true;
}

void VirtioDevice::disable_queue(unsigned index, UniqueLock& held) {
    if (index >= queue_count()) return;
    wait_idle(held);
    queues_[index].disable();
}

void VirtioDevice::notify_queue(unsigned index) {
    if (index < queue_count() && running() && queues_[index].enabled()) queue_notified(index);
}

bool VirtioDevice::pop(unsigned index, Chain& chain) {
    if (!running()) return false;
    if (queues_[index].pop(chain)) return true;
    if (queues_[index].error() != nullptr) fail(queues_[index].error());
    return false;
}

bool VirtioDevice::request_notifications(unsigned index) {
    if (!running()) return false;
    bool more = queues_[index].request_notifications();
    if (queues_[index].error() != nullptr) fail(queues_[index].error());
    return more;
}

void VirtioDevice::publish(unsigned index) {
    if (queues_[index].publish() && transport_ != nullptr) transport_->queue_interrupt(index);
}

void VirtioDevice::fail(const char* what) {
    if ((status_ & kStatusNeedsReset) != 0) return;
    // Once: a guest can do this as often as it likes.
    if (!warned_)
        warn("%s: the guest broke a virtqueue (%s): the device stops until it is reset", describe().c_str(), what);
    warned_ = true;
    status_ |= kStatusNeedsReset;
    if ((status_ & kStatusDriverOk) != 0 && transport_ != nullptr) transport_->config_interrupt();
}

void VirtioDevice::config_changed() {
    generation_++;
    if ((status_ & kStatusDriverOk) != 0 && transport_ != nullptr) transport_->config_interrupt();
}

u32 VirtioDevice::read_config(u64 offset, unsigned size) {
    u32 bytes = config_bytes();
    if (offset >= bytes || size > bytes - offset) return ~u32{0} >> (32 - 8 * size);
    std::array<u8, kMaxConfigBytes> config{};
    fill_config({config.data(), bytes});
    u32 value = 0;
    std::memcpy(&value, config.data() + offset, size);
    return value;
}

void VirtioDevice::write_config(u64 offset, unsigned size, u32 value) {
    u32 bytes = config_bytes();
    if (offset >= bytes || size > bytes - offset) return;
    std::array<u8, kMaxConfigBytes> config{};
    fill_config({config.data(), bytes});
    std::memcpy(config.data() + offset, &value, size);
    config_written({config.data(), bytes});
}

}  // namespace dragoman::devices::virtio
