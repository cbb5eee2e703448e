// Structures of counters, which are counted by several and summed when somebody asks.
#pragma once

#include <array>
#include <bit>
#include <type_traits>

#include "base/bits.h"

namespace dragoman::engine {

/// Adds the counters of `from` to those of `to`. S has nothing but u64, and structures of these.
template <class S>
void add_counters(S& to, const S& from) {
    using Numbers = std::array<u64, sizeof(S) / sizeof(u64)>;
    static_assert(std::has_unique_object_representations_v<S> && alignof(S) == alignof(u64));
    Numbers sum = std::bit_cast<Numbers>(to);
    const Numbers more = std::bit_cast<Numbers>(from);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
    to = std::bit_cast<S>(sum);
}

}  // namespace dragoman::engine
