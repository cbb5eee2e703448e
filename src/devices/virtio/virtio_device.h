// What all virtio devices share, whatever carries them: status, features, queues, configuration space and the
// rules for stopping (virtio 1.2 §2). A transport (mmio.h) shows it to the guest.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "devices/virtio/virtqueue.h"

namespace dragoman::devices::virtio {

enum : u8 {  // device status, §2.1
    kStatusAcknowledge = 1,
    kStatusDriver = 2,
    kStatusDriverOk = 4,
    kStatusFeaturesOk = 8,
    kStatusNeedsReset = 64,
    kStatusFailed = 128,
};

constexpr u64 feature(unsigned bit) { return u64{1} << bit; }
constexpr u64 kFeatureNotifyOnEmpty = feature(24);  // legacy
constexpr u64 kFeatureAnyLayout = feature(27);      // legacy
constexpr u64 kFeatureIndirect = feature(28);
constexpr u64 kFeatureEventIndex = feature(29);
constexpr u64 kFeatureVersion1 = feature(32);

/// The way to the guest. Called with the device's lock held.
class Transport {
public:
    virtual ~Transport() = default;
    virtual void queue_interrupt(unsigned queue) = 0;
    virtual void config_interrupt() = 0;
};

/// Locks: lock() guards all state here and of the device proper. Functions marked "locked" are called with it held.
class VirtioDevice {
public:
    /// @param queue_sizes  size of each queue: the largest to choose, and for drivers that choose none
    VirtioDevice(memory::PhysicalSpace& space, u32 device_id, std::span<const u16> queue_sizes);
    virtual ~VirtioDevice() = default;
    VirtioDevice(const VirtioDevice&) = delete;
    VirtioDevice& operator=(const VirtioDevice&) = delete;

    /// Line of info qtree, without the name: "virtio-blk, drive hd0".
    virtual std::string describe() const = 0;

    // For transports.
    /// @param legacy  the transport is one of before virtio 1.0: it has no features above bit 31 and no FEATURES_OK
    void connect(Transport& transport, bool legacy) {
        transport_ = &transport;
        legacy_ = legacy;
    }
    /// The driver of a transport of both kinds has shown which it speaks. Locked.
    void set_legacy(bool legacy) { legacy_ = legacy; }
    /// Whether the device may access the guest's memory, which is so at first; waits for work in flight before it may
    /// not. Locked.
    void allow_dma(bool allowed, std::unique_lock<std::mutex>& held);
    /// Features that a user wants to hide from drivers. Before the machine runs.
    void withhold(u64 features) { withheld_ = features; }
    std::mutex& lock() { return lock_; }
    u32 device_id() const { return device_id_; }
    u32 config_size() const { return config_bytes(); }  ///< of the configuration space, in bytes
    unsigned queue_count() const { return static_cast<unsigned>(queues_.size()); }
    const Virtqueue& queue(unsigned index) const { return queues_[index]; }
    u64 offered_features(bool legacy) const;
    u8 status() const { return status_; }  // locked
    u32 config_generation() const { return generation_; }
    /// The driver's side of negotiation, which ends with FEATURES_OK: what was not offered counts as not accepted.
    /// A driver that does not accept VERSION_1 gets the device's legacy format, whatever the transport. Locked.
    void set_driver_features(u64 features);
    /// Writes the status register; 0 resets, which waits for work in flight. Locked.
    void set_status(u8 status, std::unique_lock<std::mutex>& held);
    bool enable_queue(unsigned index, const QueueLayout& layout);  // locked
    void disable_queue(unsigned index, std::unique_lock<std::mutex>& held);
    /// The device's state (state.h); waits for work in flight, which begins again with resume(). Locked.
    /// @param legacy  which kind of transport the state is of
    void visit(State& state, std::unique_lock<std::mutex>& held, bool legacy);
    void resume();  // locked
    /// A driver that is up begins, or goes on after DMA was not allowed. Locked.
    void start();
    void notify_queue(unsigned index);                        // locked
    u32 read_config(u64 offset, unsigned size);               // locked
    void write_config(u64 offset, unsigned size, u32 value);  // locked

protected:
    /// Bits of this device type. Locked.
    virtual u64 device_features() const = 0;
    /// Fills the configuration space, which is zero on entry; locked.
    virtual void fill_config(std::span<u8> config) = 0;
    virtual u32 config_bytes() const = 0;
    /// A driver's write to the configuration space; `config` is what fill_config made, with the write applied.
    virtual void config_written(std::span<const u8> /*config*/) {}
    /// The guest rang queue `index`, which is running. Locked.
    virtual void queue_notified(unsigned index) = 0;
    /// The driver is up. Locked. Every queue is notified afterwards.
    virtual void driver_ready() {}
    /// Back to the power-on state; nothing is in flight. Locked.
    virtual void device_reset() {}

    /// Registers of this device type, which is reset where they are loaded. Locked.
    virtual void visit_device(State& /*state*/) {}
    /// How many of the chains that were taken last from queue `index` the device still has, while no work is in flight.
    virtual u16 held_chains(unsigned /*index*/) const { return 0; }

    memory::PhysicalSpace& space() { return space_; }
    Virtqueue& own_queue(unsigned index) { return queues_[index]; }
    bool has_feature(u64 bit) const { return (features_ & bit) != 0; }
    /// Whether queues may be used now. Locked.
    bool running() const;
    /// Virtqueue::pop of queue `index`; a malformed ring stops the device. Locked.
    bool pop(unsigned index, Chain& chain);
    bool request_notifications(unsigned index);
    /// Virtqueue::publish, with the interrupt. Locked.
    void publish(unsigned index);
    /// The guest programmed nonsense: DEVICE_NEEDS_RESET until it resets (§2.1.2). Locked.
    void fail(const char* what);
    /// The configuration space has changed. Locked.
    void config_changed();

    /// Work that touches guest memory without the lock: a reset waits for its end.
    void begin_work() { in_flight_++; }  // locked
    void end_work();                     // locked

private:
    void reset(std::unique_lock<std::mutex>& held);
    void accept_features();
    static RingFeatures ring_features(u64 features);
    void wait_idle(std::unique_lock<std::mutex>& held);

    memory::PhysicalSpace& space_;
    const u32 device_id_;
    Transport* transport_ = nullptr;
    std::mutex lock_;
    std::condition_variable idle_;
    std::vector<Virtqueue> queues_;
    u64 withheld_ = 0;
    u64 driver_features_ = 0;  ///< as the driver wrote them
    u64 features_ = 0;         ///< agreed on
    u32 generation_ = 0;
    unsigned in_flight_ = 0;
    u8 status_ = 0;
    bool legacy_ = false;
    bool dma_ = true;
    unsigned stopping_ = 0;
    bool warned_ = false;
};

}  // namespace dragoman::devices::virtio
