// Framing of the gdb remote protocol ("$data#checksum", acknowledgements, escapes) and its number formats.
// gdb manual, "Remote Protocol: Overview".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bits.h"

namespace dragoman::debug {

// Answers to requests.
inline const std::string kOk = "OK";
inline const std::string kBadRequest = "E01";
inline const std::string kNoMemory = "E14";  // EFAULT

/// Takes bytes from gdb and finds the packets in them.
class PacketReader {
public:
    enum class Kind { None, Packet, BadChecksum, Interrupt };

    void feed(std::string_view bytes) { buffer_ += bytes; }
    /// The next thing in the bytes so far. `data` receives a Packet's contents, escapes removed.
    Kind next(std::string& data);

private:
    std::string buffer_;
};

/// "$data#xx", with the characters escaped that must be.
std::string make_packet(std::string_view data);
/// `data` with '#', '$', '}' and '*' escaped, for binary answers.
std::string escape(std::string_view data);

std::string to_hex(std::span<const u8> bytes);
inline std::string to_hex(std::string_view text) {
    return to_hex({reinterpret_cast<const u8*>(text.data()), text.size()});
}
/// The bytes of a string of hexadecimal digit pairs; nothing when it is none.
std::optional<std::string> from_hex(std::string_view digits);
/// A number without prefix.
std::string hex_number(u64 value);

/// Cuts `text` at the first `separator`: @returns what is before it, and leaves what is behind.
std::string_view take_until(std::string_view& text, char separator);
/// Reads hexadecimal digits (an optional '-' means -1) from the front of `text`. False: there are none.
bool take_number(std::string_view& text, u64& value);
/// Removes `prefix` from the front of `text`. False: it is not there.
bool take_prefix(std::string_view& text, std::string_view prefix);

}  // namespace dragoman::debug
