#include "base/number.h"

#include <charconv>

namespace dragoman {

std::optional<u64> parse_number(std::string_view text, int base) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    }
    u64 value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<u64> parse_size(std::string_view text, u64 unit) {
    if (text.empty()) return std::nullopt;
    switch (text.back()) {
        case 'b':
        case 'B': unit = 1; break;
        case 'k':
        case 'K': unit = u64{1} << 10; break;
        case 'm':
        case 'M': unit = u64{1} << 20; break;
        case 'g':
        case 'G': unit = u64{1} << 30; break;
        case 't':
        case 'T': unit = u64{1} << 40; break;
        default: {
            std::optional<u64> value = parse_number(text);
            if (!value || *value > ~u64{0} / unit) return std::nullopt;
            return *value * unit;
        }
    }
    if (text.starts_with("0x")) return parse_number(text);  // 'b' is a digit there
    text.remove_suffix(1);
    if (text.find('.') != text.npos) {
        double value = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
        if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
        if (value * static_cast<double>(unit) >= 0x1p63) return std::nullopt;
        return static_cast<u64>(value * static_cast<double>(unit));
    }
    std::optional<u64> value = parse_number(text);
    if (!value || *value > ~u64{0} / unit) return std::nullopt;
    return *value * unit;
}

}  // namespace dragoman
