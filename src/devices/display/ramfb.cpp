#include "devices/display/ramfb.h"
#include "base/big_endian.h"

#include <cstring>

namespace dragoman::devices::display {

namespace {

constexpr std::size_t kFileBytes = 28;
enum Offset : std::size_t { kAddress = 0, kFormat = 8, kWidth = 16, kHeight = 20, kStride = 24 };
constexpr u32 kXrgb8888 = 0x34325258, kArgb8888 = 0x34325241;  // "XR24", "AR24"
constexpr u32 kMinSide = 16, kMaxSide = 16384;

}  // namespace

bool Ramfb::connect(FwCfg& fw_cfg) {
    return fw_cfg.add_writable_file("etc/ramfb", kFileBytes, [this](std::span<const u8> file) { set_mode(file); });
}

void Ramfb::set_mode(std::span<const u8> file) {
    Mode mode;
    mode.address = u64{get_be32(file, kAddress)} << 32 | get_be32(file, kAddress + 4);
    mode.width = get_be32(file, kWidth);
    mode.height = get_be32(file, kHeight);
    mode.stride = get_be32(file, kStride);
    const u32 format = get_be32(file, kFormat);
    if (mode.stride == 0) mode.stride = mode.width * static_cast<u32>(sizeof(u32));
    const bool size = mode.width >= kMinSide && mode.width <= kMaxSide && mode.height >= kMinSide &&
                      mode.height <= kMaxSide && mode.stride >= mode.width * sizeof(u32);
    if (!size || (format != kXrgb8888 && format != kArgb8888)) mode = {};
    LockGuard held(lock_);
    mode_ = mode;
}

void Ramfb::capture(Frame& frame) {
    LockGuard held(lock_);
    const u64 bytes = u64{mode_.stride} * (mode_.height - 1) + u64{mode_.width} * sizeof(u32);
    const u8* memory = mode_.width != 0 ? space_.ram(mode_.address, bytes) : nullptr;
    if (memory == nullptr) return frame.resize(kBlankWidth, kBlankHeight);
    frame.resize(mode_.width, mode_.height);
    for (u64 y = 0; y < mode_.height; y++)
        std::memcpy(&frame.pixels[y * mode_.width], memory + y * mode_.stride, mode_.width * sizeof(u32));
    for (u32& pixel : frame.pixels) pixel &= 0xffffff;
}

}  // namespace dragoman::devices::display
