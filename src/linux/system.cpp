// What the guest learns about the system, its limits and its own process: uname, getrandom, prctl.
#include <linux/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "linux/arch.h"
#include "linux/filter/seccomp.h"
#include "linux/memory/mapping_policy.h"
#include "linux/pass.h"
#include "linux/proc/host_view.h"
#include "linux/syscalls.h"

#define PR_SET_MDWE_ 65
#define PR_SET_MEMORY_MERGE_ 67
#define PR_GET_MEMORY_MERGE_ 68
#define PR_GET_MDWE_ 66
#ifndef PR_GET_AUXV
#define PR_GET_AUXV 0x41555856
#endif

namespace dragoman::linux_abi {

namespace {

/// Deterministic bytes for -seed (splitmix64).
u64 next_random(u64 seed) {
    static std::atomic<u64> counter{0};
    u64 z = seed + (counter.fetch_add(1) + 1) * 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/// PR_GET_AUXV: the guest's own auxiliary vector.
SyscallResult get_auxv(Task& task, const SyscallArgs& args) {
    if (args[3] || args[4]) return -EINVAL;
    const std::vector<u8> auxv = words_as_bytes(task.process->arch->layouts, task.process->auxv);
    return task.write(args[1], auxv.data(), std::min<u64>(auxv.size(), args[2])) ? static_cast<i64>(auxv.size())
                                                                                 : -EFAULT;
}

}  // namespace

SyscallResult sys_uname(Task& task, const SyscallArgs& args) {
    utsname name;
    SyscallResult result = raw_syscall(SYS_uname, reinterpret_cast<u64>(&name));
    if (result < 0) return result;
    auto put = [](char(&field)[sizeof name.machine], std::string_view text) {
        std::memset(field, 0, sizeof field);
        text.copy(field, sizeof field - 1);
    };
    put(name.machine, task.process->arch->machine);
    if (!task.process->options.uname_release.empty()) put(name.release, task.process->options.uname_release);
    return task.write(args[0], name) ? 0 : -EFAULT;
}

SyscallResult sys_getrandom(Task& task, const SyscallArgs& args) {
    const ProcessOptions& options = task.process->options;
    if (!options.seed_set) return blocking<SYS_getrandom, args_set(0)>(task, args);
    for (u64 done = 0; done < args[1];) {
        u64 word = next_random(options.seed);
        u64 part = std::min<u64>(sizeof word, args[1] - done);
        if (!task.write(args[0] + done, &word, part)) return done ? static_cast<i64>(done) : -EFAULT;
        done += part;
    }
    return static_cast<i64>(args[1]);
}

SyscallResult sys_prctl(Task& task, const SyscallArgs& args) {
    switch (static_cast<int>(args[0])) {
        // Strings and results.
        case PR_SET_NAME:
        case PR_GET_NAME:
        case PR_GET_PDEATHSIG:
        case PR_GET_CHILD_SUBREAPER: return direct<SYS_prctl, args_set(1)>(task, args);
        case PR_GET_TID_ADDRESS: return write_words(task, args[1], &task.clear_child_tid, 1) ? 0 : -EFAULT;
        case PR_SET_MM: return set_mm(task, args);
        case PR_GET_AUXV: return get_auxv(task, args);
        case PR_SET_VMA: return direct<SYS_prctl, args_set(2, 4)>(task, args);
        // Attributes of the host's thread or process that mean the same for the guest's.
        case PR_SET_PDEATHSIG:
        case PR_GET_DUMPABLE:
        case PR_SET_DUMPABLE:
        case PR_GET_KEEPCAPS:
        case PR_SET_KEEPCAPS:
        case PR_GET_TIMING:
        case PR_SET_TIMING:
        case PR_CAPBSET_READ:
        case PR_CAPBSET_DROP:
        case PR_GET_SECUREBITS:
        case PR_SET_SECUREBITS:
        case PR_SET_TIMERSLACK:
        case PR_GET_TIMERSLACK:
        case PR_SET_CHILD_SUBREAPER:
        case PR_SET_NO_NEW_PRIVS:
        case PR_GET_NO_NEW_PRIVS:
        case PR_SET_THP_DISABLE:
        case PR_GET_THP_DISABLE:
        case PR_CAP_AMBIENT:
        case PR_SET_PTRACER:
        case PR_MCE_KILL:
        case PR_MCE_KILL_GET:
        case PR_SET_MEMORY_MERGE_:
        case PR_GET_MEMORY_MERGE_:
        case PR_SET_IO_FLUSHER:
        case PR_GET_IO_FLUSHER: return direct<SYS_prctl>(task, args);
        case PR_SET_MDWE_: return set_mdwe(task, args);
        case PR_GET_MDWE_: return get_mdwe(task, args);
        case PR_GET_SECCOMP: return get_seccomp(task);
        case PR_SET_SECCOMP: return set_seccomp(task, args[1], args[2]);
        // No other architectures' features, or what would change the translator's own mappings.
        default: {
            const SyscallFunction own = task.process->arch->prctl;
            return own ? own(task, args) : -EINVAL;
        }
    }
}

}  // namespace dragoman::linux_abi
