// Landlock. What a thread may not do any more the host's kernel sees to. Two things are left: the translator has to be
// executable for the thread's programs to execute others, and which of the guest's programs may be executed is asked
// for when that is done (files/text_busy.h), which takes a kernel that answers (Linux 6.14).
#include <fcntl.h>
#include <link.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "linux/files/text_busy.h"
#include "linux/pass.h"
#include "linux/syscalls_process.h"

namespace dragoman::linux_abi {

namespace {

/// Lets whoever is under `ruleset` execute and read `file`, as far as the ruleset forbids that.
void allow(int ruleset, const char* file) {
    constexpr u64 kExecute = LANDLOCK_ACCESS_FS_EXECUTE, kRead = LANDLOCK_ACCESS_FS_READ_FILE;
    landlock_path_beneath_attr rule{};
    rule.parent_fd = ::open(file, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0) return;
    for (u64 access : {kExecute | kRead, kExecute, kRead}) {
        rule.allowed_access = access;
        // EINVAL: the ruleset says nothing of one of them.
        if (raw_syscall(SYS_landlock_add_rule, static_cast<u64>(ruleset), LANDLOCK_RULE_PATH_BENEATH,
                        reinterpret_cast<u64>(&rule), 0) != -EINVAL)
            break;
    }
    ::close(rule.parent_fd);
}

/// The translator's executable, its dynamic loader and libraries.
void allow_translator(int ruleset) {
    allow(ruleset, "/proc/self/exe");
    ::dl_iterate_phdr(
        [](dl_phdr_info* object, std::size_t, void* fd) {
            if (object->dlpi_name != nullptr && object->dlpi_name[0] == '/')
                allow(*static_cast<const int*>(fd), object->dlpi_name);
            return 0;
        },
        &ruleset);
}

}  // namespace

SyscallResult sys_landlock_create_ruleset(Task& task, const SyscallArgs& args) {
    if (!host_checks_execution()) return -ENOSYS;
    return direct<SYS_landlock_create_ruleset, args_set(0)>(task, args);
}

SyscallResult sys_landlock_add_rule(Task& task, const SyscallArgs& args) {
    if (!host_checks_execution()) return -ENOSYS;
    return direct<SYS_landlock_add_rule, args_set(2)>(task, args);
}

SyscallResult sys_landlock_restrict_self(Task&, const SyscallArgs& args) {
    if (!host_checks_execution()) return -ENOSYS;
    if (static_cast<int>(args[0]) >= 0) allow_translator(static_cast<int>(args[0]));
    return raw_syscall(SYS_landlock_restrict_self, args[0], args[1]);
}

}  // namespace dragoman::linux_abi
