#include "memory/remote_space.h"

#include <algorithm>

#include "base/mutex.h"
#include "memory/user_space_impl.h"

namespace dragoman::memory {

namespace {

/// What the guest sees of a page's flags.
constexpr PageFlags kShown = kProtection | PageFlags::Shared;

/// Set by the first address space of the process.
struct Record {
    u64 magic;
    const UserSpace* space;
    RemoteSpace remote;
    const u64 *brk_start, *brk_end;  // read where they are, as they change
};
constexpr u64 kMagic = 0x6e616d6f67617264;  // "dragoman"
Mutex record_lock;
Record record DRAGOMAN_GUARDED_BY(record_lock);  // other processes read it as it is

}  // namespace

u64 space_record_address() DRAGOMAN_UNCHECKED_LOCKING { return reinterpret_cast<u64>(&record); }  // only where it is

void UserSpace::Impl::publish_record() {
    LockGuard guard(record_lock);
    if (record.space != nullptr) return;
    record.space = &space;
    record.remote.guest_base = space.guest_base();
    record.remote.limit = limit;
    record.remote.table = reinterpret_cast<u64>(&table);
    record.brk_start = &brk_start;
    record.brk_end = &brk_end;  // without its lock: a word
    record.magic = kMagic;
}

void UserSpace::Impl::withdraw_record() {
    LockGuard guard(record_lock);
    if (record.space == &space) record = {};
}

bool read_remote_space(const RemoteRead& read, u64 record_address, RemoteSpace& space) {
    Record other;
    if (!read(&other, record_address, sizeof other) || other.magic != kMagic || other.remote.table == 0) return false;
    space = other.remote;
    return read(&space.brk_start, reinterpret_cast<u64>(other.brk_start), sizeof space.brk_start) &&
           read(&space.brk_end, reinterpret_cast<u64>(other.brk_end), sizeof space.brk_end);
}

void append_remote_mappings(const RemoteRead& read, const RemoteSpace& space, u64 start, u64 end, bool unmarked,
                            std::vector<Mapping>& mappings) {
    using Table = PageFlagsTable;
    const std::size_t before = mappings.size();
    auto add = [&](u64 from, u64 to, u8 page_flags) {
        const PageFlags shown = masked(static_cast<PageFlags>(page_flags), kShown);
        if (shown == PageFlags::None && !unmarked) return;
        if (mappings.size() > before && mappings.back().end == from && mappings.back().flags == shown)
            mappings.back().end = to;
        else mappings.push_back({from, to, shown, 0, {}});
    };
    auto add_pages = [&](u64 from, u64 to, u64 address) {
        u8 pages[Table::kGroupPages];
        const u64 count = (to - from) / kPageSize;
        if (!read(pages, address + from / kPageSize % Table::kGroupPages, count)) return;
        for (u64 i = 0; i < count; ++i) add(from + i * kPageSize, from + (i + 1) * kPageSize, pages[i]);
    };
    for (u64 stop; start < end; start = stop) {
        stop = std::min(end, align_down(start, Table::kChunkBytes) + Table::kChunkBytes);
        u64 chunk = 0;
        if (!read(&chunk, Table::chunk_pointer(space.table, start), sizeof chunk)) return;
        if (chunk == 0) {
            add(start, stop, 0);
            continue;
        }
        const u64 first = Table::group_in_chunk(start), count = Table::group_in_chunk(stop - 1) - first + 1;
        std::vector<u8> groups(count);
        if (!read(groups.data(), Table::group_bytes(chunk) + first, count)) return;
        u64 from = start;
        for (u64 i = 0; i < count; ++i) {
            const u64 to = std::min(stop, align_down(from, Table::kGroupBytes) + Table::kGroupBytes);
            if (groups[i] != Table::kMixed) add(from, to, groups[i]);
            else add_pages(from, to, Table::page_bytes(chunk, first + i));
            from = to;
        }
    }
}

}  // namespace dragoman::memory
