// The files under /proc whose contents the host's kernel would give for the translator instead of the guest.
#pragma once

#include <optional>
#include <string>

#include "linux/task.h"

namespace dragoman::linux_abi {

/// Whether `path` is /proc/self/exe (or the same by process id or thread-self).
bool is_proc_self_exe(int dirfd, const std::string& path);

/// If `path` names a file that has to be made up for the guest, makes it (in memory) and opens it.
/// @returns descriptor or -errno; nothing when the path is none of these.
std::optional<i64> open_proc_file(Task& task, int dirfd, const std::string& path, int flags);

/// The guest's /proc/self/maps.
std::string maps_text(Task& task);

/// The guest's /proc/cpuinfo (riscv/cpuinfo.cpp). `highest_address`: of those that may be mapped.
std::string make_cpuinfo(u64 highest_address);

}  // namespace dragoman::linux_abi
