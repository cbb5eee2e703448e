#include "linux/layouts.h"

#include <cstring>

#include "linux/arch.h"
#include "linux/files/generic_stat.h"
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

}  // namespace

const StructLayouts kGenericLayouts64 = {
    .stat_bytes = sizeof(GuestStat),
    .put_stat = put_generic_stat,
    .get_stat = get_generic_stat,
    .epoll_event_bytes = 16,
    .epoll_event_data = 8,
    .semid_bytes = 88,
    .semid_ctime = 56,
    .semid_nsems = 64,
    .sigaction_restorer = false,
};

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
    const u64 with[] = {action.handler, action.flags, action.restorer, action.mask};
    const u64 without[] = {action.handler, action.flags, action.mask};
    return layouts(task).sigaction_restorer ? task.write(address, with) : task.write(address, without);
}

bool read_sigaction(const Task& task, u64 address, GuestSigaction& action) {
    u64 words[4] = {};
    const u64 count = layouts(task).sigaction_restorer ? 4 : 3;
    if (!task.read(words, address, count * sizeof(u64))) return false;
    action = {words[0], words[1], words[count - 1], count == 4 ? words[2] : 0};
    return true;
}

}  // namespace dragoman::linux_abi
