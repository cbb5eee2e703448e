// ACPI tables in the form in which firmware takes them from fw_cfg: their bytes, and commands of a linker and loader
// that place them, put addresses where one refers to another, and compute checksums.
#pragma once

#include <string_view>
#include <vector>

#include "base/bits.h"
#include "devices/fw_cfg.h"

namespace dragoman::machine::acpi {

using Bytes = std::vector<u8>;

/// Little-endian numbers one behind the other.
class Writer {
public:
    Writer& u8s(std::initializer_list<u8> values);
    Writer& number(u64 value, unsigned bytes);
    Writer& zeros(std::size_t count);
    Writer& text(std::string_view text, std::size_t bytes);  ///< filled up with blanks
    Writer& append(const Bytes& bytes);
    /// A Generic Address Structure (ACPI 6.5 §5.2.3.2) in memory.
    Writer& memory_register(u64 address, u8 bits, u8 access_bytes);
    std::size_t size() const { return bytes_.size(); }
    Bytes take() { return std::move(bytes_); }

private:
    Bytes bytes_;
};

class TableSet {
public:
    /// Adds a table (ACPI 6.5 §5.2.6): `body` comes behind the header of 36 bytes. @returns where it begins
    u32 add(std::string_view signature, u8 revision, const Bytes& body);
    /// Adds one that is complete, header included; the checksum is computed anew.
    u32 add_whole(const Bytes& table);
    /// Where `bytes` bytes at `at` hold the place of a table, firmware puts its address.
    void point(u32 at, u8 bytes, u32 to);
    /// Adds the table of tables, the Extended System Description Table, which lists `tables`, and the root pointer;
    /// gives all to `firmware`.
    void finish(const std::vector<u32>& tables, devices::FwCfg& firmware);

private:
    void command(const Bytes& contents);

    Bytes blob_, loader_;
};

/// What firmware, Linux and others know emulators of this family by.
inline constexpr std::string_view kOemId = "BOCHS ", kOemTableId = "BXPC    ", kCompilerId = "BXPC";

/// Fixed ACPI Description Table of a machine without ACPI hardware (ACPI 6.5 §5.2.9), with the definition block at
/// `definitions`.
u32 add_fixed_description(TableSet& tables, u32 definitions);
/// Where the configuration space of a PCIe segment is, for buses 0 to 255 (PCI Firmware 3.0 §4.1.2).
u32 add_configuration_space(TableSet& tables, u64 address);
/// A 16550 as console (Serial Port Console Redirection table, revision 4); `interrupt_type` is a bit of the table's.
u32 add_console(TableSet& tables, u64 address, u8 interrupt_type, u32 interrupt);

}  // namespace dragoman::machine::acpi
