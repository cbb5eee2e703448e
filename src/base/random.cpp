#include "base/random.h"

#include <sys/random.h>

#include <algorithm>

namespace dragoman {

void fill_random(std::span<u8> bytes) {
    constexpr std::size_t kNeverShort = 256;  // getrandom(2)
    while (!bytes.empty()) {
        const ssize_t got = ::getrandom(bytes.data(), std::min(bytes.size(), kNeverShort), 0);
        if (got > 0) bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace dragoman
