// Finding room for mappings of the guest's, making them on the host and taking them away.
#include <sys/mman.h>

#include <cerrno>
#include <cstdio>

#include "memory/user_space_impl.h"

namespace dragoman::memory {

namespace {

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

}  // namespace

bool UserSpace::Impl::full() const { return regions.size() > 20000 && regions.size() >= most_mappings(); }

bool UserSpace::Impl::within_limits(u64 bytes, PageFlags flags) const {
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

u64 UserSpace::Impl::mapped_bytes(u64 start, u64 end) const {
    u64 bytes = 0;
    regions.for_each(start, end, [&](u64 from, u64 to, const Region&) { bytes += to - from; });
    return bytes;
}

void UserSpace::Impl::enter(u64 start, u64 length, PageFlags flags, bool file, u64 offset, const std::string& name) {
    regions.insert(start, {start + length, flags, file, offset, name});
    publish(start, start + length, flags);
}

void UserSpace::Impl::forget(u64 start, u64 end) {
    regions.for_each(start, end, [&](u64 from, u64 to, const Region& region) {
        if (region.flags != PageFlags::None) publish(from, to, PageFlags::None);
    });
    shadow_stacks.forget(start, end);
    regions.erase(start, end);
    if (!growing.empty()) growing.erase(growing.lower_bound(start), growing.lower_bound(end));
}

bool UserSpace::Impl::claim_holes(u64 start, u64 end) {
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

void UserSpace::Impl::host_unmap(u64 start, u64 end) {
    if (reserved) {
        (void)::mmap(host(start), end - start, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
                     0);
    } else {
        ::munmap(host(start), end - start);
    }
}

i64 UserSpace::Impl::unmap(u64 start, u64 end) {
    const CodeChange change = retire_code(start, end);
    i64 error = 0;
    if (!reserved && regions.covered(start, end)) {
        error = ::munmap(host(start), end - start) ? -errno : 0;
    } else {
        regions.for_each(start, end, [&](u64 from, u64 to, const Region&) { host_unmap(from, to); });
    }
    if (error == 0) forget(start, end);
    return error;
}

i64 UserSpace::Impl::host_map(u64 start, u64 length, PageFlags flags, int map_flags, int fd, u64 offset, bool replace) {
    map_flags &= ~(MAP_FIXED | MAP_FIXED_NOREPLACE);
    // MAP_SHARED_VALIDATE refuses MAP_FIXED_NOREPLACE: then the address is a hint, too.
    const bool validates = (map_flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
    if (replace || reserved) map_flags |= MAP_FIXED;
    else if (!validates) map_flags |= MAP_FIXED_NOREPLACE;
    void* p = ::mmap(host(start), length, host_prot(flags), map_flags, fd, static_cast<off_t>(offset));
    if (p == MAP_FAILED) return -errno;
    if (p == host(start)) return 0;
    ::munmap(p, length);  // the address was taken as a hint, as by a kernel without MAP_FIXED_NOREPLACE
    return -EEXIST;
}

u64 UserSpace::Impl::place_at(u64 hint, u64 length, u64 alignment) const {
    if (hint == 0) return 0;
    hint = align_up(hint, alignment);
    return hint >= kLowest && in_range(hint, length) && !regions.overlaps(hint, hint + length) ? hint : 0;
}

i64 UserSpace::Impl::map_fixed(u64 address, u64 length, PageFlags flags, int map_flags, int fd, u64 offset) {
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
    const CodeChange change = retire_code(address, address + length);
    i64 error = host_map(address, length, flags, map_flags, fd, offset, true);
    if (error != 0) release(holes);
    else forget(address, address + length);
    return error;
}

i64 UserSpace::Impl::map_anywhere(u64& address, u64 length, u64 alignment, PageFlags flags, int map_flags, int fd,
                                  u64 offset) {
    if (u64 wanted = place_at(address, length, alignment)) {
        address = wanted;
        i64 error = host_map(address, length, flags, map_flags, fd, offset, false);
        if (error != -EEXIST) return error;
    }
    // Low addresses as long as there is room, then wherever the host has some.
    u64 top = mmap_base();
    bool placed_by_host = false;
    while (!placed_by_host && (address = regions.find_free(length, alignment, kLowest, top)) != 0) {
        i64 error = host_map(address, length, flags, map_flags, fd, offset, false);
        // There are files of which only the kernel says where they go (the rings of io_uring).
        placed_by_host = error == -EINVAL && fd >= 0 && !reserved;
        if (error != -EEXIST && !placed_by_host) return error;
        top = address;
    }
    if ((limit <= usual_top && !placed_by_host) || reserved) return -ENOMEM;
    void* p = ::mmap(nullptr, length, host_prot(flags), map_flags, fd, static_cast<off_t>(offset));
    if (p == MAP_FAILED) return -errno;
    address = space.guest(p);
    if (in_range(address, length)) return 0;
    ::munmap(p, length);
    return -ENOMEM;
}

}  // namespace dragoman::memory
