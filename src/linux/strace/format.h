// How -strace shows one argument. The words are those of the formats in the system-call table.
#pragma once

#include <string>
#include <string_view>

#include "linux/syscall.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

/// A call whose arguments are being shown. After the call `result` is known.
struct TracedCall {
    const Task& task;
    const SyscallArgs& args;
    SyscallResult result = 0;

    bool failed() const { return result < 0 && result >= -4095; }
};

/// Whether arguments of this kind are shown as they are after the call (buffers that it fills).
bool is_output(std::string_view word);
/// Whether a format of the table may use `word`.
bool is_known_word(std::string_view word);
std::string format_argument(const TracedCall& call, std::string_view word, unsigned index);

}  // namespace dragoman::linux_abi
