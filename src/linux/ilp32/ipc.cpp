// System V and POSIX IPC: structures of longs.
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <cstring>
#include <limits>

#include "linux/ilp32/structures.h"
#include "linux/ilp32/syscalls.h"
#include "linux/layouts.h"
#include "linux/pass.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

constexpr unsigned kSemStatAny = 20, kShmStatAny = 15, kMsgStatAny = 13;

/// The host's ipc64_perm.
struct IpcPerm64 {
    i32 key;
    u32 uid, gid, cuid, cgid, mode;
    u16 sequence, padding;
    u32 padding2;
    u64 unused[2];
};
static_assert(sizeof(IpcPerm64) == 48);

IpcPerm32 narrowed(const IpcPerm64& p) { return {p.key, p.uid, p.gid, p.cuid, p.cgid, p.mode, p.sequence, 0, {}}; }
/// What IPC_SET takes of it.
IpcPerm64 widened(const IpcPerm32& p) { return {p.key, p.uid, p.gid, p.cuid, p.cgid, p.mode, 0, 0, 0, {}}; }

struct Shmid64 {
    IpcPerm64 perm;
    u64 size;
    i64 atime, dtime, ctime;
    i32 cpid, lpid;
    u64 nattch, unused[2];
};
static_assert(sizeof(Shmid64) == sizeof(shmid_ds));
struct Msqid64 {
    IpcPerm64 perm;
    i64 stime, rtime, ctime;
    u64 cbytes, qnum, qbytes;
    i32 lspid, lrpid;
    u64 unused[2];
};
static_assert(sizeof(Msqid64) == sizeof(msqid_ds));

u32 high(i64 time) { return static_cast<u32>(static_cast<u64>(time) >> 32); }
u32 low(auto value) { return static_cast<u32>(value); }

Semid32 narrowed(const HostSemid& s) {
    IpcPerm64 perm;
    std::memcpy(&perm, s.perm, sizeof perm);
    return {narrowed(perm), low(s.otime), high(s.otime), low(s.ctime), high(s.ctime), low(s.nsems), {}};
}
Shmid32 narrowed(const Shmid64& s) {
    return {narrowed(s.perm), low(s.size),   low(s.atime), high(s.atime), low(s.dtime),  high(s.dtime),
            low(s.ctime),     high(s.ctime), s.cpid,       s.lpid,        low(s.nattch), {}};
}
Msqid32 narrowed(const Msqid64& s) {
    return {narrowed(s.perm),
            low(s.stime),
            high(s.stime),
            low(s.rtime),
            high(s.rtime),
            low(s.ctime),
            high(s.ctime),
            low(s.cbytes),
            low(s.qnum),
            low(s.qbytes),
            s.lspid,
            s.lrpid,
            {}};
}

/// A command that fills a Host, which the guest sees as a Guest. `last`: the position of its address.
template <class Host>
SyscallResult get(Task& task, long number, const SyscallArgs& args, unsigned last) {
    Host host{};
    SyscallArgs h = args;
    h.a[last] = reinterpret_cast<u64>(&host);
    SyscallResult result = raw_syscall(number, h[0], h[1], h[2], h[3]);
    if (result < 0) return result;
    return task.write(args[last], narrowed(host)) ? result : -EFAULT;
}

/// The attributes of a queue are longs.
MqAttr32 narrowed(const mq_attr& a) {
    return {static_cast<i32>(a.mq_flags),
            static_cast<i32>(a.mq_maxmsg),
            static_cast<i32>(a.mq_msgsize),
            static_cast<i32>(a.mq_curmsgs),
            {}};
}
bool read_attributes(const Task& task, u64 address, mq_attr& host) {
    MqAttr32 narrow;
    if (!task.read(narrow, address)) return false;
    host = {};
    host.mq_flags = narrow.flags;
    host.mq_maxmsg = narrow.max_messages;
    host.mq_msgsize = narrow.message_bytes;
    host.mq_curmsgs = narrow.current_messages;
    return true;
}

}  // namespace

bool read_sigevent32(const Task& task, u64 address, sigevent& event) {
    Sigevent32 narrow;
    if (!task.read(narrow, address)) return false;
    event = {};
    event.sigev_value.sival_ptr = reinterpret_cast<void*>(u64{narrow.value});
    event.sigev_signo = narrow.signal;
    event.sigev_notify = narrow.notify;
    event._sigev_un._tid = narrow.thread;
    return true;
}

SyscallResult sys32_mq_open(Task& task, const SyscallArgs& args) {
    mq_attr attributes;
    if (args[3] != 0 && !read_attributes(task, args[3], attributes)) return -EFAULT;
    return raw_syscall(SYS_mq_open, host_pointer(task, args[0]), args[1], args[2],
                       args[3] != 0 ? reinterpret_cast<u64>(&attributes) : 0);
}

SyscallResult sys32_mq_getsetattr(Task& task, const SyscallArgs& args) {
    mq_attr wanted, old;
    if (args[1] != 0 && !read_attributes(task, args[1], wanted)) return -EFAULT;
    SyscallResult result = raw_syscall(SYS_mq_getsetattr, args[0], args[1] != 0 ? reinterpret_cast<u64>(&wanted) : 0,
                                       reinterpret_cast<u64>(&old));
    if (result < 0) return result;
    return args[2] != 0 && !task.write(args[2], narrowed(old)) ? -EFAULT : 0;
}

SyscallResult sys32_mq_notify(Task& task, const SyscallArgs& args) {
    sigevent event;
    if (args[1] == 0) return raw_syscall(SYS_mq_notify, args[0], 0);
    if (!read_sigevent32(task, args[1], event)) return -EFAULT;
    if (event.sigev_notify == SIGEV_THREAD)
        event.sigev_value.sival_ptr = task.host(reinterpret_cast<u64>(event.sigev_value.sival_ptr));
    return raw_syscall(SYS_mq_notify, args[0], reinterpret_cast<u64>(&event));
}

SyscallResult sys32_semctl(Task& task, const SyscallArgs& args) {
    switch (static_cast<unsigned>(args[2])) {
        case IPC_STAT:
        case SEM_STAT:
        case kSemStatAny: return get<HostSemid>(task, SYS_semctl, args, 3);
        case IPC_SET: {
            Semid32 narrow;
            if (!task.read(narrow, args[3])) return -EFAULT;
            HostSemid host{};
            const IpcPerm64 perm = widened(narrow.perm);
            std::memcpy(host.perm, &perm, sizeof perm);
            return raw_syscall(SYS_semctl, args[0], args[1], args[2], reinterpret_cast<u64>(&host));
        }
        default: return sys_semctl(task, args);  // ints alone
    }
}

SyscallResult sys32_shmctl(Task& task, const SyscallArgs& args) {
    switch (static_cast<unsigned>(args[1])) {
        case IPC_STAT:
        case SHM_STAT:
        case kShmStatAny: return get<Shmid64>(task, SYS_shmctl, args, 2);
        case IPC_SET: {
            Shmid32 narrow;
            if (!task.read(narrow, args[2])) return -EFAULT;
            Shmid64 host{};
            host.perm = widened(narrow.perm);
            return raw_syscall(SYS_shmctl, args[0], args[1], reinterpret_cast<u64>(&host));
        }
        case IPC_INFO: {
            u64 host[9];
            SyscallResult result = raw_syscall(SYS_shmctl, args[0], args[1], reinterpret_cast<u64>(host));
            if (result < 0) return result;
            constexpr u64 kMost = std::numeric_limits<i32>::max();
            Shminfo32 narrow{low(std::min(host[0], kMost)),
                             low(host[1]),
                             low(host[2]),
                             low(host[3]),
                             low(std::min(host[4], kMost)),
                             {}};
            return task.write(args[2], narrow) ? result : -EFAULT;
        }
        case SHM_INFO: {
            shm_info host;
            SyscallResult result = raw_syscall(SYS_shmctl, args[0], args[1], reinterpret_cast<u64>(&host));
            if (result < 0) return result;
            ShmInfo32 narrow{host.used_ids,     low(host.shm_tot),       low(host.shm_rss),
                             low(host.shm_swp), low(host.swap_attempts), low(host.swap_successes)};
            return task.write(args[2], narrow) ? result : -EFAULT;
        }
        default: return sys_shmctl(task, args);
    }
}

SyscallResult sys32_msgctl(Task& task, const SyscallArgs& args) {
    switch (static_cast<unsigned>(args[1])) {
        case IPC_STAT:
        case MSG_STAT:
        case kMsgStatAny: return get<Msqid64>(task, SYS_msgctl, args, 2);
        case IPC_SET: {
            Msqid32 narrow;
            if (!task.read(narrow, args[2])) return -EFAULT;
            Msqid64 host{};
            host.perm = widened(narrow.perm);
            host.qbytes = narrow.qbytes;
            return raw_syscall(SYS_msgctl, args[0], args[1], reinterpret_cast<u64>(&host));
        }
        default: return sys_msgctl(task, args);  // ints alone
    }
}

// A message's type is a long in front of its text.

constexpr u64 kMostText = 1 << 24;  ///< more than kernels are configured with (msgmax)

SyscallResult sys32_msgsnd(Task& task, const SyscallArgs& args) {
    i32 type;
    if (args[2] > kMostText) return -EINVAL;
    if (!task.read(type, args[1])) return -EFAULT;
    std::vector<u8> message(sizeof(i64) + args[2]);
    const i64 wide = type;
    std::memcpy(message.data(), &wide, sizeof wide);
    if (!task.read(message.data() + sizeof wide, args[1] + sizeof type, message.size() - sizeof wide)) return -EFAULT;
    SyscallResult result =
        safe_syscall(task, SYS_msgsnd, args[0], reinterpret_cast<u64>(message.data()), args[2], args[3]);
    return result == kRestartSys ? kRestartNoHand : result;
}

SyscallResult sys32_msgrcv(Task& task, const SyscallArgs& args) {
    constexpr u64 kMost = std::numeric_limits<i32>::max();
    if (args[2] > kMost) return -EINVAL;
    const u64 room = std::min<u64>(args[2], 1 << 20);
    std::vector<u8> message(sizeof(i64) + room);
    const auto wanted = static_cast<u64>(sign_extend(args[3], 32));
    SyscallResult result =
        safe_syscall(task, SYS_msgrcv, args[0], reinterpret_cast<u64>(message.data()), room, wanted, args[4]);
    if (result == kRestartSys) return kRestartNoHand;
    if (result < 0) return result;
    i64 type;
    std::memcpy(&type, message.data(), sizeof type);
    if (!task.write(args[1], static_cast<i32>(type))) return -EFAULT;
    const auto bytes = static_cast<u64>(result);
    return task.write(args[1] + sizeof(i32), message.data() + sizeof type, bytes) ? result : -EFAULT;
}

}  // namespace dragoman::linux_abi
