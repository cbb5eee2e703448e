// A picture of a virtio-gpu (virtio 1.2 §5.7.5): pixels on the host, filled from memory of the guest's.
#pragma once

#include <optional>
#include <vector>

#include "devices/display/screen.h"
#include "devices/virtio/gpu_protocol.h"
#include "memory/physical_space.h"

namespace dragoman {
class State;
}

namespace dragoman::devices::virtio::gpu {

class Resource {
public:
    /// Each side at most kMaxSide; `format` is one that is_format() knows.
    Resource(u32 format, u32 width, u32 height);

    static constexpr u32 kMaxSide = 16384;
    static constexpr u32 kMaxEntries = 16384;
    static bool is_format(u32 format);
    static u64 bytes(u32 width, u32 height) { return u64{width} * height * kPixelBytes; }

    u32 width() const { return width_; }
    u32 height() const { return height_; }
    u64 bytes() const { return pixels_.size(); }
    bool contains(const Rect& rect) const;

    bool has_backing() const { return !entries_.empty(); }
    /// @returns false when an entry is not in RAM
    bool attach(memory::PhysicalSpace& space, std::vector<MemoryEntry> entries);
    void detach();
    /// Copies a part, which contains() has, from the backing, where it begins at `offset`. What the backing does not
    /// have stays as it is.
    void transfer(const Rect& rect, u64 offset);

    /// The pixel in the form 0xAARRGGBB; formats without alpha are opaque.
    u32 pixel(u32 x, u32 y) const;
    /// Converts a part, which contains() has, to 0x00RRGGBB.
    void copy_to(const Rect& rect, display::Frame& frame) const;

    void visit(State& state, memory::PhysicalSpace& space);
    u32 format() const { return format_; }

private:
    void copy_in(u64 offset, u64 to, u64 bytes);

    u32 format_, width_, height_;
    std::vector<u8> pixels_;
    std::vector<MemoryEntry> entries_;
    std::vector<u8*> memory_;  ///< of each entry, on the host
};

}  // namespace dragoman::devices::virtio::gpu
