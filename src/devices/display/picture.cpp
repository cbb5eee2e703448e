#include "devices/display/picture.h"

#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "base/big_endian.h"
#include "base/error.h"

namespace dragoman::devices::display {

namespace {

constexpr u8 kSignature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr u8 kDepth = 8, kTruecolour = 2;
constexpr u8 kSubFilter = 1;

void put_rgb(std::vector<u8>& out, u32 pixel) {
    for (int shift = 16; shift >= 0; shift -= 8) out.push_back(static_cast<u8>(pixel >> shift));
}

void put_chunk(std::vector<u8>& out, std::string_view type, const std::vector<u8>& data) {
    put_be32(out, static_cast<u32>(data.size()));
    const std::size_t start = out.size();
    out.insert(out.end(), type.begin(), type.end());
    out.insert(out.end(), data.begin(), data.end());
    const std::size_t bytes = out.size() - start;
    put_be32(out, static_cast<u32>(crc32(0, out.data() + start, static_cast<uInt>(bytes))));
}

/// Scanlines with the filter Sub: what is left of neighbours that are alike compresses well.
std::vector<u8> filter_rows(const Frame& frame) {
    std::vector<u8> rows;
    rows.reserve((3 * u64{frame.width} + 1) * frame.height);
    for (u32 y = 0; y < frame.height; y++) {
        rows.push_back(kSubFilter);
        u32 left = 0;
        for (u32 x = 0; x < frame.width; x++) {
            const u32 pixel = frame.pixels[u64{y} * frame.width + x];
            for (int shift = 16; shift >= 0; shift -= 8)
                rows.push_back(static_cast<u8>((pixel >> shift) - (left >> shift)));
            left = pixel;
        }
    }
    return rows;
}

std::vector<u8> encode_png(const Frame& frame) {
    std::vector<u8> out(std::begin(kSignature), std::end(kSignature)), header;
    put_be32(header, frame.width);
    put_be32(header, frame.height);
    for (u8 byte : {kDepth, kTruecolour, u8{0}, u8{0}, u8{0}}) header.push_back(byte);
    put_chunk(out, "IHDR", header);
    const std::vector<u8> rows = filter_rows(frame);
    uLongf bytes = compressBound(rows.size());
    std::vector<u8> data(bytes);
    const int status = compress2(data.data(), &bytes, rows.data(), rows.size(), Z_BEST_SPEED);
    DRAGOMAN_ASSERT(status == Z_OK);
    data.resize(bytes);
    put_chunk(out, "IDAT", data);
    put_chunk(out, "IEND", {});
    return out;
}

std::vector<u8> encode_ppm(const Frame& frame) {
    const std::string header = "P6\n" + std::to_string(frame.width) + " " + std::to_string(frame.height) + "\n255\n";
    std::vector<u8> out(header.begin(), header.end());
    out.reserve(out.size() + 3 * frame.pixels.size());
    for (u32 pixel : frame.pixels) put_rgb(out, pixel);
    return out;
}

}  // namespace

std::vector<u8> encode_picture(const Frame& frame, PictureFormat format) {
    return format == PictureFormat::Png ? encode_png(frame) : encode_ppm(frame);
}

std::string write_picture(const Frame& frame, PictureFormat format, const std::string& path) {
    const std::vector<u8> bytes = encode_picture(frame, format);
    FILE* file = std::fopen(path.c_str(), "we");
    if (file == nullptr) return "failed to open file '" + path + "': " + std::strerror(errno);
    bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    int error = errno;
    if (std::fclose(file) != 0) written = false, error = errno;
    return written ? "" : "failed to write file '" + path + "': " + std::strerror(error);
}

}  // namespace dragoman::devices::display
