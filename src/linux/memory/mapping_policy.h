// What personality(2) and prctl(2) decide about the guest's mappings: READ_IMPLIES_EXEC and PR_SET_MDWE. The host is
// told of neither, because its mappings are the translator's, too.
#pragma once

#include <atomic>
#include <string>

#include "base/bits.h"
#include "linux/syscall.h"

namespace dragoman::linux_abi {

struct Process;

struct MappingPolicy {
    std::atomic<bool> read_implies_exec{false};
    std::atomic<unsigned> mdwe{0};  ///< PR_MDWE_*: no mapping becomes executable

    /// The protection that the kernel gives when `prot` is asked for.
    int effective(int prot) const {
        constexpr int kRead = 1, kExec = 4;
        return (prot & kRead) && read_implies_exec.load(std::memory_order_relaxed) ? prot | kExec : prot;
    }
};

/// 0, or -EACCES when PR_SET_MDWE forbids mmap of `prot`.
i64 check_mmap(const Process& process, int prot);
/// The same for mprotect of [start, start + length) to `prot`.
i64 check_mprotect(const Process& process, u64 start, u64 length, int prot);

/// PR_SET_MDWE and PR_GET_MDWE.
SyscallResult set_mdwe(Task& task, const SyscallArgs& args);
SyscallResult get_mdwe(Task& task, const SyscallArgs& args);

/// What the next program inherits over exec, as text; empty: nothing.
std::string inherited_policy(const Process& process);
/// Takes it over.
void inherit_policy(Process& process, const char* text);
/// The child of fork does not inherit all.
void forked_policy(Process& process);

}  // namespace dragoman::linux_abi
