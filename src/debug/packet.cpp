#include "debug/packet.h"

#include <charconv>

namespace dragoman::debug {

namespace {

constexpr char kDigits[] = "0123456789abcdef";
constexpr char kInterrupt = 3;

int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

u8 checksum(std::string_view data) {
    unsigned sum = 0;
    for (char c : data) sum += static_cast<u8>(c);
    return static_cast<u8>(sum);
}

std::string unescape(std::string_view data) {
    std::string plain;
    plain.reserve(data.size());
    for (std::size_t i = 0; i < data.size(); i++) {
        if (data[i] == '}' && i + 1 < data.size()) plain += static_cast<char>(data[++i] ^ 0x20);
        else plain += data[i];
    }
    return plain;
}

}  // namespace

PacketReader::Kind PacketReader::next(std::string& data) {
    // Between packets there are acknowledgements, which need no answer, and interrupts.
    std::size_t start = buffer_.find_first_of(std::string_view("$\x03", 2));
    if (start == buffer_.npos) {
        buffer_.clear();
        return Kind::None;
    }
    if (buffer_[start] == kInterrupt) {
        buffer_.erase(0, start + 1);
        return Kind::Interrupt;
    }
    std::size_t end = buffer_.find('#', start);
    if (end == buffer_.npos || end + 2 >= buffer_.size()) {
        buffer_.erase(0, start);
        return Kind::None;
    }
    std::string_view body = std::string_view(buffer_).substr(start + 1, end - start - 1);
    int expected = digit_value(buffer_[end + 1]) << 4 | digit_value(buffer_[end + 2]);
    bool good = expected == checksum(body);
    if (good) data = unescape(body);
    buffer_.erase(0, end + 3);
    return good ? Kind::Packet : Kind::BadChecksum;
}

std::string make_packet(std::string_view data) {
    u8 sum = checksum(data);
    std::string packet = "$";
    packet += data;
    packet += '#';
    packet += kDigits[sum >> 4];
    packet += kDigits[sum & 15];
    return packet;
}

std::string escape(std::string_view data) {
    std::string text;
    text.reserve(data.size());
    for (char c : data) {
        if (c == '#' || c == '$' || c == '}' || c == '*') {
            text += '}';
            text += static_cast<char>(c ^ 0x20);
        } else {
            text += c;
        }
    }
    return text;
}

std::string to_hex(std::span<const u8> bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (u8 byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

std::optional<std::string> from_hex(std::string_view digits) {
    if (digits.size() % 2) return std::nullopt;
    std::string bytes;
    bytes.reserve(digits.size() / 2);
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        int high = digit_value(digits[i]), low = digit_value(digits[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes += static_cast<char>(high << 4 | low);
    }
    return bytes;
}

std::string hex_number(u64 value) {
    char text[16];
    auto [end, error] = std::to_chars(text, text + sizeof text, value, 16);
    return {text, end};
}

std::string_view take_until(std::string_view& text, char separator) {
    std::size_t at = text.find(separator);
    std::string_view head = text.substr(0, at);
    text.remove_prefix(at == text.npos ? text.size() : at + 1);
    return head;
}

bool take_number(std::string_view& text, u64& value) {
    if (take_prefix(text, "-1")) {
        value = ~u64{0};
        return true;
    }
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

}  // namespace dragoman::debug
