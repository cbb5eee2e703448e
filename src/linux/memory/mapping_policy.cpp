#include "linux/memory/mapping_policy.h"

#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdlib>

#include "linux/syscall.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

constexpr unsigned kRefuseExecGain = 1, kNoInherit = 2;  // PR_MDWE_*
constexpr int kWriteExec = PROT_WRITE | PROT_EXEC;

bool refuses(const Process& process) { return process.policy.mdwe.load(std::memory_order_relaxed) & kRefuseExecGain; }

}  // namespace

i64 check_mmap(const Process& process, int prot) {
    return refuses(process) && (prot & kWriteExec) == kWriteExec ? -EACCES : 0;
}

i64 check_mprotect(const Process& process, u64 start, u64 length, int prot) {
    if (!refuses(process) || !(prot & PROT_EXEC)) return 0;
    if (prot & PROT_WRITE) return -EACCES;
    for (const memory::Mapping& mapping : process.space->mappings()) {
        bool overlaps = mapping.start < start + length && start < mapping.end;
        if (overlaps && !has(mapping.flags, memory::PageFlags::Exec)) return -EACCES;
    }
    return 0;
}

std::string inherited_policy(const Process& process) {
    unsigned mdwe = process.policy.mdwe;
    if (mdwe & kNoInherit) mdwe = 0;
    if (!process.policy.read_implies_exec && mdwe == 0) return {};
    return std::string(process.policy.read_implies_exec ? "1" : "0") + ":" + std::to_string(mdwe);
}

void inherit_policy(Process& process, const char* text) {
    process.policy.read_implies_exec = text[0] == '1';
    if (text[0] != 0 && text[1] == ':') process.policy.mdwe = static_cast<unsigned>(std::atoi(text + 2));
}

void forked_policy(Process& process) {
    if (process.policy.mdwe & kNoInherit) process.policy.mdwe = 0;
}

SyscallResult sys_personality(Task& task, const SyscallArgs& args) {
    constexpr u32 kQuery = 0xffffffff;
    std::atomic<bool>& implied = task.process->policy.read_implies_exec;
    const u32 asked = static_cast<u32>(args[0]);
    const bool before = implied;
    SyscallResult old = raw_syscall(SYS_personality, asked == kQuery ? kQuery : asked & ~u32{READ_IMPLIES_EXEC});
    if (old < 0) return old;
    if (asked != kQuery) implied = asked & READ_IMPLIES_EXEC;
    return before ? old | READ_IMPLIES_EXEC : old;
}

SyscallResult set_mdwe(Task& task, const SyscallArgs& args) {
    if (args[2] || args[3] || args[4] || (args[1] & ~u64{kRefuseExecGain | kNoInherit})) return -EINVAL;
    auto bits = static_cast<unsigned>(args[1]);
    if ((bits & kNoInherit) && !(bits & kRefuseExecGain)) return -EINVAL;
    std::atomic<unsigned>& current = task.process->policy.mdwe;
    if (current != 0 && current != bits) return -EPERM;
    current = bits;
    return 0;
}

SyscallResult get_mdwe(Task& task, const SyscallArgs& args) {
    if (args[1] || args[2] || args[3] || args[4]) return -EINVAL;
    return task.process->policy.mdwe;
}

}  // namespace dragoman::linux_abi
