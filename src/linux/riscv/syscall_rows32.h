// What the system calls of riscv32 have in place of riscv64's (syscall_table.cpp): no calls on times of longs, others
// where structures or arguments differ (linux/ilp32), and those on times of 64 bits, which 32-bit architectures that
// are newer than these have from the beginning.
#pragma once

#include <algorithm>
#include <array>

#include "linux/files/socket_timeout.h"
#include "linux/ilp32/syscalls.h"
#include "linux/pass.h"
#include "linux/syscalls.h"
#include "linux/syscalls_process.h"

namespace dragoman::linux_abi::riscv {

/// Not there: calls on times of longs, and others that newer ones have made needless.
inline constexpr u16 kAbsent32[] = {0,   1,   2,   3,   4,   72,  73,  79,  80,  86,  87,  88,
                                    98,  101, 108, 110, 112, 113, 114, 115, 127, 137, 163, 164,
                                    169, 170, 171, 182, 183, 192, 243, 260, 266, 292};

inline constexpr SyscallInfo kOwn32[] = {
    {25, "fcntl64", sys32_fcntl64, "fd fcntl fcntl_arg = fcntl_result"},
    {29, "ioctl", sys32_ioctl, "fd ioctl ioctl_arg"},
    {43, "statfs64", sys32_statfs64, "path uint ptr"},
    {44, "fstatfs64", sys32_fstatfs64, "fd uint ptr"},
    {45, "truncate64", sys_truncate, "path long"},
    {46, "ftruncate64", direct<SYS_ftruncate>, "fd long"},
    {62, "llseek", sys32_llseek, "fd hex hex long_at whence"},
    {71, "sendfile64", blocking<SYS_sendfile, args_set(2)>, "fd fd long_at ulong"},
    {102, "getitimer", sys32_getitimer, "itimer ptr"},
    {103, "setitimer", sys32_setitimer, "itimer ptr ptr"},
    {107, "timer_create", sys32_timer_create, "clock ptr uint_at"},
    // Registers and siginfo are those of 64 bits to whom ptrace is written for.
    {117, "ptrace", refuse<ENOSYS>, "int int ptr ptr"},
    {153, "times", sys32_times, "ptr"},
    {165, "getrusage", sys32_getrusage, "rusage_who ptr"},
    {179, "sysinfo", sys32_sysinfo, "ptr"},
    {180, "mq_open", sys32_mq_open, "str open oct ptr = fd"},
    {184, "mq_notify", sys32_mq_notify, "fd ptr"},
    {185, "mq_getsetattr", sys32_mq_getsetattr, "fd ptr ptr"},
    {187, "msgctl", sys32_msgctl, "int ipc_cmd ptr"},
    {188, "msgrcv", sys32_msgrcv, "int ptr ulong long ipc_get"},
    {189, "msgsnd", sys32_msgsnd, "int ptr ulong ipc_get"},
    {191, "semctl", sys32_semctl, "int int ipc_cmd hex"},
    {195, "shmctl", sys32_shmctl, "int ipc_cmd ptr"},
    {222, "mmap2", sys32_mmap2, "ptr ulong prot mmap fd hex = hex"},
    {223, "fadvise64_64", direct<SYS_fadvise64>, "fd long long fadvise"},
    {286, "preadv2", sys32_preadv2, "fd iov_out int long hex"},
    {287, "pwritev2", sys32_pwritev2, "fd iov_in int long hex"},
    {403, "clock_gettime64", sys_clock_gettime, "clock timespec_out"},
    {404, "clock_settime64", direct<SYS_clock_settime, args_set(1)>, "clock timespec"},
    {405, "clock_adjtime64", direct<SYS_clock_adjtime, args_set(1)>, "clock ptr"},
    {406, "clock_getres_time64", direct<SYS_clock_getres, args_set(1)>, "clock timespec_out"},
    {407, "clock_nanosleep_time64", sys_clock_nanosleep, "clock timer_flags timespec ptr"},
    {408, "timer_gettime64", direct<SYS_timer_gettime, args_set(1)>, "int itimerspec_out"},
    {409, "timer_settime64", direct<SYS_timer_settime, args_set(2, 3)>, "int timerfd_set itimerspec itimerspec_out"},
    {410, "timerfd_gettime64", direct<SYS_timerfd_gettime, args_set(1)>, "fd itimerspec_out"},
    {411, "timerfd_settime64", direct<SYS_timerfd_settime, args_set(2, 3)>, "fd timerfd_set itimerspec itimerspec_out"},
    {412, "utimensat_time64", with_paths<SYS_utimensat, args_set(2), follow_unless(1, 3, AT_SYMLINK_NOFOLLOW)>,
     "dirfd path timespec2 at"},
    {413, "pselect6_time64", sys32_pselect6_time64, "int fd_set fd_set fd_set timespec ptr"},
    {414, "ppoll_time64", sys_ppoll, "pollfds uint timespec sigset uint"},
    {417, "recvmmsg_time64", sys_recvmmsg, "fd ptr uint msg timespec"},
    {418, "mq_timedsend_time64", blocking<SYS_mq_timedsend, args_set(1, 4)>, "fd in ulong uint timespec"},
    {419, "mq_timedreceive_time64", blocking<SYS_mq_timedreceive, args_set(1, 3, 4)>, "fd out ulong uint_at timespec"},
    {420, "semtimedop_time64", blocking<SYS_semtimedop, args_set(1, 3), -EINTR>, "int sembufs uint timespec"},
    {421, "rt_sigtimedwait_time64", sys_rt_sigtimedwait, "sigset siginfo_out timespec uint"},
    {422, "futex_time64", sys_futex, "ptr futex uint futex_timeout futex_second futex_third"},
    {423, "sched_rr_get_interval_time64", direct<SYS_sched_rr_get_interval, args_set(1)>, "int timespec_out"},
};

constexpr bool is_common32(u16 number) {
    return std::find(std::begin(kAbsent32), std::end(kAbsent32), number) == std::end(kAbsent32) &&
           std::none_of(std::begin(kOwn32), std::end(kOwn32),
                        [=](const SyscallInfo& own) { return own.number == number; });
}

/// The rows of riscv32, from those of riscv64.
template <const auto& Rows64>
inline constexpr auto kRows32 = [] {
    constexpr auto is_common = [](const SyscallInfo& row) { return is_common32(row.number); };
    constexpr auto kCommon = std::count_if(std::begin(Rows64), std::end(Rows64), is_common);
    std::array<SyscallInfo, static_cast<std::size_t>(kCommon) + std::size(kOwn32)> rows{};
    auto end = std::copy_if(std::begin(Rows64), std::end(Rows64), rows.begin(), is_common);
    std::copy(std::begin(kOwn32), std::end(kOwn32), end);
    std::sort(rows.begin(), rows.end(), [](const SyscallInfo& a, const SyscallInfo& b) { return a.number < b.number; });
    return rows;
}();

}  // namespace dragoman::linux_abi::riscv
