// Futexes go to the host as they are: guest and host share the words. Robust lists are known to the
// host's kernel for the case that the process is killed, and walked here when a thread ends by itself.
#include "linux/process/robust.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <cerrno>

#include "linux/layouts.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

constexpr unsigned kMaxRobustEntries = 2048;  // ROBUST_LIST_LIMIT

/// Three words in guest memory.
struct RobustListHead {
    u64 next;
    i64 futex_offset;
    u64 pending;
};

u64 robust_head_bytes(const Task& task) { return 3 * word_bytes(task); }

/// Whether the host's kernel can walk the guest's lists.
bool lists_are_hosts(const Task& task) { return task.space().pointers_are_hosts() && word_bytes(task) == sizeof(u64); }

bool read_robust_head(const Task& task, RobustListHead& head) {
    u64 words[3];
    if (!read_words(task, task.robust_list, words, 3)) return false;
    head = {words[0], sign_extend(words[1], static_cast<unsigned>(word_bytes(task) * 8)), words[2]};
    return true;
}

bool takes_timeout(int command) {
    return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI ||
           command == FUTEX_LOCK_PI2 || command == FUTEX_WAIT_REQUEUE_PI;
}

bool takes_second_word(int command) {
    return command == FUTEX_REQUEUE || command == FUTEX_CMP_REQUEUE || command == FUTEX_WAKE_OP ||
           command == FUTEX_CMP_REQUEUE_PI || command == FUTEX_WAIT_REQUEUE_PI;
}

u64 pointer(const Task& task, u64 address) {
    return address != 0 ? task.space().untagged(address) + task.space().guest_base() : 0;
}

// The owner of a robust futex has died: marks the word and wakes a waiter.
void mark_owner_died(Task& task, u64 address, bool pi) {
    u32 word;
    if (address % 4 != 0 || !task.space().accessible(address, 4, true) || !task.read(word, address)) return;
    auto* futex = reinterpret_cast<u32*>(task.host(address));
    while ((word & FUTEX_TID_MASK) == static_cast<u32>(task.tid)) {
        if (!__atomic_compare_exchange_n(futex, &word, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED, false,
                                         __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            continue;
        }
        if (!pi && (word & FUTEX_WAITERS)) {
            raw_syscall(SYS_futex, reinterpret_cast<u64>(futex), FUTEX_WAKE, 1);
        }
        return;
    }
}

}  // namespace

SyscallResult sys_futex(Task& task, const SyscallArgs& args) {
    int command = static_cast<int>(args[1]) & FUTEX_CMD_MASK;
    u64 timeout = takes_timeout(command) ? pointer(task, args[3]) : args[3];
    u64 second = takes_second_word(command) ? pointer(task, args[4]) : args[4];
    SyscallResult result =
        safe_syscall(task, SYS_futex, pointer(task, args[0]), args[1], args[2], timeout, second, args[5]);
    // A wait with a timeout ends with EINTR even under SA_RESTART.
    if (result == kRestartSys && takes_timeout(command) && timeout != 0 && command != FUTEX_LOCK_PI &&
        command != FUTEX_LOCK_PI2) {
        return kRestartNoHand;
    }
    return result;
}

SyscallResult sys_set_robust_list(Task& task, const SyscallArgs& args) {
    if (args[1] != robust_head_bytes(task)) return -EINVAL;
    task.robust_list = args[0];
    if (lists_are_hosts(task)) raw_syscall(SYS_set_robust_list, args[0], args[1]);
    return 0;
}

SyscallResult sys_get_robust_list(Task& task, const SyscallArgs& args) {
    u64 head = 0, length = robust_head_bytes(task);
    auto tid = static_cast<pid_t>(args[0]);
    bool found = tid == 0 || tid == task.tid;
    if (found) {
        head = task.robust_list;
    } else {
        LockGuard lock(task.process->tasks_lock);
        for (const Task* other : task.process->tasks) {
            if (other->tid != tid) continue;
            head = other->robust_list;
            found = true;
        }
    }
    // Of another process, the host knows; and whether we may.
    if (!found) {
        SyscallResult error =
            raw_syscall(SYS_get_robust_list, args[0], reinterpret_cast<u64>(&head), reinterpret_cast<u64>(&length));
        if (error < 0) return error;
    }
    return write_words(task, args[2], &length, 1) && write_words(task, args[1], &head, 1) ? 0 : -EFAULT;
}

void exit_robust_list(Task& task) {
    if (task.robust_list == 0) return;
    raw_syscall(SYS_set_robust_list, 0, sizeof(RobustListHead));
    RobustListHead head;
    if (!read_robust_head(task, head)) return;
    auto died = [&](u64 entry) {
        u64 word = (entry & ~u64{1}) + static_cast<u64>(head.futex_offset);
        if (word_bytes(task) == sizeof(u32)) word = static_cast<u32>(word);
        mark_owner_died(task, word, entry & 1);
    };
    u64 entry = head.next;
    for (unsigned i = 0; i < kMaxRobustEntries && (entry & ~u64{1}) != task.robust_list; ++i) {
        u64 next;
        bool more = read_words(task, entry & ~u64{1}, &next, 1);
        if (entry != head.pending) died(entry);
        if (!more) return;
        entry = next;
    }
    if (head.pending != 0) died(head.pending);
}

void clear_child_tid(Task& task) {
    if (task.clear_child_tid == 0) return;
    u32 zero = 0;
    if (!task.write(task.clear_child_tid, zero)) return;
    raw_syscall(SYS_futex, pointer(task, task.clear_child_tid), FUTEX_WAKE, 1);
}

}  // namespace dragoman::linux_abi
