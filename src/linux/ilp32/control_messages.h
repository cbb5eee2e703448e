// Ancillary data of socket messages (struct cmsghdr) between a 32-bit guest and the host: headers and alignment differ,
// and so do times, which are longs unless the program has asked for new ones.
#pragma once

#include <span>
#include <vector>

#include "base/bits.h"

namespace dragoman::linux_abi {

/// What a program wants to send, as the host takes it. False: not a list that the kernel would accept.
bool widen_control(std::span<const u8> guest, std::vector<u8>& host);

/// What has come, as the guest sees it, in up to `room` bytes. @returns the bytes used; `truncated` is set when not all
/// of it had room
u64 narrow_control(std::span<const u8> host, std::span<u8> guest, bool& truncated);

/// Room on the host's side for what fills `bytes` on the guest's.
constexpr u64 wide_control_bytes(u64 bytes) { return 2 * bytes + 64; }

}  // namespace dragoman::linux_abi
