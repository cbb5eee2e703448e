// rseq(2) itself, and membarrier(2), which can ask for what interrupts critical sections.
#include <linux/membarrier.h>
#include <linux/rseq.h>
#include <sys/auxv.h>
#include <sys/rseq.h>
#include <sys/syscall.h>

#include <algorithm>

#include "linux/rseq/rseq.h"
#include "linux/rseq/rseq_area.h"
#include "linux/rseq/section_locks.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

SyscallResult host_rseq(void* area, u32 length, u32 flags, u32 signature) {
    return raw_syscall(SYS_rseq, reinterpret_cast<u64>(area), length, flags, signature);
}

/// A thread has one registration; the host's C library has made it for its own.
void drop_library_registration() {
    if (__rseq_size == 0) return;
    auto* area = static_cast<u8*>(__builtin_thread_pointer()) + __rseq_offset;
    host_rseq(area, std::max<u32>(__rseq_size, kRseqBytes), RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
}

}  // namespace

bool read_area(const Task& task, RseqArea& area) {
    // Older kernels know of no mm_cid: data is about CPUs only.
    constexpr u64 kFeatureSize = 27;  // AT_RSEQ_FEATURE_SIZE
    static const bool has_mm_cid = ::getauxval(kFeatureSize) >= offsetof(RseqArea, mm_cid) + sizeof area.mm_cid;
    if (!task.read(area, task.rseq.address)) return false;
    if (!has_mm_cid) area.mm_cid = area.cpu_id;
    return true;
}

bool write_rseq_cs(Task& task, u64 descriptor) {
    return task.write(task.rseq.address + offsetof(RseqArea, rseq_cs), descriptor);
}

SyscallResult sys_rseq(Task& task, const SyscallArgs& args) {
    // The kernel follows rseq_cs itself.
    if (task.space().guest_base() != 0) return -ENOSYS;
    const u64 address = args[0];
    const auto length = static_cast<u32>(args[1]), flags = static_cast<u32>(args[2]);
    const auto signature = static_cast<u32>(args[3]);
    const bool registers = (flags & RSEQ_FLAG_UNREGISTER) == 0;
    if (registers && task.rseq.address == 0) {
        drop_library_registration();
        task.process->engine->keep_writable(task.space().untagged(address), length);
    }
    const SyscallResult result = host_rseq(task.host(address), length, flags, signature);
    if (result != 0) return result;
    task.rseq = {};
    if (registers) task.rseq = {.address = address, .length = length, .signature = signature};
    return 0;
}

void end_rseq(Task& task) {
    RseqState& own = task.rseq;
    if (own.address == 0) return;
    host_rseq(task.host(own.address), own.length, RSEQ_FLAG_UNREGISTER, own.signature);
    own = {};
}

void fork_rseq(Task& task, bool shares) {
    SectionLocks::reset_all();
    if (shares) end_rseq(task);
}

SyscallResult sys_membarrier(Task& task, const SyscallArgs& args) {
    const SyscallResult result = raw_syscall(SYS_membarrier, args[0], args[1], args[2]);
    // What has interrupted the sections is seen in them at their next instruction; none is behind its last look now.
    if (result == 0 && static_cast<int>(args[0]) == MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ) SectionLocks::pass_all(task);
    return result;
}

}  // namespace dragoman::linux_abi
