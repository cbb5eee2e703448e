// What all virtio devices share, whatever carries them: status, features, queues, configuration space and the
// rules for stopping (virtio 1.2 §2). A transport (mmio.h) shows it to the guest.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
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

/// Locks: lock() guards all state here and of the device proper.
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
        LockGuard held(lock_);
        transport_ = &transport;
        legacy_ = legacy;
    }
    /// The driver of a transport of both kinds has shown which it speaks.
    void set_legacy(bool legacy) DRAGOMAN_REQUIRES(lock_) { legacy_ = legacy; }
    /// Whether the device may access the guest's memory, which is so at first; waits for work in flight before it may
    /// not.
    void allow_dma(bool allowed, UniqueLock& held) DRAGOMAN_REQUIRES(lock_);
    /// Features that a user wants to hide from drivers. Before the machine runs.
    void withhold(u64 features) { withheld_ = features; }
    Mutex& lock() const DRAGOMAN_RETURNS_LOCK(lock_) { return lock_; }
    u32 device_id() const { return device_id_; }
    u32 config_size() const { return config_bytes(); }  ///< of the configuration space, in bytes
    unsigned queue_count() const { return queue_count_; }
    const Virtqueue& queue(unsigned index) const DRAGOMAN_REQUIRES(lock_) { return queues_[index]; }
    u64 offered_features(bool legacy) const DRAGOMAN_REQUIRES(lock_);
    u8 status() const DRAGOMAN_REQUIRES(lock_) { return status_; }
    u32 config_generation() const DRAGOMAN_REQUIRES(lock_) { return generation_; }
    /// The driver's side of negotiation, which ends with FEATURES_OK: what was not offered counts as not accepted.
    /// A driver that does not accept VERSION_1 gets the device's legacy format, whatever the transport.
    void set_driver_features(u64 features) DRAGOMAN_REQUIRES(lock_);
    /// Writes the status register; 0 resets, which waits for work in flight.
    void set_status(u8 status, UniqueLock& held) DRAGOMAN_REQUIRES(lock_);
    bool enable_queue(unsigned index, const QueueLayout& layout) DRAGOMAN_REQUIRES(lock_);
    void disable_queue(unsigned index, UniqueLock& held) DRAGOMAN_REQUIRES(lock_);
    /// The device's state (state.h); waits for work in flight. Nothing new begins before resume().
    /// @param legacy  which kind of transport the state is of
    void visit(State& state, UniqueLock& held, bool legacy) DRAGOMAN_REQUIRES(lock_);
    void resume() DRAGOMAN_REQUIRES(lock_);
    void resume_idle() DRAGOMAN_REQUIRES(lock_) { visited_ = false; }
    /// A driver that is up begins, or goes on after DMA was not allowed.
    void start() DRAGOMAN_REQUIRES(lock_);
    void notify_queue(unsigned index) DRAGOMAN_REQUIRES(lock_);
    u32 read_config(u64 offset, unsigned size) DRAGOMAN_REQUIRES(lock_);
    void write_config(u64 offset, unsigned size, u32 value) DRAGOMAN_REQUIRES(lock_);

protected:
    // Overriders have DRAGOMAN_REQUIRES(lock()) where they touch what it guards.

    /// Bits of this device type.
    virtual u64 device_features() const DRAGOMAN_REQUIRES(lock_) = 0;
    /// Fills the configuration space, which is zero on entry.
    virtual void fill_config(std::span<u8> config) DRAGOMAN_REQUIRES(lock_) = 0;
    virtual u32 config_bytes() const = 0;
    /// A driver's write to the configuration space; `config` is what fill_config made, with the write applied.
    virtual void config_written(std::span<const u8> /*config*/) DRAGOMAN_REQUIRES(lock_) {}
    /// The guest rang queue `index`, which is running.
    virtual void queue_notified(unsigned index) DRAGOMAN_REQUIRES(lock_) = 0;
    /// The driver is up. Every queue is notified afterwards.
    virtual void driver_ready() DRAGOMAN_REQUIRES(lock_) {}
    /// Back to the power-on state; nothing is in flight.
    virtual void device_reset() DRAGOMAN_REQUIRES(lock_) {}

    /// Registers of this device type, which is reset where they are loaded.
    virtual void visit_device(State& /*state*/) DRAGOMAN_REQUIRES(lock_) {}
    /// How many of the chains that were taken last from queue `index` the device still has, while no work is in flight.
    virtual u16 held_chains(unsigned /*index*/) const DRAGOMAN_REQUIRES(lock_) { return 0; }

    memory::PhysicalSpace& space() { return space_; }
    Virtqueue& own_queue(unsigned index) DRAGOMAN_REQUIRES(lock_) { return queues_[index]; }
    /// Any thread.
    bool has_feature(u64 bit) const { return (features_.load(std::memory_order_relaxed) & bit) != 0; }
    /// Whether queues may be used now.
    bool running() const DRAGOMAN_REQUIRES(lock_);
    /// Virtqueue::pop of queue `index`; a malformed ring stops the device.
    bool pop(unsigned index, Chain& chain) DRAGOMAN_REQUIRES(lock_);
    bool request_notifications(unsigned index) DRAGOMAN_REQUIRES(lock_);
    /// Virtqueue::publish, with the interrupt.
    void publish(unsigned index) DRAGOMAN_REQUIRES(lock_);
    /// The guest programmed nonsense: DEVICE_NEEDS_RESET until it resets (§2.1.2).
    void fail(const char* what) DRAGOMAN_REQUIRES(lock_);
    /// The configuration space has changed.
    void config_changed() DRAGOMAN_REQUIRES(lock_);

    /// Work that touches guest memory without the lock: a reset waits for its end.
    void begin_work() DRAGOMAN_REQUIRES(lock_) { in_flight_++; }
    void end_work() DRAGOMAN_REQUIRES(lock_);

private:
    void reset(UniqueLock& held) DRAGOMAN_REQUIRES(lock_);
    void accept_features() DRAGOMAN_REQUIRES(lock_);
    void notify_queues() DRAGOMAN_REQUIRES(lock_);
    static RingFeatures ring_features(u64 features);
    void wait_idle(UniqueLock& held) DRAGOMAN_REQUIRES(lock_);

    memory::PhysicalSpace& space_;
    const u32 device_id_;
    const unsigned queue_count_;
    u64 withheld_ = 0;  ///< does not change once the machine runs
    mutable Mutex lock_;
    ConditionVariable idle_;
    Transport* transport_ DRAGOMAN_GUARDED_BY(lock_) = nullptr;
    std::vector<Virtqueue> queues_ DRAGOMAN_GUARDED_BY(lock_);
    u64 driver_features_ DRAGOMAN_GUARDED_BY(lock_) = 0;  ///< as the driver wrote them
    /// Agreed on. Written with the lock held, as others are; work in flight reads it without.
    std::atomic<u64> features_{0};
    u32 generation_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    unsigned in_flight_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u8 status_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    bool legacy_ DRAGOMAN_GUARDED_BY(lock_) = false;
    bool dma_ DRAGOMAN_GUARDED_BY(lock_) = true;
    unsigned stopping_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    bool visited_ DRAGOMAN_GUARDED_BY(lock_) = false;  ///< and not resumed yet
    bool warned_ DRAGOMAN_GUARDED_BY(lock_) = false;
};

}  // namespace dragoman::devices::virtio
