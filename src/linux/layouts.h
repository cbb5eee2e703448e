// Structures of the system-call interface that architectures lay out in ways of their own. All others are the same for
// 64-bit little-endian ones, and pass as they are; those with longs or pointers are 32-bit ABIs' own (ilp32/).
#pragma once

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/stat.h>

#include <span>
#include <vector>

#include "base/bits.h"
#include "linux/signals/signal_state.h"

namespace dragoman::linux_abi {

class Task;

/// Sizes and offsets in bytes.
struct StructLayouts {
    u8 word_bytes;   ///< of a long or a pointer: 4 or 8
    u32 stat_bytes;  ///< struct stat, at most kMaxStat
    void (*put_stat)(const struct stat& host, u8* guest);
    void (*get_stat)(const u8* guest, struct stat& host);
    u8 epoll_event_bytes, epoll_event_data;    ///< `events` is its first word
    u8 semid_bytes, semid_ctime, semid_nsems;  ///< semid64_ds; ipc64_perm (48 bytes) and sem_otime lead it
    void (*put_siginfo)(const siginfo_t& info, u8 (&guest)[sizeof(siginfo_t)]);
    void (*get_siginfo)(const u8 (&guest)[sizeof(siginfo_t)], siginfo_t& info);
    bool sigaction_restorer;  ///< struct sigaction has sa_restorer, in front of the mask
};
inline constexpr u32 kMaxStat = 144;

/// asm-generic's, of 64-bit architectures that came after it.
extern const StructLayouts kGenericLayouts64;
/// asm-generic's, of 32-bit architectures whose time has always had 64 bits.
extern const StructLayouts kGenericLayouts32;

/// Bytes of a long or a pointer of the task's architecture.
u64 word_bytes(const Task& task);
/// Longs and pointers in guest memory, zero-extended.
bool read_words(const Task& task, u64 address, u64* words, u64 count);
bool write_words(const Task& task, u64 address, const u64* words, u64 count);
/// The same in a buffer.
std::vector<u8> words_as_bytes(const StructLayouts& layouts, std::span<const u64> words);

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

bool write_siginfo(const Task& task, u64 address, const siginfo_t& info);
bool read_siginfo(const Task& task, u64 address, siginfo_t& info);

/// stack_t.
struct GuestStack {
    u64 sp;
    u32 flags;
    u64 size;
};
bool write_stack(const Task& task, u64 address, const GuestStack& stack);
bool read_stack(const Task& task, u64 address, GuestStack& stack);

bool write_rusage(const Task& task, u64 address, const rusage& usage);

bool write_sigaction(Task& task, u64 address, const GuestSigaction& action);
bool read_sigaction(const Task& task, u64 address, GuestSigaction& action);

}  // namespace dragoman::linux_abi
