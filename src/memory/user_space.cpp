// The Linux memory calls on the guest's address space, and questions about it.
#include "memory/user_space.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "memory/user_space_impl.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

namespace dragoman::memory {

UserSpace::UserSpace(u64 guest_base, u64 reserved, u64 usual_top, u64 reach)
    : guest_base_(guest_base), impl_(std::make_unique<Impl>(*this)) {
    impl_->usual_top = usual_top;
    if (reserved != 0) impl_->limit = std::min(align_down(reserved, kPageSize), kHostTop);
    if (reach > impl_->limit) impl_->guard_from(impl_->limit, reach);
    if (guest_base == 0) {
        impl_->publish_record();
        return;
    }
    // The translator's own mappings may lie anywhere else, so the whole window is taken at once.
    if (reserved == 0) impl_->limit = usual_top;
    impl_->publish_record();
    void* p = ::mmap(host(0), impl_->limit, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p != host(0)) die(1, "cannot reserve %#lx bytes of guest address space at %#lx", impl_->limit, guest_base);
    impl_->reserved = true;
}

UserSpace::~UserSpace() {
    impl_->withdraw_record();
    for (const auto& [start, region] : impl_->regions.all()) ::munmap(host(start), region.end - start);
    if (impl_->reserved) ::munmap(host(0), impl_->limit);
    if (impl_->guard_end != 0) ::munmap(host(impl_->limit), impl_->guard_end - impl_->limit);
}

void UserSpace::Impl::guard_from(u64 start, u64 end) {
    void* p = ::mmap(host(start), end - start, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p != host(start))
        die(1, "cannot keep host addresses %#lx to %#lx free", space.guest_base_ + start, space.guest_base_ + end);
    guard_end = end;
}

u64 UserSpace::limit() const { return impl_->limit; }

u64 UserSpace::brk_start() const { return impl_->brk_start; }

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

    LockGuard lock(impl_->map_lock);
    if (impl_->full()) return -ENOMEM;
    i64 error;
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (address % kPageSize != 0) return -EINVAL;
        if (!impl_->in_range(address, length)) return -ENOMEM;
        if (!(flags & MAP_FIXED_NOREPLACE) && impl_->sealed(address, address + length)) return -EPERM;
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

i64 UserSpace::map_shadow_stack(u64 address, u64 length) {
    if (address % kPageSize != 0 || length == 0) return -EINVAL;
    if (length > kHostTop) return -ENOMEM;
    length = align_up(length, kPageSize);
    if (!impl_->in_range(address, length)) return -ENOMEM;
    constexpr int kMapFlags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
    constexpr PageFlags kFlags = PageFlags::Read;
    LockGuard lock(impl_->map_lock);
    if (impl_->full() || !impl_->within_limits(length, kFlags)) return -ENOMEM;
    i64 error = address != 0 ? impl_->map_fixed(address, length, kFlags, kMapFlags | MAP_FIXED_NOREPLACE, -1, 0)
                             : impl_->map_anywhere(address, length, kPageSize, kFlags, kMapFlags, -1, 0);
    if (error != 0) return error;
    impl_->enter(address, length, kFlags, false, 0, {});
    error = impl_->shadow_stacks.add(address, address + length);
    if (error == 0) return static_cast<i64>(address);
    (void)impl_->unmap(address, address + length);
    return error;
}

bool UserSpace::access_shadow_stack(u64 address, unsigned bytes, u64& old, const u64* store) {
    return has(flags(address), PageFlags::Read) && impl_->shadow_stacks.access(address, bytes, old, store);
}

bool UserSpace::is_shadow_stack(u64 address) const { return impl_->shadow_stacks.overlaps(address, address + 1); }

void UserSpace::set_limits(u64 all, u64 data) {
    LockGuard lock(impl_->map_lock);
    impl_->most_bytes = all;
    impl_->most_data = data;
}

i64 UserSpace::munmap(u64 address, u64 length) {
    if (address % kPageSize != 0 || length == 0 || length > kHostTop) return -EINVAL;
    length = align_up(length, kPageSize);
    if (!impl_->in_range(address, length)) return -EINVAL;
    LockGuard lock(impl_->map_lock);
    if (impl_->sealed(address, address + length)) return -EPERM;
    // Only a hole in the middle of a mapping makes more of them.
    if (impl_->full() && impl_->regions.splits(address, address + length)) return -ENOMEM;
    return impl_->unmap(address, address + length);
}

i64 UserSpace::Impl::protect_piece(u64 from, u64 to, const Region& region, PageFlags flags) {
    flags |= masked(region.flags, PageFlags::Shared);
    // Translations that check their code read it, and so go when it becomes unreadable.
    bool readable = has(flags, PageFlags::Read) || !has(region.flags, PageFlags::Read);
    const CodeChange change = retire_code(from, to, !has(flags, PageFlags::Exec) || !readable);
    LockGuard lock(code_lock);
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

PageFlags UserSpace::Impl::granted(u64 from, u64 to, PageFlags flags) const {
    constexpr PageFlags kWriting = PageFlags::Write | PageFlags::WriteOnly | PageFlags::Exec;
    return shadow_stacks.overlaps(from, to) ? without(flags, kWriting) : flags;
}

i64 UserSpace::mprotect(u64 address, u64 length, int prot) {
    constexpr int kSem = 8, kGrowsDown = 0x01000000, kGrowsUp = 0x02000000;
    if (address % kPageSize != 0) return -EINVAL;
    if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | kSem | kGrowsDown | kGrowsUp)) return -EINVAL;
    if ((prot & kGrowsDown) && (prot & kGrowsUp)) return -EINVAL;
    if (length == 0) return 0;
    if (length > kHostTop) return -ENOMEM;
    length = align_up(length, kPageSize);
    if (!impl_->in_range(address, length)) return -ENOMEM;

    LockGuard lock(impl_->map_lock);
    u64 end = address + length;
    const u64 seal = impl_->first_sealed(address, end);
    if (seal == address) return -EPERM;
    if (impl_->full() && impl_->regions.splits(address, end)) return -ENOMEM;
    if (prot & kGrowsDown) {
        auto it = impl_->regions.find(address);
        if (it == impl_->regions.end()) return -ENOMEM;
        if (it->second.name != "[stack]" && !impl_->growing.contains(it->first)) return -EINVAL;
        address = it->first;
    }
    if (prot & kGrowsUp) return -EINVAL;  // no mapping does
    PageFlags flags = flags_from_prot(prot);
    struct Piece {
        u64 from, to;
        Region region;
    };
    std::vector<Piece> pieces;
    impl_->regions.for_each(address, seal, [&](u64 from, u64 to, const Region& r) { pieces.push_back({from, to, r}); });
    u64 at = address;
    for (Piece& piece : pieces) {
        if (piece.from != at) return -ENOMEM;
        const PageFlags granted = impl_->granted(piece.from, piece.to, flags);
        if (i64 error = impl_->protect_piece(piece.from, piece.to, piece.region, granted)) return error;
        Region region = piece.region;
        auto old = impl_->regions.find(piece.from);
        if (region.file) region.offset += piece.from - old->first;
        region.end = piece.to;
        region.flags = without(region.flags, kProtection) | granted;
        impl_->regions.insert(piece.from, std::move(region));
        at = piece.to;
    }
    if (at != seal) return -ENOMEM;
    return seal == end ? 0 : -EPERM;
}

void UserSpace::set_brk(u64 start) {
    LockGuard lock(impl_->map_lock);
    impl_->brk_start = impl_->brk_end = start;
}

i64 UserSpace::brk(u64 address) {
    LockGuard lock(impl_->map_lock);
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
        if (impl_->sealed(new_page, old_page) || impl_->unmap(new_page, old_page) != 0)
            return static_cast<i64>(current);
    }
    impl_->brk_end = address;
    return static_cast<i64>(address);
}

i64 UserSpace::madvise(u64 address, u64 length, int advice) {
    if (address % kPageSize != 0 || length > kHostTop) return -EINVAL;
    length = align_up(length, kPageSize);
    if (!impl_->in_range(address, length)) return -EINVAL;
    LockGuard lock(impl_->map_lock);
    bool discards =
        advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE || advice == MADV_DONTNEED_LOCKED;
    u64 end = address + length;
    constexpr int kGuardInstall = 102;
    const bool takes_away = discards || advice == MADV_DONTFORK || advice == MADV_WIPEONFORK || advice == kGuardInstall;
    if (takes_away && impl_->sealed_against_discarding(address, end)) return -EPERM;
    const auto change = impl_->retire_code(address, end, discards);
    if (impl_->regions.covered(address, end)) return ::madvise(host(address), length, advice) != 0 ? -errno : 0;
    i64 error = 0;
    impl_->regions.for_each(address, end, [&](u64 from, u64 to, const Region&) {
        if (error == 0 && ::madvise(host(from), to - from, advice) != 0) error = -errno;
    });
    return error != 0 ? error : -ENOMEM;
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
    LockGuard lock(impl_->map_lock);
    return impl_->regions.find(address) != impl_->regions.end();
}

std::vector<Mapping> UserSpace::mappings() const {
    LockGuard lock(impl_->map_lock);
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
    impl_->shadow_stacks.before_fork();
}

void UserSpace::after_fork(bool child) {
    impl_->shadow_stacks.after_fork(child);
    impl_->code_lock.unlock();
    impl_->map_lock.unlock();
}

}  // namespace dragoman::memory
