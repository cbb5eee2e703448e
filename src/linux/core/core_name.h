// Where a core dump goes: the kernel's core_pattern (core(5), "Naming of core dump files").
#pragma once

#include <sys/types.h>

#include <ctime>
#include <string>
#include <string_view>

#include "base/bits.h"

namespace dragoman::linux_abi {

/// What the specifiers of a pattern stand for.
struct CoreSubject {
    pid_t pid = 0, tid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
    int dumpable = 1;  ///< %d
    int signal = 0;
    std::time_t time = 0;
    unsigned cpu = 0;
    u64 limit = 0;           ///< %c: RLIMIT_CORE
    std::string host;        ///< %h
    std::string thread;      ///< %e: the thread's name
    std::string executable;  ///< %E, and %f its last part
};

/// Whether the kernel would give dumps to a program.
inline bool is_pipe(std::string_view pattern) { return !pattern.empty() && pattern[0] == '|'; }

/// The file's name. A program of the host cannot be given a guest's dump: for a pipe it is "core.PID".
/// @param uses_pid core_uses_pid: the process id behind names that do not have it
std::string core_name(std::string_view pattern, bool uses_pid, const CoreSubject& subject);

}  // namespace dragoman::linux_abi
