// The notes of a core dump: registers of the threads, and what the process was (fs/binfmt_elf.c of Linux).
#pragma once

#include <csignal>
#include <span>
#include <string>
#include <vector>

#include "linux/proc/guest_maps.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

/// Everything of the PT_NOTE segment. `tasks`: those whose registers are precise and stay so, the one that ends the
/// process first; `mappings`: for NT_FILE.
std::vector<u8> core_notes(const Process& process, std::span<Task* const> tasks, const siginfo_t& info,
                           const std::vector<GuestMapping>& mappings);

}  // namespace dragoman::linux_abi
