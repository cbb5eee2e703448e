// Keeps two instances, of this program or of QEMU, from using one image in ways that do not go together.
#pragma once

#include <string>

namespace dragoman::devices::block {

/// Locks the open file until it is closed. Readers go together; a writer is alone.
/// @returns an empty string, or what could not be had: "write".
std::string lock_image(int fd, bool read_only);

}  // namespace dragoman::devices::block
