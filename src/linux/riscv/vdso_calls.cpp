// The vDSO's time and CPU queries ask the host's vDSO: no system call on either side.
#include "linux/riscv/vdso_calls.h"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include <cerrno>

#include "guest/riscv/model.h"
#include "linux/riscv/arch.h"
#include "linux/syscall.h"
#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

namespace {

constexpr u64 error(int number) { return static_cast<u64>(-static_cast<i64>(number)); }

/// Stores a result where the guest wants it.
template <class T>
u64 give(u64 address, const T& value) {
    return address == 0 || Task::current()->write(address, value) ? 0 : error(EFAULT);
}

u64 clock_gettime_call(u64 clock, u64 address) {
    timespec time;
    if (::clock_gettime(static_cast<clockid_t>(clock), &time) != 0) return error(errno);
    return Task::current()->write(address, time) ? 0 : error(EFAULT);
}

u64 gettimeofday_call(u64 time_address, u64 zone_address) {
    struct timezone zone {};
    timeval time;
    ::gettimeofday(&time, nullptr);
    if (zone_address != 0 && raw_syscall(SYS_gettimeofday, 0, reinterpret_cast<u64>(&zone)) != 0) return error(errno);
    u64 result = give(time_address, time);
    return result != 0 ? result : give(zone_address, zone);
}

u64 clock_getres_call(u64 clock, u64 address) {
    timespec resolution;
    if (::clock_getres(static_cast<clockid_t>(clock), &resolution) != 0) return error(errno);
    return give(address, resolution);
}

u64 getcpu_call(u64 cpu_address, u64 node_address) {
    unsigned cpu, node;
    if (::getcpu(&cpu, &node) != 0) return error(errno);
    u64 result = give(cpu_address, cpu);
    return result != 0 ? result : give(node_address, node);
}

}  // namespace

void vdso_mapped(guest::Model& model, u64 address) {
    auto& host_calls = static_cast<dragoman::riscv::Model&>(model).host_calls;
    host_calls.start = address;
    host_calls.end = align_up(address + vdso().bytes.size(), memory::kPageSize);
    host_calls.functions[kVdsoClockGettime] = clock_gettime_call;
    host_calls.functions[kVdsoGettimeofday] = gettimeofday_call;
    host_calls.functions[kVdsoClockGetres] = clock_getres_call;
    host_calls.functions[kVdsoGetcpu] = getcpu_call;
}

}  // namespace dragoman::linux_abi::riscv
