// What the monitor shows of a stopped hart: registers, page tables, TLB and memory.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "machine/machine.h"

namespace dragoman::machine {

/// "0x80000000"-style text without the prefix, `digits` long.
std::string hex_digits(u64 value, unsigned digits = 16);

/// A register by its name in the gdb description ("a0", "pc").
std::optional<u64> read_register(Machine& machine, Hart& hart, std::string_view name);
/// The mappings of the hart's page tables, one line per run of pages.
std::string describe_page_tables(Machine& machine, Hart& hart);
/// What the hart's softmmu TLB holds.
std::string describe_tlb(Hart& hart);

/// Format of x, xp and p: "/16xw".
struct DumpFormat {
    u64 count = 1;
    char kind = 'x';  ///< x o u d c i
    unsigned size = 4;
    /// Reads "/FORMAT" from the front of `text`; nothing there keeps what is set. @returns an error, or nothing
    std::optional<std::string> parse(std::string_view& text);
};
std::string dump_memory(Machine& machine, Hart& hart, const DumpFormat& format, u64 address, bool physical);
std::string format_value(const DumpFormat& format, u64 value);

}  // namespace dragoman::machine
