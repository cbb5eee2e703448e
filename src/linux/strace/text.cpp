#include "linux/strace/text.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "linux/strace/flags.h"

namespace dragoman::linux_abi {

std::string print(const char* format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    std::vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return text;
}

std::string hex(u64 value) { return value ? print("%#llx", static_cast<ull>(value)) : "0"; }
std::string pointer(u64 value) { return value ? print("%#llx", static_cast<ull>(value)) : "NULL"; }
std::string octal(u64 value) { return value ? print("%#llo", static_cast<ull>(value)) : "0"; }

std::string flags(std::string_view word, u64 value) {
    const FlagSet* set = find_flag_set(word);
    return set ? format_flags(*set, value) : hex(value);
}

std::string string_at(const Task& task, u64 address, std::size_t limit) {
    std::string text;
    if (address == 0 || task.read_string(text, address) != 0) return pointer(address);
    return quote(text, limit);
}

std::string bytes_at(const Task& task, u64 address, u64 length) {
    std::string bytes(std::min<u64>(length, kMaxString), '\0');
    if (address == 0 || !task.read(bytes.data(), address, bytes.size())) return pointer(address);
    std::string text = quote(bytes);
    return length > kMaxString ? text + "..." : text;
}

std::string quote(std::string_view bytes, std::size_t limit) {
    std::string text = "\"";
    std::size_t shown = std::min(bytes.size(), limit);
    for (std::size_t i = 0; i < shown; ++i) {
        unsigned char c = static_cast<unsigned char>(bytes[i]);
        switch (c) {
            case '\n': text += "\\n"; break;
            case '\t': text += "\\t"; break;
            case '\r': text += "\\r"; break;
            case '\v': text += "\\v"; break;
            case '\f': text += "\\f"; break;
            case '"': text += "\\\""; break;
            case '\\': text += "\\\\"; break;
            default:
                if (c >= 0x20 && c < 0x7f) {
                    text += static_cast<char>(c);
                } else {
                    // Three digits only where a digit follows that would be taken for part of the number.
                    bool digit_follows = i + 1 < shown && bytes[i + 1] >= '0' && bytes[i + 1] <= '9';
                    text += print(digit_follows ? "\\%03o" : "\\%o", c);
                }
        }
    }
    text += '"';
    return bytes.size() > limit ? text + "..." : text;
}

}  // namespace dragoman::linux_abi
