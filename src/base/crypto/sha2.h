// Rounds and message schedule of SHA-2 (FIPS 180-4, sections 6.2.2 and 6.4.2), in the portions of vector instructions;
// SHA-256 by the host's instructions where it has them.
#pragma once

#include "base/bits.h"

namespace dragoman::crypto {

/// Four words of SHA-256 (T = u32) or SHA-512 (u64), the lowest index first.
template <class T>
struct Words {
    T w[4];
    constexpr bool operator==(const Words&) const = default;
};

/// Two rounds: from the state words f, e, b, a and h, g, d, c and the sums of message word and constant. @returns the
/// new f, e, b, a; the old ones are the new h, g, d, c.
Words<u32> sha2_rounds(Words<u32> feba, Words<u32> hgdc, u32 first, u32 second);
Words<u64> sha2_rounds(Words<u64> feba, Words<u64> hgdc, u64 first, u64 second);
Words<u32> portable_sha2_rounds(Words<u32> feba, Words<u32> hgdc, u32 first, u32 second);

/// Message words 16 to 19 from the words 0 to 3; 4, 9, 10, 11; and 12, any, 14, 15.
Words<u32> sha2_schedule(Words<u32> from0, Words<u32> from4, Words<u32> from12);
Words<u64> sha2_schedule(Words<u64> from0, Words<u64> from4, Words<u64> from12);
Words<u32> portable_sha2_schedule(Words<u32> from0, Words<u32> from4, Words<u32> from12);

}  // namespace dragoman::crypto
