// The Internet checksum.
#pragma once

#include <span>

#include "base/bits.h"

namespace dragoman::devices::net {

/// Internet checksum (RFC 1071) of `data`, whose first byte is the high one of a word; not complemented.
u16 internet_sum(std::span<const u8> data);

}  // namespace dragoman::devices::net
