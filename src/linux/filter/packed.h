// Chains of seccomp filters as bytes, as one translator gives them to another.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "linux/filter/filter.h"

namespace dragoman::linux_abi {

/// The filters of a chain, oldest first.
std::vector<u8> pack_filters(const Filter* newest);

/// @returns the newest of them (null: there are none); nothing, if the bytes are not what pack_filters makes
std::optional<std::shared_ptr<const Filter>> unpack_filters(std::span<const u8> bytes);

}  // namespace dragoman::linux_abi
