#include "devices/virtio/virtqueue.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "devices/iov.h"
#include "devices/state.h"

namespace dragoman::devices::virtio {

namespace {

enum : u16 { kNext = 1, kWrite = 2, kIndirect = 4 };  // §2.7.5
enum : u16 { kNoNotify = 1 };                         // used.flags, §2.7.8
enum : u16 { kNoInterrupt = 1 };                      // avail.flags, §2.7.6

constexpr u64 kRingHeader = 4;  // flags, idx
constexpr u64 kDescriptorBytes = 16, kUsedElementBytes = 8;

u16 load_acquire(const u8* at) {
    return std::atomic_ref<u16>(*reinterpret_cast<u16*>(const_cast<u8*>(at))).load(std::memory_order_acquire);
}
void store_release(u8* at, u16 value) {
    std::atomic_ref<u16>(*reinterpret_cast<u16*>(at)).store(value, std::memory_order_release);
}

}  // namespace

void Buffers::clear() {
    iov.clear();
    addresses.clear();
    bytes = 0;
}

u64 Buffers::copy_to(u64 offset, void* to, u64 length) const { return copy_from_iov(iov, offset, to, length); }

u64 Buffers::copy_from(u64 offset, const void* from, u64 length) const {
    return copy_to_iov(iov, offset, from, length);
}

void Buffers::slice(u64 offset, u64 length, std::vector<iovec>& out) const {
    out.clear();
    append_slice(iov, offset, length, out);
}

struct Virtqueue::Descriptor {
    u64 address;
    u32 length;
    u16 flags;
    u16 next;
};

bool Virtqueue::fail(const char* text) {
    if (error_ == nullptr) error_ = text;
    return false;
}

/// Null when the rings can be used.
const char* Virtqueue::wrong_with(const QueueLayout& layout, const RingFeatures& features) const {
    u64 size = layout.size, event = features.event_index ? 2 : 0;
    if (size == 0 || size > kMaxSize || (size & (size - 1)) != 0) return "queue size out of range";
    // Indexes are read and written as atomic values; all else may lie anywhere.
    if (!is_aligned(layout.available, 2) || !is_aligned(layout.used, 2)) return "misaligned ring";
    bool in_ram = space_.ram(layout.descriptors, kDescriptorBytes * size) != nullptr &&
                  space_.ram(layout.available, kRingHeader + 2 * size + event) != nullptr &&
                  space_.ram(layout.used, kRingHeader + kUsedElementBytes * size + event) != nullptr;
    return in_ram ? nullptr : "ring outside of RAM";
}

bool Virtqueue::map_rings(const QueueLayout& layout, const RingFeatures& features) {
    u64 size = layout.size;
    // Each ring is followed by an event index, which is only looked at when that was agreed on.
    u64 event = features.event_index ? 2 : 0;
    used_bytes_ = kRingHeader + kUsedElementBytes * size + event;
    descriptors_ = space_.ram(layout.descriptors, kDescriptorBytes * size);
    available_ = space_.ram(layout.available, kRingHeader + 2 * size + event);
    used_ = space_.ram(layout.used, used_bytes_);
    features_ = features;
    return descriptors_ != nullptr && available_ != nullptr && used_ != nullptr;
}

bool Virtqueue::enable(const QueueLayout& layout, const RingFeatures& features) {
    disable();
    if (const char* wrong = wrong_with(layout, features)) return fail(wrong);
    map_rings(layout, features);
    layout_ = layout;
    enabled_ = true;
    return true;
}

bool Virtqueue::agree(const RingFeatures& features) {
    if (!enabled_ || map_rings(layout_, features)) return true;
    disable();
    return fail("ring outside of RAM");
}

void Virtqueue::disable() {
    enabled_ = false;
    error_ = nullptr;
    available_index_ = next_available_ = next_used_ = interrupted_at_ = 0;
}

void Virtqueue::visit(State& state, const RingFeatures& features, u16 held) {
    const bool enabled = state.peek("enabled", enabled_);
    const bool broken = state.peek("broken", error_ != nullptr);
    QueueLayout layout;
    layout.size = state.peek("size", layout_.size);
    layout.descriptors = state.peek("descriptors", layout_.descriptors);
    layout.available = state.peek("available", layout_.available);
    layout.used = state.peek("used", layout_.used);
    const u16 next = state.peek("next available", static_cast<u16>(next_available_ - held));
    const u16 used = state.peek("next used", next_used_), interrupted = state.peek("interrupted at", interrupted_at_);
    if (state.saving()) return;
    const char* wrong = enabled ? wrong_with(layout, features) : nullptr;
    if (wrong != nullptr) state.refuse(wrong);
    if (!state.loading() || wrong != nullptr) return;
    disable();
    layout_ = layout;
    if (enabled) map_rings(layout, features);
    enabled_ = enabled;
    if (broken) fail("broken when it was saved");
    available_index_ = next_available_ = next;  // the guest's is read again, and checked
    next_used_ = used;
    interrupted_at_ = interrupted;
}

u16 Virtqueue::load_available(u64 offset) const { return load_acquire(available_ + offset); }

bool Virtqueue::empty() {
    if (!enabled_ || error_ != nullptr) return true;
    if (available_index_ != next_available_) return false;
    available_index_ = load_available(2);
    u16 waiting = available_index_ - next_available_;
    if (waiting > layout_.size) {
        fail("available index runs ahead");
        return true;
    }
    return waiting == 0;
}

bool Virtqueue::add(Chain& chain, const Descriptor& descriptor) {
    bool writable = (descriptor.flags & kWrite) != 0;
    if (!writable && !chain.writable.iov.empty()) return fail("readable buffer after a writable one");
    if (descriptor.length == 0) return fail("empty buffer");
    if (chain.readable.iov.size() + chain.writable.iov.size() >= kMaxSegments) return fail("chain too long");
    u8* host = space_.ram(descriptor.address, descriptor.length);
    if (host == nullptr) return fail("buffer outside of RAM");
    Buffers& buffers = writable ? chain.writable : chain.readable;
    buffers.iov.push_back({host, descriptor.length});
    buffers.addresses.push_back(descriptor.address);
    buffers.bytes += descriptor.length;
    return true;
}

bool Virtqueue::read_indirect(Chain& chain, const Descriptor& table) {
    if (!features_.indirect) return fail("indirect descriptor without the feature");
    if ((table.flags & kNext) != 0) return fail("descriptor both indirect and chained");
    if (table.length == 0 || table.length % kDescriptorBytes != 0) return fail("indirect table of odd size");
    const u8* entries = space_.ram(table.address, table.length);
    if (entries == nullptr) return fail("indirect table outside of RAM");
    u64 count = table.length / kDescriptorBytes;
    u64 index = 0;
    for (u64 taken = 0; taken < count; taken++) {
        Descriptor descriptor;  // one copy, for the guest may change it under us
        std::memcpy(&descriptor, entries + index * kDescriptorBytes, sizeof descriptor);
        if ((descriptor.flags & kIndirect) != 0) return fail("nested indirect descriptor");
        if (!add(chain, descriptor)) return false;
        if ((descriptor.flags & kNext) == 0) return true;
        index = descriptor.next;
        if (index >= count) return fail("descriptor index out of range");
    }
    return fail("loop in a descriptor chain");
}

bool Virtqueue::pop(Chain& chain) {
    static_assert(sizeof(Descriptor) == kDescriptorBytes);
    if (empty()) return false;
    chain.readable.clear();
    chain.writable.clear();
    chain.head = load_available(kRingHeader + 2 * (next_available_ & (layout_.size - 1)));
    u16 index = chain.head;
    for (unsigned taken = 0; taken < layout_.size; taken++) {
        if (index >= layout_.size) return fail("descriptor index out of range");
        Descriptor descriptor;
        std::memcpy(&descriptor, descriptors_ + index * kDescriptorBytes, sizeof descriptor);
        bool last = (descriptor.flags & kNext) == 0;
        if ((descriptor.flags & kIndirect) != 0) {
            if (!read_indirect(chain, descriptor)) return false;
        } else if (!add(chain, descriptor)) {
            return false;
        }
        if (last) {
            next_available_++;
            return true;
        }
        index = descriptor.next;
    }
    return fail("loop in a descriptor chain");
}

void Virtqueue::push(const Chain& chain, u64 written) {
    if (!enabled_) return;
    u64 left = std::min(written, chain.writable.bytes);
    u32 length = static_cast<u32>(std::min<u64>(left, ~u32{0}));
    for (std::size_t i = 0; left != 0; i++) {
        u64 bytes = std::min<u64>(left, chain.writable.iov[i].iov_len);
        space_.wrote(chain.writable.addresses[i], bytes);
        left -= bytes;
    }
    u8* element = used_ + kRingHeader + kUsedElementBytes * (next_used_ & (layout_.size - 1));
    u32 id = chain.head;
    std::memcpy(element, &id, 4);
    std::memcpy(element + 4, &length, 4);
    next_used_++;
}

bool Virtqueue::publish() {
    if (!enabled_ || next_used_ == interrupted_at_) return false;
    store_release(used_ + 2, next_used_);
    space_.wrote(layout_.used, used_bytes_);
    // The guest writes used_event and then looks at the used index; we do it the other way round (§2.7.10).
    std::atomic_thread_fence(std::memory_order_seq_cst);
    u16 from = interrupted_at_;
    interrupted_at_ = next_used_;
    if (features_.notify_on_empty && empty()) return true;
    if (!features_.event_index) return (load_available(0) & kNoInterrupt) == 0;
    u16 event = load_available(kRingHeader + 2 * layout_.size);
    return static_cast<u16>(next_used_ - event - 1) < static_cast<u16>(next_used_ - from);
}

void Virtqueue::suppress_notifications() {
    // With event indexes, it is enough not to move avail_event on.
    if (!enabled_ || features_.event_index) return;
    store_release(used_, kNoNotify);
    space_.wrote(layout_.used, 2);
}

bool Virtqueue::request_notifications() {
    if (!enabled_ || error_ != nullptr) return false;
    if (features_.event_index) {
        store_release(used_ + kRingHeader + kUsedElementBytes * layout_.size, next_available_);
    } else {
        store_release(used_, 0);
    }
    space_.wrote(layout_.used, used_bytes_);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return !empty();
}

}  // namespace dragoman::devices::virtio
