// Registration with the kernel's binfmt_misc, so that guest programs can be started by their names.
#pragma once

#include <string>

#include "guest/guest.h"

namespace dragoman::cli {

/// The line to be written to /proc/sys/fs/binfmt_misc/register for `guest`: matches the ELF header of its
/// executables and shared objects. `interpreter` is an absolute path.
/// Flags: P (the translator learns the argv[0] that the caller gave), F (the kernel opens the
/// translator at registration, so that it works in chroots and containers).
std::string binfmt_line(const guest::Guest& guest, const std::string& interpreter);

/// Registers, or removes the registration of, all guests. @throws FatalError
void binfmt_install(const std::string& interpreter);
void binfmt_remove();

}  // namespace dragoman::cli
