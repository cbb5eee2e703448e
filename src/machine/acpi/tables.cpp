#include "machine/acpi/tables.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/little_endian.h"

namespace dragoman::machine::acpi {

namespace {

constexpr const char *kTables = "etc/acpi/tables", *kRoot = "etc/acpi/rsdp", *kLoader = "etc/table-loader";
constexpr std::size_t kHeaderBytes = 36, kChecksumAt = 9, kLengthAt = 4;
constexpr std::size_t kFileName = 56, kCommandBytes = 128;  // of the loader's commands
enum LoaderCommand : u32 { kAllocate = 1, kAddPointer = 2, kAddChecksum = 3 };
enum Zone : u8 { kHighMemory = 1, kFirmwareSegment = 2 };

Bytes file_name(std::string_view name) {
    Bytes bytes(kFileName);
    std::copy(name.begin(), name.end(), bytes.begin());
    return bytes;
}

Bytes allocate(std::string_view file, u32 alignment, Zone zone) {
    return Writer().number(kAllocate, 4).append(file_name(file)).number(alignment, 4).number(zone, 1).take();
}

Bytes add_pointer(std::string_view to_file, std::string_view from_file, u32 at, u8 bytes) {
    Writer command;
    command.number(kAddPointer, 4).append(file_name(to_file)).append(file_name(from_file));
    return command.number(at, 4).number(bytes, 1).take();
}

Bytes add_checksum(std::string_view file, u32 at, u32 start, u32 length) {
    return Writer()
        .number(kAddChecksum, 4)
        .append(file_name(file))
        .number(at, 4)
        .number(start, 4)
        .number(length, 4)
        .take();
}

}  // namespace

Writer& Writer::u8s(std::initializer_list<u8> values) {
    bytes_.insert(bytes_.end(), values);
    return *this;
}

Writer& Writer::number(u64 value, unsigned bytes) {
    put_le(bytes_, value, bytes);
    return *this;
}

Writer& Writer::zeros(std::size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
}

Writer& Writer::text(std::string_view text, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; i++) bytes_.push_back(i < text.size() ? static_cast<u8>(text[i]) : ' ');
    return *this;
}

Writer& Writer::append(const Bytes& bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
}

Writer& Writer::memory_register(u64 address, u8 bits, u8 access_bytes) {
    const u8 access = access_bytes == 0 ? 0 : static_cast<u8>(__builtin_ctz(access_bytes) + 1);
    return u8s({0, bits, 0, access}).number(address, 8);
}

void TableSet::command(const Bytes& contents) {
    loader_.insert(loader_.end(), contents.begin(), contents.end());
    loader_.resize(align_up(loader_.size(), kCommandBytes));
}

u32 TableSet::add(std::string_view signature, u8 revision, const Bytes& body) {
    Writer table;
    table.text(signature, 4).number(kHeaderBytes + body.size(), 4).u8s({revision, 0});
    table.text(kOemId, 6).text(kOemTableId, 8).number(1, 4).text(kCompilerId, 4).number(1, 4).append(body);
    return add_whole(table.take());
}

u32 TableSet::add_whole(const Bytes& table) {
    const u32 at = static_cast<u32>(align_up(blob_.size(), 8));
    blob_.resize(at);
    blob_.insert(blob_.end(), table.begin(), table.end());
    blob_[at + kChecksumAt] = 0;
    return at;
}

void TableSet::point(u32 at, u8 bytes, u32 to) {
    std::memcpy(blob_.data() + at, &to, std::min<std::size_t>(bytes, sizeof to));
    command(add_pointer(kTables, kTables, at, bytes));
}

void TableSet::finish(const std::vector<u32>& tables, devices::FwCfg& firmware) {
    const Bytes pointers = std::exchange(loader_, {});
    command(allocate(kRoot, 16, kFirmwareSegment));
    command(allocate(kTables, 64, kHighMemory));
    loader_.insert(loader_.end(), pointers.begin(), pointers.end());

    const u32 list = add("XSDT", 1, Bytes(8 * tables.size()));
    for (u32 i = 0; i < tables.size(); i++) point(static_cast<u32>(list + kHeaderBytes + 8 * i), 8, tables[i]);
    for (u32 at = 0; at + kHeaderBytes <= blob_.size();) {
        u32 length;
        std::memcpy(&length, blob_.data() + at + kLengthAt, sizeof length);
        command(add_checksum(kTables, at + kChecksumAt, at, length));
        at = static_cast<u32>(align_up(at + length, 8));
    }
    // Root System Description Pointer (§5.2.5.3): two checksums, of the first 20 bytes and of all.
    constexpr u32 kRootBytes = 36, kFirstBytes = 20, kListAt = 24, kAllChecksumAt = 32, kFirstChecksumAt = 8;
    Writer root;
    root.text("RSD PTR ", 8).u8s({0}).text(kOemId, 6).u8s({2}).number(0, 4);
    root.number(kRootBytes, 4).number(list, 8).zeros(4);
    command(add_pointer(kRoot, kTables, kListAt, 8));
    command(add_checksum(kRoot, kFirstChecksumAt, 0, kFirstBytes));
    command(add_checksum(kRoot, kAllChecksumAt, 0, kRootBytes));

    firmware.add_file(kTables, blob_);
    firmware.add_file(kRoot, root.take());
    firmware.add_file(kLoader, loader_);
}

u32 add_fixed_description(TableSet& tables, u32 definitions) {
    constexpr u32 kHardwareReduced = u32{1} << 20;
    constexpr u32 kDefinitionsAt = 40, kFlagsAt = 112, kMinorVersionAt = 131, kLongDefinitionsAt = 140, kBytes = 276;
    Bytes body(kBytes - kHeaderBytes);
    std::memcpy(body.data() + kFlagsAt - kHeaderBytes, &kHardwareReduced, sizeof kHardwareReduced);
    body[kMinorVersionAt - kHeaderBytes] = 6;
    const u32 at = tables.add("FACP", 6, body);
    tables.point(at + kDefinitionsAt, 4, definitions);
    tables.point(at + kLongDefinitionsAt, 8, definitions);
    return at;
}

u32 add_configuration_space(TableSet& tables, u64 address) {
    return tables.add("MCFG", 1, Writer().zeros(8).number(address, 8).number(0, 2).u8s({0, 255}).zeros(4).take());
}

u32 add_console(TableSet& tables, u64 address, u8 interrupt_type, u32 interrupt) {
    constexpr u8 kFull16550 = 0x12, kBaud115200 = 7, kOneStopBit = 1, kAnsiTerminal = 3;
    constexpr u16 kNameAt = 88;
    Writer body;
    body.u8s({kFull16550, 0, 0, 0}).memory_register(address, 8, 1);
    body.u8s({interrupt_type, 0}).number(interrupt, 4);
    body.u8s({kBaud115200, 0, kOneStopBit, 0, kAnsiTerminal, 0});
    body.number(0xffff, 2).number(0xffff, 2);            // no PCI device
    body.zeros(3).zeros(4).zeros(1).zeros(4).zeros(4);   // its place and flags, clock, exact baud rate
    body.number(2, 2).number(kNameAt, 2).u8s({'.', 0});  // no name in the name space
    return tables.add("SPCR", 4, body.take());
}

}  // namespace dragoman::machine::acpi
