#include "devices/virtio/gpu_resource.h"

#include <algorithm>
#include <cstring>

#include "devices/state.h"

namespace dragoman::devices::virtio::gpu {

namespace {

/// Where the colours of a pixel are, as bytes of it. Alpha: -1 is none.
struct Layout {
    u32 format;
    u8 red, green, blue;
    i8 alpha;
};
constexpr Layout kLayouts[] = {
    {kB8G8R8A8, 2, 1, 0, 3}, {kB8G8R8X8, 2, 1, 0, -1}, {kA8R8G8B8, 1, 2, 3, 0}, {kX8R8G8B8, 1, 2, 3, -1},
    {kR8G8B8A8, 0, 1, 2, 3}, {kX8B8G8R8, 3, 2, 1, -1}, {kA8B8G8R8, 3, 2, 1, 0}, {kR8G8B8X8, 0, 1, 2, -1},
};

const Layout* find_layout(u32 format) {
    for (const Layout& layout : kLayouts) {
        if (layout.format == format) return &layout;
    }
    return nullptr;
}

u32 convert(const Layout& layout, const u8* at) {
    const u32 alpha = layout.alpha < 0 ? 0xff : at[layout.alpha];
    return alpha << 24 | u32{at[layout.red]} << 16 | u32{at[layout.green]} << 8 | at[layout.blue];
}

}  // namespace

Resource::Resource(u32 format, u32 width, u32 height)
    : format_(format), width_(width), height_(height), pixels_(bytes(width, height)) {}

bool Resource::is_format(u32 format) { return find_layout(format) != nullptr; }

bool Resource::contains(const Rect& rect) const {
    return rect.x <= width_ && rect.width <= width_ - rect.x && rect.y <= height_ && rect.height <= height_ - rect.y;
}

bool Resource::attach(memory::PhysicalSpace& space, std::vector<MemoryEntry> entries) {
    std::vector<u8*> memory;
    for (const MemoryEntry& entry : entries) {
        memory.push_back(space.ram(entry.address, entry.length));
        if (memory.back() == nullptr) return false;
    }
    entries_ = std::move(entries);
    memory_ = std::move(memory);
    return true;
}

void Resource::detach() {
    entries_.clear();
    memory_.clear();
}

void Resource::copy_in(u64 offset, u64 to, u64 bytes) {
    for (std::size_t i = 0; i < entries_.size() && bytes != 0; i++) {
        const u64 length = entries_[i].length;
        if (offset >= length) {
            offset -= length;
            continue;
        }
        const u64 part = std::min(bytes, length - offset);
        std::memcpy(pixels_.data() + to, memory_[i] + offset, part);
        to += part, bytes -= part, offset = 0;
    }
}

void Resource::transfer(const Rect& rect, u64 offset) {
    const u64 stride = u64{width_} * kPixelBytes;
    if (rect.width == width_) {
        copy_in(offset, rect.y * stride, rect.height * stride);
        return;
    }
    for (u64 y = 0; y < rect.height; y++) {
        if (offset + y * stride < offset) break;
        copy_in(offset + y * stride, (rect.y + y) * stride + u64{rect.x} * kPixelBytes, u64{rect.width} * kPixelBytes);
    }
}

u32 Resource::pixel(u32 x, u32 y) const {
    return convert(*find_layout(format_), pixels_.data() + (u64{y} * width_ + x) * kPixelBytes);
}

void Resource::copy_to(const Rect& rect, display::Frame& frame) const {
    const Layout layout = *find_layout(format_);
    frame.width = rect.width, frame.height = rect.height;
    frame.pixels.resize(u64{rect.width} * rect.height);
    for (u64 y = 0; y < rect.height; y++) {
        const u8* from = pixels_.data() + ((rect.y + y) * width_ + rect.x) * kPixelBytes;
        u32* to = frame.pixels.data() + y * rect.width;
        for (u32 x = 0; x < rect.width; x++) to[x] = convert(layout, from + u64{x} * kPixelBytes) & 0xffffff;
    }
}

void Resource::visit(State& state, memory::PhysicalSpace& space) {
    state.bytes("pixels", pixels_);
    const u32 count = state.peek("backing entries", static_cast<u32>(entries_.size()), kMaxEntries);
    std::vector<MemoryEntry> entries = entries_;
    entries.resize(std::min(count, kMaxEntries));
    for (MemoryEntry& entry : entries) {
        entry.address = state.peek("address", entry.address);
        entry.length = state.peek("length", entry.length);
    }
    if (state.saving()) return;
    if (!attach(space, std::move(entries))) state.refuse("backing outside of RAM");
}

}  // namespace dragoman::devices::virtio::gpu
