#include "linux/proc/procmap_query.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <string>

#include "linux/proc/proc_files.h"

namespace dragoman::linux_abi {

namespace {

/// struct procmap_query of linux/fs.h
struct Query {
    u64 size;
    u64 flags;
    u64 address;
    u64 start, end;
    u64 mapping_flags;
    u64 page_size;
    u64 offset;
    u64 inode;
    u32 major, minor;
    u32 name_size, build_id_size;
    u64 name_address, build_id_address;
};
static_assert(sizeof(Query) == 104);

// PROCMAP_QUERY_*
constexpr u64 kReadable = 1, kWritable = 2, kExecutable = 4, kShared = 8, kCoveringOrNext = 16, kFileBacked = 32;

bool is_maps_file(int fd) {
    char target[64];
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    ssize_t length = ::readlink(link.c_str(), target, sizeof target);
    return length > 0 && std::string(target, static_cast<std::size_t>(length)) == "/memfd:maps (deleted)";
}

u64 query_flags_of(const GuestMapping& m) {
    using memory::PageFlags;
    u64 flags = 0;
    if (has(m.flags, PageFlags::Read) && !has(m.flags, PageFlags::WriteOnly)) flags |= kReadable;
    if (has(m.flags, PageFlags::Write)) flags |= kWritable;
    if (has(m.flags, PageFlags::Exec)) flags |= kExecutable;
    if (has(m.flags, PageFlags::Shared)) flags |= kShared;
    return flags;
}

/// The mapping that holds the address, or with kCoveringOrNext the next one, that has what is asked for.
const GuestMapping* match(const std::vector<GuestMapping>& mappings, const Query& query) {
    constexpr u64 kAccess = kReadable | kWritable | kExecutable | kShared;
    for (const GuestMapping& m : mappings) {
        if (m.end <= query.address) continue;
        const bool covers = m.start <= query.address, next = query.flags & kCoveringOrNext;
        if (!covers && !next) return nullptr;
        const bool fits = (query_flags_of(m) & query.flags & kAccess) == (query.flags & kAccess) &&
                          (!(query.flags & kFileBacked) || m.inode != 0);
        if (fits) return &m;
        if (!next) return nullptr;
    }
    return nullptr;
}

/// copy_struct_from_user(): what this kernel does not know has to be zero.
i64 read_query(const Task& task, u64 address, Query& query) {
    u64 size;
    if (!task.read(size, address)) return -EFAULT;
    if (size > memory::kPageSize) return -E2BIG;
    if (size < offsetof(Query, start)) return -EINVAL;
    query = {};
    if (!task.read(&query, address, std::min<u64>(size, sizeof query))) return -EFAULT;
    for (u64 at = sizeof query; at < size; ++at) {
        u8 byte;
        if (!task.read(byte, address + at)) return -EFAULT;
        if (byte != 0) return -E2BIG;
    }
    constexpr u64 kKnown = kReadable | kWritable | kExecutable | kShared | kCoveringOrNext | kFileBacked;
    if (query.flags & ~kKnown) return -EINVAL;
    if ((query.name_size != 0) != (query.name_address != 0)) return -EINVAL;
    return (query.build_id_size != 0) != (query.build_id_address != 0) ? -EINVAL : 0;
}

}  // namespace

SyscallResult procmap_query(Task& task, int fd, u64 address) {
    if (!is_maps_file(fd)) return -ENOTTY;
    Query query;
    if (i64 error = read_query(task, address, query)) return error;
    const std::vector<GuestMapping> mappings = guest_mappings(own_memory(*task.process));
    const GuestMapping* m = match(mappings, query);
    if (!m) return -ENOENT;
    query.start = m->start;
    query.end = m->end;
    query.mapping_flags = query_flags_of(*m);
    query.page_size = memory::kPageSize;
    query.offset = m->offset;
    query.inode = m->inode;
    query.major = m->major;
    query.minor = m->minor;
    query.build_id_size = 0;  // as for a file that has none
    if (query.name_size != 0) {
        const u64 bytes = m->name.empty() ? 0 : m->name.size() + 1;
        if (bytes > std::min<u64>(query.name_size, PATH_MAX)) return -ENAMETOOLONG;
        if (bytes != 0 && !task.write(query.name_address, m->name.c_str(), bytes)) return -EFAULT;
        query.name_size = static_cast<u32>(bytes);
    }
    return task.write(address, &query, std::min<u64>(query.size, sizeof query)) ? 0 : -EFAULT;
}

}  // namespace dragoman::linux_abi
