// Structures of 32-bit ABIs whose time has always had 64 bits (riscv32): what differs from the host's because it has
// longs or pointers. (linux/layouts.h has what is read and written in more than one place.)
#pragma once

#include <csignal>

#include "base/bits.h"

namespace dragoman::linux_abi {

class Task;

/// struct sigevent. Its value is the program's own.
bool read_sigevent32(const Task& task, u64 address, sigevent& event);

void put_siginfo32(const siginfo_t& info, u8 (&guest)[sizeof(siginfo_t)]);
void get_siginfo32(const u8 (&guest)[sizeof(siginfo_t)], siginfo_t& info);

/// struct sysinfo.
struct Sysinfo32 {
    i32 uptime;
    u32 loads[3];
    u32 totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    u16 procs, pad;
    u32 totalhigh, freehigh, mem_unit;
    char unused[8];
};
static_assert(sizeof(Sysinfo32) == 64);

/// struct statfs64.
struct Statfs32 {
    u32 type, bsize;
    u64 blocks, bfree, bavail, files, ffree;
    i32 fsid[2];
    u32 namelen, frsize, flags, spare[4];
};
static_assert(sizeof(Statfs32) == 88);

/// struct flock, of F_GETLK and its like; F_GETLK64's is the host's.
struct Flock32 {
    i16 type, whence;
    i32 start, length, pid;
};

/// struct tms.
struct Tms32 {
    i32 user, system, children_user, children_system;
};

/// struct itimerval of longs.
struct Itimerval32 {
    i32 interval_seconds, interval_microseconds, value_seconds, value_microseconds;
};

/// struct sigevent.
struct Sigevent32 {
    u32 value;
    i32 signal, notify;
    i32 thread;
    u8 unused[48];
};
static_assert(sizeof(Sigevent32) == 64);

/// struct mq_attr.
struct MqAttr32 {
    i32 flags, max_messages, message_bytes, current_messages, unused[4];
};

/// struct ipc64_perm.
struct IpcPerm32 {
    i32 key;
    u32 uid, gid, cuid, cgid, mode;
    u16 sequence, padding;
    u32 unused[2];
};
static_assert(sizeof(IpcPerm32) == 36);

// Times are two words each, the upper ones apart from the lower ones.

/// struct semid64_ds.
struct Semid32 {
    IpcPerm32 perm;
    u32 otime, otime_high, ctime, ctime_high, nsems, unused[2];
};
/// struct shmid64_ds.
struct Shmid32 {
    IpcPerm32 perm;
    u32 size, atime, atime_high, dtime, dtime_high, ctime, ctime_high;
    i32 cpid, lpid;
    u32 nattch, unused[2];
};
/// struct msqid64_ds.
struct Msqid32 {
    IpcPerm32 perm;
    u32 stime, stime_high, rtime, rtime_high, ctime, ctime_high;
    u32 cbytes, qnum, qbytes;
    i32 lspid, lrpid;
    u32 unused[2];
};
/// struct shminfo64.
struct Shminfo32 {
    u32 max, min, segments, per_process, all, unused[4];
};
/// struct shm_info.
struct ShmInfo32 {
    i32 used_ids;
    u32 total, resident, swapped, attempts, successes;
};

}  // namespace dragoman::linux_abi
