// What the files of UserSpace share. The region map says what the guest has mapped; whatever else the host has mapped
// belongs to the translator, and MAP_FIXED_NOREPLACE keeps the guest off it.
#pragma once

#include <sys/mman.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "memory/page_flags_table.h"
#include "memory/region_map.h"
#include "memory/shadow_stacks.h"
#include "memory/user_space.h"

namespace dragoman::memory {

inline constexpr u64 kStackGap = u64{128} << 20;  // kept free for the stack, as mmap_base() of Linux does
inline constexpr u64 kHostTop = (u64{1} << 47) - kPageSize;
inline constexpr u64 kLowest = 0x10000;  // mmap_min_addr: never placed below it unasked
inline constexpr u64 kHugePage = u64{2} << 20;
inline constexpr PageFlags kProtection = PageFlags::Read | PageFlags::Write | PageFlags::Exec | PageFlags::WriteOnly;

inline constexpr u64 kNoLimit = ~u64{0};

constexpr PageFlags masked(PageFlags a, PageFlags b) {
    return static_cast<PageFlags>(static_cast<u8>(a) & static_cast<u8>(b));
}
constexpr PageFlags without(PageFlags a, PageFlags b) {
    return static_cast<PageFlags>(static_cast<u8>(a) & ~static_cast<u8>(b));
}

/// The kernel lets every writable page be read, and so does this.
inline PageFlags flags_from_prot(int prot) {
    PageFlags flags = PageFlags::None;
    if (prot & PROT_READ) flags |= PageFlags::Read;
    if (prot & PROT_WRITE) flags |= PageFlags::Read | PageFlags::Write;
    if (prot & PROT_EXEC) flags |= PageFlags::Exec;
    if ((prot & (PROT_READ | PROT_WRITE)) == PROT_WRITE) flags |= PageFlags::WriteOnly;
    return flags;
}

/// Guest code is data to the host.
inline int host_prot(PageFlags flags) {
    int prot = PROT_NONE;
    if (has(flags, PageFlags::Read)) prot |= PROT_READ;
    if (has(flags, PageFlags::Write) && !has(flags, PageFlags::Code)) prot |= PROT_READ | PROT_WRITE;
    return prot;
}

/// Lock order: map_lock, then the engine's locks (on_code_change), then code_lock.
struct UserSpace::Impl {
    UserSpace& space;
    u64 usual_top = kUsualTop;
    u64 limit = kHostTop;   ///< end of the guest's address space
    u64 guard_end = 0;      ///< not 0: [limit, guard_end) is kept free of everything
    bool reserved = false;  ///< [0, limit) is held by PROT_NONE host mappings where the guest has nothing
    u64 brk_start = 0;      ///< set before the guest runs

    mutable Mutex map_lock;
    RegionMap regions DRAGOMAN_GUARDED_BY(map_lock);
    u64 brk_end DRAGOMAN_GUARDED_BY(map_lock) = 0;
    u64 most_bytes DRAGOMAN_GUARDED_BY(map_lock) = kNoLimit;  ///< set_limits
    u64 most_data DRAGOMAN_GUARDED_BY(map_lock) = kNoLimit;   ///< likewise
    std::set<u64> growing DRAGOMAN_GUARDED_BY(map_lock);      ///< starts of MAP_GROWSDOWN mappings
    /// What mseal has sealed: start, end; ascending, apart from each other. It stays mapped, and sealed, for good.
    std::vector<std::pair<u64, u64>> seals DRAGOMAN_GUARDED_BY(map_lock);
    /// Attached by shmat: start, length.
    std::vector<std::pair<u64, u64>> segments DRAGOMAN_GUARDED_BY(map_lock);

    ShadowStacks shadow_stacks;

    mutable Mutex code_lock;  ///< also for the host protection of code pages
    PageFlagsTable table;     ///< written with code_lock held, read by anybody
    /// Pages that are not writable only because they hold translated code.
    std::set<u64> guarded DRAGOMAN_GUARDED_BY(code_lock);
    std::set<u64> watched DRAGOMAN_GUARDED_BY(code_lock);  ///< pages that a debugger watches

    explicit Impl(UserSpace& s) : space(s), shadow_stacks(s.guest_base()) {}

    u8* host(u64 address) const { return space.host(address); }
    bool in_range(u64 start, u64 length) const { return length <= limit && start <= limit - length; }
    /// A smaller address space (-R) has no fixed place for the stack.
    u64 mmap_base() const { return limit < usual_top ? limit : usual_top - kStackGap; }

    /// The record that other processes find the tables by (remote_space.h).
    void guard_from(u64 start, u64 end);
    void publish_record();
    void withdraw_record();

    /// Whether there may be no more mappings. Asked before each call that may make some.
    bool full() const DRAGOMAN_REQUIRES(map_lock);
    /// Whether the guest may have `bytes` more of mappings with these flags. Limits are rare: without, nothing is
    /// counted.
    bool within_limits(u64 bytes, PageFlags flags) const DRAGOMAN_REQUIRES(map_lock);
    /// Bytes of [start, end) that are mapped.
    u64 mapped_bytes(u64 start, u64 end) const DRAGOMAN_REQUIRES(map_lock);
    /// The first sealed address in [start, end); `end`: there is none.
    u64 first_sealed(u64 start, u64 end) const DRAGOMAN_REQUIRES(map_lock);
    bool sealed(u64 start, u64 end) const DRAGOMAN_REQUIRES(map_lock) { return first_sealed(start, end) != end; }
    /// Whether some of it is sealed memory that the guest may not write, and so not discard either.
    bool sealed_against_discarding(u64 start, u64 end) const DRAGOMAN_REQUIRES(map_lock);
    void publish(u64 start, u64 end, PageFlags flags) DRAGOMAN_EXCLUDES(code_lock) {
        LockGuard lock(code_lock);
        table.set(start, end, flags);
    }
    /// Notes a mapping that has been made.
    void enter(u64 start, u64 length, PageFlags flags, bool file, u64 offset, const std::string& name)
        DRAGOMAN_REQUIRES(map_lock);
    /// Notes that the guest has nothing in [start, end) any more.
    void forget(u64 start, u64 end) DRAGOMAN_REQUIRES(map_lock);
    /// Takes the unmapped parts of [start, end) from the host, so that MAP_FIXED may then replace all of
    /// it. False: the translator has something there.
    bool claim_holes(u64 start, u64 end) DRAGOMAN_REQUIRES(map_lock);
    void release(const std::vector<std::pair<u64, u64>>& ranges) {
        for (auto [from, to] : ranges) host_unmap(from, to);
    }
    void host_unmap(u64 start, u64 end);
    /// Unmaps what the guest has in [start, end). The translator's own mappings in between stay.
    i64 unmap(u64 start, u64 end) DRAGOMAN_REQUIRES(map_lock);
    /// Host mapping at exactly `start`, where the guest has nothing (unless `replace`).
    i64 host_map(u64 start, u64 length, PageFlags flags, int map_flags, int fd, u64 offset, bool replace);
    /// The hint as an address, if there is room; else 0.
    u64 place_at(u64 hint, u64 length, u64 alignment) const DRAGOMAN_REQUIRES(map_lock);
    i64 map_fixed(u64 address, u64 length, PageFlags flags, int map_flags, int fd, u64 offset)
        DRAGOMAN_REQUIRES(map_lock);
    /// Places and maps; a place that the translator turns out to occupy is passed over.
    i64 map_anywhere(u64& address, u64 length, u64 alignment, PageFlags flags, int map_flags, int fd, u64 offset)
        DRAGOMAN_REQUIRES(map_lock);

    /// A change of the map under code that may be running. At its end goes what was translated while it was made.
    class CodeChange {
    public:
        CodeChange(const UserSpace& space, u64 start, u64 end, bool any)
            : space_(space), start_(start), end_(end), any_(any) {}
        CodeChange(const CodeChange&) = delete;
        ~CodeChange() {
            if (any_ && space_.on_code_change) space_.on_code_change(start_, end_);
        }

    private:
        const UserSpace& space_;
        u64 start_, end_;
        bool any_;
    };
    /// Drops the translations of [start, end) and the write protection that they needed. Keep what it returns until the
    /// map has been changed.
    [[nodiscard]] CodeChange retire_code(u64 start, u64 end, bool needed = true) DRAGOMAN_REQUIRES(map_lock);
    /// A page loses its Code mark.
    void uncover(u64 page, PageFlags flags) DRAGOMAN_REQUIRES(code_lock);

    /// What the guest gets of the permissions that it asks for: memory of shadow stacks is never written like other
    /// one.
    PageFlags granted(u64 from, u64 to, PageFlags flags) const;
    /// Gives one piece of one region new permissions. Pages that hold translated code and stay executable
    /// keep their translations and are never writable in between.
    i64 protect_piece(u64 from, u64 to, const Region& region, PageFlags flags) DRAGOMAN_REQUIRES(map_lock);
    /// Moves (a copy of the attributes of) [old_address, +old_length) to new_address, where nothing of the
    /// guest's lies any more and the host's part is claimed.
    i64 move(u64 old_address, u64 old_length, u64 new_length, int flags, u64 new_address) DRAGOMAN_REQUIRES(map_lock);
    bool grow_in_place(u64 address, u64 old_length, u64 new_length) DRAGOMAN_REQUIRES(map_lock);
};

}  // namespace dragoman::memory
