// Privileges that a process gets by executing a file.
#pragma once

namespace dragoman::linux_abi {

/// Whether execve of the open file gives the process privileges that it has not (set-user-ID, set-group-ID, file
/// capabilities): only the kernel can do that.
bool raises_privileges(int file);

/// Whether the open file may be read because of its mode, and not only because of a capability, which execve may take
/// away.
bool mode_permits_reading(int file);

}  // namespace dragoman::linux_abi
