// Structures of the system-call interface that architectures lay out in ways of their own. All others are the same for
// 64-bit little-endian ones, and pass as they are.
#pragma once

#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "linux/signals/signal_state.h"

namespace dragoman::linux_abi {

class Task;

/// Sizes and offsets in bytes.
struct StructLayouts {
    u32 stat_bytes;  ///< struct stat, at most kMaxStat
    void (*put_stat)(const struct stat& host, u8* guest);
    void (*get_stat)(const u8* guest, struct stat& host);
    u8 epoll_event_bytes, epoll_event_data;    ///< `events` is its first word
    u8 semid_bytes, semid_ctime, semid_nsems;  ///< semid64_ds; ipc64_perm (48 bytes) and sem_otime lead it
    bool sigaction_restorer;                   ///< struct sigaction has sa_restorer, in front of the mask
};
inline constexpr u32 kMaxStat = 144;

/// asm-generic's, of 64-bit architectures that came after it.
extern const StructLayouts kGenericLayouts64;

// In guest memory, in the layout of the task's architecture. False: it may not be accessed.
bool write_stat(Task& task, u64 address, const struct stat& host);
bool read_stat(const Task& task, u64 address, struct stat& host);

u64 epoll_event_bytes(const Task& task);
bool write_epoll_event(Task& task, u64 address, const epoll_event& event);
bool read_epoll_event(const Task& task, u64 address, epoll_event& event);

/// The host's semid64_ds, which has padding behind the times.
struct HostSemid {
    u8 perm[48];
    i64 otime;
    u64 unused1;
    i64 ctime;
    u64 unused2, nsems, unused3, unused4;
};
static_assert(sizeof(HostSemid) == sizeof(semid_ds));
bool write_semid(Task& task, u64 address, const HostSemid& host);
bool read_semid(const Task& task, u64 address, HostSemid& host);

bool write_sigaction(Task& task, u64 address, const GuestSigaction& action);
bool read_sigaction(const Task& task, u64 address, GuestSigaction& action);

}  // namespace dragoman::linux_abi
