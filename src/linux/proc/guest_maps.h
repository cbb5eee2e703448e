// A guest process's memory map as its kernel would show it: the guest's own record of what is mapped with which
// permissions, joined with what the host says about the files behind it.
#pragma once

#include <string>
#include <vector>

#include "linux/proc/host_maps.h"
#include "memory/user_space.h"

namespace dragoman::linux_abi {

/// The memory of a guest process: this one, or another that is looked at from outside.
struct MemoryView {
    std::string directory;  ///< under /proc of the host
    u64 guest_base = 0;
    std::vector<memory::Mapping> mappings;
};

/// One line of the guest's maps.
struct GuestMapping {
    u64 start = 0, end = 0;  ///< guest addresses
    memory::PageFlags flags = memory::PageFlags::None;
    u64 offset = 0;
    unsigned major = 0, minor = 0;
    u64 inode = 0;
    std::string name;  ///< path, "[stack]" and so on, as the kernel writes it; may be empty
};

/// The map of `view`, with the files that the host knows.
std::vector<GuestMapping> guest_mappings(const MemoryView& view);

// The files of /proc/PID.
std::string maps_text(const MemoryView& view);
std::string smaps_text(const MemoryView& view);
std::string smaps_rollup_text(const MemoryView& view);
std::string numa_maps_text(const MemoryView& view);

}  // namespace dragoman::linux_abi
