// The host's random numbers.
#pragma once

#include <span>

#include "base/bits.h"

namespace dragoman {

/// Fills `bytes`. Never short and never late once the host has booted.
void fill_random(std::span<u8> bytes);

}  // namespace dragoman
