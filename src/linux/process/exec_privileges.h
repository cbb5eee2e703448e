// Privileges that a process gets by executing a file.
#pragma once

namespace dragoman::linux_abi {

/// Whether execve of the open file gives the process privileges that it has not (set-user-ID, set-group-ID, file
/// capabilities): only the kernel can do that.
bool raises_privileges(int file);

}  // namespace dragoman::linux_abi
