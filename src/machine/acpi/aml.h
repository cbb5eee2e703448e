// ACPI Machine Language (ACPI 6.5 §20.2): terms of a definition block, put together from the inside out. Each function
// returns the bytes of one term.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/bits.h"

namespace dragoman::machine::acpi::aml {

using Bytes = std::vector<u8>;
using Terms = std::vector<Bytes>;

// Data

Bytes integer(u64 value);
Bytes string(std::string_view text);
Bytes buffer(std::span<const u8> contents);
Bytes package(const Terms& elements);  ///< of at most 255
/// "33db4d5b-1ff7-401c-9657-7441c03dd766" as the buffer that ToUUID makes of it.
Bytes uuid(std::string_view text);
/// A path of segments of up to four characters: "_HID", "\\_SB", "\\_SB.PCI0".
Bytes name_string(std::string_view path);

// Objects

Bytes name(std::string_view path, const Bytes& value);
Bytes scope(std::string_view path, const Terms& body);
Bytes device(std::string_view path, const Terms& body);
Bytes method(std::string_view path, unsigned arguments, const Terms& body);

// What methods do

Bytes argument(unsigned number);
Bytes local(unsigned number);
Bytes returns(const Bytes& value);
Bytes store(const Bytes& value, const Bytes& target);
Bytes bit_and(const Bytes& a, const Bytes& b, const Bytes& target);
Bytes bit_or(const Bytes& a, const Bytes& b, const Bytes& target);
Bytes equal(const Bytes& a, const Bytes& b);
Bytes differ(const Bytes& a, const Bytes& b);
Bytes if_true(const Bytes& condition, const Terms& body);
Bytes otherwise(const Terms& body);  ///< behind an if_true
/// The four bytes at `offset` of `buffer`, as the field `name`.
Bytes create_dword_field(const Bytes& buffer, u64 offset, std::string_view name);

// Resources (§6.4)

/// The buffer of these descriptors.
Bytes resources(const Terms& descriptors);
Bytes memory32(u64 base, u64 size);
/// A level-triggered, active-high interrupt of this device alone.
Bytes interrupt(u32 number);
/// What a bridge passes on: buses, or addresses `first` to `last`, which are `first + translation` outside.
Bytes bus_numbers(u16 first, u16 last);
Bytes memory_window32(u64 first, u64 last);
Bytes io_window32(u64 first, u64 last, u64 translation);
Bytes memory_window64(u64 first, u64 last);

}  // namespace dragoman::machine::acpi::aml
