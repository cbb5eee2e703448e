// Where a guest's path is on the host: under the -L directory if it exists there, else where it says.
#pragma once

#include <string>

#include "linux/task.h"

namespace dragoman::linux_abi {

/// Opens the -L directory and puts its descriptor out of the guest's way. Call once, before the first resolution;
/// an empty path (no -L) is fine. @returns 0 or -errno.
int open_sysroot(const std::string& directory);
/// After chroot the names have a new meaning: no more sysroot.
void close_sysroot();
bool has_sysroot();
/// Descriptor of the -L directory, -1 without one.
int sysroot_fd();

/// The host path for guest path `path`. Absolute paths that exist under the sysroot are taken from there, with
/// symbolic links (absolute ones too) followed inside it; so are those that name the sysroot itself at their start. All
/// others are returned as they are.
/// @param follow whether a symbolic link in the last component is followed
std::string resolve_path(const std::string& path, bool follow = true);

/// Opens guest path `path` relative to `dirfd` with host flags. With `task`, the
/// open can be interrupted by a guest signal (FIFOs block). @returns descriptor, -errno or a
/// request to restart.
i64 open_path(Task* task, int dirfd, const char* path, int flags, unsigned mode = 0);

}  // namespace dragoman::linux_abi
