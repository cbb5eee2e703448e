#include "devices/virtio/pci.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "devices/state.h"
#include "devices/virtio/console.h"
#include "devices/virtio/input.h"
#include "devices/wake_scope.h"
#include "memory/mmio_access.h"

namespace dragoman::devices::virtio {

namespace {

using pci::Identity;

constexpr u16 kNoVector = 0xffff;
constexpr unsigned kLegacyBar = 0, kMsixBar = 1, kModernBar = 4;
constexpr u32 kMsixBytes = 0x1000, kMsixPending = 0x800;
constexpr memory::MmioLimits kLimits{.min_size = 1, .max_size = 4, .misaligned = false, .adapt = true};

// The parts of the modern BAR, one page each.
constexpr u64 kPartBytes = 0x1000;
enum Part : u64 { kCommonPart = 0, kInterruptPart = 1, kDevicePart = 2, kNotifyPart = 3 };
constexpr u32 kNotifyMultiplier = 4;

enum CapabilityType : u8 { kCommon = 1, kNotify = 2, kInterrupt = 3, kDevice = 4, kConfigWindow = 5 };  // §4.1.4
constexpr unsigned kCapabilityBytes = 16, kLongCapabilityBytes = 20;

enum CommonRegister : u64 {  // §4.1.4.3
    kDeviceFeatureSelect = 0x00,
    kDeviceFeature = 0x04,
    kDriverFeatureSelect = 0x08,
    kDriverFeature = 0x0c,
    kConfigVector = 0x10,
    kNumberOfQueues = 0x12,
    kDeviceStatus = 0x14,
    kGeneration = 0x15,
    kQueueSelect = 0x16,
    kQueueSize = 0x18,
    kQueueVector = 0x1a,
    kQueueEnable = 0x1c,
    kQueueNotifyOffset = 0x1e,
    kQueueDescriptors = 0x20,
    kQueueAvailable = 0x28,
    kQueueUsed = 0x30,
};

enum LegacyRegister : u64 {  // §4.1.4.8
    kHostFeatures = 0x00,
    kGuestFeatures = 0x04,
    kQueuePage = 0x08,
    kLegacyQueueSize = 0x0c,
    kLegacyQueueSelect = 0x0e,
    kLegacyNotify = 0x10,
    kLegacyStatus = 0x12,
    kLegacyInterrupt = 0x13,
    kLegacyConfigVector = 0x14,
    kLegacyQueueVector = 0x16,
};
constexpr unsigned kLegacyPageShift = 12;

/// What depends on the kind of device; that of legacy and transitional ones is not a function of the virtio number.
struct Kind {
    u32 device_id;
    u16 legacy_device;
    u32 class_code;
    unsigned vectors;
};
constexpr Kind kKinds[] = {
    {1, 0x1000, 0x020000, 4},  // net
    {2, 0x1001, 0x010000, 2},  // blk
    {3, 0x1003, 0x078000, 2},  // console
    {4, 0x1005, 0x00ff00, 2},  // rng
    {5, 0x1002, 0x00ff00, 2},  // balloon
    {8, 0x1004, 0x010000, 4},  // scsi
    {9, 0x1009, 0x000200, 2},  // 9p
    {16, 0, 0x038000, 3},      // gpu
};
constexpr u32 kInputClasses[] = {0x090000, 0x090200, 0x098000};  // keyboard, mouse, other

Kind kind_of(const VirtioDevice& device) {
    for (const Kind& kind : kKinds) {
        if (kind.device_id != device.device_id()) continue;
        auto* console = dynamic_cast<const Console*>(&device);
        return {kind.device_id, kind.legacy_device, kind.class_code,
                console != nullptr ? console->max_ports() + 1 : kind.vectors};
    }
    if (auto* input = dynamic_cast<const InputDevice*>(&device))
        return {device.device_id(), 0, kInputClasses[static_cast<unsigned>(input->kind())], 2};
    return {device.device_id(), 0, 0x00ff00, device.queue_count() + 1};
}

Identity identity_of(const VirtioDevice& device, const PciOptions& options) {
    Kind kind = kind_of(device);
    Identity identity{.vendor = pci::kVendorQumranet,
                      .device = static_cast<u16>(0x1040 + device.device_id()),
                      .class_code = kind.class_code,
                      .revision = 1,
                      .express = options.express};
    if (!options.legacy) return identity;
    identity.device = kind.legacy_device;
    identity.revision = 0;
    identity.subsystem = static_cast<u16>(device.device_id());
    return identity;
}

}  // namespace

unsigned PciTransport::default_vectors(const VirtioDevice& device) { return kind_of(device).vectors; }

PciTransport::PciTransport(std::string model, std::unique_ptr<VirtioDevice> device, const PciOptions& options)
    : Function(std::move(model), identity_of(*device, options)),
      device_(std::move(device)),
      queue_vectors_(device_->queue_count()) {
    DRAGOMAN_ASSERT(options.legacy || options.modern);
    legacy_ = !options.modern;
    device_->connect(*this, legacy_);
    if (options.modern) add_modern();
    if (options.vectors != 0) add_msix(options.vectors, kMsixBar, 0, kMsixPending);
    if (options.vectors != 0) add_bar(kMsixBar, BarKind::Memory32, kMsixBytes, *msix(), pci::Msix::kLimits);
    if (options.legacy) add_legacy();
    if (options.express) add_express_endpoint();
    clear_registers();
}

PciTransport::~PciTransport() {
    device_.reset();  // its threads use what else is here
}

unsigned PciTransport::add_vendor_capability(u8 type, u32 offset, u32 bytes, unsigned capability_bytes) {
    unsigned at = add_capability(pci::kCapabilityVendor, capability_bytes);
    set_register(at + 2, 1, capability_bytes);
    set_register(at + 3, 1, type);
    if (type == kConfigWindow) return at;
    set_register(at + 4, 1, kModernBar);
    set_register(at + 8, 4, offset);
    set_register(at + 12, 4, bytes);
    return at;
}

void PciTransport::add_modern() {
    auto add = [&](u8 type, u64 part, unsigned bytes) {
        return add_vendor_capability(type, static_cast<u32>(part * kPartBytes), kPartBytes, bytes);
    };
    add(kCommon, kCommonPart, kCapabilityBytes);
    add(kInterrupt, kInterruptPart, kCapabilityBytes);
    add(kDevice, kDevicePart, kCapabilityBytes);
    unsigned notify = add(kNotify, kNotifyPart, kLongCapabilityBytes);
    set_register(notify + 16, 4, kNotifyMultiplier);
    window_at_ = add_vendor_capability(kConfigWindow, 0, 0, kLongCapabilityBytes);
    set_register(window_at_ + 4, 1, 0, 0xff);
    for (unsigned field : {8u, 12u, 16u}) set_register(window_at_ + field, 4, 0, ~u32{0});
    add_bar(kModernBar, BarKind::Prefetchable64, 4 * kPartBytes, modern_bar_, kLimits);
}

void PciTransport::add_legacy() {
    u64 bytes = std::bit_ceil(u64{0x18} + device_->config_size());
    add_bar(kLegacyBar, BarKind::Io, std::max<u64>(bytes, 0x20), legacy_bar_, kLimits);
}

void PciTransport::clear_registers() {
    registers_.clear(*device_);
    registers_.page_shift = kLegacyPageShift;
    interrupt_status_ = 0;
    config_vector_ = kNoVector;
    std::fill(queue_vectors_.begin(), queue_vectors_.end(), kNoVector);
    set_intx(false);
}

void PciTransport::reset_device() {
    UniqueLock held(device_->lock());
    device_->allow_dma(bus_master(), held);
    set_status(0, held);
    legacy_ = window_at_ == 0;
    device_->set_legacy(legacy_);
}

void PciTransport::visit_device(State& state) {
    WakeScope wakes;
    UniqueLock held(device_->lock());
    if (state.loading()) device_->allow_dma(bus_master(), held);
    state.same("device", device_->device_id());
    const bool legacy = state.peek("legacy", legacy_);
    state.section("device", [&]() DRAGOMAN_REQUIRES(device_->lock()) { device_->visit(state, held, legacy); });
    if (state.loading()) legacy_ = legacy;
    registers_.visit(state, *device_, interrupt_status_);
    state.field("config vector", config_vector_);
    for (u16& vector : queue_vectors_) state.field("queue vector", vector);
}

void PciTransport::resume() {
    WakeScope wakes;
    UniqueLock held(device_->lock());
    device_->resume();
}

void PciTransport::resume_idle() {
    UniqueLock held(device_->lock());
    device_->resume_idle();
}

void PciTransport::command_changed() {
    WakeScope wakes;
    UniqueLock held(device_->lock());
    device_->allow_dma(bus_master(), held);
    if (bus_master()) device_->start();
}

u16 PciTransport::known_vector(u32 value) {
    bool known = msix() != nullptr && value < msix()->vectors();
    return known ? static_cast<u16>(value) : kNoVector;
}

void PciTransport::raise(u32 bit, u16 vector) {
    if (msix() != nullptr && msix()->enabled()) {
        if (vector != kNoVector) msix()->notify(vector);
        return;
    }
    interrupt_status_ |= bit;
    set_intx(true);
}

void PciTransport::queue_interrupt(unsigned queue) { raise(1, queue_vectors_[queue]); }
void PciTransport::config_interrupt() { raise(2, config_vector_); }

u32 PciTransport::take_interrupt_status() {
    u32 status = interrupt_status_;
    interrupt_status_ = 0;
    set_intx(false);
    return status;
}

void PciTransport::set_status(u32 value, UniqueLock& held) {
    device_->set_status(static_cast<u8>(value), held);
    if ((value & 0xff) == 0) clear_registers();
}

bool PciTransport::Registers::read(u64 offset, unsigned size, u64& value) {
    UniqueLock held(transport_.device_->lock());
    value = legacy_ ? transport_.read_legacy(offset, size) : transport_.read_modern(offset, size);
    return true;
}

bool PciTransport::Registers::write(u64 offset, unsigned size, u64 value) {
    WakeScope wakes;
    UniqueLock held(transport_.device_->lock());
    if (legacy_) transport_.write_legacy(offset, size, static_cast<u32>(value), held);
    else transport_.write_modern(offset, size, static_cast<u32>(value), held);
    return true;
}

u32 PciTransport::read_modern(u64 offset, unsigned size) {
    switch (offset / kPartBytes) {
        case kCommonPart: return read_common(offset);
        case kInterruptPart: return offset % kPartBytes == 0 ? take_interrupt_status() : 0;
        case kDevicePart: return device_->read_config(offset % kPartBytes, size);
        default: return 0;
    }
}

void PciTransport::write_modern(u64 offset, unsigned size, u32 value, UniqueLock& held) {
    switch (offset / kPartBytes) {
        case kCommonPart: return write_common(offset, value, held);
        case kDevicePart: return device_->write_config(offset % kPartBytes, size, value);
        case kNotifyPart: return device_->notify_queue(static_cast<unsigned>(offset % kPartBytes / kNotifyMultiplier));
        default: return;
    }
}

u32 PciTransport::read_common(u64 offset) {
    const DriverRegisters::Queue* queue = registers_.selected(*device_);
    switch (offset) {
        case kDeviceFeatureSelect: return registers_.device_features_select;
        case kDeviceFeature: return registers_.offered_features(*device_, false);
        case kDriverFeatureSelect: return registers_.driver_features_select;
        case kDriverFeature: return registers_.written_features();
        case kConfigVector: return config_vector_;
        case kNumberOfQueues: return device_->queue_count();
        case kDeviceStatus: return device_->status();
        case kGeneration: return device_->config_generation() & 0xff;
        case kQueueSelect: return registers_.queue_select;
        default: break;
    }
    if (queue == nullptr) return offset == kQueueVector ? kNoVector : 0;
    switch (offset) {
        case kQueueSize: return queue->size;
        case kQueueVector: return queue_vectors_[registers_.queue_select];
        case kQueueEnable: return device_->queue(registers_.queue_select).enabled() ? 1 : 0;
        case kQueueNotifyOffset: return registers_.queue_select;
        case kQueueDescriptors: return static_cast<u32>(queue->descriptors);
        case kQueueDescriptors + 4: return static_cast<u32>(queue->descriptors >> 32);
        case kQueueAvailable: return static_cast<u32>(queue->available);
        case kQueueAvailable + 4: return static_cast<u32>(queue->available >> 32);
        case kQueueUsed: return static_cast<u32>(queue->used);
        case kQueueUsed + 4: return static_cast<u32>(queue->used >> 32);
        default: return 0;
    }
}

void PciTransport::write_common(u64 offset, u32 value, UniqueLock& held) {
    if (legacy_) device_->set_legacy(legacy_ = false);
    DriverRegisters::Queue* queue = registers_.selected(*device_);
    switch (offset) {
        case kDeviceFeatureSelect: registers_.device_features_select = value; return;
        case kDriverFeatureSelect: registers_.driver_features_select = value; return;
        case kDriverFeature: registers_.write_features(*device_, value, false); return;
        case kConfigVector: config_vector_ = known_vector(value & 0xffff); return;
        case kDeviceStatus: set_status(value, held); return;
        case kQueueSelect: registers_.queue_select = value & 0xffff; return;
        default: break;
    }
    if (queue == nullptr) return;
    switch (offset) {
        case kQueueSize: queue->size = value & 0xffff; return;
        case kQueueVector: queue_vectors_[registers_.queue_select] = known_vector(value & 0xffff); return;
        case kQueueEnable:
            if ((value & 1) != 0) registers_.set_ready(*device_, true, held);
            return;  // §4.1.4.3.2: a driver ends a queue by a reset only
        case kQueueDescriptors: queue->descriptors = deposit(queue->descriptors, 0, 32, value); return;
        case kQueueDescriptors + 4: queue->descriptors = deposit(queue->descriptors, 32, 32, value); return;
        case kQueueAvailable: queue->available = deposit(queue->available, 0, 32, value); return;
        case kQueueAvailable + 4: queue->available = deposit(queue->available, 32, 32, value); return;
        case kQueueUsed: queue->used = deposit(queue->used, 0, 32, value); return;
        case kQueueUsed + 4: queue->used = deposit(queue->used, 32, 32, value); return;
        default: return;
    }
}

u32 PciTransport::read_legacy(u64 offset, unsigned size) {
    if (offset >= legacy_config()) return device_->read_config(offset - legacy_config(), size);
    const DriverRegisters::Queue* queue = registers_.selected(*device_);
    switch (offset) {
        case kHostFeatures: return static_cast<u32>(device_->offered_features(true));
        case kGuestFeatures: return registers_.written_features();
        case kQueuePage: return queue != nullptr ? queue->page : 0;
        case kLegacyQueueSize: return queue != nullptr ? device_->queue(registers_.queue_select).default_size() : 0;
        case kLegacyQueueSelect: return registers_.queue_select;
        case kLegacyStatus: return device_->status();
        case kLegacyInterrupt: return take_interrupt_status();
        case kLegacyConfigVector: return config_vector_;
        case kLegacyQueueVector: return queue != nullptr ? queue_vectors_[registers_.queue_select] : kNoVector;
        default: return 0;
    }
}

void PciTransport::write_legacy(u64 offset, unsigned size, u32 value, UniqueLock& held) {
    if (!legacy_) device_->set_legacy(legacy_ = true);
    if (offset >= legacy_config()) return device_->write_config(offset - legacy_config(), size, value);
    DriverRegisters::Queue* queue = registers_.selected(*device_);
    switch (offset) {
        case kGuestFeatures:
            registers_.driver_features_select = 0;
            registers_.write_features(*device_, value, true);
            return;
        case kQueuePage:
            if (queue == nullptr) return;
            queue->page = value;
            registers_.set_legacy_rings(*device_, held);
            return;
        case kLegacyQueueSelect: registers_.queue_select = value & 0xffff; return;
        case kLegacyNotify: device_->notify_queue(value & 0xffff); return;
        case kLegacyStatus: set_status(value & 0xff, held); return;
        case kLegacyConfigVector: config_vector_ = known_vector(value & 0xffff); return;
        case kLegacyQueueVector:
            if (queue != nullptr) queue_vectors_[registers_.queue_select] = known_vector(value & 0xffff);
            return;
        default: return;
    }
}

bool PciTransport::window(pci::Function::Bar*& to, u64& offset, unsigned& size) {
    u32 index = peek(window_at_ + 4, 1);
    offset = peek(window_at_ + 8, 4);
    size = peek(window_at_ + 12, 4);
    if (index >= kBars || (size != 1 && size != 2 && size != 4) || offset % size != 0) return false;
    to = &bar(index);
    return to->handler != nullptr && offset < to->size && size <= to->size - offset;
}

u32 PciTransport::read_config(unsigned offset, unsigned size) {
    pci::Function::Bar* to = nullptr;
    u64 at = 0, value = 0;
    unsigned bytes = 0;
    if (window_at_ != 0 && offset == window_at_ + 16 && window(to, at, bytes)) {
        if (memory::mmio_read(*to->handler, to->limits, at, bytes, value))
            Function::write_config(offset, 4, static_cast<u32>(value));
    }
    return Function::read_config(offset, size);
}

void PciTransport::write_config(unsigned offset, unsigned size, u32 value) {
    Function::write_config(offset, size, value);
    pci::Function::Bar* to = nullptr;
    u64 at = 0;
    unsigned bytes = 0;
    if (window_at_ != 0 && offset == window_at_ + 16 && window(to, at, bytes)) {
        memory::mmio_write(*to->handler, to->limits, at, bytes, peek(window_at_ + 16, bytes));
    }
}

}  // namespace dragoman::devices::virtio
