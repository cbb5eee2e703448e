#include "devices/virtio/gpu.h"

#include <algorithm>
#include <cstring>

#include "devices/display/edid.h"
#include "devices/state.h"

namespace dragoman::devices::virtio {

using namespace gpu;

namespace {

constexpr u32 kDeviceId = 16;
constexpr u16 kQueueSizes[] = {64, 16};
constexpr u64 kEdid = feature(1);
constexpr u32 kScanoutsAt = 8, kConfigBytes = 16;  // §5.7.4; events are never pending
constexpr u32 kMinSide = 16;                       // of what a screen shows

}  // namespace

Gpu::Gpu(memory::PhysicalSpace& space, const GpuOptions& options)
    : VirtioDevice(space, kDeviceId, kQueueSizes), options_(options) {
    for (u32 i = 0; i < options.outputs; i++) scanouts_.push_back(std::make_unique<Scanout>(*this));
}

std::string Gpu::describe() const {
    return "virtio-gpu, " + std::to_string(options_.width) + "x" + std::to_string(options_.height);
}

u64 Gpu::device_features() const { return options_.edid ? kEdid : 0; }

u32 Gpu::config_bytes() const { return kConfigBytes; }

void Gpu::fill_config(std::span<u8> config) { config[kScanoutsAt] = static_cast<u8>(options_.outputs); }

void Gpu::config_written(std::span<const u8>) {}

void Gpu::device_reset() {
    resources_.clear();
    memory_ = 0;
    for (auto& scanout : scanouts_) {
        scanout->resource = 0;
        scanout->rect = {};
        scanout->pointer = {};
        scanout->pointer_x = scanout->pointer_y = 0;
        scanout->changed();
        scanout->cursor_changed();
    }
}

void Gpu::Scanout::capture(display::Frame& frame) {
    LockGuard held(gpu_.lock());
    Resource* shown = gpu_.find(resource);
    if (shown == nullptr) frame.resize(kBlankWidth, kBlankHeight);
    else shown->copy_to(rect, frame);
}

display::Cursor Gpu::Scanout::cursor() {
    LockGuard held(gpu_.lock());
    return pointer;
}

Resource* Gpu::find(u32 id) {
    auto found = resources_.find(id);
    return found != resources_.end() ? &found->second : nullptr;
}

template <class T>
bool Gpu::take(T& command) const {
    return chain_.readable.copy_to(0, &command, sizeof command) == sizeof command;
}

void Gpu::queue_notified(unsigned index) {
    do {
        while (pop(index, chain_)) {
            u64 written = 0;
            if (index == kControl) written = execute();
            else move_cursor();
            own_queue(index).push(chain_, written);
        }
        publish(index);
    } while (request_notifications(index));
}

u64 Gpu::execute() {
    Header request{};
    if (!take(request)) return answer(request, kErrorUnspecified);
    if (request.type == kGetDisplayInfo) return display_info(request);
    if (request.type == kGetEdid) return edid(request);
    return answer(request, run(request.type));
}

namespace {

Header reply_to(const Header& request, u32 type) {
    Header reply{};
    reply.type = type;
    if ((request.flags & kFence) != 0) {
        reply.flags = kFence;
        reply.fence = request.fence;
        reply.context = request.context;
    }
    return reply;
}

}  // namespace

u64 Gpu::answer(const Header& request, u32 type) {
    const Header reply = reply_to(request, type);
    return chain_.writable.copy_from(0, &reply, sizeof reply);
}

u64 Gpu::display_info(const Header& request) {
    DisplayInfo reply{};
    reply.header = reply_to(request, kOkDisplayInfo);
    reply.modes[0].enabled = 1;
    reply.modes[0].rect = {0, 0, options_.width, options_.height};
    return chain_.writable.copy_from(0, &reply, sizeof reply);
}

u64 Gpu::edid(const Header& request) {
    GetEdid command;
    if (!take(command) || command.scanout >= options_.outputs || !options_.edid)
        return answer(request, kErrorInvalidParameter);
    EdidReply reply{};
    reply.header = reply_to(request, kOkEdid);
    reply.size = display::kEdidBytes;
    const auto block = display::make_edid(options_.width, options_.height);
    std::copy(block.begin(), block.end(), reply.edid);
    return chain_.writable.copy_from(0, &reply, sizeof reply);
}

u32 Gpu::run(u32 type) {
    switch (type) {
        case kResourceCreate2d: return create();
        case kResourceUnref: return unref();
        case kSetScanout: return set_scanout();
        case kResourceFlush: return flush();
        case kTransferToHost2d: return transfer();
        case kResourceAttachBacking: return attach_backing();
        case kResourceDetachBacking: return detach_backing();
        default: return kErrorUnspecified;
    }
}

u32 Gpu::create() {
    ResourceCreate2d command;
    if (!take(command)) return kErrorUnspecified;
    if (command.resource == 0 || resources_.contains(command.resource)) return kErrorInvalidResource;
    const bool size = command.width != 0 && command.width <= Resource::kMaxSide && command.height != 0 &&
                      command.height <= Resource::kMaxSide;
    if (!size || !Resource::is_format(command.format)) return kErrorInvalidParameter;
    const u64 bytes = Resource::bytes(command.width, command.height);
    if (bytes > options_.max_memory - memory_) return kErrorOutOfMemory;
    resources_.try_emplace(command.resource, command.format, command.width, command.height);
    memory_ += bytes;
    return kOkNoData;
}

u32 Gpu::unref() {
    ResourceCommand command;
    if (!take(command)) return kErrorUnspecified;
    Resource* resource = find(command.resource);
    if (resource == nullptr) return kErrorInvalidResource;
    for (auto& scanout : scanouts_) {
        if (scanout->resource != command.resource) continue;
        scanout->resource = 0;
        scanout->changed();
    }
    memory_ -= resource->bytes();
    resources_.erase(command.resource);
    return kOkNoData;
}

u32 Gpu::set_scanout() {
    SetScanout command;
    if (!take(command)) return kErrorUnspecified;
    if (command.scanout >= options_.outputs) return kErrorInvalidScanout;
    Scanout& scanout = *scanouts_[command.scanout];
    if (command.resource != 0) {
        Resource* resource = find(command.resource);
        if (resource == nullptr) return kErrorInvalidResource;
        if (!resource->contains(command.rect) || command.rect.width < kMinSide || command.rect.height < kMinSide)
            return kErrorInvalidParameter;
    }
    scanout.resource = command.resource;
    scanout.rect = command.rect;
    scanout.changed();
    return kOkNoData;
}

u32 Gpu::flush() {
    ResourceFlush command;
    if (!take(command)) return kErrorUnspecified;
    Resource* resource = find(command.resource);
    if (resource == nullptr) return kErrorInvalidResource;
    if (!resource->contains(command.rect)) return kErrorInvalidParameter;
    for (auto& scanout : scanouts_) {
        if (scanout->resource == command.resource) scanout->changed();
    }
    return kOkNoData;
}

u32 Gpu::transfer() {
    TransferToHost2d command;
    if (!take(command)) return kErrorUnspecified;
    Resource* resource = find(command.resource);
    if (resource == nullptr || !resource->has_backing()) return kErrorInvalidResource;
    if (!resource->contains(command.rect)) return kErrorInvalidParameter;
    resource->transfer(command.rect, command.offset);
    return kOkNoData;
}

u32 Gpu::attach_backing() {
    AttachBacking command;
    if (!take(command)) return kErrorUnspecified;
    Resource* resource = find(command.resource);
    if (resource == nullptr) return kErrorInvalidResource;
    if (resource->has_backing() || command.entries > Resource::kMaxEntries) return kErrorUnspecified;
    std::vector<MemoryEntry> entries(command.entries);
    const u64 bytes = entries.size() * sizeof(MemoryEntry);
    if (chain_.readable.copy_to(sizeof command, entries.data(), bytes) != bytes) return kErrorUnspecified;
    return resource->attach(space(), std::move(entries)) ? kOkNoData : kErrorUnspecified;
}

u32 Gpu::detach_backing() {
    ResourceCommand command;
    if (!take(command)) return kErrorUnspecified;
    Resource* resource = find(command.resource);
    if (resource == nullptr || !resource->has_backing()) return kErrorInvalidResource;
    resource->detach();
    return kOkNoData;
}

/// Commands of the cursor queue have no answer.
void Gpu::move_cursor() {
    CursorCommand command;
    if (!take(command) || command.scanout >= options_.outputs) return;
    Scanout& scanout = *scanouts_[command.scanout];
    scanout.pointer_x = command.x, scanout.pointer_y = command.y;
    if (command.header.type != kUpdateCursor) return;
    display::Cursor cursor;
    Resource* shape = find(command.resource);
    if (shape != nullptr && shape->width() == kCursorSide && shape->height() == kCursorSide) {
        cursor.width = cursor.height = kCursorSide;
        cursor.hot_x = std::min(command.hot_x, kCursorSide - 1);
        cursor.hot_y = std::min(command.hot_y, kCursorSide - 1);
        cursor.pixels.reserve(u64{kCursorSide} * kCursorSide);
        for (u32 y = 0; y < kCursorSide; y++) {
            for (u32 x = 0; x < kCursorSide; x++) cursor.pixels.push_back(shape->pixel(x, y));
        }
    }
    scanout.pointer = std::move(cursor);
    scanout.cursor_changed();
}

void Gpu::visit_device(State& state) {
    state.same("outputs", options_.outputs);
    visit_resources(state);
    for (auto& scanout : scanouts_) {
        state.section("scanout", [&] {
            const u32 resource = state.peek("resource", scanout->resource);
            Rect rect = scanout->rect;
            rect.x = state.peek("x", rect.x), rect.y = state.peek("y", rect.y);
            rect.width = state.peek("width", rect.width), rect.height = state.peek("height", rect.height);
            display::Cursor& pointer = scanout->pointer;
            const bool has_pointer = state.peek("has pointer", !pointer.pixels.empty());
            std::vector<u32> pixels = pointer.pixels;
            pixels.resize(has_pointer ? kCursorSide * kCursorSide : 0);
            state.bytes("pointer", {reinterpret_cast<u8*>(pixels.data()), pixels.size() * sizeof(u32)});
            const u32 hot_x = state.peek("hot x", pointer.hot_x, kCursorSide - 1);
            const u32 hot_y = state.peek("hot y", pointer.hot_y, kCursorSide - 1);
            state.field("pointer x", scanout->pointer_x);
            state.field("pointer y", scanout->pointer_y);
            if (!state.loading()) return;
            Resource* shown = find(resource);
            const bool fits = shown != nullptr && shown->contains(rect);
            scanout->resource = fits ? resource : 0;
            scanout->rect = fits ? rect : Rect{};
            const u32 side = has_pointer ? kCursorSide : 0;
            pointer = {.width = side, .height = side, .hot_x = hot_x, .hot_y = hot_y, .pixels = std::move(pixels)};
            scanout->changed();
            scanout->cursor_changed();
        });
    }
}

void Gpu::visit_resources(State& state) {
    const u32 count = state.peek("resources", static_cast<u32>(resources_.size()));
    std::map<u32, Resource> loaded;
    u64 memory = 0;
    auto own = resources_.begin();
    for (u32 i = 0; i < count; i++) {
        bool good = true;
        state.section("resource", [&] {
            Resource* resource = state.saving() ? &own->second : nullptr;
            const u32 id = state.peek("id", resource != nullptr ? own->first : 0);
            const u32 format = state.peek("format", resource != nullptr ? resource->format() : 0);
            const u32 width = state.peek("width", resource != nullptr ? resource->width() : 0, Resource::kMaxSide);
            const u32 height = state.peek("height", resource != nullptr ? resource->height() : 0, Resource::kMaxSide);
            if (resource == nullptr) {
                memory += Resource::bytes(width, height);
                good = id != 0 && Resource::is_format(format) && width != 0 && height != 0 &&
                       width <= Resource::kMaxSide && height <= Resource::kMaxSide && memory <= options_.max_memory;
                auto [place, is_new] =
                    good ? loaded.try_emplace(id, format, width, height) : std::pair{loaded.end(), false};
                good = is_new;
                if (!good) return state.refuse("resource");
                resource = &place->second;
            }
            resource->visit(state, space());
        });
        if (!good) return;
        if (state.saving()) ++own;
    }
    if (!state.loading()) return;
    resources_ = std::move(loaded);
    memory_ = memory;
}

}  // namespace dragoman::devices::virtio
