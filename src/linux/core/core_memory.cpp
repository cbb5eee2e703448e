#include "linux/core/core_memory.h"

#include <algorithm>

namespace dragoman::linux_abi {

namespace {

using memory::PageFlags;

/// What decides about a part of a mapping.
struct Part {
    u64 start, end;  ///< guest addresses
    bool shared;
    bool file;       ///< with a name: an inode without one is memory (shared anonymous, memfd, System V)
    bool dont_dump;  ///< MADV_DONTDUMP, I/O memory
    bool written;    ///< has pages of its own
};

bool has_named_file(u64 inode, const std::string& name) {
    return inode != 0 && name.starts_with('/') && !name.ends_with(" (deleted)");
}

Part part_of(const HostMapping& host, u64 start, u64 end) {
    Part part{start, end, host.permissions[3] == 's', has_named_file(host.inode, host.name), false, false};
    for (const char* flag : {" dd", " io"}) part.dont_dump |= (" " + host.vm_flags).find(flag) != std::string::npos;
    for (const auto& [name, kib] : host.fields) part.written |= name == "Anonymous" && kib != 0;
    return part;
}

/// Where the host says nothing: what can have been written has been.
Part assumed_part(const GuestMapping& mapping) {
    bool shared = has(mapping.flags, PageFlags::Shared);
    return {mapping.start, mapping.end,
            shared,        has_named_file(mapping.inode, mapping.name),
            false,         !shared && has(mapping.flags, PageFlags::Write)};
}

/// All bytes of the part, none, or the first page.
u64 dumped_bytes(const Part& part, const GuestMapping& mapping, u32 filter, const std::function<bool(u64)>& is_elf) {
    auto wanted = [&](CoreFilter bit) { return (filter & static_cast<u32>(bit)) != 0; };
    const u64 all = part.end - part.start;
    if (mapping.name == "[vdso]") return all;
    if (part.dont_dump) return 0;
    if (part.shared) return wanted(part.file ? CoreFilter::MappedShared : CoreFilter::AnonymousShared) ? all : 0;
    if (part.written && wanted(CoreFilter::AnonymousPrivate)) return all;
    if (!part.file) return 0;
    if (wanted(CoreFilter::MappedPrivate)) return all;
    bool first = part.start == mapping.start && mapping.offset == 0;
    bool header = first && has(mapping.flags, PageFlags::Read) && wanted(CoreFilter::ElfHeaders);
    return header && is_elf(part.start) ? std::min(all, u64{memory::kPageSize}) : 0;
}

}  // namespace

std::vector<CoreSegment> core_segments(const std::vector<GuestMapping>& mappings, const std::vector<HostMapping>& host,
                                       u64 guest_base, u32 filter, const std::function<bool(u64 address)>& is_elf) {
    std::vector<CoreSegment> segments;
    for (const GuestMapping& mapping : mappings) {
        const std::size_t first = segments.size();
        auto add = [&](u64 start, u64 end, u64 dumped) {
            // The host's mappings are smaller: pages with translated code have another protection.
            bool joins = false;
            if (segments.size() > first) {
                const CoreSegment& last = segments.back();
                bool last_full = last.dumped == last.end - last.start, full = dumped == end - start;
                joins = (full && last_full) || (dumped == 0 && !last_full);
            }
            if (!joins) return segments.push_back({start, end, mapping.flags, dumped});
            segments.back().end = end;
            segments.back().dumped += dumped;
        };
        u64 at = mapping.start;
        auto it = std::upper_bound(host.begin(), host.end(), at + guest_base,
                                   [](u64 address, const HostMapping& m) { return address < m.end; });
        for (; it != host.end() && it->start < mapping.end + guest_base; ++it) {
            u64 start = std::max(it->start, at + guest_base) - guest_base;
            u64 end = std::min(it->end, mapping.end + guest_base) - guest_base;
            if (start > at) add(at, start, 0);
            add(start, end, dumped_bytes(part_of(*it, start, end), mapping, filter, is_elf));
            at = end;
        }
        if (host.empty()) add(at, mapping.end, dumped_bytes(assumed_part(mapping), mapping, filter, is_elf));
        else if (at < mapping.end) add(at, mapping.end, 0);
    }
    return segments;
}

}  // namespace dragoman::linux_abi
