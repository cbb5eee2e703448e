// The Linux memory calls on the guest's address space. The region map says what the guest has mapped;
// whatever else the host has mapped belongs to the translator, and MAP_FIXED_NOREPLACE keeps the guest
// off it.
#include "memory/user_space.h"

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <set>
#include <vector>

#include "base/error.h"
#include "memory/page_flags_table.h"
#include "memory/region_map.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

namespace dragoman::memory {

namespace {

constexpr u64 kDefaultTop = u64{1} << 38;  // TASK_SIZE of sv39
constexpr u64 kStackGap = u64{128} << 20;  // kept free for the stack, as mmap_base() of Linux does
constexpr u64 kHostTop = (u64{1} << 47) - kPageSize;
constexpr u64 kLowest = 0x10000;  // mmap_min_addr: never placed below it unasked
constexpr u64 kHugePage = u64{2} << 20;
constexpr PageFlags kProtection = PageFlags::Read | PageFlags::Write | PageFlags::Exec;

constexpr u64 kNoLimit = ~u64{0};

constexpr PageFlags masked(PageFlags a, PageFlags b) {
    return static_cast<PageFlags>(static_cast<u8>(a) & static_cast<u8>(b));
}
constexpr PageFlags without(PageFlags a, PageFlags b) {
    return static_cast<PageFlags>(static_cast<u8>(a) & ~static_cast<u8>(b));
}

/// The kernel lets every writable page be read, and so does this.
PageFlags flags_from_prot(int prot) {
    PageFlags flags = PageFlags::None;
    if (prot & PROT_READ) flags |= PageFlags::Read;
    if (prot & PROT_WRITE) flags |= PageFlags::Read | PageFlags::Write;
    if (prot & PROT_EXEC) flags |= PageFlags::Exec;
    return flags;
}

/// Guest code is data to the host.
int host_prot(PageFlags flags) {
    int prot = PROT_NONE;
    if (has(flags, PageFlags::Read)) prot |= PROT_READ;
    if (has(flags, PageFlags::Write) && !has(flags, PageFlags::Code)) prot |= PROT_READ | PROT_WRITE;
    return prot;
}

/// How many mappings the guest may have. The host allows each process a number of them, of which the
/// translator needs some: it must not be the one who gets none.
std::size_t most_mappings() {
    static const std::size_t most = [] {
        constexpr std::size_t kOwn = 1500, kDefault = 65530;
        std::size_t limit = kDefault;
        if (FILE* file = std::fopen("/proc/sys/vm/max_map_count", "re")) {
            if (std::fscanf(file, "%zu", &limit) != 1) limit = kDefault;
            std::fclose(file);
        }
        return limit > 2 * kOwn ? limit - kOwn : kOwn;
    }();
    return most;
}

i64 result_of(const void* p) { return p == MAP_FAILED ? -errno : 0; }

}  // namespace

// Lock order: map_lock, then the engine's locks (on_code_change), then code_lock.
struct UserSpace::Impl {
    UserSpace& space;
    u64 limit = kHostTop;   // end of the guest's address space
    bool reserved = false;  // [0, limit) is held by PROT_NONE host mappings where the guest has nothing
    u64 brk_start = 0, brk_end = 0;
    u64 most_bytes = kNoLimit, most_data = kNoLimit;  // set_limits

    mutable std::mutex map_lock;
    RegionMap regions;
    mutable std::mutex code_lock;  // writes to the table, and host protection of code pages
    PageFlagsTable table;
    std::set<u64> guarded;                      // pages that are not writable only because they hold translated code
    std::set<u64> watched;                      ///< pages that a debugger watches
    std::set<u64> growing;                      ///< starts of MAP_GROWSDOWN mappings
    std::vector<std::pair<u64, u64>> segments;  // attached by shmat: start, length

    explicit Impl(UserSpace& s) : space(s) {}

    u8* host(u64 address) const { return space.host(address); }
    // Whether there may be no more mappings. Asked before each call that may make some.
    bool full() const { return regions.size() > 20000 && regions.size() >= most_mappings(); }
    // Whether the guest may have `bytes` more of mappings with these flags. Limits are rare: without, nothing is
    // counted.
    bool within_limits(u64 bytes, PageFlags flags) const {
        if (most_bytes == kNoLimit && most_data == kNoLimit) return true;
        auto is_data = [](PageFlags f) { return has(f, PageFlags::Write) && !has(f, PageFlags::Shared); };
        u64 all = bytes, data = is_data(flags) ? bytes : 0;
        for (const auto& [start, region] : regions.all()) {
            if (region.name == "[stack]") continue;  // the kernel counts what has been used of it
            all += region.end - start;
            if (is_data(region.flags)) data += region.end - start;
        }
        return all <= most_bytes && (data <= most_data || !is_data(flags));
    }
    // Bytes of [start, end) that are mapped.
    u64 mapped_bytes(u64 start, u64 end) const {
        u64 bytes = 0;
        regions.for_each(start, end, [&](u64 from, u64 to, const Region&) { bytes += to - from; });
        return bytes;
    }
    bool in_range(u64 start, u64 length) const { return length <= limit && start <= limit - length; }
    // A smaller address space (-R) has no fixed place for the stack.
    u64 mmap_base() const { return limit < kDefaultTop ? limit : kDefaultTop - kStackGap; }

    // Drops the translations of [start, end) and the write protection that they needed.
    void retire_code(u64 start, u64 end) {
        // Not only where pages are marked as Code: translations that check their code leave the mark away.
        bool any = false;
        regions.for_each(start, end,
                         [&](u64, u64, const Region& region) { any |= has(region.flags, PageFlags::Exec); });
        if (!any) return;
        if (space.on_code_change) space.on_code_change(start, end);
        std::lock_guard lock(code_lock);
        regions.for_each(start, end, [&](u64 from, u64 to, const Region&) {
            table.for_each(from, to, PageFlags::Code, [&](u64 page, PageFlags flags) { uncover(page, flags); });
        });
    }

    // A page loses its Code mark. code_lock is held.
    void uncover(u64 page, PageFlags flags) {
        flags = without(flags, PageFlags::Code);
        table.set(page, page + kPageSize, flags);
        if (!has(flags, PageFlags::Write)) return;
        guarded.erase(page);
        ::mprotect(host(page), kPageSize, host_prot(flags));
    }

    void publish(u64 start, u64 end, PageFlags flags) {
        std::lock_guard lock(code_lock);
        table.set(start, end, flags);
    }

    void enter(u64 start, u64 length, PageFlags flags, bool file, u64 offset, const std::string& name) {
        regions.insert(start, {start + length, flags, file, offset, name});
        publish(start, start + length, flags);
    }

    void forget(u64 start, u64 end) {
        regions.for_each(start, end, [&](u64 from, u64 to, const Region& region) {
            if (region.flags != PageFlags::None) publish(from, to, PageFlags::None);
        });
        regions.erase(start, end);
        if (!growing.empty()) growing.erase(growing.lower_bound(start), growing.lower_bound(end));
    }

    // Takes the unmapped parts of [start, end) from the host, so that MAP_FIXED may then replace all of
    // it. False: the translator has something there.
    bool claim_holes(u64 start, u64 end) {
        if (reserved) return true;
        std::vector<std::pair<u64, u64>> claimed;
        bool ok = true;
        regions.for_each_hole(start, end, [&](u64 from, u64 to) {
            if (!ok) return;
            void* p = ::mmap(host(from), to - from, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
            if (p == host(from)) {
                claimed.push_back({from, to});
            } else {
                if (p != MAP_FAILED) ::munmap(p, to - from);
                ok = false;
            }
        });
        if (!ok) release(claimed);
        return ok;
    }
    void release(const std::vector<std::pair<u64, u64>>& ranges) {
        for (auto [from, to] : ranges) host_unmap(from, to);
    }

    void host_unmap(u64 start, u64 end) {
        if (reserved) {
            ::mmap(host(start), end - start, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
        } else {
            ::munmap(host(start), end - start);
        }
    }

    // Unmaps what the guest has in [start, end). The translator's own mappings in between stay.
    i64 unmap(u64 start, u64 end) {
        retire_code(start, end);
        i64 error = 0;
        if (!reserved && regions.covered(start, end)) {
            error = ::munmap(host(start), end - start) ? -errno : 0;
        } else {
            regions.for_each(start, end, [&](u64 from, u64 to, const Region&) { host_unmap(from, to); });
        }
        if (error == 0) forget(start, end);
        return error;
    }

    // Host mapping at exactly `start`, where the guest has nothing (unless `replace`).
    i64 host_map(u64 start, u64 length, PageFlags flags, int map_flags, int fd, u64 offset, bool replace) {
        map_flags &= ~(MAP_FIXED | MAP_FIXED_NOREPLACE);
        map_flags |= replace || reserved ? MAP_FIXED : MAP_FIXED_NOREPLACE;
        void* p = ::mmap(host(start), length, host_prot(flags), map_flags, fd, static_cast<off_t>(offset));
        if (p == MAP_FAILED) return -errno;
        if (p == host(start)) return 0;
        ::munmap(p, length);  // a kernel without MAP_FIXED_NOREPLACE took the address as a hint
        return -EEXIST;
    }

    // Chooses an address: the hint when it is free, else the highest gap. 0: none.
    u64 place(u64 hint, u64 length, u64 alignment) {
        if (hint != 0) {
            hint = align_up(hint, alignment);
            if (hint >= kLowest && in_range(hint, length) && !regions.overlaps(hint, hint + length)) return hint;
        }
        return regions.find_free(length, alignment, kLowest, mmap_base());
    }

    i64 map_fixed(u64 address, u64 length, PageFlags flags, int map_flags, int fd, u64 offset) {
        bool occupied = regions.overlaps(address, address + length);
        if (!occupied) {
            i64 error = host_map(address, length, flags, map_flags, fd, offset, false);
            if (error == -EEXIST && !(map_flags & MAP_FIXED_NOREPLACE)) error = -ENOMEM;
            return error;
        }
        if (map_flags & MAP_FIXED_NOREPLACE) return -EEXIST;
        std::vector<std::pair<u64, u64>> holes;
        regions.for_each_hole(address, address + length, [&](u64 from, u64 to) { holes.push_back({from, to}); });
        if (!claim_holes(address, address + length)) return -ENOMEM;
        retire_code(address, address + length);
        i64 error = host_map(address, length, flags, map_flags, fd, offset, true);
        if (error != 0) release(holes);
        else forget(address, address + length);
        return error;
    }

    // Places and maps; a place that the translator turns out to occupy is passed over.
    i64 map_anywhere(u64& address, u64 length, u64 alignment, PageFlags flags, int map_flags, int fd, u64 offset) {
        u64 hint = address;
        u64 top = mmap_base();
        for (;;) {
            address = hint != 0 || top == mmap_base() ? place(hint, length, alignment)
                                                      : regions.find_free(length, alignment, kLowest, top);
            if (address == 0) return -ENOMEM;
            i64 error = host_map(address, length, flags, map_flags, fd, offset, false);
            if (error != -EEXIST) return error;
            if (hint != 0) hint = 0;
            else top = address;
        }
    }

    i64 protect_piece(u64 from, u64 to, const Region& region, PageFlags flags);
    i64 move(u64 old_address, u64 old_length, u64 new_length, int flags, u64 new_address);
    bool grow_in_place(u64 address, u64 old_length, u64 new_length);
};

UserSpace::UserSpace(u64 guest_base, u64 reserved) : guest_base_(guest_base), impl_(std::make_unique<Impl>(*this)) {
    if (reserved != 0) impl_->limit = std::min(align_down(reserved, kPageSize), kHostTop);
    if (guest_base == 0) return;
    // The translator's own mappings may lie anywhere else, so the whole window is taken at once.
    if (reserved == 0) impl_->limit = kDefaultTop;
    void* p = ::mmap(host(0), impl_->limit, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p != host(0)) die(1, "cannot reserve %#lx bytes of guest address space at %#lx", impl_->limit, guest_base);
    impl_->reserved = true;
}

UserSpace::~UserSpace() {
    for (const auto& [start, region] : impl_->regions.all()) ::munmap(host(start), region.end - start);
    if (impl_->reserved) ::munmap(host(0), impl_->limit);
}

PageFlags UserSpace::flags(u64 address) const { return impl_->table.get(address); }

i64 UserSpace::mmap(u64 address, u64 length, int prot, int flags, int fd, u64 offset, const std::string& name) {
    flags &= ~0xc0;  // MAP_32BIT and MAP_ABOVE4G exist on x86 only
    const bool grows = (flags & MAP_GROWSDOWN) && (flags & MAP_ANONYMOUS);
    flags &= ~MAP_GROWSDOWN;  // the host would grow it unseen
    if (length == 0 || offset % kPageSize != 0) return -EINVAL;
    if (length > kHostTop) return -ENOMEM;
    length = align_up(length, kPageSize);
    PageFlags page_flags = flags_from_prot(prot);
    bool shared = (flags & 3) != MAP_PRIVATE;  // MAP_SHARED or MAP_SHARED_VALIDATE
    if (shared) page_flags |= PageFlags::Shared;
    bool file = !(flags & MAP_ANONYMOUS);

    std::lock_guard lock(impl_->map_lock);
    if (impl_->full()) return -ENOMEM;
    i64 error;
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (address % kPageSize != 0) return -EINVAL;
        if (!impl_->in_range(address, length)) return -ENOMEM;
        u64 replaced = flags & MAP_FIXED_NOREPLACE ? 0 : impl_->mapped_bytes(address, address + length);
        if (!impl_->within_limits(length - replaced, page_flags)) return -ENOMEM;
        error = impl_->map_fixed(address, length, page_flags, flags, fd, offset);
    } else {
        if (!impl_->within_limits(length, page_flags)) return -ENOMEM;
        bool huge = (flags & MAP_HUGETLB) || (!file && length % kHugePage == 0);
        address = align_up(address, kPageSize);
        error = impl_->map_anywhere(address, length, huge && address == 0 ? kHugePage : kPageSize, page_flags, flags,
                                    fd, offset);
    }
    if (error != 0) return error;
    impl_->enter(address, length, page_flags, file, offset, name);
    if (grows) impl_->growing.insert(address);
    if (file && !shared && has(page_flags, PageFlags::Exec) && on_file_code) on_file_code(address, length, fd, offset);
    return static_cast<i64>(address);
}

void UserSpace::set_limits(u64 all, u64 data) {
    std::lock_guard lock(impl_->map_lock);
    impl_->most_bytes = all;
    impl_->most_data = data;
}

i64 UserSpace::munmap(u64 address, u64 length) {
    if (address % kPageSize != 0 || length == 0 || length > kHostTop) return -EINVAL;
    length = align_up(length, kPageSize);
    if (!impl_->in_range(address, length)) return -EINVAL;
    std::lock_guard lock(impl_->map_lock);
    // Only a hole in the middle of a mapping makes more of them.
    if (impl_->full() && impl_->regions.splits(address, address + length)) return -ENOMEM;
    return impl_->unmap(address, address + length);
}

// Gives one piece of one region new permissions. Pages that hold translated code and stay executable
// keep their translations and are never writable in between.
i64 UserSpace::Impl::protect_piece(u64 from, u64 to, const Region& region, PageFlags flags) {
    flags |= masked(region.flags, PageFlags::Shared);
    // Translations that check their code read it, and so go when it becomes unreadable.
    bool readable = has(flags, PageFlags::Read) || !has(region.flags, PageFlags::Read);
    if (!has(flags, PageFlags::Exec) || !readable) retire_code(from, to);
    std::lock_guard lock(code_lock);
    bool code = false;
    if (has(region.flags, PageFlags::Exec) && has(flags, PageFlags::Exec)) {
        table.for_each(from, to, PageFlags::Code, [&](u64, PageFlags) { code = true; });
    }
    if (!code) {
        if (::mprotect(host(from), to - from, host_prot(flags)) != 0) return -errno;
        table.set(from, to, flags);
        return 0;
    }
    for (u64 page = from; page < to; page += kPageSize) {
        PageFlags page_flags = flags | masked(table.get(page), PageFlags::Code);
        if (::mprotect(host(page), kPageSize, host_prot(page_flags)) != 0) return -errno;
        table.set(page, page + kPageSize, page_flags);
        bool guard = has(page_flags, PageFlags::Code) && has(page_flags, PageFlags::Write);
        if (guard) guarded.insert(page);
        else guarded.erase(page);
    }
    return 0;
}

i64 UserSpace::mprotect(u64 address, u64 length, int prot) {
    constexpr int kSem = 8, kGrowsDown = 0x01000000, kGrowsUp = 0x02000000;
    if (address % kPageSize != 0) return -EINVAL;
    if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | kSem | kGrowsDown | kGrowsUp)) return -EINVAL;
    if (length == 0) return 0;
    if (length > kHostTop) return -ENOMEM;
    length = align_up(length, kPageSize);
    if (!impl_->in_range(address, length)) return -ENOMEM;

    std::lock_guard lock(impl_->map_lock);
    u64 end = address + length;
    if (impl_->full() && impl_->regions.splits(address, end)) return -ENOMEM;
    if (prot & kGrowsDown) {
        auto it = impl_->regions.find(address);
        if (it == impl_->regions.end()) return -ENOMEM;
        address = it->first;
    }
    PageFlags flags = flags_from_prot(prot);
    struct Piece {
        u64 from, to;
        Region region;
    };
    std::vector<Piece> pieces;
    impl_->regions.for_each(address, end, [&](u64 from, u64 to, const Region& r) { pieces.push_back({from, to, r}); });
    u64 at = address;
    for (Piece& piece : pieces) {
        if (piece.from != at) return -ENOMEM;
        if (i64 error = impl_->protect_piece(piece.from, piece.to, piece.region, flags)) return error;
        Region region = piece.region;
        auto old = impl_->regions.find(piece.from);
        if (region.file) region.offset += piece.from - old->first;
        region.end = piece.to;
        region.flags = without(region.flags, kProtection) | flags;
        impl_->regions.insert(piece.from, std::move(region));
        at = piece.to;
    }
    return at == end ? 0 : -ENOMEM;
}

bool UserSpace::Impl::grow_in_place(u64 address, u64 old_length, u64 new_length) {
    u64 old_end = address + old_length, new_end = address + new_length;
    if (!in_range(address, new_length) || regions.overlaps(old_end, new_end)) return false;
    if (reserved) ::munmap(host(old_end), new_end - old_end);
    bool grown = ::mremap(host(address), old_length, new_length, 0) != MAP_FAILED;
    if (reserved && !grown) host_unmap(old_end, new_end);
    return grown;
}

// Moves (a copy of the attributes of) [old_address, +old_length) to new_address, where nothing of the
// guest's lies any more and the host's part is claimed.
i64 UserSpace::Impl::move(u64 old_address, u64 old_length, u64 new_length, int flags, u64 new_address) {
    auto it = regions.find(old_address);
    Region region = it->second;
    if (region.file) region.offset += old_address - it->first;
    if (::mremap(host(old_address), old_length, new_length, (flags & MREMAP_DONTUNMAP) | MREMAP_MAYMOVE | MREMAP_FIXED,
                 host(new_address)) == MAP_FAILED) {
        i64 error = -errno;
        host_unmap(new_address, new_address + new_length);
        return error;
    }
    if (!(flags & MREMAP_DONTUNMAP) && old_length != 0) {
        forget(old_address, old_address + old_length);
        if (reserved) host_unmap(old_address, old_address + old_length);
    }
    enter(new_address, new_length, region.flags, region.file, region.offset, region.name);
    return static_cast<i64>(new_address);
}

i64 UserSpace::mremap(u64 old_address, u64 old_length, u64 new_length, int flags, u64 new_address) {
    bool may_move = flags & MREMAP_MAYMOVE, fixed = flags & MREMAP_FIXED, keep = flags & MREMAP_DONTUNMAP;
    if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) return -EINVAL;
    if ((fixed || keep) && !may_move) return -EINVAL;
    if (keep && old_length != new_length) return -EINVAL;
    if (old_address % kPageSize != 0) return -EINVAL;
    if (new_length > kHostTop || old_length > kHostTop) return -EINVAL;
    old_length = align_up(old_length, kPageSize);
    new_length = align_up(new_length, kPageSize);
    if (new_length == 0) return -EINVAL;

    std::lock_guard lock(impl_->map_lock);
    RegionMap& regions = impl_->regions;
    auto found = regions.find(old_address);
    if (found == regions.end() || !impl_->in_range(old_address, old_length)) return -EFAULT;
    if (old_length == 0 && !has(found->second.flags, PageFlags::Shared)) return -EINVAL;
    u64 old_end = old_address + old_length;

    if (fixed) {
        if (new_address % kPageSize != 0 || !impl_->in_range(new_address, new_length)) return -EINVAL;
        if (new_address < old_end && old_address < new_address + new_length) return -EINVAL;
    } else if (new_length < old_length) {
        i64 error = impl_->unmap(old_address + new_length, old_end);
        return error != 0 ? error : static_cast<i64>(old_address);
    } else if (new_length == old_length && !keep) {
        return regions.covered(old_address, old_end) ? static_cast<i64>(old_address) : -EFAULT;
    }
    if (found->second.end < old_end) return -EFAULT;  // the kernel moves and grows single mappings only
    u64 more = keep ? new_length : new_length - std::min(old_length, new_length);
    if (!impl_->within_limits(more, found->second.flags)) return -ENOMEM;
    impl_->retire_code(old_address, old_end);
    if (!fixed && !keep && found->second.end == old_end && old_length != 0 &&
        impl_->grow_in_place(old_address, old_length, new_length)) {
        Region region = found->second;
        if (region.file) region.offset += old_end - found->first;
        impl_->enter(old_end, new_length - old_length, region.flags, region.file, region.offset, region.name);
        return static_cast<i64>(old_address);
    }
    if (!may_move) return -ENOMEM;
    if (fixed) {
        if (!impl_->claim_holes(new_address, new_address + new_length)) return -ENOMEM;
        impl_->retire_code(new_address, new_address + new_length);
        impl_->forget(new_address, new_address + new_length);
        if (new_length < old_length) {
            if (i64 error = impl_->unmap(old_address + new_length, old_end)) return error;
            old_length = new_length;
        }
    } else {
        new_address = align_up(new_address, kPageSize);
        i64 error = impl_->map_anywhere(new_address, new_length, kPageSize, PageFlags::None,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (error != 0) return error;
    }
    return impl_->move(old_address, old_length, new_length, flags, new_address);
}

void UserSpace::set_brk(u64 start) {
    std::lock_guard lock(impl_->map_lock);
    impl_->brk_start = impl_->brk_end = start;
}

bool UserSpace::grow_down(u64 address, u64 limit) {
    constexpr u64 kGuardGap = 256 * kPageSize;  // stack_guard_gap of Linux
    std::lock_guard lock(impl_->map_lock);
    auto above = impl_->growing.upper_bound(address);
    if (above == impl_->growing.end() || impl_->regions.overlaps(address, *above)) return false;
    const u64 old_start = *above, start = align_down(address, kPageSize);
    const Region region = impl_->regions.find(old_start)->second;
    if (start < kLowest || region.end - start > limit || !impl_->within_limits(old_start - start, region.flags))
        return false;
    bool crowded = false;
    impl_->regions.for_each(start - std::min(start, kGuardGap), start,
                            [&](u64, u64, const Region& below) { crowded |= has(below.flags, kProtection); });
    if (crowded) return false;
    if (impl_->host_map(start, old_start - start, region.flags, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, false) != 0)
        return false;
    impl_->growing.erase(above);
    impl_->enter(start, old_start - start, region.flags, false, 0, region.name);
    impl_->growing.insert(start);
    return true;
}

i64 UserSpace::brk(u64 address) {
    std::lock_guard lock(impl_->map_lock);
    u64 current = impl_->brk_end;
    if (address < impl_->brk_start || address > impl_->limit) return static_cast<i64>(current);
    u64 old_page = align_up(current, kPageSize), new_page = align_up(address, kPageSize);
    if (new_page > old_page) {
        if (impl_->regions.overlaps(old_page, new_page + kPageSize)) return static_cast<i64>(current);
        PageFlags flags = PageFlags::Read | PageFlags::Write;
        if (!impl_->within_limits(new_page - old_page, flags)) return static_cast<i64>(current);
        if (impl_->host_map(old_page, new_page - old_page, flags, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, false) != 0) {
            return static_cast<i64>(current);
        }
        impl_->enter(old_page, new_page - old_page, flags, false, 0, "[heap]");
    } else if (new_page < old_page) {
        if (impl_->unmap(new_page, old_page) != 0) return static_cast<i64>(current);
    }
    impl_->brk_end = address;
    return static_cast<i64>(address);
}

i64 UserSpace::madvise(u64 address, u64 length, int advice) {
    if (address % kPageSize != 0 || length > kHostTop) return -EINVAL;
    length = align_up(length, kPageSize);
    if (!impl_->in_range(address, length)) return -EINVAL;
    std::lock_guard lock(impl_->map_lock);
    bool discards =
        advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE || advice == MADV_DONTNEED_LOCKED;
    u64 end = address + length;
    if (discards) impl_->retire_code(address, end);
    if (impl_->regions.covered(address, end)) return ::madvise(host(address), length, advice) != 0 ? -errno : 0;
    i64 error = 0;
    impl_->regions.for_each(address, end, [&](u64 from, u64 to, const Region&) {
        if (error == 0 && ::madvise(host(from), to - from, advice) != 0) error = -errno;
    });
    return error != 0 ? error : -ENOMEM;
}

i64 UserSpace::shmat(int id, u64 address, int flags) {
    shmid_ds info;
    if (::shmctl(id, IPC_STAT, &info) != 0) return -errno;
    u64 length = align_up(info.shm_segsz, kPageSize);
    if (address % kPageSize != 0) {
        if (!(flags & SHM_RND)) return -EINVAL;
        address = align_down(address, kPageSize);
    }
    bool fixed = address != 0;
    if (!fixed && (flags & SHM_REMAP)) return -EINVAL;
    if (fixed && !impl_->in_range(address, length)) return -EINVAL;

    std::lock_guard lock(impl_->map_lock);
    if (!impl_->within_limits(length, PageFlags::Shared)) return -ENOMEM;
    i64 error;
    if (!fixed) {
        error = impl_->map_anywhere(address, length, kPageSize, PageFlags::None,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    } else {
        error = impl_->map_fixed(
            address, length, PageFlags::None,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (flags & SHM_REMAP ? MAP_FIXED : MAP_FIXED_NOREPLACE), -1, 0);
        if (error == -EEXIST) error = -EINVAL;
    }
    if (error != 0) return error;
    error = result_of(::shmat(id, host(address), (flags & SHM_RDONLY) | SHM_REMAP));
    if (error != 0) {
        impl_->host_unmap(address, address + length);
        return error;
    }
    PageFlags page_flags = PageFlags::Read | PageFlags::Shared;
    if (!(flags & SHM_RDONLY)) page_flags |= PageFlags::Write;
    if (flags & SHM_EXEC) page_flags |= PageFlags::Exec;
    impl_->enter(address, length, page_flags, true, 0, "/SYSV");
    impl_->segments.push_back({address, length});
    return static_cast<i64>(address);
}

i64 UserSpace::shmdt(u64 address) {
    std::lock_guard lock(impl_->map_lock);
    for (auto it = impl_->segments.begin(); it != impl_->segments.end(); ++it) {
        if (it->first != address) continue;
        u64 end = address + it->second;
        impl_->retire_code(address, end);
        if (::shmdt(host(address)) != 0) return -errno;
        impl_->segments.erase(it);
        impl_->forget(address, end);
        if (impl_->reserved) impl_->host_unmap(address, end);
        return 0;
    }
    return -EINVAL;
}

std::size_t UserSpace::copy_code(void* to, u64 address, std::size_t bytes) {
    if (has(flags(address), PageFlags::Read)) return copy_checked(to, host(address), bytes);
    const u64 page = align_down(address, kPageSize);
    std::lock_guard lock(impl_->code_lock);
    PageFlags page_flags = impl_->table.get(page);
    if (!has(page_flags, PageFlags::Exec)) return bytes;
    // Only for the moment can other threads read it.
    ::mprotect(host(page), kPageSize, PROT_READ);
    std::size_t missing = copy_checked(to, host(address), bytes);
    ::mprotect(host(page), kPageSize, host_prot(page_flags));
    return missing;
}

void UserSpace::protect_code(u64 page) {
    page = align_down(page, kPageSize);
    std::lock_guard lock(impl_->code_lock);
    PageFlags flags = impl_->table.get(page);
    if (has(flags, PageFlags::Code) || !has(flags, PageFlags::Exec)) return;
    flags |= PageFlags::Code;
    if (has(flags, PageFlags::Write)) {
        ::mprotect(host(page), kPageSize, host_prot(flags));
        impl_->guarded.insert(page);
    }
    impl_->table.set(page, page + kPageSize, flags);
}

bool UserSpace::unprotect_code(u64 page) {
    page = align_down(page, kPageSize);
    std::lock_guard lock(impl_->code_lock);
    PageFlags flags = impl_->table.get(page);
    if (has(flags, PageFlags::Code)) impl_->uncover(page, flags);
    return has(flags, PageFlags::Write) && !impl_->watched.contains(page);
}

void UserSpace::set_watched(u64 page, bool on) {
    std::lock_guard lock(impl_->code_lock);
    if (on) impl_->watched.insert(page);
    else impl_->watched.erase(page);
}

bool UserSpace::release_guarded_code() {
    std::lock_guard lock(impl_->map_lock);
    std::set<u64> pages;
    {
        std::lock_guard code(impl_->code_lock);
        pages = impl_->guarded;
    }
    for (u64 page : pages) impl_->retire_code(page, page + kPageSize);
    return !pages.empty();
}

bool UserSpace::accessible(u64 address, u64 length, bool write) const {
    if (length == 0) return true;
    if (!impl_->in_range(address, length)) return false;
    PageFlags need = write ? PageFlags::Write : PageFlags::Read;
    for (u64 page = align_down(address, kPageSize); page < address + length; page += kPageSize) {
        if (!has(impl_->table.get(page), need)) return false;
    }
    return true;
}

bool UserSpace::mapped(u64 address) const {
    std::lock_guard lock(impl_->map_lock);
    return impl_->regions.find(address) != impl_->regions.end();
}

std::vector<Mapping> UserSpace::mappings() const {
    std::lock_guard lock(impl_->map_lock);
    std::vector<Mapping> result;
    result.reserve(impl_->regions.all().size());
    for (const auto& [start, region] : impl_->regions.all()) {
        result.push_back({start, region.end, region.flags, region.offset, region.name});
    }
    return result;
}

void UserSpace::before_fork() {
    impl_->map_lock.lock();
    impl_->code_lock.lock();
}

void UserSpace::after_fork(bool) {
    impl_->code_lock.unlock();
    impl_->map_lock.unlock();
}

}  // namespace dragoman::memory
