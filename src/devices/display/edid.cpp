#include "devices/display/edid.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>

namespace dragoman::devices::display {

namespace {

// Offsets and values of E-EDID 1.4 §3.
enum Offset : unsigned {
    kManufacturer = 8,
    kProduct = 10,
    kWeek = 16,
    kVersion = 18,
    kInput = 20,
    kSize = 21,
    kGamma = 23,
    kFeatures = 24,
    kChromaticity = 25,
    kEstablished = 35,
    kStandard = 38,
    kDescriptors = 54,
    kChecksum = 127,
};
constexpr unsigned kDescriptorBytes = 18;
constexpr u8 kDigital8Bits = 0xa0;  // 8 bits per colour, interface not defined
constexpr u8 kPreferredIsNative = 0x02, kContinuous = 0x01, kSrgb = 0x04;
constexpr u8 kModes640x480 = 0x20, kModes800x600 = 0x01, kModes1024x768 = 0x08;
constexpr u8 kNameTag = 0xfc, kRangeTag = 0xfd;
constexpr u32 kDotsPerInch = 100, kRefresh = 75;

u16 letters(std::string_view name) {  // §3.4.1: five bits a letter
    auto code = [&](unsigned i) { return static_cast<u16>(name[i] - 'A' + 1); };
    return static_cast<u16>(code(0) << 10 | code(1) << 5 | code(2));
}

u32 millimetres(u32 pixels) { return pixels * 254 / (10 * kDotsPerInch); }

/// §3.10.2, with blanking in the proportions of VESA's coordinated video timings.
void put_timing(u8* at, u32 width, u32 height) {
    const u32 front = width * 25 / 100, sync = width * 3 / 100, blank = width * 35 / 100;
    const u32 v_front = std::clamp(height * 5 / 1000, 1u, 63u), v_sync = std::clamp(height * 5 / 1000, 1u, 63u),
              v_blank = height * 35 / 1000;
    const u64 clock = u64{kRefresh} * (width + blank) * (height + v_blank) / 10000;  // in 10 kHz
    const u32 h_mm = millimetres(width), v_mm = millimetres(height);
    const u16 clock16 = static_cast<u16>(std::min<u64>(clock, 0xffff));
    const u8 bytes[kDescriptorBytes] = {
        static_cast<u8>(clock16),
        static_cast<u8>(clock16 >> 8),
        static_cast<u8>(width),
        static_cast<u8>(blank),
        static_cast<u8>((width >> 8) << 4 | blank >> 8),
        static_cast<u8>(height),
        static_cast<u8>(v_blank),
        static_cast<u8>((height >> 8) << 4 | v_blank >> 8),
        static_cast<u8>(front),
        static_cast<u8>(sync),
        static_cast<u8>((v_front & 15) << 4 | (v_sync & 15)),
        static_cast<u8>((front >> 8) << 6 | (sync >> 8) << 4 | (v_front >> 4) << 2 | v_sync >> 4),
        static_cast<u8>(h_mm),
        static_cast<u8>(v_mm),
        static_cast<u8>((h_mm >> 8 & 15) << 4 | (v_mm >> 8 & 15)),
        0,
        0,
        0x18,  // digital separate sync
    };
    std::memcpy(at, bytes, sizeof bytes);
}

void put_text(u8* at, u8 tag, std::string_view text) {
    at[3] = tag;
    std::memset(at + 5, ' ', 13);
    std::memcpy(at + 5, text.data(), text.size());
    if (text.size() < 13) at[5 + text.size()] = '\n';
}

/// §3.10.3.3.1: 50 to 125 Hz, 30 to 160 kHz, up to 2550 MHz.
void put_range(u8* at) {
    const u8 bytes[kDescriptorBytes] = {0,   0, 0,    kRangeTag, 0,   50,  125, 30,  160,
                                        255, 1, '\n', ' ',       ' ', ' ', ' ', ' ', ' '};
    std::memcpy(at, bytes, sizeof bytes);
}

}  // namespace

std::array<u8, kEdidBytes> make_edid(u32 width, u32 height) {
    std::array<u8, kEdidBytes> edid{};
    std::memset(edid.data() + 1, 0xff, 6);
    const u16 manufacturer = letters("DRG");
    edid[kManufacturer] = static_cast<u8>(manufacturer >> 8);
    edid[kManufacturer + 1] = static_cast<u8>(manufacturer);
    edid[kProduct] = 1;
    edid[kWeek] = 0;
    edid[kWeek + 1] = 2014 - 1990;
    edid[kVersion] = 1;
    edid[kVersion + 1] = 4;
    edid[kInput] = kDigital8Bits;
    edid[kSize] = static_cast<u8>(std::min(255u, millimetres(width) / 10));
    edid[kSize + 1] = static_cast<u8>(std::min(255u, millimetres(height) / 10));
    edid[kGamma] = 220 - 100;
    edid[kFeatures] = kPreferredIsNative | kContinuous | kSrgb;
    // The primaries of sRGB in units of 1/1024 (§3.7).
    constexpr u8 kSrgbPoints[] = {0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};
    std::memcpy(edid.data() + kChromaticity, kSrgbPoints, sizeof kSrgbPoints);
    edid[kEstablished] = kModes640x480 | kModes800x600;
    edid[kEstablished + 1] = kModes1024x768;
    std::memset(edid.data() + kStandard, 1, 16);  // none
    u8* descriptor = edid.data() + kDescriptors;
    put_timing(descriptor, width, height);
    put_range(descriptor + kDescriptorBytes);
    put_text(descriptor + 2 * kDescriptorBytes, kNameTag, "Dragoman");
    descriptor[3 * kDescriptorBytes + 3] = 0x10;  // nothing
    edid[kChecksum] = static_cast<u8>(-std::accumulate(edid.begin(), edid.end(), 0u));
    return edid;
}

}  // namespace dragoman::devices::display
