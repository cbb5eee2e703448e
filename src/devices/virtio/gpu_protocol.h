// Commands and answers of virtio-gpu's queues (virtio 1.2 §5.7.6), as they are in buffers.
#pragma once

#include "base/bits.h"

namespace dragoman::devices::virtio::gpu {

enum Type : u32 {
    kGetDisplayInfo = 0x0100,
    kResourceCreate2d,
    kResourceUnref,
    kSetScanout,
    kResourceFlush,
    kTransferToHost2d,
    kResourceAttachBacking,
    kResourceDetachBacking,
    kGetCapsetInfo,
    kGetCapset,
    kGetEdid,

    kUpdateCursor = 0x0300,
    kMoveCursor,

    kOkNoData = 0x1100,
    kOkDisplayInfo,
    kOkCapsetInfo,
    kOkCapset,
    kOkEdid,

    kErrorUnspecified = 0x1200,
    kErrorOutOfMemory,
    kErrorInvalidScanout,
    kErrorInvalidResource,
    kErrorInvalidContext,
    kErrorInvalidParameter,
};

enum Flags : u32 { kFence = 1 };

enum Format : u32 {  // bytes in the order in which they are in memory
    kB8G8R8A8 = 1,
    kB8G8R8X8 = 2,
    kA8R8G8B8 = 3,
    kX8R8G8B8 = 4,
    kR8G8B8A8 = 67,
    kX8B8G8R8 = 68,
    kA8B8G8R8 = 121,
    kR8G8B8X8 = 134,
};
inline constexpr u32 kPixelBytes = 4;  ///< of each format

inline constexpr u32 kMaxScanouts = 16;
inline constexpr u32 kCursorSide = 64;  ///< width and height of pointers
inline constexpr u32 kEdidField = 1024;

struct Header {
    u32 type, flags;
    u64 fence;
    u32 context;
    u8 ring;
    u8 padding[3];
};

struct Rect {
    u32 x, y, width, height;
};

struct DisplayInfo {
    Header header;
    struct {
        Rect rect;
        u32 enabled, flags;
    } modes[kMaxScanouts];
};

struct GetEdid {
    Header header;
    u32 scanout, padding;
};

struct EdidReply {
    Header header;
    u32 size, padding;
    u8 edid[kEdidField];
};

struct ResourceCreate2d {
    Header header;
    u32 resource, format, width, height;
};

/// Of unref and detach_backing.
struct ResourceCommand {
    Header header;
    u32 resource, padding;
};

struct SetScanout {
    Header header;
    Rect rect;
    u32 scanout, resource;
};

struct ResourceFlush {
    Header header;
    Rect rect;
    u32 resource, padding;
};

struct TransferToHost2d {
    Header header;
    Rect rect;
    u64 offset;
    u32 resource, padding;
};

struct AttachBacking {
    Header header;
    u32 resource, entries;
};
/// `entries` of them follow AttachBacking.
struct MemoryEntry {
    u64 address;
    u32 length, padding;
};

struct CursorCommand {
    Header header;
    u32 scanout, x, y, padding;
    u32 resource, hot_x, hot_y, padding2;
};

}  // namespace dragoman::devices::virtio::gpu
