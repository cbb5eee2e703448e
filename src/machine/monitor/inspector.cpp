#include "machine/monitor/inspector.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

namespace dragoman::machine {

namespace {

/// Reads memory for the debugger. @returns how much of it there is
u64 read_memory(Machine& machine, Hart& hart, u64 address, void* to, u64 bytes, bool physical) {
    if (!physical) return bytes - machine.engine().debug_read(hart.env(), address, to, bytes);
    u64 done = 0;
    while (done < bytes && machine.memory().read(address + done, static_cast<u8*>(to) + done, 1)) done++;
    return done;
}

}  // namespace

std::string hex_digits(u64 value, unsigned digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%0*llx", static_cast<int>(digits), static_cast<unsigned long long>(value));
    return text;
}

std::optional<u64> read_register(Machine& machine, Hart& hart, std::string_view name) {
    for (const guest::RegisterInfo& info : machine.guest().cpu.registers(machine.model())) {
        if (info.name != name) continue;
        u8 bytes[64] = {};
        u64 value = 0;
        if (!machine.guest().cpu.read_register(hart.env(), info.number, bytes)) return std::nullopt;
        std::memcpy(&value, bytes, std::min<std::size_t>(8, info.bits / 8));
        return value;
    }
    return std::nullopt;
}

std::string describe_page_tables(Machine& machine, Hart& hart) {
    auto describe = machine.guest().cpu.system->describe_page_tables;
    if (describe == nullptr) return "No translation or protection\n";
    return describe(hart.env(),
                    [&machine](u64 address, void* to, u64 bytes) { return machine.memory().read(address, to, bytes); });
}

std::string describe_tlb(Hart& hart) {
    std::string text;
    const ir::Env& env = *hart.env();
    for (unsigned index = 0; index < ir::kMmuIndexes; index++) {
        const ir::TlbView& view = env.tlb[index];
        if (view.entries == nullptr) continue;
        u64 count = (view.mask >> 5) + 1, used = 0;
        std::string lines;
        for (u64 i = 0; i < count; i++) {
            const ir::TlbEntry& entry = view.entries[i];
            const u64 tags[] = {entry.read, entry.write, entry.fetch};
            std::string access;
            u64 page = ir::kNoPage;
            for (unsigned kind = 0; kind < 3; kind++) {
                bool set = tags[kind] != ir::kNoPage;
                access += set ? "rwx"[kind] : '-';
                if (set) page = tags[kind] & ~u64{0xfff};
            }
            if (page == ir::kNoPage) continue;
            used++;
            lines += "  " + hex_digits(page) + " " + access + "\n";
        }
        text += "MMU index " + std::to_string(index) + ": " + std::to_string(used) + " of " + std::to_string(count) +
                " entries\n" + lines;
    }
    return text;
}

std::optional<std::string> DumpFormat::parse(std::string_view& text) {
    if (!text.starts_with('/')) return std::nullopt;
    text.remove_prefix(1);
    if (!text.empty() && std::isdigit(static_cast<u8>(text.front()))) {
        auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (status != std::errc{}) return "the count is too large";
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    }
    while (!text.empty() && text.front() != ' ') {
        char c = text.front();
        text.remove_prefix(1);
        switch (c) {
            case 'x':
            case 'd':
            case 'u':
            case 'o':
            case 'c':
            case 'i': kind = c; break;
            case 'b': size = 1; break;
            case 'h': size = 2; break;
            case 'w': size = 4; break;
            case 'g': size = 8; break;
            default: return std::string("invalid char in format: '") + c + "'";
        }
    }
    if (count > 1 << 20) return "the count is too large";
    return std::nullopt;
}

std::string format_value(const DumpFormat& format, u64 value) {
    unsigned bits = format.size * 8;
    if (bits < 64) value &= (u64{1} << bits) - 1;
    char text[80];
    switch (format.kind) {
        case 'o': std::snprintf(text, sizeof text, "0%llo", static_cast<unsigned long long>(value)); break;
        case 'u': std::snprintf(text, sizeof text, "%llu", static_cast<unsigned long long>(value)); break;
        case 'd':
            std::snprintf(text, sizeof text, "%lld",
                          static_cast<long long>(static_cast<i64>(value << (64 - bits)) >> (64 - bits)));
            break;
        case 'c':
            if (value >= 32 && value < 127) std::snprintf(text, sizeof text, "'%c'", static_cast<char>(value));
            else std::snprintf(text, sizeof text, "'\\x%02llx'", static_cast<unsigned long long>(value));
            break;
        default: return "0x" + hex_digits(value, format.size * 2);
    }
    return text;
}

std::string dump_memory(Machine& machine, Hart& hart, const DumpFormat& format, u64 address, bool physical) {
    std::string text;
    if (format.kind == 'i') {
        for (u64 i = 0; i < format.count; i++) {
            u8 bytes[8] = {};
            u64 there = read_memory(machine, hart, address, bytes, 4, physical);
            if (there < 2) return text + "Cannot access memory at address 0x" + hex_digits(address) + "\n";
            unsigned length = 0;
            std::string line = machine.guest().translator.disassemble(machine.model(), address, {bytes, there}, length);
            text += "0x" + hex_digits(address) + ":  " + line + "\n";
            address += std::max(2u, length);
        }
        return text;
    }
    unsigned size = format.kind == 'c' ? 1 : format.size;
    unsigned per_line = format.kind == 'c' ? 16 : std::max(1u, 16 / size);
    DumpFormat one = format;
    one.size = size;
    for (u64 i = 0; i < format.count; i++, address += size) {
        if (i % per_line == 0) text += hex_digits(address) + ":";
        u64 value = 0;
        if (read_memory(machine, hart, address, &value, size, physical) != size) {
            return text + "\nCannot access memory at address 0x" + hex_digits(address) + "\n";
        }
        text += " " + format_value(one, value);
        if (i % per_line == per_line - 1 || i + 1 == format.count) text += "\n";
    }
    return text;
}

}  // namespace dragoman::machine
