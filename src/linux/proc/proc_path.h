// Names under /proc that are about a process.
#pragma once

#include <string>
#include <string_view>

#include "linux/task.h"

namespace dragoman::linux_abi {

/// A path of the form /proc/WHO/ENTRY or /proc/WHO/task/TID/ENTRY.
struct ProcPath {
    std::string who;    ///< a number, "self", "thread-self"; with a TID, that
    std::string entry;  ///< "maps"; empty when the path is not of this form
    bool own = false;   ///< the calling process
};

ProcPath parse_proc_path(const Task& task, std::string_view path);

/// What the symbolic link `path` of the host's says; empty when it is none.
std::string read_link(const std::string& path);

/// Where descriptor `fd` (or AT_FDCWD) leads to, as the host's /proc/self/fd says it.
std::string descriptor_path(int fd);

/// `path`, relative to `dirfd`, as an absolute one if that is below /proc; else as it is. Links in it are not followed.
std::string absolute_in_proc(int dirfd, const std::string& path);

}  // namespace dragoman::linux_abi
