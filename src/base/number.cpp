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

namespace {

/// `whole`.`fraction` units, rounded down; less than 2^63. (Not by way of a double: what parses those brings the
/// mathematics library with it, and loading that is a part of every start.)
std::optional<u64> parse_fraction(std::string_view whole, std::string_view fraction, u64 unit) {
    constexpr u64 kLimit = u64{1} << 63;
    if (whole.empty() && fraction.empty()) return std::nullopt;
    std::optional<u64> units = whole.empty() ? u64{0} : parse_number(whole);
    if (!units || *units >= kLimit / unit) return std::nullopt;
    u128 numerator = 0, denominator = 1;
    for (char c : fraction) {
        if (c < '0' || c > '9') return std::nullopt;
        if (denominator >= kLimit / 16) continue;  // what is behind is less than one byte
        numerator = numerator * 10 + static_cast<unsigned>(c - '0');
        denominator *= 10;
    }
    return *units * unit + static_cast<u64>(numerator * unit / denominator);
}

}  // namespace

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
    if (auto point = text.find('.'); point != text.npos) {
        return parse_fraction(text.substr(0, point), text.substr(point + 1), unit);
    }
    std::optional<u64> value = parse_number(text);
    if (!value || *value > ~u64{0} / unit) return std::nullopt;
    return *value * unit;
}

}  // namespace dragoman
