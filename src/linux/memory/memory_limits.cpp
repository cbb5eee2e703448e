#include "linux/memory/memory_limits.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "linux/pass.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

/// Limits that would hit the translator's own memory are kept here instead of given to the host.
struct KeptLimits {
    Mutex lock;
    bool set[RLIM_NLIMITS] DRAGOMAN_GUARDED_BY(lock) = {};
    rlimit64 value[RLIM_NLIMITS] DRAGOMAN_GUARDED_BY(lock);
    /// What the host's own limit leaves to the guest; 0: no limit.
    u64 for_guest[RLIM_NLIMITS] DRAGOMAN_GUARDED_BY(lock) = {};
};
KeptLimits kept;

/// The smallest host stack limit that the translator's own main thread can live with.
constexpr u64 kLeastHostStack = u64{1} << 20;

bool is_kept(unsigned resource, const rlimit64& limit) {
    return resource == RLIMIT_AS || resource == RLIMIT_DATA ||
           (resource == RLIMIT_STACK && limit.rlim_cur < kLeastHostStack);
}

void apply_to(memory::UserSpace& space) DRAGOMAN_REQUIRES(kept.lock) {
    auto current = [](unsigned resource) DRAGOMAN_REQUIRES(kept.lock) {
        u64 limit = kept.set[resource] ? kept.value[resource].rlim_cur : RLIM64_INFINITY;
        return kept.for_guest[resource] != 0 ? std::min(limit, kept.for_guest[resource]) : limit;
    };
    static_assert(RLIM64_INFINITY == ~rlim64_t{0});
    space.set_limits(current(RLIMIT_AS), current(RLIMIT_DATA));
}

SyscallResult get_limit(unsigned resource, rlimit64& limit) {
    if (resource < RLIM_NLIMITS) {
        LockGuard guard(kept.lock);
        if (kept.set[resource]) {
            limit = kept.value[resource];
            return 0;
        }
    }
    return raw_syscall(SYS_prlimit64, 0, resource, 0, reinterpret_cast<u64>(&limit));
}

SyscallResult set_limit(Task& task, unsigned resource, const rlimit64& limit) {
    if (resource >= RLIM_NLIMITS || limit.rlim_cur > limit.rlim_max) return -EINVAL;
    if (is_kept(resource, limit)) {
        rlimit64 old;
        if (SyscallResult error = get_limit(resource, old)) return error;
        if (limit.rlim_max > old.rlim_max && geteuid() != 0) return -EPERM;
        LockGuard guard(kept.lock);
        kept.set[resource] = true;
        kept.value[resource] = limit;
        apply_to(task.space());
        return 0;
    }
    SyscallResult result = raw_syscall(SYS_prlimit64, 0, resource, reinterpret_cast<u64>(&limit), 0);
    if (result == 0) {
        LockGuard guard(kept.lock);
        kept.set[resource] = false;
    }
    return result;
}

/// What the host's limit on the whole process leaves to the guest: not what we have, nor what we will need later.
u64 left_by_host(unsigned resource, u64 host_limit) {
    unsigned long pages = 0, data_pages = 0;
    if (FILE* statm = std::fopen("/proc/self/statm", "re")) {
        if (std::fscanf(statm, "%lu %*u %*u %*u %*u %lu", &pages, &data_pages) != 2) pages = data_pages = 0;
        std::fclose(statm);
    }
    u64 own =
        (resource == RLIMIT_AS ? pages : data_pages) * memory::kPageSize + std::min<u64>(host_limit / 8, 64 << 20);
    return host_limit > own ? host_limit - own : 1;
}

}  // namespace

u64 soft_limit(unsigned resource) {
    rlimit64 limit;
    return get_limit(resource, limit) == 0 ? limit.rlim_cur : RLIM64_INFINITY;
}

std::string kept_limits() {
    LockGuard guard(kept.lock);
    std::string text;
    for (unsigned resource = 0; resource < RLIM_NLIMITS; ++resource) {
        if (!kept.set[resource]) continue;
        char part[64];
        std::snprintf(part, sizeof part, "%u:%llx:%llx,", resource,
                      static_cast<unsigned long long>(kept.value[resource].rlim_cur),
                      static_cast<unsigned long long>(kept.value[resource].rlim_max));
        text += part;
    }
    return text;
}

void restore_limits(const char* text) {
    unsigned resource;
    unsigned long long current, most;
    LockGuard guard(kept.lock);
    for (int length; std::sscanf(text, "%u:%llx:%llx,%n", &resource, &current, &most, &length) == 3; text += length) {
        if (resource >= RLIM_NLIMITS) continue;
        kept.set[resource] = true;
        kept.value[resource] = {current, most};
    }
}

u64 lift_host_limits() {
    u64 least = RLIM64_INFINITY;
    LockGuard guard(kept.lock);
    for (unsigned resource : {RLIMIT_AS, RLIMIT_DATA}) {
        rlimit64 limit;
        if (::getrlimit64(static_cast<__rlimit_resource>(resource), &limit) != 0) continue;
        if (limit.rlim_cur == RLIM64_INFINITY) continue;
        if (!kept.set[resource]) {
            kept.set[resource] = true;
            kept.value[resource] = limit;
        }
        rlimit64 lifted{RLIM64_INFINITY, RLIM64_INFINITY};
        if (::setrlimit64(static_cast<__rlimit_resource>(resource), &lifted) == 0) continue;
        lifted = {limit.rlim_max, limit.rlim_max};
        ::setrlimit64(static_cast<__rlimit_resource>(resource), &lifted);
        kept.for_guest[resource] = limit.rlim_max;
        least = std::min<u64>(least, limit.rlim_max);
    }
    return least;
}

std::string limits_text(const std::string& host) {
    constexpr std::pair<unsigned, std::string_view> kRows[] = {
        {RLIMIT_DATA, "Max data size "}, {RLIMIT_STACK, "Max stack size "}, {RLIMIT_AS, "Max address space "}};
    LockGuard guard(kept.lock);
    std::string text;
    for (std::size_t at = 0; at < host.size();) {
        const std::size_t end = std::min(host.find('\n', at), host.size());
        std::string line = host.substr(at, end - at);
        at = end + 1;
        for (auto [resource, name] : kRows) {
            if (!kept.set[resource] || !line.starts_with(name)) continue;
            auto column = [](u64 value) { return value == RLIM64_INFINITY ? "unlimited" : std::to_string(value); };
            constexpr std::size_t kFirst = 26, kWidth = 21;
            line.resize(kFirst);
            line += column(kept.value[resource].rlim_cur);
            line.resize(kFirst + kWidth, ' ');
            line += column(kept.value[resource].rlim_max);
            line.resize(kFirst + 2 * kWidth, ' ');
            line += "bytes     ";
        }
        text += line + "\n";
    }
    return text;
}

void limit_space(memory::UserSpace& space) {
    LockGuard guard(kept.lock);
    for (unsigned resource : {RLIMIT_AS, RLIMIT_DATA}) {
        u64& bytes = kept.for_guest[resource];
        if (bytes != 0) bytes = left_by_host(resource, bytes);
    }
    apply_to(space);
}

SyscallResult sys_getrlimit(Task& task, const SyscallArgs& args) {
    rlimit64 limit;
    if (SyscallResult error = get_limit(static_cast<u32>(args[0]), limit)) return error;
    return task.write(args[1], limit) ? 0 : -EFAULT;
}

SyscallResult sys_setrlimit(Task& task, const SyscallArgs& args) {
    rlimit64 limit;
    if (!task.read(limit, args[1])) return -EFAULT;
    return set_limit(task, static_cast<u32>(args[0]), limit);
}

SyscallResult sys_prlimit64(Task& task, const SyscallArgs& args) {
    pid_t pid = static_cast<pid_t>(args[0]);
    if (pid != 0 && pid != getpid()) return direct<SYS_prlimit64, args_set(2, 3)>(task, args);
    unsigned resource = static_cast<u32>(args[1]);
    rlimit64 now, then;
    if (args[2] && !task.read(now, args[2])) return -EFAULT;
    if (SyscallResult error = get_limit(resource, then)) return error;
    if (args[2]) {
        if (SyscallResult error = set_limit(task, resource, now)) return error;
    }
    return args[3] && !task.write(args[3], then) ? -EFAULT : 0;
}

}  // namespace dragoman::linux_abi
