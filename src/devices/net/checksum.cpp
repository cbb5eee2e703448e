#include "devices/net/checksum.h"

#include <cstring>

namespace dragoman::devices::net {

u16 internet_sum(std::span<const u8> data) {
    // Any byte order gives the same sum, in that byte order.
    u64 sum = 0;
    std::size_t i = 0;
    for (; i + 4 <= data.size(); i += 4) {
        u32 word;
        std::memcpy(&word, data.data() + i, 4);
        sum += word;
    }
    u32 rest = 0;
    if (i < data.size()) std::memcpy(&rest, data.data() + i, data.size() - i);
    sum += rest;
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return __builtin_bswap16(static_cast<u16>(sum));
}

}  // namespace dragoman::devices::net
