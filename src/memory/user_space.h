// The guest's address space in user mode: which guest pages exist, with which permissions, and which
// of them hold translated code. Host memory backs it at a fixed distance (guest_base).
//
// The host mapping never has PROT_EXEC (guest code is not run natively), and lacks PROT_WRITE where
// the page holds translated code, so that a store to it faults and its translations can be dropped.
// The guest's own view of the permissions is kept here.
#pragma once

#include <ucontext.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bits.h"
#include "base/thread_annotations.h"

namespace dragoman::memory {

inline constexpr u64 kPageSize = 4096;

/// Permissions and attributes of a guest page.
enum class PageFlags : u8 {
    None = 0,
    Read = 1,
    Write = 2,
    Exec = 4,
    Shared = 8,      ///< MAP_SHARED: another mapping may alias it, so protection cannot see all stores
    Code = 16,       ///< holds translated code: the host page is not writable even if the guest's is
    Reserved = 32,   ///< belongs to the translator: guest may not map over it
    WriteOnly = 64,  ///< asked for without PROT_READ: readable all the same (Write comes with Read), but shown as such
};

}  // namespace dragoman::memory
namespace dragoman {
template <>
inline constexpr bool is_flag_enum<memory::PageFlags> = true;
}
namespace dragoman::memory {

/// One mapping of the guest, as in /proc/PID/maps.
struct Mapping {
    u64 start, end;  ///< guest addresses, page-aligned, end exclusive
    PageFlags flags;
    u64 file_offset;
    std::string name;  ///< path, "[stack]", "[heap]", "[vdso]" or empty
};

/// A top for address spaces that nobody asks more of.
inline constexpr u64 kUsualTop = u64{1} << 38;

/// Thread-safe. Guest addresses throughout unless a name says host.
class UserSpace {
public:
    /// @param guest_base host address of guest address 0
    /// @param reserved  bytes of guest address space (-R), 0: all that the host offers
    /// @param usual_top  below it lie mappings without a hint as long as there is room
    /// @param reach      0, or the end of what accesses can touch, beyond the end of the address space: up to there
    /// nothing
    ///                   of the translator's may lie. For guests whose addresses wrap.
    explicit UserSpace(u64 guest_base, u64 reserved = 0, u64 usual_top = kUsualTop, u64 reach = 0);
    ~UserSpace();
    UserSpace(const UserSpace&) = delete;
    UserSpace& operator=(const UserSpace&) = delete;

    u64 guest_base() const { return guest_base_; }
    /// Whether the host's kernel understands the guest's pointers as they are.
    bool pointers_are_hosts() const { return guest_base_ == 0 && tag_bits() == 0; }
    /// End of the guest's address space: nothing is mapped at or above it.
    u64 limit() const;
    /// Upper bits of guest addresses that system calls ignore (tagged pointers).
    void set_tag_bits(unsigned bits) { tag_bits_.store(static_cast<u8>(bits), std::memory_order_relaxed); }
    unsigned tag_bits() const { return tag_bits_.load(std::memory_order_relaxed); }
    /// `address` without its tag.
    u64 untagged(u64 address) const {
        const unsigned bits = tag_bits();
        return static_cast<u64>(static_cast<i64>(address << bits) >> bits);
    }

    u8* host(u64 address) const { return reinterpret_cast<u8*>(address + guest_base_); }
    u64 guest(const void* host) const { return reinterpret_cast<u64>(host) - guest_base_; }

    /// Permissions of the page that holds `address`; None when nothing is mapped there. Lock-free
    /// enough to be called for every translated instruction page.
    PageFlags flags(u64 address) const;
    bool executable(u64 address) const { return has(flags(address), PageFlags::Exec); }

    /// Notified, before the change takes effect, of guest ranges whose translations must go (unmap,
    /// remap, loss of exec permission). The engine registers its invalidation here. Called with the lock
    /// of the map held: it may call protect_code, unprotect_code and flags, but no mapping call.
    std::function<void(u64 start, u64 end)> on_code_change;

    /// As RLIMIT_AS and RLIMIT_DATA: bytes that the guest may have mapped, and of these private and writable ones.
    /// ~0: no limit. What is mapped already stays.
    void set_limits(u64 all, u64 data);

    /// Told of each private mapping of a file that the guest may execute. Called with the lock of the map held.
    std::function<void(u64 start, u64 length, int fd, u64 offset)> on_file_code;

    // The Linux calls, with guest addresses; result or -errno. Placement rules of Linux (hints honoured where there is
    // room, MAP_FIXED_NOREPLACE), but without a hint below the usual top as long as there is room: programs that count
    // on the smallest MMU work, and those that reserve more than it has get it. Host flags are Linux's own.
    i64 mmap(u64 address, u64 length, int prot, int flags, int fd, u64 offset, const std::string& name = {});
    i64 munmap(u64 address, u64 length);
    /// map_shadow_stack: maps a shadow stack at `address`, where nothing may be, or wherever there is room (0). The
    /// guest can read it, and write it by access_shadow_stack alone.
    i64 map_shadow_stack(u64 address, u64 length);
    /// Loads the `bytes` (4 or 8) at the aligned `address` of a shadow stack into `old` and, unless `store` is null,
    /// puts that there in their place, atomically. @returns false when there is none, or it may not be accessed
    bool access_shadow_stack(u64 address, unsigned bytes, u64& old, const u64* store);
    bool is_shadow_stack(u64 address) const;
    i64 mprotect(u64 address, u64 length, int prot);
    i64 mremap(u64 old_address, u64 old_length, u64 new_length, int flags, u64 new_address);
    /// Has [address, address + length), a part of a shared mapping of a file, show the file from `offset` on.
    i64 remap_file_pages(u64 address, u64 length, u64 offset);
    /// The guest accessed unmapped `address`: extends the mapping above it to there, if that was made with
    /// MAP_GROWSDOWN and gets no larger than `limit` bytes. @returns whether the access is to be repeated
    bool grow_down(u64 address, u64 limit);
    i64 brk(u64 address);
    void set_brk(u64 start);
    u64 brk_start() const;
    i64 madvise(u64 address, u64 length, int advice);
    /// From now on calls that would unmap, move, replace or protect pages of [address, address + length) are -EPERM.
    i64 mseal(u64 address, u64 length);
    /// Attaches a System V segment; used by shmat.
    i64 shmat(int id, u64 address, int flags);
    i64 shmdt(u64 address);

    /// Copies guest code of one page for the translator, also from a page that may be executed but not read.
    /// @returns number of bytes that could NOT be copied
    std::size_t copy_code(void* to, u64 address, std::size_t bytes);

    /// The engine holds translations of code in the page: make stores to it fault.
    void protect_code(u64 page);
    /// The translations of the page are gone (or a store to it must go ahead): give its write
    /// permission back. @returns whether the guest may write the page, so that a store that faulted with
    /// SEGV_ACCERR is to be repeated (another thread may have been first to unprotect it).
    bool unprotect_code(u64 page);
    /// A debugger takes host permissions of the page away, or has given them back: while it is watched, faults
    /// on it are not about translated code.
    void set_watched(u64 page, bool on);
    /// Drops the translations of all pages whose write permission they cost, so that the host kernel can
    /// write there too (a system call gave EFAULT). @returns whether there were any.
    bool release_guarded_code();

    /// Whether [address, address+length) may be read (and written) by the guest.
    bool accessible(u64 address, u64 length, bool write) const;
    /// Whether the guest has anything mapped at `address`, PROT_NONE too. Slower than flags().
    bool mapped(u64 address) const;

    /// All mappings in ascending order, for /proc/self/maps.
    std::vector<Mapping> mappings() const;

    /// Around fork: the child inherits a consistent map. The locks are held from one call to the other, which the
    /// checker of locks cannot follow.
    void before_fork() DRAGOMAN_UNCHECKED_LOCKING;
    void after_fork(bool child) DRAGOMAN_UNCHECKED_LOCKING;

private:
    u64 guest_base_;
    std::atomic<u8> tag_bits_{0};
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Copies between guest memory (by host address) and the translator's own, without trusting it: a
/// fault ends the copy. @returns number of bytes that could NOT be copied (0: all done).
/// The fault handler calls fix_copy_fault.
std::size_t copy_checked(void* to, const void* from, std::size_t bytes);
/// Ends the copy when the host fault at `context` was taken by copy_checked. @returns false when it was not.
bool fix_copy_fault(ucontext_t* context);

}  // namespace dragoman::memory
