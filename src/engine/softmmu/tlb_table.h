// One softmmu TLB table: what (hart, address space, MMU index) has translated lately, in the direct-mapped form
// that translated code reads, with a small victim buffer and the large pages that entries were made from.
#pragma once

#include <atomic>
#include <memory>

#include "engine/page.h"
#include "ir/env.h"

namespace dragoman::engine {

/// Bit of a tag: the translation is known and allows the access, but it must go through the slow path. No access
/// of translated code compares with it set, however misaligned its address is.
inline constexpr u64 kSlowTag = 0x800;

/// What the slow path knows beside an entry: physical page address, and in the low bits:
inline constexpr u64 kGlobalPage = 1;

/// A mapping of more than one page in one RAM region: further pages of it need no walk.
struct LargePage {
    u64 start = 0, end = 0;  ///< guest virtual addresses; empty when equal
    u64 physical = 0;        ///< of start
    bool load = false, store = false, fetch = false, global = false;

    bool contains(u64 address) const { return address - start < end - start; }
};

class TlbTable {
public:
    static constexpr unsigned kMinBits = 8, kMaxBits = 17;
    static constexpr unsigned kVictims = 8, kLargePages = 8;

    TlbTable() = default;
    ~TlbTable();
    TlbTable(const TlbTable&) = delete;
    TlbTable& operator=(const TlbTable&) = delete;

    /// For translated code. A table that was never used shows one entry that never hits.
    ir::TlbView view() const;

    ir::TlbEntry& entry(u64 address) { return entries_[index(address)]; }
    u64 info(u64 address) const { return info_[index(address)]; }
    /// Brings the entry of `page` back from the victim buffer. @returns false when it is not there.
    bool recall(u64 page);
    /// @returns true when the table has grown: its view has changed.
    bool insert(u64 page, const ir::TlbEntry& entry, u64 info);

    const LargePage* find_large(u64 address) const;
    void add_large(const LargePage& large);

    /// Drops what is cached for the page at `page` (all of a large page), but global mappings where `keep_global`.
    void drop_page(u64 page, bool keep_global);
    void drop_local();
    /// Drops everything, and shrinks when little was used. @returns true when the view has changed.
    bool clear();

    // From any thread that holds the lock of the table's owner; translated code may be reading.
    /// Stores to the physical page take the slow path from now on; `page` is where it is mapped, if anywhere.
    /// @returns whether one did not until now
    bool slow_stores(u64 page, u64 physical_page);
    bool slow_stores_everywhere(u64 physical_page);
    /// Drops all entries of the physical range.
    void drop_physical(u64 start, u64 end);

    u64 size() const { return entries_ == nullptr ? 0 : mask_ + 1; }
    u32 used() const { return used_; }

private:
    std::size_t index(u64 address) const { return static_cast<std::size_t>(address >> 12 & mask_); }
    static bool holds(const ir::TlbEntry& entry, u64 page);
    void allocate(unsigned bits);
    void grow();
    void drop_range(u64 start, u64 end, bool keep_global);
    template <class F>
    void for_all(F f);

    ir::TlbEntry* entries_ = nullptr;
    u64* info_ = nullptr;
    u64 mask_ = 0;
    u32 used_ = 0;       ///< entries that hold something
    u32 evictions_ = 0;  ///< since the table has its size
    u8 next_victim_ = 0, next_large_ = 0;
    ir::TlbEntry victims_[kVictims];
    u64 victim_info_[kVictims];
    u64 victim_pages_[kVictims];  ///< kNoPage: empty
    bool any_victims_ = false;    ///< else victims_ holds nothing yet
    bool any_large_ = false;
    LargePage large_[kLargePages];
    u64 lost_start_ = ~u64{0}, lost_end_ = 0;  ///< covers the large pages that large_ had no room for
};

}  // namespace dragoman::engine
