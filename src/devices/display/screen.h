// What display devices show, for those who look: screendump and VNC.
#pragma once

#include <string>
#include <vector>

#include "base/bits.h"

namespace dragoman::devices::display {

/// A picture. Pixels are 0x00RRGGBB, by rows from the top left.
struct Frame {
    u32 width = 0, height = 0;
    std::vector<u32> pixels;

    /// A black one.
    void resize(u32 new_width, u32 new_height) {
        width = new_width, height = new_height;
        pixels.assign(u64{width} * height, 0);
    }
    bool operator==(const Frame&) const = default;
};

/// The shape of a pointer that is drawn over the picture. Pixels are 0xAARRGGBB; none: there is no pointer.
struct Cursor {
    u32 width = 0, height = 0;
    u32 hot_x = 0, hot_y = 0;  ///< the pixel that points
    std::vector<u32> pixels;
};

/// One monitor of a display device. Functions take the device's lock, so that a caller holds no lock that the device
/// asks for. Any thread.
class Screen {
public:
    /// What is shown while no driver has set a mode.
    static constexpr u32 kBlankWidth = 640, kBlankHeight = 480;

    virtual ~Screen() = default;
    /// Copies what is shown into `frame`.
    virtual void capture(Frame& frame) = 0;
    /// A number that changes when what is shown may have changed.
    virtual u64 generation() = 0;
    /// The pointer's shape, for those who draw it themselves.
    virtual Cursor cursor() { return {}; }
    virtual u64 cursor_generation() { return 0; }
};

}  // namespace dragoman::devices::display
