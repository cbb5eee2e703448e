// Numbers and sizes as options and commands spell them.
#pragma once

#include <optional>
#include <string_view>

#include "base/bits.h"

namespace dragoman {

/// "512", "0x1000"; `base` is that of digits without 0x. @returns nothing when it is no number.
std::optional<u64> parse_number(std::string_view text, int base = 10);
/// "512", "1G", "1.5G", "64k"; a plain number is multiplied with `unit`.
std::optional<u64> parse_size(std::string_view text, u64 unit = 1);

}  // namespace dragoman
