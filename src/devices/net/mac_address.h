// Addresses of network cards.
#pragma once

#include <array>
#include <string>

#include "base/bits.h"

namespace dragoman::devices::net {

using MacAddress = std::array<u8, 6>;

/// Of a machine's first card that is not told another one; the next ones count on.
constexpr MacAddress kFirstMac = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

/// Reads "52:54:00:12:34:56". @returns false when it is none
bool parse_mac(const std::string& text, MacAddress& mac);
std::string format_mac(const MacAddress& mac);

}  // namespace dragoman::devices::net
