// Universally unique identifiers (RFC 9562).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/bits.h"

namespace dragoman::machine {

/// 16 bytes in the order of the text.
using Uuid = std::array<u8, 16>;

/// "550e8400-e29b-41d4-a716-446655440000"; nothing when it is none.
std::optional<Uuid> parse_uuid(std::string_view text);
std::string format_uuid(const Uuid& uuid);
/// In the order of EFI, ACPI and SMBIOS: the first three groups are little-endian numbers.
Uuid mixed_endian(const Uuid& uuid);

}  // namespace dragoman::machine
