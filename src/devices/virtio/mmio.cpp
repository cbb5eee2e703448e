#include "devices/virtio/mmio.h"

#include <bit>

#include "base/error.h"
#include "devices/state.h"
#include "devices/wake_scope.h"

namespace dragoman::devices::virtio {

namespace {

enum Register : u64 {  // §4.2.2, §4.2.4
    kMagicValue = 0x000,
    kVersion = 0x004,
    kDeviceId = 0x008,
    kVendorId = 0x00c,
    kDeviceFeatures = 0x010,
    kDeviceFeaturesSelect = 0x014,
    kDriverFeatures = 0x020,
    kDriverFeaturesSelect = 0x024,
    kGuestPageSize = 0x028,  // legacy
    kQueueSelect = 0x030,
    kQueueSizeMax = 0x034,
    kQueueSize = 0x038,
    kQueueAlign = 0x03c,  // legacy
    kQueuePage = 0x040,   // legacy
    kQueueReady = 0x044,
    kQueueNotify = 0x050,
    kInterruptStatus = 0x060,
    kInterruptAcknowledge = 0x064,
    kStatus = 0x070,
    kQueueDescriptorsLow = 0x080,
    kQueueDescriptorsHigh = 0x084,
    kQueueAvailableLow = 0x090,
    kQueueAvailableHigh = 0x094,
    kQueueUsedLow = 0x0a0,
    kQueueUsedHigh = 0x0a4,
    kSharedMemoryLengthLow = 0x0b0,
    kSharedMemoryBaseHigh = 0x0bc,
    kConfigGeneration = 0x0fc,
    kConfig = 0x100,
};

constexpr u32 kMagic = 0x74726976;   // "virt"
constexpr u32 kVendor = 0x554d4551;  // as QEMU has it, which drivers may look for

void set_half(u64& value, bool high, u32 half) { value = deposit(value, high ? 32 : 0, 32, half); }

}  // namespace

void MmioTransport::plug(std::unique_ptr<VirtioDevice> device) {
    DRAGOMAN_ASSERT(device_ == nullptr);
    device_ = std::move(device);
    device_->connect(*this, legacy_);
    LockGuard held(device_->lock());
    clear_registers();
}

void MmioTransport::clear_registers() {
    registers_.clear(*device_);
    interrupt_status_ = 0;
    irq_.set(false);
}

void MmioTransport::reset() {
    if (device_ == nullptr) return;
    UniqueLock held(device_->lock());
    set_status(0, held);
    registers_.page_shift = 0;
}

void MmioTransport::visit(State& state) {
    state.version(1);
    state.same("legacy", legacy_ ? 1 : 0);
    state.same("device", device_ != nullptr ? device_->device_id() : 0);
    if (device_ == nullptr) return;
    WakeScope wakes;
    UniqueLock held(device_->lock());
    state.section("device", [&]() DRAGOMAN_REQUIRES(device_->lock()) { device_->visit(state, held, legacy_); });
    registers_.visit(state, *device_, interrupt_status_);
    if (state.loading()) irq_.set(interrupt_status_ != 0);
}

void MmioTransport::resume() {
    if (device_ == nullptr) return;
    WakeScope wakes;
    UniqueLock held(device_->lock());
    device_->resume();
}

void MmioTransport::resume_idle() {
    if (device_ == nullptr) return;
    UniqueLock held(device_->lock());
    device_->resume_idle();
}

std::string MmioTransport::describe() const {
    std::string text = "virtio-mmio version " + std::to_string(legacy_ ? 1 : 2) + ", irq " + std::to_string(irq_.line);
    return text + (device_ == nullptr ? ", empty" : ": " + device_->describe());
}

void MmioTransport::raise(u32 bit) {
    interrupt_status_ |= bit;
    irq_.set(true);
}

bool MmioTransport::read(u64 offset, unsigned size, u64& value) {
    value = 0;
    if (device_ == nullptr) {
        if (size == 4 && offset == kMagicValue) value = kMagic;
        if (size == 4 && offset == kVersion) value = legacy_ ? 1 : 2;
        if (size == 4 && offset == kVendorId) value = kVendor;
        return true;
    }
    UniqueLock held(device_->lock());
    if (offset >= kConfig) {
        value = device_->read_config(offset - kConfig, size);
    } else if (size == 4) {
        value = read_register(offset);
    }
    return true;
}

bool MmioTransport::write(u64 offset, unsigned size, u64 value) {
    if (device_ == nullptr) return true;
    WakeScope wakes;
    UniqueLock held(device_->lock());
    if (offset >= kConfig) {
        device_->write_config(offset - kConfig, size, static_cast<u32>(value));
    } else if (size == 4) {
        write_register(offset, static_cast<u32>(value), held);
    }
    return true;
}

u32 MmioTransport::read_register(u64 offset) {
    DriverRegisters::Queue* queue = registers_.selected(*device_);
    switch (offset) {
        case kMagicValue: return kMagic;
        case kVersion: return legacy_ ? 1 : 2;
        case kDeviceId: return device_->device_id();
        case kVendorId: return kVendor;
        case kDeviceFeatures: return registers_.offered_features(*device_, legacy_);
        case kQueueSizeMax: return queue != nullptr ? device_->queue(registers_.queue_select).default_size() : 0;
        case kQueuePage: return legacy_ && queue != nullptr ? queue->page : 0;
        case kQueueReady:
            return !legacy_ && queue != nullptr && device_->queue(registers_.queue_select).enabled() ? 1 : 0;
        case kInterruptStatus: return interrupt_status_;
        case kStatus: return device_->status();
        case kConfigGeneration: return legacy_ ? 0 : device_->config_generation();
        default: break;
    }
    // No shared memory: its length reads as all ones (§4.2.2).
    if (offset >= kSharedMemoryLengthLow && offset <= kSharedMemoryBaseHigh) return ~u32{0};
    return 0;
}

void MmioTransport::write_register(u64 offset, u32 value, UniqueLock& held) {
    DriverRegisters::Queue* queue = registers_.selected(*device_);
    switch (offset) {
        case kDeviceFeaturesSelect: registers_.device_features_select = value; return;
        case kDriverFeaturesSelect: registers_.driver_features_select = value; return;
        case kDriverFeatures: registers_.write_features(*device_, value, legacy_); return;
        case kQueueSelect: registers_.queue_select = value; return;
        case kQueueNotify: device_->notify_queue(value); return;
        case kInterruptAcknowledge:
            interrupt_status_ &= ~value;
            if (interrupt_status_ == 0) irq_.set(false);
            return;
        case kStatus: set_status(value & 0xff, held); return;
        case kGuestPageSize:
            registers_.page_shift = value != 0 ? static_cast<unsigned>(std::countr_zero(value)) : 0;
            return;
        default: break;
    }
    if (queue == nullptr) return;
    switch (offset) {
        case kQueueSize:
            queue->size = value;
            if (legacy_ && queue->page != 0) registers_.set_legacy_rings(*device_, held);
            return;
        case kQueueAlign:
            if (value != 0) queue->align = value;
            if (legacy_ && queue->page != 0) registers_.set_legacy_rings(*device_, held);
            return;
        case kQueuePage:
            queue->page = value;
            if (legacy_) registers_.set_legacy_rings(*device_, held);
            return;
        case kQueueReady:
            if (!legacy_) registers_.set_ready(*device_, (value & 1) != 0, held);
            return;
        case kQueueDescriptorsLow:
        case kQueueDescriptorsHigh: set_half(queue->descriptors, offset == kQueueDescriptorsHigh, value); return;
        case kQueueAvailableLow:
        case kQueueAvailableHigh: set_half(queue->available, offset == kQueueAvailableHigh, value); return;
        case kQueueUsedLow:
        case kQueueUsedHigh: set_half(queue->used, offset == kQueueUsedHigh, value); return;
        default: return;
    }
}

void MmioTransport::set_status(u32 value, UniqueLock& held) {
    device_->set_status(static_cast<u8>(value), held);
    if (value == 0) clear_registers();
}

}  // namespace dragoman::devices::virtio
