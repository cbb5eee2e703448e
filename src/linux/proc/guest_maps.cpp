#include "linux/proc/guest_maps.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string_view>

#include "base/text.h"

namespace dragoman::linux_abi {

namespace {

using memory::PageFlags;

/// What the host calls its own mappings says nothing about the guest's.
bool is_host_label(const std::string& name) { return name == "[heap]" || name == "[stack]"; }

/// Calls f(start, end, host mapping) for the parts of [start, end), guest addresses, that the host has mapped.
void for_each_part(const std::vector<HostMapping>& host, u64 guest_base, u64 start, u64 end,
                   const std::function<void(u64, u64, const HostMapping&)>& f) {
    auto it = std::upper_bound(host.begin(), host.end(), start + guest_base,
                               [](u64 address, const HostMapping& m) { return address < m.end; });
    for (; it != host.end() && it->start < end + guest_base; ++it) {
        f(std::max(it->start, start + guest_base) - guest_base, std::min(it->end, end + guest_base) - guest_base, *it);
    }
}

/// Appends the lines of one of the guest's mappings: several, where the host has different files behind it.
void append_lines(std::vector<GuestMapping>& lines, const std::vector<HostMapping>& host, u64 guest_base,
                  const memory::Mapping& mapping) {
    const std::size_t first = lines.size();
    GuestMapping plain;
    plain.flags = mapping.flags;
    plain.name = mapping.name.starts_with('[') ? mapping.name : "";
    auto append = [&](const GuestMapping& line) {
        if (!lines.empty() && lines.back().end == line.start && lines.back().flags == line.flags) {
            GuestMapping& last = lines.back();
            const bool same = last.inode == line.inode && last.minor == line.minor && last.major == line.major &&
                              last.name == line.name;
            // Of different calls, the kernel too makes one mapping when no file is behind them.
            const bool follows =
                line.inode == 0 || (lines.size() > first && last.offset + (last.end - last.start) == line.offset);
            if (same && follows) {
                last.end = line.end;
                return;
            }
        }
        lines.push_back(line);
    };
    u64 at = mapping.start;
    auto append_plain = [&](u64 end) {
        if (at >= end) return;
        GuestMapping line = plain;
        line.start = at;
        line.end = end;
        append(line);
    };
    for_each_part(host, guest_base, mapping.start, mapping.end, [&](u64 from, u64 to, const HostMapping& part) {
        append_plain(from);
        at = from;
        if (!plain.name.empty() || (part.inode == 0 && (part.name.empty() || is_host_label(part.name)))) {
            append_plain(to);
        } else {
            // The host has made one mapping of two calls.
            const bool spans = part.start < from + guest_base && !lines.empty() && lines.back().end == from;
            if (spans && lines.back().flags == mapping.flags && lines.back().inode == part.inode) {
                lines.back().end = at = to;
                return;
            }
            const u64 offset = part.inode != 0 ? part.offset + (from + guest_base - part.start) : 0;
            append({from, to, mapping.flags, offset, part.major, part.minor, part.inode, part.name});
        }
        at = to;
    });
    append_plain(mapping.end);
}

void append_header(std::string& text, const GuestMapping& m) {
    constexpr int kNameColumn = 73;
    char line[160];
    int length = std::snprintf(line, sizeof line, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ",
                               static_cast<unsigned long long>(m.start), static_cast<unsigned long long>(m.end),
                               has(m.flags, PageFlags::Read) && !has(m.flags, PageFlags::WriteOnly) ? 'r' : '-',
                               has(m.flags, PageFlags::Write) ? 'w' : '-', has(m.flags, PageFlags::Exec) ? 'x' : '-',
                               has(m.flags, PageFlags::Shared) ? 's' : 'p', static_cast<unsigned long long>(m.offset),
                               m.major, m.minor, static_cast<unsigned long long>(m.inode));
    text.append(line, static_cast<std::size_t>(length));
    if (!m.name.empty()) {
        if (length < kNameColumn) text.append(static_cast<std::size_t>(kNameColumn - length), ' ');
        text += m.name;
    }
    text += '\n';
}

/// What smaps says about one of the guest's mappings. Where the host has one mapping for several of the guest's (it
/// does not see who may execute), each gets its share by size.
struct Account {
    std::vector<std::pair<std::string, double>> fields;
    std::string vm_flags;

    void add(const HostMapping& part, u64 bytes) {
        const double share = static_cast<double>(bytes) / static_cast<double>(part.end - part.start);
        for (const auto& [name, value] : part.fields) {
            auto it = std::find_if(fields.begin(), fields.end(),
                                   [&name = name](const auto& field) { return field.first == name; });
            if (it == fields.end()) it = fields.insert(fields.end(), {name, 0});
            if (is_property(name)) it->second = static_cast<double>(value);
            else it->second += static_cast<double>(value) * share;
        }
        if (vm_flags.empty()) vm_flags = part.vm_flags;
    }
    static bool is_property(std::string_view name) { return name.ends_with("PageSize") || name == "THPeligible"; }

    void append_to(std::string& text, u64 bytes) const {
        for (const auto& [name, sum] : fields) {
            if (name == "ProtectionKey") continue;  // x86's
            auto value = static_cast<unsigned long long>(sum + 0.5);
            if (name == "Size") value = bytes >> 10;
            const int width = 24 - static_cast<int>(name.size() + 1);
            append(text, name == "THPeligible" ? "%s:%*llu\n" : "%s:%*llu kB\n", name.c_str(), width, value);
        }
    }
};

/// The host's flags with those of access replaced.
std::string vm_flags_of(const GuestMapping& m, const std::string& host) {
    if (m.name == "[vvar]") return "rd mr pf io dd ";
    std::string flags;
    if (has(m.flags, PageFlags::Read) && !has(m.flags, PageFlags::WriteOnly)) flags += "rd ";
    if (has(m.flags, PageFlags::Write)) flags += "wr ";
    if (has(m.flags, PageFlags::Exec)) flags += "ex ";
    for (std::size_t at = 0; at < host.size();) {
        std::size_t start = host.find_first_not_of(' ', at);
        if (start == std::string::npos) break;
        at = std::min(host.find(' ', start), host.size());
        std::string flag = host.substr(start, at - start);
        if (flag != "rd" && flag != "wr" && flag != "ex") flags += flag + " ";
    }
    return flags;
}

std::vector<std::pair<GuestMapping, Account>> accounts(const MemoryView& view) {
    const std::vector<HostMapping> host = host_mappings(view.directory + "/smaps");
    std::vector<GuestMapping> lines;
    for (const memory::Mapping& mapping : view.mappings) append_lines(lines, host, view.guest_base, mapping);
    std::vector<std::pair<GuestMapping, Account>> result;
    for (GuestMapping& line : lines) {
        Account account;
        for_each_part(host, view.guest_base, line.start, line.end,
                      [&](u64 from, u64 to, const HostMapping& part) { account.add(part, to - from); });
        result.emplace_back(std::move(line), std::move(account));
    }
    return result;
}

}  // namespace

std::vector<GuestMapping> guest_mappings(const MemoryView& view) {
    const std::vector<HostMapping> host = host_mappings(view.directory + "/maps");
    std::vector<GuestMapping> lines;
    for (const memory::Mapping& mapping : view.mappings) append_lines(lines, host, view.guest_base, mapping);
    return lines;
}

std::string maps_text(const MemoryView& view) {
    std::string text;
    for (const GuestMapping& line : guest_mappings(view)) append_header(text, line);
    return text;
}

std::string smaps_text(const MemoryView& view) {
    std::string text;
    for (const auto& [line, account] : accounts(view)) {
        append_header(text, line);
        account.append_to(text, line.end - line.start);
        text += "VmFlags: " + vm_flags_of(line, account.vm_flags) + "\n";
    }
    return text;
}

std::string smaps_rollup_text(const MemoryView& view) {
    Account total;
    u64 low = ~u64{0}, high = 0;
    for (const auto& [line, account] : accounts(view)) {
        low = std::min(low, line.start);
        high = std::max(high, line.end);
        for (const auto& [name, value] : account.fields) {
            if (name == "Size" || Account::is_property(name) || name == "ProtectionKey") continue;
            auto it = std::find_if(total.fields.begin(), total.fields.end(),
                                   [&name = name](const auto& field) { return field.first == name; });
            if (it == total.fields.end()) total.fields.emplace_back(name, value);
            else it->second += value;
        }
    }
    if (high == 0) return {};
    std::string text;
    GuestMapping header;
    header.start = low;
    header.end = high;
    header.name = "[rollup]";
    append_header(text, header);
    total.append_to(text, 0);
    return text;
}

std::string numa_maps_text(const MemoryView& view) {
    const std::string host = read_host_file(view.directory + "/numa_maps");
    std::string text;
    for (std::size_t at = 0; at < host.size();) {
        std::size_t end = std::min(host.find('\n', at), host.size());
        char* rest;
        const u64 address = std::strtoull(host.c_str() + at, &rest, 16) - view.guest_base;
        auto above = std::upper_bound(view.mappings.begin(), view.mappings.end(), address,
                                      [](u64 a, const memory::Mapping& m) { return a < m.end; });
        if (above != view.mappings.end() && above->start <= address) {
            append(text, "%08llx", static_cast<unsigned long long>(address));
            text.append(rest, static_cast<std::size_t>(host.c_str() + end - rest)).append("\n");
        }
        at = end + 1;
    }
    return text;
}

}  // namespace dragoman::linux_abi
