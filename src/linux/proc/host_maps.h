// The host's /proc/PID/maps and smaps, parsed: what lies behind a guest's mappings.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/bits.h"

namespace dragoman::linux_abi {

/// One line of maps; host addresses.
struct HostMapping {
    u64 start = 0, end = 0;
    char permissions[5] = {};
    u64 offset = 0;
    unsigned major = 0, minor = 0;
    u64 inode = 0;
    std::string name;  ///< path, "[anon:...]" and so on, as the kernel writes it; may be empty

    /// What smaps says besides: sizes in KiB by name ("Rss"), and the two-letter flags of VmFlags.
    std::vector<std::pair<std::string, u64>> fields;
    std::string vm_flags;

    bool same_file(const HostMapping& other) const {
        return inode == other.inode && minor == other.minor && major == other.major && name == other.name;
    }
};

/// The text of a file under /proc; empty when it cannot be read.
std::string read_host_file(const std::string& path);

/// Parses /proc/PID/maps (or smaps) at `path`. @returns the mappings in ascending order; none when it cannot be read
std::vector<HostMapping> host_mappings(const std::string& path);

}  // namespace dragoman::linux_abi
