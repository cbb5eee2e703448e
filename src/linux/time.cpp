// Sleeping. A sleep that a signal interrupts goes on for the time that is left if no handler runs.
#include <sched.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "linux/pass.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

constexpr i64 kSecond = 1'000'000'000;

/// What restart_syscall goes on with (the kernel's restart_block).
struct RestartBlock {
    bool valid = false;
    clockid_t clock = 0;
    timespec deadline{};
    u64 remaining = 0;  ///< guest address for the time that is left
};
thread_local RestartBlock restart_block;

bool is_valid(const timespec& time) { return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < kSecond; }

timespec add(const timespec& a, const timespec& b) {
    timespec sum;
    if (__builtin_add_overflow(a.tv_sec, b.tv_sec, &sum.tv_sec)) return {INT64_MAX, kSecond - 1};
    sum.tv_nsec = a.tv_nsec + b.tv_nsec;
    if (sum.tv_nsec >= kSecond) {
        sum.tv_nsec -= kSecond;
        if (__builtin_add_overflow(sum.tv_sec, 1, &sum.tv_sec)) return {INT64_MAX, kSecond - 1};
    }
    return sum;
}

timespec time_left(const timespec& deadline, const timespec& now) {
    timespec left{deadline.tv_sec - now.tv_sec, deadline.tv_nsec - now.tv_nsec};
    if (left.tv_nsec < 0) {
        left.tv_nsec += kSecond;
        --left.tv_sec;
    }
    return left.tv_sec < 0 ? timespec{} : left;
}

SyscallResult sleep_until(Task& task, const RestartBlock& block) {
    SyscallResult result = safe_syscall(task, SYS_clock_nanosleep, static_cast<u64>(block.clock), TIMER_ABSTIME,
                                        reinterpret_cast<u64>(&block.deadline), 0);
    // A signal that comes before the kernel has begun to wait interrupts the call just the same.
    if (result != kRestartSys && result != kRestartNoInterrupt) return result;
    timespec now;
    clock_gettime(block.clock, &now);
    if (block.remaining && !task.write(block.remaining, time_left(block.deadline, now))) return -EFAULT;
    restart_block = block;
    restart_block.valid = true;
    return kRestartBlock;
}

SyscallResult sleep_for(Task& task, clockid_t clock, const timespec& duration, u64 remaining) {
    // Setting the time does not change relative sleeps.
    if (clock == CLOCK_REALTIME || clock == CLOCK_TAI) clock = CLOCK_MONOTONIC;
    timespec now;
    SyscallResult result = raw_syscall(SYS_clock_gettime, static_cast<u64>(clock), reinterpret_cast<u64>(&now));
    if (result < 0) return result;
    return sleep_until(task, RestartBlock{false, clock, add(now, duration), remaining});
}

}  // namespace

// Queries of clock and CPU are answered by the host's vDSO, without entering the kernel.

SyscallResult sys_clock_gettime(Task& task, const SyscallArgs& args) {
    timespec now;
    if (::clock_gettime(static_cast<clockid_t>(args[0]), &now) != 0) return -errno;
    return task.write(args[1], now) ? 0 : -EFAULT;
}

SyscallResult sys_gettimeofday(Task& task, const SyscallArgs& args) {
    timeval now;
    struct timezone zone;
    if (::gettimeofday(&now, &zone) != 0) return -errno;
    if (args[0] != 0 && !task.write(args[0], now)) return -EFAULT;
    if (args[1] != 0 && !task.write(args[1], zone)) return -EFAULT;
    return 0;
}

SyscallResult sys_getcpu(Task& task, const SyscallArgs& args) {
    unsigned cpu, node;
    if (::getcpu(&cpu, &node) != 0) return -errno;
    if (args[0] != 0 && !task.write(args[0], cpu)) return -EFAULT;
    if (args[1] != 0 && !task.write(args[1], node)) return -EFAULT;
    return 0;
}

SyscallResult sys_nanosleep(Task& task, const SyscallArgs& args) {
    timespec duration;
    if (!task.read(duration, args[0])) return -EFAULT;
    if (!is_valid(duration)) return -EINVAL;
    return sleep_for(task, CLOCK_MONOTONIC, duration, args[1]);
}

SyscallResult sys_clock_nanosleep(Task& task, const SyscallArgs& args) {
    if (args[1] & TIMER_ABSTIME) return blocking<SYS_clock_nanosleep, args_set(2), kRestartNoHand>(task, args);
    timespec duration;
    if (!task.read(duration, args[2])) return -EFAULT;
    if (!is_valid(duration)) return -EINVAL;
    return sleep_for(task, static_cast<clockid_t>(args[0]), duration, args[3]);
}

SyscallResult sys_restart_syscall(Task& task, const SyscallArgs&) {
    if (!restart_block.valid) return -EINTR;
    RestartBlock block = restart_block;
    restart_block.valid = false;
    return sleep_until(task, block);
}

}  // namespace dragoman::linux_abi
