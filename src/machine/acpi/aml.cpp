#include "machine/acpi/aml.h"

#include <algorithm>

#include "base/little_endian.h"
#include "machine/uuid.h"

namespace dragoman::machine::acpi::aml {

namespace {

enum Opcode : u8 {
    kZero = 0x00,
    kOne = 0x01,
    kName = 0x08,
    kByte = 0x0a,
    kWord = 0x0b,
    kDword = 0x0c,
    kString = 0x0d,
    kQword = 0x0e,
    kScope = 0x10,
    kBuffer = 0x11,
    kPackage = 0x12,
    kMethod = 0x14,
    kDualName = 0x2e,
    kMultiName = 0x2f,
    kExtended = 0x5b,
    kLocal0 = 0x60,
    kArgument0 = 0x68,
    kStore = 0x70,
    kAnd = 0x7b,
    kOr = 0x7d,
    kCreateDwordField = 0x8a,
    kNot = 0x92,
    kEqual = 0x93,
    kIf = 0xa0,
    kElse = 0xa1,
    kReturn = 0xa4,
};
constexpr u8 kExtendedDevice = 0x82;

void append(Bytes& out, const Bytes& bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

Bytes joined(Bytes out, const Terms& terms) {
    for (const Bytes& term : terms) append(out, term);
    return out;
}

/// A term with a PkgLength (§20.2.4) behind its opcode: the length counts itself.
Bytes with_length(std::initializer_list<u8> opcode, const Bytes& body) {
    Bytes out(opcode);
    const u64 bytes = body.size();
    if (bytes + 1 < 0x40) {
        out.push_back(static_cast<u8>(bytes + 1));
    } else {
        unsigned more = bytes + 2 < 0x1000 ? 1 : bytes + 3 < 0x100000 ? 2 : 3;
        const u64 total = bytes + 1 + more;
        out.push_back(static_cast<u8>(more << 6 | (total & 0xf)));
        put_le(out, total >> 4, more);
    }
    append(out, body);
    return out;
}

Bytes operation(u8 opcode, const Terms& operands) { return joined(Bytes{opcode}, operands); }

/// The head of a large resource descriptor.
Bytes large_descriptor(u8 type, u16 bytes) {
    Bytes out{type};
    put_le(out, bytes, 2);
    return out;
}

/// An address space descriptor (§6.4.3.5): of a producer, both ends fixed, with numbers of `width` bytes.
Bytes window(u8 descriptor, u8 type, u8 flags, unsigned width, u64 first, u64 last, u64 translation) {
    constexpr u8 kFixedEnds = 0x0c;
    Bytes out = large_descriptor(descriptor, static_cast<u16>(3 + 5 * width));
    append(out, {type, kFixedEnds, flags});
    for (u64 number : {u64{0}, first, last, translation, last - first + 1}) put_le(out, number, width);
    return out;
}

constexpr u8 kMemoryType = 0, kIoType = 1, kBusType = 2;
constexpr u8 kReadWrite = 1, kEntireRange = 3;
constexpr u8 kWordWindow = 0x88, kDwordWindow = 0x87, kQwordWindow = 0x8a;

}  // namespace

Bytes integer(u64 value) {
    if (value == 0) return {kZero};
    if (value == 1) return {kOne};
    const unsigned bytes = value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffffffff ? 4 : 8;
    Bytes out{bytes == 1 ? kByte : bytes == 2 ? kWord : bytes == 4 ? kDword : kQword};
    put_le(out, value, bytes);
    return out;
}

Bytes string(std::string_view text) {
    Bytes out;
    out.reserve(text.size() + 2);
    out.push_back(kString);
    for (char c : text) out.push_back(static_cast<u8>(c));
    out.push_back(0);
    return out;
}

Bytes buffer(std::span<const u8> contents) {
    Bytes body = integer(contents.size());
    body.insert(body.end(), contents.begin(), contents.end());
    return with_length({kBuffer}, body);
}

Bytes package(const Terms& elements) {
    return with_length({kPackage}, joined(Bytes{static_cast<u8>(elements.size())}, elements));
}

Bytes uuid(std::string_view text) { return buffer(mixed_endian(parse_uuid(text).value())); }

Bytes name_string(std::string_view path) {
    Bytes out, segments;
    if (path.starts_with('\\')) {
        out.push_back('\\');
        path.remove_prefix(1);
    }
    unsigned count = 0;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('.'), path.size());
        for (std::size_t i = 0; i < 4; i++) segments.push_back(i < end ? static_cast<u8>(path[i]) : '_');
        path.remove_prefix(std::min(end + 1, path.size()));
        count++;
    }
    if (count == 0) out.push_back(0);
    if (count == 2) out.push_back(kDualName);
    if (count > 2) append(out, {kMultiName, static_cast<u8>(count)});
    append(out, segments);
    return out;
}

Bytes name(std::string_view path, const Bytes& value) { return operation(kName, {name_string(path), value}); }
Bytes scope(std::string_view path, const Terms& body) { return with_length({kScope}, joined(name_string(path), body)); }
Bytes device(std::string_view path, const Terms& body) {
    return with_length({kExtended, kExtendedDevice}, joined(name_string(path), body));
}
Bytes method(std::string_view path, unsigned arguments, const Terms& body) {
    Bytes head = name_string(path);
    head.push_back(static_cast<u8>(arguments));
    return with_length({kMethod}, joined(head, body));
}

Bytes argument(unsigned number) { return {static_cast<u8>(kArgument0 + number)}; }
Bytes local(unsigned number) { return {static_cast<u8>(kLocal0 + number)}; }
Bytes returns(const Bytes& value) { return operation(kReturn, {value}); }
Bytes store(const Bytes& value, const Bytes& target) { return operation(kStore, {value, target}); }
Bytes bit_and(const Bytes& a, const Bytes& b, const Bytes& target) { return operation(kAnd, {a, b, target}); }
Bytes bit_or(const Bytes& a, const Bytes& b, const Bytes& target) { return operation(kOr, {a, b, target}); }
Bytes equal(const Bytes& a, const Bytes& b) { return operation(kEqual, {a, b}); }
Bytes differ(const Bytes& a, const Bytes& b) { return operation(kNot, {equal(a, b)}); }
Bytes if_true(const Bytes& condition, const Terms& body) { return with_length({kIf}, joined(condition, body)); }
Bytes otherwise(const Terms& body) { return with_length({kElse}, joined({}, body)); }
Bytes create_dword_field(const Bytes& buffer, u64 offset, std::string_view name) {
    return operation(kCreateDwordField, {buffer, integer(offset), name_string(name)});
}

Bytes resources(const Terms& descriptors) {
    Bytes contents = joined({}, descriptors);
    append(contents, {0x79, 0});  // end tag, without a checksum
    return buffer(contents);
}

Bytes memory32(u64 base, u64 size) {
    Bytes out = large_descriptor(0x86, 9);
    out.push_back(kReadWrite);
    put_le(out, base, 4);
    put_le(out, size, 4);
    return out;
}

Bytes interrupt(u32 number) {
    constexpr u8 kConsumer = 1;  // the other flags are 0: level, active high, exclusive
    Bytes out = large_descriptor(0x89, 6);
    append(out, {kConsumer, 1});
    put_le(out, number, 4);
    return out;
}

Bytes bus_numbers(u16 first, u16 last) { return window(kWordWindow, kBusType, 0, 2, first, last, 0); }
Bytes memory_window32(u64 first, u64 last) { return window(kDwordWindow, kMemoryType, kReadWrite, 4, first, last, 0); }
Bytes io_window32(u64 first, u64 last, u64 translation) {
    return window(kDwordWindow, kIoType, kEntireRange, 4, first, last, translation);
}
Bytes memory_window64(u64 first, u64 last) { return window(kQwordWindow, kMemoryType, kReadWrite, 8, first, last, 0); }

}  // namespace dragoman::machine::acpi::aml
