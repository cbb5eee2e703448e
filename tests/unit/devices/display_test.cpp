// Pictures, what monitors tell of themselves, and the list of screens.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <numeric>

#include "devices/display/edid.h"
#include "devices/display/picture.h"
#include "devices/display/screens.h"

namespace dragoman::devices::display {
namespace {

Frame small_frame() {
    Frame frame;
    frame.resize(3, 2);
    frame.pixels = {0xff0000, 0x00ff00, 0x0000ff, 0x010203, 0xffffff, 0};
    return frame;
}

u32 be32(const std::vector<u8>& bytes, std::size_t at) {
    return u32{bytes[at]} << 24 | u32{bytes[at + 1]} << 16 | u32{bytes[at + 2]} << 8 | bytes[at + 3];
}

TEST(Picture, PpmIsPlain) {
    const std::vector<u8> file = encode_picture(small_frame(), PictureFormat::Ppm);
    const std::string header = "P6\n3 2\n255\n";
    ASSERT_EQ(file.size(), header.size() + 18);
    EXPECT_EQ(std::string(file.begin(), file.begin() + 11), header);
    const u8 pixels[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 255, 255, 255, 0, 0, 0};
    EXPECT_EQ(std::memcmp(file.data() + 11, pixels, 18), 0);
}

// By ISO/IEC 15948: signature, chunks with their CRC, and rows with the filter Sub.
TEST(Picture, PngHasWhatAReaderChecks) {
    const std::vector<u8> file = encode_picture(small_frame(), PictureFormat::Png);
    ASSERT_EQ(std::memcmp(file.data(), "\x89PNG\r\n\x1a\n", 8), 0);
    std::vector<u8> data;
    std::string types;
    for (std::size_t at = 8; at < file.size();) {
        const u32 bytes = be32(file, at);
        ASSERT_LE(at + 12 + bytes, file.size());
        types += std::string(file.begin() + static_cast<long>(at) + 4, file.begin() + static_cast<long>(at) + 8) + " ";
        EXPECT_EQ(be32(file, at + 8 + bytes), crc32(0, file.data() + at + 4, bytes + 4));
        if (types == "IHDR ") {
            EXPECT_EQ(be32(file, at + 8), 3u);
            EXPECT_EQ(be32(file, at + 12), 2u);
        }
        if (types == "IHDR IDAT ")
            data.assign(file.begin() + static_cast<long>(at) + 8, file.begin() + static_cast<long>(at + 8 + bytes));
        at += 12 + bytes;
    }
    EXPECT_EQ(types, "IHDR IDAT IEND ");
    u8 rows[20];
    uLongf bytes = sizeof rows;
    ASSERT_EQ(uncompress(rows, &bytes, data.data(), data.size()), Z_OK);
    ASSERT_EQ(bytes, 20u);
    for (unsigned y = 0; y < 2; y++) {
        u8* row = rows + 10 * y;
        EXPECT_EQ(row[0], 1);
        for (unsigned i = 4; i < 10; i++) row[i] = static_cast<u8>(row[i] + row[i - 3]);
        for (unsigned x = 0; x < 3; x++) {
            const u32 pixel = u32{row[1 + 3 * x]} << 16 | u32{row[2 + 3 * x]} << 8 | row[3 + 3 * x];
            EXPECT_EQ(pixel, small_frame().pixels[3 * y + x]);
        }
    }
}

TEST(Picture, SaysWhatItCannotWrite) {
    EXPECT_EQ(write_picture(small_frame(), PictureFormat::Png, "/nowhere/at/all.png"),
              "failed to open file '/nowhere/at/all.png': No such file or directory");
    EXPECT_NE(write_picture(small_frame(), PictureFormat::Png, "/dev/full"), "");
}

TEST(Edid, TellsThePreferredMode) {
    for (auto [width, height] : {std::pair{1280u, 800u}, {16u, 16u}, {4095u, 4095u}, {1920u, 1080u}}) {
        const auto edid = make_edid(width, height);
        EXPECT_EQ(std::accumulate(edid.begin(), edid.end(), 0u) % 256, 0u);
        EXPECT_EQ(std::memcmp(edid.data(), "\0\xff\xff\xff\xff\xff\xff\0", 8), 0);
        const u8* timing = edid.data() + 54;
        EXPECT_EQ(timing[2] | (timing[4] >> 4) << 8, static_cast<int>(width));
        EXPECT_EQ(timing[5] | (timing[7] >> 4) << 8, static_cast<int>(height));
        EXPECT_NE(timing[0] | timing[1] << 8, 0);
        // Sync pulses lie inside of the blanking.
        const int blank = timing[3] | (timing[4] & 15) << 8, front = timing[8] | (timing[11] >> 6) << 8;
        const int sync = timing[9] | (timing[11] >> 4 & 3) << 8;
        EXPECT_LE(front + sync, blank);
    }
}

struct NoScreen final : Screen {
    void capture(Frame& frame) override { frame.resize(1, 1); }
    u64 generation() override { return 0; }
};

TEST(Screens, AreFoundByDeviceAndHead) {
    Screens screens;
    NoScreen a, b, c;
    EXPECT_EQ(screens.find("", 0), nullptr);
    screens.add("", 0, a);
    screens.add("gpu", 0, b);
    screens.add("gpu", 1, c);
    EXPECT_EQ(screens.find("", 0), &a);
    EXPECT_EQ(screens.find("gpu", 0), &b);
    EXPECT_EQ(screens.find("gpu", 1), &c);
    EXPECT_EQ(screens.find("gpu", 2), nullptr);
    EXPECT_EQ(screens.find("none", 0), nullptr);
    EXPECT_EQ(screens.find("", 99), nullptr);
}

}  // namespace
}  // namespace dragoman::devices::display
