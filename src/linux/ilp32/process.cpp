// Times, timers and limits of processes: structures of longs.
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>

#include <csignal>

#include "linux/ilp32/structures.h"
#include "linux/ilp32/syscalls.h"
#include "linux/layouts.h"
#include "linux/pass.h"

namespace dragoman::linux_abi {

namespace {

Itimerval32 narrowed(const itimerval& host) {
    return {static_cast<i32>(host.it_interval.tv_sec), static_cast<i32>(host.it_interval.tv_usec),
            static_cast<i32>(host.it_value.tv_sec), static_cast<i32>(host.it_value.tv_usec)};
}

}  // namespace

SyscallResult sys32_getrusage(Task& task, const SyscallArgs& args) {
    rusage host;
    SyscallResult result = raw_syscall(SYS_getrusage, args[0], reinterpret_cast<u64>(&host));
    if (result < 0) return result;
    return write_rusage(task, args[1], host) ? 0 : -EFAULT;
}

SyscallResult sys32_times(Task& task, const SyscallArgs& args) {
    tms host;
    // Whatever it is, it is no error.
    const u32 now = static_cast<u32>(raw_syscall(SYS_times, reinterpret_cast<u64>(&host)));
    const Tms32 narrow{static_cast<i32>(host.tms_utime), static_cast<i32>(host.tms_stime),
                       static_cast<i32>(host.tms_cutime), static_cast<i32>(host.tms_cstime)};
    if (args[0] != 0 && !task.write(args[0], narrow)) return -EFAULT;
    return now;
}

SyscallResult sys32_getitimer(Task& task, const SyscallArgs& args) {
    itimerval host;
    SyscallResult result = raw_syscall(SYS_getitimer, args[0], reinterpret_cast<u64>(&host));
    if (result < 0) return result;
    return task.write(args[1], narrowed(host)) ? 0 : -EFAULT;
}

SyscallResult sys32_setitimer(Task& task, const SyscallArgs& args) {
    itimerval host{}, old;
    if (args[1] != 0) {
        Itimerval32 narrow;
        if (!task.read(narrow, args[1])) return -EFAULT;
        host.it_interval = {narrow.interval_seconds, narrow.interval_microseconds};
        host.it_value = {narrow.value_seconds, narrow.value_microseconds};
    }
    SyscallResult result =
        raw_syscall(SYS_setitimer, args[0], reinterpret_cast<u64>(&host), reinterpret_cast<u64>(&old));
    if (result < 0) return result;
    return args[2] != 0 && !task.write(args[2], narrowed(old)) ? -EFAULT : 0;
}

/// Memory is counted in pages where bytes would be too many (kernel/sys.c, compat_sysinfo).
SyscallResult sys32_sysinfo(Task& task, const SyscallArgs& args) {
    struct sysinfo host;
    SyscallResult result = raw_syscall(SYS_sysinfo, reinterpret_cast<u64>(&host));
    if (result < 0) return result;
    unsigned shift = 0;
    if ((host.totalram >> 32) != 0 || (host.totalswap >> 32) != 0) {
        while (host.mem_unit < memory::kPageSize) {
            host.mem_unit <<= 1;
            ++shift;
        }
    }
    auto amount = [shift](u64 value) { return static_cast<u32>(value >> shift); };
    Sysinfo32 narrow{};
    narrow.uptime = static_cast<i32>(host.uptime);
    for (unsigned i = 0; i < 3; ++i) narrow.loads[i] = static_cast<u32>(host.loads[i]);
    narrow.totalram = amount(host.totalram);
    narrow.freeram = amount(host.freeram);
    narrow.sharedram = amount(host.sharedram);
    narrow.bufferram = amount(host.bufferram);
    narrow.totalswap = amount(host.totalswap);
    narrow.freeswap = amount(host.freeswap);
    narrow.procs = host.procs;
    narrow.totalhigh = amount(host.totalhigh);
    narrow.freehigh = amount(host.freehigh);
    narrow.mem_unit = host.mem_unit;
    return task.write(args[0], narrow) ? 0 : -EFAULT;
}

SyscallResult sys32_timer_create(Task& task, const SyscallArgs& args) {
    sigevent host{};
    if (args[1] != 0 && !read_sigevent32(task, args[1], host)) return -EFAULT;
    i32 id;
    SyscallResult result = raw_syscall(SYS_timer_create, args[0], args[1] != 0 ? reinterpret_cast<u64>(&host) : 0,
                                       reinterpret_cast<u64>(&id));
    if (result < 0) return result;
    if (task.write(args[2], id)) return 0;
    raw_syscall(SYS_timer_delete, static_cast<u64>(id));
    return -EFAULT;
}

}  // namespace dragoman::linux_abi
