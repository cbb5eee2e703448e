#include "machine/uuid.h"

#include <cstdio>

namespace dragoman::machine {

std::optional<Uuid> parse_uuid(std::string_view text) {
    constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text.size() != kForm.size()) return std::nullopt;
    Uuid uuid{};
    unsigned digits = 0;
    for (std::size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        if (kForm[i] == '-') {
            if (c != '-') return std::nullopt;
            continue;
        }
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return std::nullopt;
        u8& byte = uuid[digits++ / 2];
        byte = static_cast<u8>(byte << 4 | digit);
    }
    return uuid;
}

std::string format_uuid(const Uuid& uuid) {
    std::string text;
    for (std::size_t i = 0; i < uuid.size(); i++) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", uuid[i]);
        text += digits;
        if (i == 3 || i == 5 || i == 7 || i == 9) text += '-';
    }
    return text;
}

Uuid mixed_endian(const Uuid& uuid) {
    constexpr u8 kOrder[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    Uuid out;
    for (std::size_t i = 0; i < out.size(); i++) out[i] = uuid[kOrder[i]];
    return out;
}

}  // namespace dragoman::machine
