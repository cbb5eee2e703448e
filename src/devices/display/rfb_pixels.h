// How RFB (RFC 6143 §7.4, §7.7) has pixels: a client's format, and rectangles in the encodings Raw and ZRLE.
#pragma once

#include <zlib.h>

#include <optional>
#include <span>
#include <vector>

#include "devices/display/screen.h"

namespace dragoman::devices::display {

struct PixelFormat {
    u8 bits = 32, depth = 24;
    bool big_endian = false;
    u16 red_max = 255, green_max = 255, blue_max = 255;
    u8 red_shift = 16, green_shift = 8, blue_shift = 0;

    static constexpr unsigned kBytes = 16;
    /// From the form that SetPixelFormat has. Nothing: it is one that there is not (a colour map, odd sizes).
    static std::optional<PixelFormat> parse(std::span<const u8> bytes);
    void put_to(std::vector<u8>& out) const;

    /// 0x00RRGGBB in this format.
    u32 convert(u32 pixel) const;
    /// Appends a pixel as Raw has it.
    void put_pixel(std::vector<u8>& out, u32 pixel) const { put_value(out, convert(pixel), 0, bits / 8); }
    /// The same as ZRLE has it, which leaves out a byte that holds no colour (§7.7.5).
    void put_compact(std::vector<u8>& out, u32 pixel) const;

private:
    void put_value(std::vector<u8>& out, u32 value, unsigned skip_low, unsigned bytes) const;
};

struct Area {
    u32 x, y, width, height;
    bool operator==(const Area&) const = default;
};

/// Appends the pixels of `area` of a frame.
void encode_raw(const Frame& frame, const Area& area, const PixelFormat& format, std::vector<u8>& out);

/// The encoder of one connection, whose compressed stream goes on from rectangle to rectangle.
class ZrleEncoder {
public:
    ZrleEncoder();
    ~ZrleEncoder();
    ZrleEncoder(const ZrleEncoder&) = delete;
    ZrleEncoder& operator=(const ZrleEncoder&) = delete;

    /// Appends the length and the data of `area`.
    void encode(const Frame& frame, const Area& area, const PixelFormat& format, std::vector<u8>& out);

private:
    z_stream stream_{};
};

}  // namespace dragoman::devices::display
