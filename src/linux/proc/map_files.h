// /proc/PID/map_files of guest processes: one link for each of the guest's mappings of a file, named by guest
// addresses.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "linux/task.h"

namespace dragoman::linux_abi {

/// Whether `text`, or the beginning of a name that it is, can be an entry's: "7f0000-7f1000".
bool may_be_map_file(std::string_view text);

/// The host's name for `path`, relative to `dirfd`, if that is an entry of map_files of a guest process; a name that is
/// nobody's when the guest has no such mapping. Else nothing.
std::optional<std::string> host_map_file(const Task& task, int dirfd, const std::string& path);

/// getdents64 of `directory`: `result` is the host's, with its entries at `address`. If the directory is map_files of a
/// guest process, they are replaced by the guest's. @returns what the call is to return
i64 list_map_files(Task& task, int directory, u64 address, u64 bytes, i64 result);

}  // namespace dragoman::linux_abi
