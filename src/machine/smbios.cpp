#include "machine/smbios.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/little_endian.h"
#include "machine/image_file.h"

namespace dragoman::machine {

namespace {

using Bytes = std::vector<u8>;

/// Types of structures (§7), and the handles that other systems know them by.
enum Type : u8 {
    kFirmware = 0,
    kSystem = 1,
    kBoard = 2,
    kChassis = 3,
    kProcessor = 4,
    kOemStrings = 11,
    kMemoryArray = 16,
    kMemoryDevice = 17,
    kMemoryRange = 19,
    kBoot = 32,
    kEnd = 127,
};

/// The properties that each type has; a value may be missing.
const std::map<unsigned, std::vector<const char*>> kProperties = {
    {kFirmware, {"vendor", "version", "date", "release", "uefi", "vm"}},
    {kSystem, {"manufacturer", "product", "version", "serial", "uuid", "sku", "family"}},
    {kBoard, {"manufacturer", "product", "version", "serial", "asset", "location"}},
    {kChassis, {"manufacturer", "version", "serial", "asset", "sku"}},
    {kProcessor,
     {"sock_pfx", "manufacturer", "version", "serial", "asset", "part", "max-speed", "current-speed", "processor-id",
      "processor-family"}},
    {kOemStrings, {"value", "path"}},
    {kMemoryDevice, {"loc_pfx", "bank", "manufacturer", "serial", "asset", "part", "speed"}},
};

/// One structure: a formatted area and the strings that it refers to by number.
class Structure {
public:
    Structure(Type type, u16 handle) { number(type, 1).number(0, 1).number(handle, 2); }

    Structure& number(u64 value, unsigned bytes) {
        put_le(area_, value, bytes);
        return *this;
    }
    /// The number of a string: 0 for an empty one.
    Structure& text(const std::string& text) {
        if (text.empty()) return number(0, 1);
        auto found = std::find(strings_.begin(), strings_.end(), text);
        if (found == strings_.end()) found = strings_.insert(strings_.end(), text);
        return number(static_cast<u64>(found - strings_.begin()) + 1, 1);
    }
    void append_to(Bytes& out) {
        area_[1] = static_cast<u8>(area_.size());
        out.insert(out.end(), area_.begin(), area_.end());
        for (const std::string& text : strings_) {
            out.insert(out.end(), text.begin(), text.end());
            out.push_back(0);
        }
        if (strings_.empty()) out.push_back(0);
        out.push_back(0);
    }

private:
    Bytes area_;
    std::vector<std::string> strings_;
};

/// What -smbios says: for each type its properties, later ones over earlier ones.
struct Given {
    std::map<unsigned, Properties> types;
    std::vector<std::string> oem_strings;
    Bytes files;

    bool has(unsigned type) const { return types.contains(type); }
    std::string text(unsigned type, const char* name, const std::string& otherwise) {
        auto found = types.find(type);
        return found == types.end() ? otherwise : found->second.take(name, otherwise);
    }
    u64 number(unsigned type, const char* name, u64 otherwise, u64 high) {
        auto found = types.find(type);
        return found == types.end() ? otherwise : found->second.take_number(name, otherwise, 0, high);
    }
};

/// "MAJOR.MINOR".
std::pair<u8, u8> parse_release(const Properties& properties, const std::string& text) {
    unsigned major, minor;
    char more;
    if (std::sscanf(text.c_str(), "%u.%u%c", &major, &minor, &more) != 2 || major > 255 || minor > 255)
        properties.fail("release=" + text + ": not of the form MAJOR.MINOR");
    return {static_cast<u8>(major), static_cast<u8>(minor)};
}

/// The contents of a file= of one structure, with the two zeros at its end.
Bytes read_structure(const Properties& properties, const std::string& path) {
    Bytes bytes = ImageFile(properties.option(), path).all();
    const bool whole = bytes.size() >= 6 && bytes[1] >= 4 && bytes[1] + std::size_t{2} <= bytes.size() &&
                       bytes[bytes.size() - 1] == 0 && bytes[bytes.size() - 2] == 0;
    if (!whole) properties.fail("file=" + path + ": not one structure with its strings");
    return bytes;
}

Given collect(const std::vector<Properties>& options) {
    Given given;
    for (Properties properties : options) {
        if (std::optional<std::string> file = properties.take("file")) {
            Bytes bytes = read_structure(properties, *file);
            given.files.insert(given.files.end(), bytes.begin(), bytes.end());
            continue;
        }
        const unsigned type = static_cast<unsigned>(properties.take_number("type", 0));
        for (const auto& [name, value] : properties.rest()) {
            if (type != kOemStrings) continue;
            if (name == "value") given.oem_strings.push_back(value);
            if (name == "path") {
                Bytes bytes = ImageFile(properties.option(), value).all();
                given.oem_strings.emplace_back(bytes.begin(), bytes.end());
            }
        }
        Properties& known = given.types.try_emplace(type, properties.option(), "").first->second;
        for (const auto& [name, value] : properties.rest()) known.set(name, value);
    }
    return given;
}

void add_firmware(Given& given, Bytes& out) {
    if (!given.has(kFirmware)) return;  // firmware says it itself
    Properties& properties = given.types.at(kFirmware);
    auto [major, minor] = parse_release(properties, given.text(kFirmware, "release", "0.0"));
    const bool uefi = properties.take_bool("uefi", false), vm = properties.take_bool("vm", true);
    constexpr u64 kCharacteristicsUnsupported = 8;
    Structure s(kFirmware, 0);
    s.text(given.text(kFirmware, "vendor", "")).text(given.text(kFirmware, "version", "")).number(0xe800, 2);
    s.text(given.text(kFirmware, "date", "")).number(0, 1).number(kCharacteristicsUnsupported, 8);
    s.number(0, 1).number((uefi ? 8u : 0u) | (vm ? 0x10u : 0u) | 4u, 1);  // 4: targeted content distribution
    s.number(major, 1).number(minor, 1).number(0xff, 1).number(0xff, 1).append_to(out);
}

void add_system(Given& given, const SmbiosMachine& machine, Bytes& out) {
    Structure s(kSystem, 0x100);
    s.text(given.text(kSystem, "manufacturer", "QEMU")).text(given.text(kSystem, "product", "QEMU Virtual Machine"));
    s.text(given.text(kSystem, "version", machine.board)).text(given.text(kSystem, "serial", ""));
    const std::string text = given.text(kSystem, "uuid", "");
    for (u8 byte : mixed_endian((text.empty() ? machine.uuid : parse_uuid(text)).value_or(Uuid{}))) s.number(byte, 1);
    constexpr u8 kPowerSwitch = 6;
    s.number(kPowerSwitch, 1).text(given.text(kSystem, "sku", "")).text(given.text(kSystem, "family", ""));
    s.append_to(out);
}

void add_board(Given& given, Bytes& out) {
    if (!given.has(kBoard)) return;
    constexpr u8 kHosting = 1, kMotherboard = 10;
    Structure s(kBoard, 0x200);
    for (const char* name : {"manufacturer", "product", "version", "serial", "asset"})
        s.text(given.text(kBoard, name, ""));
    s.number(kHosting, 1).text(given.text(kBoard, "location", "")).number(0x300, 2).number(kMotherboard, 1);
    s.number(0, 1).append_to(out);
}

void add_chassis(Given& given, const SmbiosMachine& machine, Bytes& out) {
    constexpr u8 kOther = 1, kSafe = 3, kUnknown = 2;
    Structure s(kChassis, 0x300);
    s.text(given.text(kChassis, "manufacturer", "QEMU")).number(kOther, 1);
    s.text(given.text(kChassis, "version", machine.board)).text(given.text(kChassis, "serial", ""));
    s.text(given.text(kChassis, "asset", "")).number(kSafe, 1).number(kSafe, 1).number(kSafe, 1).number(kUnknown, 1);
    s.number(0, 4).number(0, 4).text(given.text(kChassis, "sku", "")).append_to(out);
}

void add_processor(Given& given, const SmbiosMachine& machine, Bytes& out) {
    constexpr u8 kCentral = 3, kFamilyBelow = 0xfe, kEnabled = 0x41, kOther = 1;
    const u8 few = static_cast<u8>(std::min(machine.harts, 255u));
    Structure s(kProcessor, 0x400);
    s.text(given.text(kProcessor, "sock_pfx", "CPU") + " 0").number(kCentral, 1).number(kFamilyBelow, 1);
    s.text(given.text(kProcessor, "manufacturer", "QEMU"));
    s.number(given.number(kProcessor, "processor-id", 0, ~u64{0}), 8);
    s.text(given.text(kProcessor, "version", machine.board)).number(0, 1).number(0, 2);
    s.number(given.number(kProcessor, "max-speed", 2000, 0xffff), 2);
    s.number(given.number(kProcessor, "current-speed", 2000, 0xffff), 2).number(kEnabled, 1).number(kOther, 1);
    s.number(0xffff, 2).number(0xffff, 2).number(0xffff, 2);  // no caches are told
    for (const char* name : {"serial", "asset", "part"}) s.text(given.text(kProcessor, name, ""));
    s.number(few, 1).number(few, 1).number(few, 1).number(2, 2);
    s.number(given.number(kProcessor, "processor-family", machine.processor_family, 0xffff), 2);
    s.number(machine.harts, 2).number(machine.harts, 2).number(machine.harts, 2).append_to(out);
}

void add_memory(Given& given, const SmbiosMachine& machine, Bytes& out) {
    constexpr u16 kArrayHandle = 0x1000, kNoErrorHandle = 0xfffe, kLongSize = 0x7fff;
    constexpr u8 kOther = 1, kSystemMemory = 3, kMultiBitEcc = 6, kDimm = 9, kRam = 7;
    const u64 kib = machine.ram_bytes >> 10, mib = align_up(machine.ram_bytes, u64{1} << 20) >> 20;
    Structure array(kMemoryArray, kArrayHandle);
    const bool long_array = kib >= 0x80000000;
    array.number(kOther, 1).number(kSystemMemory, 1).number(kMultiBitEcc, 1);
    array.number(long_array ? 0x80000000 : kib, 4).number(kNoErrorHandle, 2).number(1, 2);
    array.number(long_array ? machine.ram_bytes : 0, 8).append_to(out);

    Structure device(kMemoryDevice, 0x1100);
    const u64 speed = given.number(kMemoryDevice, "speed", 0, 0xffff);
    device.number(kArrayHandle, 2).number(kNoErrorHandle, 2).number(0xffff, 2).number(0xffff, 2);
    device.number(std::min<u64>(mib, kLongSize), 2).number(kDimm, 1).number(0, 1);
    device.text(given.text(kMemoryDevice, "loc_pfx", "DIMM") + " 0").text(given.text(kMemoryDevice, "bank", ""));
    device.number(kRam, 1).number(2, 2).number(speed, 2);
    device.text(given.text(kMemoryDevice, "manufacturer", "QEMU"));
    for (const char* name : {"serial", "asset", "part"}) device.text(given.text(kMemoryDevice, name, ""));
    device.number(0, 1).number(mib >= kLongSize ? mib : 0, 4).number(speed, 2).number(0, 6).append_to(out);

    Structure range(kMemoryRange, 0x1300);
    const u64 first = machine.ram_base >> 10, last = first + kib - 1;
    const bool long_range = last >= 0xffffffff;
    range.number(long_range ? 0xffffffff : first, 4).number(long_range ? 0xffffffff : last, 4);
    range.number(kArrayHandle, 2).number(1, 1).number(long_range ? machine.ram_base : 0, 8);
    range.number(long_range ? machine.ram_base + machine.ram_bytes - 1 : 0, 8).append_to(out);
}

void add_oem_strings(const Given& given, Bytes& out) {
    if (given.oem_strings.empty()) return;
    Structure s(kOemStrings, 0xe00);
    s.number(given.oem_strings.size(), 1);
    Bytes bytes;
    s.append_to(bytes);
    bytes.resize(bytes.size() - 2);
    for (const std::string& text : given.oem_strings) {
        bytes.insert(bytes.end(), text.begin(), text.end());
        bytes.push_back(0);
    }
    bytes.push_back(0);
    out.insert(out.end(), bytes.begin(), bytes.end());
}

/// The entry point (§5.2.2), whose address firmware fills in.
Bytes anchor(u32 table_bytes) {
    Bytes bytes = {'_', 'S', 'M', '3', '_', 0, 24, 3, 0, 0, 1, 0};
    put_le(bytes, table_bytes, 4);
    bytes.resize(24);
    u8 sum = 0;
    for (u8 byte : bytes) sum = static_cast<u8>(sum + byte);
    bytes[5] = static_cast<u8>(-sum);
    return bytes;
}

}  // namespace

void check_smbios(const Properties& given) {
    Properties properties = given;
    if (properties.has("file")) {
        properties.take("file");
        return properties.finish();
    }
    std::string names;
    for (const auto& [type, known] : kProperties) names += (names.empty() ? "" : ", ") + std::to_string(type);
    if (!properties.has("type")) properties.fail("needs type=NUMBER or file=FILE");
    const unsigned type = static_cast<unsigned>(properties.take_number("type", 0, 0, 255));
    auto known = kProperties.find(type);
    if (known == kProperties.end()) properties.fail("type=" + std::to_string(type) + ": there is " + names);
    for (const char* name : known->second) {
        std::optional<std::string> value = properties.take(name);
        if (value && std::string_view(name) == "uuid" && !parse_uuid(*value))
            properties.fail("uuid=" + *value + ": not a UUID");
        if (value && std::string_view(name) == "release") parse_release(properties, *value);
    }
    properties.finish();
}

void offer_smbios(const SmbiosMachine& machine, const std::vector<Properties>& options, devices::FwCfg& firmware) {
    Given given = collect(options);
    Bytes tables = given.files;
    add_firmware(given, tables);
    add_system(given, machine, tables);
    add_board(given, tables);
    add_chassis(given, machine, tables);
    add_processor(given, machine, tables);
    add_oem_strings(given, tables);
    add_memory(given, machine, tables);
    Structure(kBoot, 0x2000).number(0, 6).number(0, 1).append_to(tables);
    Structure(kEnd, 0x7f00).append_to(tables);
    firmware.add_file("etc/smbios/smbios-anchor", anchor(static_cast<u32>(tables.size())));
    firmware.add_file("etc/smbios/smbios-tables", std::move(tables));
}

}  // namespace dragoman::machine
