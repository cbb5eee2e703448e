#include "linux/proc/host_view.h"

#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "linux/syscall.h"

namespace dragoman::linux_abi {

namespace {

/// The kernel's copy of the auxiliary vector has room for 24 pairs. Cache geometry, which is the same for all
/// processes, is left out.
std::vector<u64> short_auxv(const std::vector<u64>& auxv) {
    constexpr u64 kFirstCacheType = 40, kLastCacheType = 47;
    std::vector<u64> result;
    for (std::size_t i = 0; i + 1 < auxv.size(); i += 2) {
        if (auxv[i] < kFirstCacheType || auxv[i] > kLastCacheType) result.insert(result.end(), {auxv[i], auxv[i + 1]});
    }
    return result;
}

i64 publish(const Process& process) {
    const u64 base = process.space->guest_base();
    std::vector<u64> auxv = short_auxv(process.auxv);
    // The heap stays the translator's.
    const u64 brk = reinterpret_cast<u64>(::sbrk(0));
    prctl_mm_map map{};
    map.start_code = process.start_code + base;
    map.end_code = process.end_code + base;
    map.start_data = process.start_data + base;
    map.end_data = process.end_data + base;
    map.start_brk = map.brk = brk;
    map.start_stack = process.start_stack + base;
    map.arg_start = process.arg_start + base;
    map.arg_end = process.arg_end + base;
    map.env_start = process.env_start + base;
    map.env_end = process.env_end + base;
    map.auxv = reinterpret_cast<decltype(map.auxv)>(auxv.data());
    map.auxv_size = static_cast<u32>(auxv.size() * sizeof(u64));
    map.exe_fd = ~u32{0};
    return raw_syscall(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, reinterpret_cast<u64>(&map), sizeof map, 0);
}

/// Takes a whole map over. The kernel checks it, but for the heap, which it is not told of.
SyscallResult set_mm_map(Task& task, u64 address, u64 size) {
    prctl_mm_map map;
    if (size != sizeof map) return -EINVAL;
    if (!task.read(map, address)) return -EFAULT;
    if (map.exe_fd != ~u32{0}) return -EPERM;
    Process& process = *task.process;
    std::vector<u64> auxv = process.auxv;
    if (map.auxv_size != 0) {
        constexpr u64 kMost = 128 * sizeof(u64);
        if (!map.auxv || map.auxv_size > kMost || map.auxv_size % (2 * sizeof(u64)) != 0) return -EINVAL;
        auxv.resize(map.auxv_size / sizeof(u64));
        if (!task.read(auxv.data(), reinterpret_cast<u64>(map.auxv), map.auxv_size)) return -EFAULT;
        auxv[auxv.size() - 2] = auxv[auxv.size() - 1] = 0;
    }
    if (map.start_brk > map.brk || map.start_data > map.end_data) return -EINVAL;
    const u64 old[] = {process.start_code, process.end_code, process.start_data, process.end_data, process.start_stack,
                       process.arg_start,  process.arg_end,  process.env_start,  process.env_end};
    u64* const fields[] = {&process.start_code, &process.end_code,    &process.start_data,
                           &process.end_data,   &process.start_stack, &process.arg_start,
                           &process.arg_end,    &process.env_start,   &process.env_end};
    const u64 next[] = {map.start_code, map.end_code, map.start_data, map.end_data, map.start_stack,
                        map.arg_start,  map.arg_end,  map.env_start,  map.env_end};
    for (std::size_t i = 0; i < std::size(fields); ++i) *fields[i] = next[i];
    process.auxv.swap(auxv);
    i64 error = publish(process);
    if (error == 0) return 0;
    for (std::size_t i = 0; i < std::size(fields); ++i) *fields[i] = old[i];
    process.auxv.swap(auxv);
    return error;
}

}  // namespace

void publish_to_host(const Process& process) { publish(process); }

SyscallResult set_mm(Task& task, const SyscallArgs& args) {
    if (args[4] != 0) return -EINVAL;
    if (args[1] == PR_SET_MM_MAP) return set_mm_map(task, args[2], args[3]);
    if (args[1] == PR_SET_MM_MAP_SIZE) return task.write(args[2], u32{sizeof(prctl_mm_map)}) ? 0 : -EFAULT;
    Process& process = *task.process;
    u64* field = nullptr;
    switch (args[1]) {
        case PR_SET_MM_START_CODE: field = &process.start_code; break;
        case PR_SET_MM_END_CODE: field = &process.end_code; break;
        case PR_SET_MM_START_DATA: field = &process.start_data; break;
        case PR_SET_MM_END_DATA: field = &process.end_data; break;
        case PR_SET_MM_START_STACK: field = &process.start_stack; break;
        case PR_SET_MM_ARG_START: field = &process.arg_start; break;
        case PR_SET_MM_ARG_END: field = &process.arg_end; break;
        case PR_SET_MM_ENV_START: field = &process.env_start; break;
        case PR_SET_MM_ENV_END: field = &process.env_end; break;
        // The heap's place and the executed file are the translator's to the host.
        default: return -EPERM;
    }
    if (args[3] != 0) return -EINVAL;
    const u64 host = args[2] + task.space().guest_base();
    SyscallResult result = raw_syscall(SYS_prctl, PR_SET_MM, args[1], host, 0, 0);
    if (result == 0) *field = args[2];
    return result;
}

}  // namespace dragoman::linux_abi
