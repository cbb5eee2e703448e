// Mappings that move and grow: mremap, and those made with MAP_GROWSDOWN.
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "memory/user_space_impl.h"

namespace dragoman::memory {

bool UserSpace::Impl::grow_in_place(u64 address, u64 old_length, u64 new_length) {
    u64 old_end = address + old_length, new_end = address + new_length;
    if (!in_range(address, new_length) || regions.overlaps(old_end, new_end)) return false;
    if (reserved) ::munmap(host(old_end), new_end - old_end);
    bool grown = ::mremap(host(address), old_length, new_length, 0) != MAP_FAILED;
    if (reserved && !grown) host_unmap(old_end, new_end);
    return grown;
}

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

    LockGuard lock(impl_->map_lock);
    RegionMap& regions = impl_->regions;
    auto found = regions.find(old_address);
    if (found == regions.end() || !impl_->in_range(old_address, old_length)) return -EFAULT;
    if (old_length == 0 && !has(found->second.flags, PageFlags::Shared)) return -EINVAL;
    u64 old_end = old_address + old_length;

    if (fixed) {
        if (new_address % kPageSize != 0 || !impl_->in_range(new_address, new_length)) return -EINVAL;
        if (new_address < old_end && old_address < new_address + new_length) return -EINVAL;
        if (impl_->sealed(new_address, new_address + new_length)) return -EPERM;
    }
    if (impl_->sealed(old_address, std::max(old_end, old_address + kPageSize))) return -EPERM;
    if (impl_->shadow_stacks.overlaps(old_address, std::max(old_end, old_address + kPageSize))) return -EINVAL;
    if (!fixed && new_length < old_length) {
        i64 error = impl_->unmap(old_address + new_length, old_end);
        return error != 0 ? error : static_cast<i64>(old_address);
    }
    if (!fixed && new_length == old_length && !keep) {
        return regions.covered(old_address, old_end) ? static_cast<i64>(old_address) : -EFAULT;
    }
    if (found->second.end < old_end) return -EFAULT;  // the kernel moves and grows single mappings only
    u64 more = keep ? new_length : new_length - std::min(old_length, new_length);
    if (!impl_->within_limits(more, found->second.flags)) return -ENOMEM;
    const auto change = impl_->retire_code(old_address, old_end);
    if (!fixed && !keep && found->second.end == old_end && old_length != 0 &&
        impl_->grow_in_place(old_address, old_length, new_length)) {
        Region region = found->second;
        if (region.file) region.offset += old_end - found->first;
        impl_->enter(old_end, new_length - old_length, region.flags, region.file, region.offset, region.name);
        return static_cast<i64>(old_address);
    }
    if (!may_move) return -ENOMEM;
    const auto target_change = impl_->retire_code(new_address, new_address + (fixed ? new_length : 0), fixed);
    if (fixed) {
        if (!impl_->claim_holes(new_address, new_address + new_length)) return -ENOMEM;
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

i64 UserSpace::remap_file_pages(u64 address, u64 length, u64 offset) {
    if (!impl_->in_range(address, length)) return -EINVAL;
    LockGuard lock(impl_->map_lock);
    auto found = impl_->regions.find(address);
    if (found == impl_->regions.end() || address + length > found->second.end) return -EINVAL;
    Region region = found->second;
    if (!region.file || !has(region.flags, PageFlags::Shared)) return -EINVAL;
    if (impl_->sealed(address, address + length)) return -EPERM;
    const auto change = impl_->retire_code(address, address + length);
    // The host has the same call, and knows the file.
    constexpr int kSamePermissions = 0;
    if (::remap_file_pages(host(address), length, kSamePermissions, offset / kPageSize, 0) != 0) return -errno;
    impl_->enter(address, length, region.flags, true, offset, region.name);
    return 0;
}

bool UserSpace::grow_down(u64 address, u64 limit) {
    constexpr u64 kGuardGap = 256 * kPageSize;  // stack_guard_gap of Linux
    LockGuard lock(impl_->map_lock);
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

}  // namespace dragoman::memory
