#include "devices/display/rfb_pixels.h"

#include <algorithm>
#include <bit>

#include "base/big_endian.h"
#include "base/error.h"

namespace dragoman::devices::display {

namespace {

constexpr u32 kTileSide = 64;
constexpr std::size_t kMaxPalette = 16;  // of packed palettes
enum : u8 { kRawTile = 0, kSolidTile = 1 };

/// A maximum is one less than a power of two, and the shifted colour is inside of the pixel.
bool is_colour(u16 max, u8 shift, u8 bits) {
    return max != 0 && std::has_single_bit(u32{max} + 1) && shift + std::bit_width(max) <= bits;
}

/// The colours of a tile, as long as they fit into a palette.
std::vector<u32> palette_of(std::span<const u32> pixels) {
    std::vector<u32> palette;
    u32 last = ~pixels[0];
    for (u32 pixel : pixels) {
        if (pixel == last) continue;
        last = pixel;
        if (std::find(palette.begin(), palette.end(), pixel) != palette.end()) continue;
        palette.push_back(pixel);
        if (palette.size() > kMaxPalette) break;
    }
    return palette;
}

void put_packed(std::span<const u32> pixels, u32 width, const std::vector<u32>& palette, std::vector<u8>& out) {
    const unsigned bits = palette.size() <= 2 ? 1 : palette.size() <= 4 ? 2 : 4;
    for (std::size_t row = 0; row < pixels.size(); row += width) {
        unsigned byte = 0, used = 0;
        for (u32 x = 0; x < width; x++) {
            const auto index = std::find(palette.begin(), palette.end(), pixels[row + x]) - palette.begin();
            byte = byte << bits | static_cast<unsigned>(index);
            used += bits;
            if (used < 8) continue;
            out.push_back(static_cast<u8>(byte));
            byte = used = 0;
        }
        if (used != 0) out.push_back(static_cast<u8>(byte << (8 - used)));
    }
}

void put_tile(std::span<const u32> pixels, u32 width, const PixelFormat& format, std::vector<u8>& out) {
    const std::vector<u32> palette = palette_of(pixels);
    if (palette.size() == 1) {
        out.push_back(kSolidTile);
        format.put_compact(out, palette[0]);
    } else if (palette.size() <= kMaxPalette) {
        out.push_back(static_cast<u8>(palette.size()));
        for (u32 pixel : palette) format.put_compact(out, pixel);
        put_packed(pixels, width, palette, out);
    } else {
        out.push_back(kRawTile);
        for (u32 pixel : pixels) format.put_compact(out, pixel);
    }
}

}  // namespace

std::optional<PixelFormat> PixelFormat::parse(std::span<const u8> bytes) {
    PixelFormat format;
    format.bits = bytes[0];
    format.depth = bytes[1];
    format.big_endian = bytes[2] != 0;
    format.red_max = get_be16(bytes, 4);
    format.green_max = get_be16(bytes, 6);
    format.blue_max = get_be16(bytes, 8);
    format.red_shift = bytes[10];
    format.green_shift = bytes[11];
    format.blue_shift = bytes[12];
    const bool true_colour = bytes[3] != 0;
    const bool size = format.bits == 8 || format.bits == 16 || format.bits == 32;
    const bool colours = is_colour(format.red_max, format.red_shift, format.bits) &&
                         is_colour(format.green_max, format.green_shift, format.bits) &&
                         is_colour(format.blue_max, format.blue_shift, format.bits);
    if (!true_colour || !size || !colours) return std::nullopt;
    return format;
}

void PixelFormat::put_to(std::vector<u8>& out) const {
    for (u8 byte : {bits, depth, u8{big_endian}, u8{1}}) out.push_back(byte);
    for (u16 max : {red_max, green_max, blue_max}) put_be16(out, max);
    for (u8 byte : {red_shift, green_shift, blue_shift, u8{0}, u8{0}, u8{0}}) out.push_back(byte);
}

u32 PixelFormat::convert(u32 pixel) const {
    auto scale = [](u32 value, u16 max, u8 shift) { return (value * max + 127) / 255 << shift; };
    return scale(pixel >> 16 & 0xff, red_max, red_shift) | scale(pixel >> 8 & 0xff, green_max, green_shift) |
           scale(pixel & 0xff, blue_max, blue_shift);
}

void PixelFormat::put_value(std::vector<u8>& out, u32 value, unsigned skip_low, unsigned bytes) const {
    for (unsigned i = 0; i < bytes; i++) {
        const unsigned byte = skip_low + (big_endian ? bytes - 1 - i : i);
        out.push_back(static_cast<u8>(value >> (8 * byte)));
    }
}

void PixelFormat::put_compact(std::vector<u8>& out, u32 pixel) const {
    const u32 mask = u32{red_max} << red_shift | u32{green_max} << green_shift | u32{blue_max} << blue_shift;
    const u32 value = convert(pixel);
    if (bits == 32 && depth <= 24 && (mask & 0xff000000) == 0) put_value(out, value, 0, 3);
    else if (bits == 32 && depth <= 24 && (mask & 0xff) == 0) put_value(out, value, 1, 3);
    else put_value(out, value, 0, bits / 8);
}

void encode_raw(const Frame& frame, const Area& area, const PixelFormat& format, std::vector<u8>& out) {
    out.reserve(out.size() + u64{area.width} * area.height * format.bits / 8);
    for (u32 y = area.y; y < area.y + area.height; y++) {
        for (u32 x = area.x; x < area.x + area.width; x++)
            format.put_pixel(out, frame.pixels[u64{y} * frame.width + x]);
    }
}

ZrleEncoder::ZrleEncoder() {
    const int status = deflateInit(&stream_, Z_BEST_SPEED);
    DRAGOMAN_ASSERT(status == Z_OK);
}

ZrleEncoder::~ZrleEncoder() { deflateEnd(&stream_); }

void ZrleEncoder::encode(const Frame& frame, const Area& area, const PixelFormat& format, std::vector<u8>& out) {
    std::vector<u8> plain;
    std::vector<u32> pixels;
    for (u32 y = area.y; y < area.y + area.height; y += kTileSide) {
        for (u32 x = area.x; x < area.x + area.width; x += kTileSide) {
            const u32 width = std::min(kTileSide, area.x + area.width - x);
            const u32 height = std::min(kTileSide, area.y + area.height - y);
            pixels.clear();
            for (u32 row = y; row < y + height; row++) {
                const u32* from = frame.pixels.data() + u64{row} * frame.width + x;
                pixels.insert(pixels.end(), from, from + width);
            }
            put_tile(pixels, width, format, plain);
        }
    }
    const std::size_t length_at = out.size();
    put_be32(out, 0);
    stream_.next_in = plain.data();
    stream_.avail_in = static_cast<uInt>(plain.size());
    do {
        u8 part[16384];
        stream_.next_out = part;
        stream_.avail_out = sizeof part;
        deflate(&stream_, Z_SYNC_FLUSH);
        out.insert(out.end(), part, part + (sizeof part - stream_.avail_out));
    } while (stream_.avail_out == 0);
    set_be(out, length_at, static_cast<u32>(out.size() - length_at - 4), 4);
}

}  // namespace dragoman::devices::display
