// Registration with the kernel's binfmt_misc, so that guest programs can be started by their names.
#pragma once

#include <string>

#include "guest/guest.h"

namespace dragoman::cli {

/// The line to be written to /proc/sys/fs/binfmt_misc/register for `guest`: matches the ELF header of its
/// executables and shared objects. `interpreter` is an absolute path.
/// Flags: O (the translator gets the program open, also one that its user may execute but not read), C (the privileges
/// are those of the program: set-user-ID programs have theirs), P (the translator learns the argv[0] that the caller
/// gave), F (the kernel opens the translator at registration, so that it works in chroots and containers).
std::string binfmt_line(const guest::Guest& guest, const std::string& interpreter);

/// The translator to be registered by the one at `own`: one that needs no files beside itself, because in a chroot
/// there are none. @throws FatalError when there is none, or its path cannot be registered
std::string binfmt_interpreter(const std::string& own);

/// Registers, or removes the registration of, all guests; mounts binfmt_misc where it is not mounted. @throws
/// FatalError
void binfmt_install(const std::string& interpreter);
void binfmt_remove();
/// Text about the registrations: ours, and others for the same programs. `registered`: whether all of ours are there
/// and enabled.
std::string binfmt_show(bool& registered);

}  // namespace dragoman::cli
