// What of the guest's memory a core dump holds (core(5), "Controlling which mappings are written").
#pragma once

#include <functional>
#include <vector>

#include "linux/proc/guest_maps.h"

namespace dragoman::linux_abi {

/// Bits of /proc/PID/coredump_filter.
enum class CoreFilter : u32 {
    AnonymousPrivate = 1,
    AnonymousShared = 2,
    MappedPrivate = 4,
    MappedShared = 8,
    ElfHeaders = 16,
};

/// One PT_LOAD of the dump, by guest addresses.
struct CoreSegment {
    u64 start, end;
    memory::PageFlags flags;
    u64 dumped;  ///< bytes from start on that are in the file
};

/// The guest's mappings in ascending order.
/// @param host  what the host's smaps says about them; empty: it could not be asked
/// @param is_elf whether an ELF image begins at a guest address
std::vector<CoreSegment> core_segments(const std::vector<GuestMapping>& mappings, const std::vector<HostMapping>& host,
                                       u64 guest_base, u32 filter, const std::function<bool(u64 address)>& is_elf);

}  // namespace dragoman::linux_abi
