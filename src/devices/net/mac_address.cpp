#include "devices/net/mac_address.h"

#include <cstdio>

namespace dragoman::devices::net {

bool parse_mac(const std::string& text, MacAddress& mac) {
    unsigned byte[6];
    int end = 0;
    if (std::sscanf(text.c_str(), "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4],
                    &byte[5], &end) != 6 ||
        static_cast<std::size_t>(end) != text.size()) {
        return false;
    }
    for (unsigned i = 0; i < 6; i++) mac[i] = static_cast<u8>(byte[i]);
    return true;
}

std::string format_mac(const MacAddress& mac) {
    char text[18];
    std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    return text;
}

}  // namespace dragoman::devices::net
