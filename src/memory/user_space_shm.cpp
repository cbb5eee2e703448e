// System V shared memory in the guest's address space.
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include <cerrno>

#include "memory/user_space_impl.h"

namespace dragoman::memory {

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

    LockGuard lock(impl_->map_lock);
    if (fixed && (flags & SHM_REMAP) && impl_->sealed(address, address + length)) return -EPERM;
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
    error = ::shmat(id, host(address), (flags & SHM_RDONLY) | SHM_REMAP) == MAP_FAILED ? -errno : 0;
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
    LockGuard lock(impl_->map_lock);
    for (auto it = impl_->segments.begin(); it != impl_->segments.end(); ++it) {
        if (it->first != address) continue;
        u64 end = address + it->second;
        if (impl_->sealed(address, end)) return -EPERM;
        const auto change = impl_->retire_code(address, end);
        if (::shmdt(host(address)) != 0) return -errno;
        impl_->segments.erase(it);
        impl_->forget(address, end);
        if (impl_->reserved) impl_->host_unmap(address, end);
        return 0;
    }
    return -EINVAL;
}

}  // namespace dragoman::memory
