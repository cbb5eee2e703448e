#include "debug/explain/html.h"

#include <cinttypes>
#include <cstdio>

namespace dragoman::debug::html {

std::string escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

std::string count(u64 number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
    return text;
}

std::string percent(double share) {
    if (share > 0 && share < 0.0005) return "&lt; 0.1 %";
    char text[32];
    std::snprintf(text, sizeof text, "%.1f %%", share * 100);
    return text;
}

std::string address(u64 value) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%" PRIx64, value);
    return text;
}

std::string css_percent(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f%%", share * 100);
    return text;
}

}  // namespace dragoman::debug::html
