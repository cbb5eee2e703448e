// Split virtqueue, device side (virtio 1.2 §2.7): takes descriptor chains from the available ring and gives them
// back through the used ring. All that the guest supplies is checked; a malformed ring breaks the queue.
#pragma once

#include <sys/uio.h>

#include <span>
#include <vector>

#include "devices/device.h"

namespace dragoman::devices::virtio {

/// Guest buffers of one direction, in order.
struct Buffers {
    std::vector<iovec> iov;      ///< host addresses, in guest RAM
    std::vector<u64> addresses;  ///< guest-physical address of each
    u64 bytes = 0;

    void clear();
    /// Copies out of (into) the buffers from byte `offset` on. @returns bytes copied: fewer at the end.
    u64 copy_to(u64 offset, void* to, u64 length) const;
    u64 copy_from(u64 offset, const void* from, u64 length) const;
    /// Replaces `out` with the pieces of [offset, offset+length), clipped to what is there.
    void slice(u64 offset, u64 length, std::vector<iovec>& out) const;
};

/// One descriptor chain.
struct Chain {
    u16 head = 0;
    Buffers readable;  ///< by the device; they come first
    Buffers writable;
};

/// What a driver has programmed for a queue.
struct QueueLayout {
    u16 size = 0;
    u64 descriptors = 0, available = 0, used = 0;  ///< guest-physical
};

/// What device and driver have agreed on about rings.
struct RingFeatures {
    bool event_index = false;
    bool indirect = false;
    bool notify_on_empty = false;  ///< legacy: an interrupt, wanted or not, when the last chain is given back
};

class Virtqueue {
public:
    /// Chains are longer than this in no driver; longer ones break the queue.
    static constexpr unsigned kMaxSegments = 1024;

    /// Drivers that do not look at what is offered may have more than that, up to this.
    static constexpr u16 kMaxSize = 1024;

    /// @param default_size  offered as the largest, and for drivers that choose none
    Virtqueue(memory::PhysicalSpace& space, u16 default_size) : space_(space), default_size_(default_size) {}

    u16 default_size() const { return default_size_; }

    /// Starts with empty indexes on the rings of `layout`. @returns false, with error() set, when the rings are
    /// not in RAM, misaligned or of an impossible size. Alignment matters only as far as the host needs it.
    bool enable(const QueueLayout& layout, const RingFeatures& features);
    /// The features of an enabled queue change, of a driver that negotiates after it has set queues up.
    /// @returns as enable()
    bool agree(const RingFeatures& features);
    void disable();
    bool enabled() const { return enabled_; }
    /// What was wrong with the rings; null while all is well. Nothing is taken from a broken queue.
    const char* error() const { return error_; }

    /// The state of the queue (state.h), of a device with `features`. The last `held` chains taken count as not taken.
    void visit(State& state, const RingFeatures& features, u16 held);

    /// Whether the guest has made buffers available. A broken queue has none.
    bool empty();
    /// Takes the next chain. @returns false when there is none, or the queue broke.
    bool pop(Chain& chain);
    /// Puts the last `count` chains taken back; none of them has been given back meanwhile.
    void unpop(u16 count) { next_available_ -= count; }
    /// Gives a chain back, into whose writable part `written` bytes went from its start on. Seen by the
    /// guest after publish().
    void push(const Chain& chain, u64 written);
    /// Shows pushed chains to the guest. @returns whether it wants an interrupt for them.
    bool publish();

    /// Asks the guest to leave notifications out, and to send them again. The latter returns whether there are
    /// buffers already, whose notification may have been left out.
    void suppress_notifications();
    bool request_notifications();

private:
    struct Descriptor;

    bool fail(const char* text);
    const char* wrong_with(const QueueLayout& layout, const RingFeatures& features) const;
    bool map_rings(const QueueLayout& layout, const RingFeatures& features);
    bool add(Chain& chain, const Descriptor& descriptor);
    bool read_indirect(Chain& chain, const Descriptor& table);
    u16 load_available(u64 offset) const;

    memory::PhysicalSpace& space_;
    const u16 default_size_;
    QueueLayout layout_;
    u64 used_bytes_ = 0;
    u8* descriptors_ = nullptr;
    u8* available_ = nullptr;
    u8* used_ = nullptr;
    const char* error_ = nullptr;
    bool enabled_ = false;
    RingFeatures features_;
    u16 available_index_ = 0;  ///< guest's, as last read
    u16 next_available_ = 0;   ///< next to take
    u16 next_used_ = 0;        ///< next to fill
    u16 interrupted_at_ = 0;   ///< next_used_ at the last publish()
};

}  // namespace dragoman::devices::virtio
