// ETXTBSY: a program that is being executed cannot be opened for writing, and one that is open for writing cannot be
// executed. Of the second the host's kernel knows; of the first it does not, as it does not see that we execute the
// file: a lock tells the translators of each other's programs ("Busy programs" in docs/architecture.md).
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "linux/task.h"

namespace dragoman::linux_abi {

/// Marks open file `fd`, the guest's program, as being executed: as long as any mapping of it lives.
void mark_executed(int fd);

/// Whether file `path`, as openat takes it with `flags`, is the program of a guest process and would be written.
bool is_executed(int dirfd, const char* path, int flags);

/// The same for opening it, without the look at the file before where that can come after: calls `open`, which gives a
/// descriptor or -errno. @returns what that gave, or -ETXTBSY
template <class Open>
i64 open_unless_executed(int dirfd, const char* path, int flags, Open open);

/// Whether open file `fd` is the program of a guest process.
bool is_executed(int fd);
/// Whether opening with `flags` is for writing to a file that may exist already.
bool may_write_existing(int flags);

/// Whether the host's kernel says of a file whether it may be executed (AT_EXECVE_CHECK, Linux 6.14).
bool host_checks_execution();
/// What the host's kernel has against executing open file `fd`: -ETXTBSY when it is also open for writing somewhere
/// (where that cannot be found out, as of a file of another user's before Linux 6.14, it is not), -EACCES when a
/// security module such as Landlock forbids it; else 0.
i64 check_execution(int fd);

template <class Open>
i64 open_unless_executed(int dirfd, const char* path, int flags, Open open) {
    if (!may_write_existing(flags)) return open();
    // What O_TRUNC has done cannot be taken back.
    const bool before = (flags & O_TRUNC) != 0;
    if (before && is_executed(dirfd, path, flags)) return -ETXTBSY;
    const i64 fd = open();
    if (before || fd < 0 || !is_executed(static_cast<int>(fd))) return fd;
    ::close(static_cast<int>(fd));
    return -ETXTBSY;
}

}  // namespace dragoman::linux_abi
