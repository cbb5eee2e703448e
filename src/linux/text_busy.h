// ETXTBSY: a program that is being executed cannot be opened for writing, and one that is open for writing cannot be
// executed. Of the second the host's kernel knows; of the first it does not, as it does not see that we execute the
// file: a lock tells the translators of each other's programs ("Busy programs" in docs/architecture.md).
#pragma once

#include <string>

#include "linux/task.h"

namespace dragoman::linux_abi {

/// Marks open file `fd`, the guest's program, as being executed: as long as any mapping of it lives.
void mark_executed(int fd);

/// Whether file `path`, as openat takes it with `flags`, is the program of a guest process, so that it may not be
/// written.
bool is_executed(int dirfd, const char* path, int flags);

/// Whether open file `fd` is also open for writing somewhere, so that it may not be executed. Where that cannot be
/// found out (a file of another user's before Linux 6.14): no.
bool is_open_for_writing(int fd);

}  // namespace dragoman::linux_abi
