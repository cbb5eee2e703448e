// Pages that hold translated code: the host may not write them, and what changes them drops the translations.
#include <sys/mman.h>

#include "memory/user_space_impl.h"

namespace dragoman::memory {

UserSpace::Impl::CodeChange UserSpace::Impl::retire_code(u64 start, u64 end, bool needed) {
    // Not only where pages are marked as Code: translations that check their code leave the mark away.
    bool any = false;
    if (needed) {
        regions.for_each(start, end,
                         [&](u64, u64, const Region& region) { any |= has(region.flags, PageFlags::Exec); });
    }
    if (!any) return {space, start, end, false};
    if (space.on_code_change) space.on_code_change(start, end);
    LockGuard lock(code_lock);
    // The checker does not see that this is called with the lock held.
    auto uncover_page = [&](u64 page, PageFlags flags) DRAGOMAN_UNCHECKED_LOCKING { uncover(page, flags); };
    regions.for_each(start, end,
                     [&](u64 from, u64 to, const Region&) { table.for_each(from, to, PageFlags::Code, uncover_page); });
    return {space, start, end, true};
}

void UserSpace::Impl::uncover(u64 page, PageFlags flags) {
    flags = without(flags, PageFlags::Code);
    table.set(page, page + kPageSize, flags);
    if (!has(flags, PageFlags::Write)) return;
    guarded.erase(page);
    ::mprotect(host(page), kPageSize, host_prot(flags));
}

std::size_t UserSpace::copy_code(void* to, u64 address, std::size_t bytes) {
    if (has(flags(address), PageFlags::Read)) return copy_checked(to, host(address), bytes);
    const u64 page = align_down(address, kPageSize);
    LockGuard lock(impl_->code_lock);
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
    LockGuard lock(impl_->code_lock);
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
    LockGuard lock(impl_->code_lock);
    PageFlags flags = impl_->table.get(page);
    if (has(flags, PageFlags::Code)) impl_->uncover(page, flags);
    return has(flags, PageFlags::Write) && !impl_->watched.contains(page);
}

void UserSpace::set_watched(u64 page, bool on) {
    LockGuard lock(impl_->code_lock);
    if (on) impl_->watched.insert(page);
    else impl_->watched.erase(page);
}

bool UserSpace::release_guarded_code() {
    LockGuard lock(impl_->map_lock);
    std::set<u64> pages;
    {
        LockGuard code(impl_->code_lock);
        pages = impl_->guarded;
    }
    for (u64 page : pages) (void)impl_->retire_code(page, page + kPageSize);
    return !pages.empty();
}

}  // namespace dragoman::memory
