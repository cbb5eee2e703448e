#include "linux/layouts.h"

#include <cstring>
#include <iterator>

#include "linux/arch.h"
#include "linux/files/generic_stat.h"
#include "linux/ilp32/structures.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

const StructLayouts& layouts(const Task& task) { return task.process->arch->layouts; }

void put_generic_stat(const struct stat& host, u8* guest) {
    const GuestStat stat = to_guest(host);
    std::memcpy(guest, &stat, sizeof stat);
}

void get_generic_stat(const u8* guest, struct stat& host) {
    GuestStat stat;
    std::memcpy(&stat, guest, sizeof stat);
    host = to_host(stat);
}

constexpr u32 kSemOtime = 48;  // behind ipc64_perm

void put_same_siginfo(const siginfo_t& info, u8 (&guest)[sizeof(siginfo_t)]) { std::memcpy(guest, &info, sizeof info); }
void get_same_siginfo(const u8 (&guest)[sizeof(siginfo_t)], siginfo_t& info) { std::memcpy(&info, guest, sizeof info); }

bool is_narrow(const Task& task) { return layouts(task).word_bytes == sizeof(u32); }

/// What differs between the generic layouts of 64 and of 32 bits is siginfo, and the size of a word.
constexpr StructLayouts generic_layouts(unsigned word_bytes, decltype(StructLayouts::put_siginfo) put_siginfo,
                                        decltype(StructLayouts::get_siginfo) get_siginfo) {
    return {
        .word_bytes = static_cast<decltype(StructLayouts::word_bytes)>(word_bytes),
        .stat_bytes = sizeof(GuestStat),
        .put_stat = put_generic_stat,
        .get_stat = get_generic_stat,
        .epoll_event_bytes = 16,
        .epoll_event_data = 8,
        .semid_bytes = 88,
        .semid_ctime = 56,
        .semid_nsems = 64,
        .put_siginfo = put_siginfo,
        .get_siginfo = get_siginfo,
        .sigaction_restorer = false,
    };
}

}  // namespace

const StructLayouts kGenericLayouts64 = generic_layouts(8, put_same_siginfo, get_same_siginfo);
// Programs learn the status of files by statx alone.
const StructLayouts kGenericLayouts32 = generic_layouts(4, put_siginfo32, get_siginfo32);

u64 word_bytes(const Task& task) { return layouts(task).word_bytes; }

bool read_words(const Task& task, u64 address, u64* words, u64 count) {
    if (!is_narrow(task)) return task.read(words, address, count * sizeof(u64));
    for (u64 i = 0; i < count; ++i) {
        u32 word;
        if (!task.read(word, address + i * sizeof word)) return false;
        words[i] = word;
    }
    return true;
}

bool write_words(const Task& task, u64 address, const u64* words, u64 count) {
    if (!is_narrow(task)) return task.write(address, words, count * sizeof(u64));
    for (u64 i = 0; i < count; ++i) {
        if (!task.write(address + i * sizeof(u32), static_cast<u32>(words[i]))) return false;
    }
    return true;
}

std::vector<u8> words_as_bytes(const StructLayouts& layouts, std::span<const u64> words) {
    std::vector<u8> bytes(words.size() * layouts.word_bytes);
    for (std::size_t i = 0; i < words.size(); ++i) {  // little-endian
        std::memcpy(bytes.data() + i * layouts.word_bytes, &words[i], layouts.word_bytes);
    }
    return bytes;
}

bool write_siginfo(const Task& task, u64 address, const siginfo_t& info) {
    u8 bytes[sizeof info];
    layouts(task).put_siginfo(info, bytes);
    return task.write(address, bytes);
}

bool read_siginfo(const Task& task, u64 address, siginfo_t& info) {
    u8 bytes[sizeof info];
    if (!task.read(bytes, address)) return false;
    layouts(task).get_siginfo(bytes, info);
    return true;
}

// The flags are an int, which takes a word.
bool write_stack(const Task& task, u64 address, const GuestStack& stack) {
    const u64 words[] = {stack.sp, stack.flags, stack.size};
    return write_words(task, address, words, std::size(words));
}

bool read_stack(const Task& task, u64 address, GuestStack& stack) {
    u64 words[3];
    if (!read_words(task, address, words, std::size(words))) return false;
    stack = {words[0], static_cast<u32>(words[1]), words[2]};
    return true;
}

// Longs alone.
bool write_rusage(const Task& task, u64 address, const rusage& usage) {
    u64 words[sizeof usage / sizeof(u64)];
    std::memcpy(words, &usage, sizeof usage);
    return write_words(task, address, words, std::size(words));
}

bool write_stat(Task& task, u64 address, const struct stat& host) {
    u8 bytes[kMaxStat];
    layouts(task).put_stat(host, bytes);
    return task.write(address, bytes, layouts(task).stat_bytes);
}

bool read_stat(const Task& task, u64 address, struct stat& host) {
    u8 bytes[kMaxStat];
    if (!task.read(bytes, address, layouts(task).stat_bytes)) return false;
    layouts(task).get_stat(bytes, host);
    return true;
}

u64 epoll_event_bytes(const Task& task) { return layouts(task).epoll_event_bytes; }

bool write_epoll_event(Task& task, u64 address, const epoll_event& event) {
    const StructLayouts& l = layouts(task);
    u8 bytes[16] = {};
    std::memcpy(bytes, &event.events, sizeof(u32));
    std::memcpy(bytes + l.epoll_event_data, &event.data, sizeof(u64));
    return task.write(address, bytes, l.epoll_event_bytes);
}

bool read_epoll_event(const Task& task, u64 address, epoll_event& event) {
    const StructLayouts& l = layouts(task);
    u8 bytes[16];
    if (!task.read(bytes, address, l.epoll_event_bytes)) return false;
    std::memcpy(&event.events, bytes, sizeof(u32));
    std::memcpy(&event.data, bytes + l.epoll_event_data, sizeof(u64));
    return true;
}

bool write_semid(Task& task, u64 address, const HostSemid& host) {
    const StructLayouts& l = layouts(task);
    u8 bytes[sizeof(HostSemid)] = {};
    std::memcpy(bytes, host.perm, sizeof host.perm);
    std::memcpy(bytes + kSemOtime, &host.otime, sizeof host.otime);
    std::memcpy(bytes + l.semid_ctime, &host.ctime, sizeof host.ctime);
    std::memcpy(bytes + l.semid_nsems, &host.nsems, sizeof host.nsems);
    return task.write(address, bytes, l.semid_bytes);
}

bool read_semid(const Task& task, u64 address, HostSemid& host) {
    const StructLayouts& l = layouts(task);
    u8 bytes[sizeof(HostSemid)];
    if (!task.read(bytes, address, l.semid_bytes)) return false;
    host = {};
    std::memcpy(host.perm, bytes, sizeof host.perm);
    std::memcpy(&host.otime, bytes + kSemOtime, sizeof host.otime);
    std::memcpy(&host.ctime, bytes + l.semid_ctime, sizeof host.ctime);
    std::memcpy(&host.nsems, bytes + l.semid_nsems, sizeof host.nsems);
    return true;
}

bool write_sigaction(Task& task, u64 address, const GuestSigaction& action) {
    const u64 words[] = {action.handler, action.flags, action.restorer};
    const u64 count = layouts(task).sigaction_restorer ? 3 : 2;
    return write_words(task, address, words, count) && task.write(address + count * word_bytes(task), action.mask);
}

bool read_sigaction(const Task& task, u64 address, GuestSigaction& action) {
    u64 words[3] = {};
    const u64 count = layouts(task).sigaction_restorer ? 3 : 2;
    SignalSet mask;
    if (!read_words(task, address, words, count) || !task.read(mask, address + count * word_bytes(task))) return false;
    action = {words[0], words[1], mask, words[2]};
    return true;
}

}  // namespace dragoman::linux_abi
