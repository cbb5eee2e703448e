// The softmmu of one hart: its TLB tables by address space and MMU index, and what of the jump cache holds for
// which mapping. Used by the hart's own thread, but for what says otherwise.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/spin_lock.h"
#include "engine/softmmu/jump_table.h"
#include "engine/softmmu/store_watch.h"
#include "engine/softmmu/tlb_table.h"
#include "engine/softmmu/watchpoints.h"
#include "guest/guest.h"
#include "guest/runtime.h"
#include "host/host.h"
#include "memory/physical_space.h"

namespace dragoman::engine {

/// A guest exception.
struct GuestFault {
    u32 exception = 0;
    u64 value = 0;
};

/// Where an access goes.
struct Place {
    u64 physical = 0;
    u64 bytes = 0;        ///< that the translation holds for, from the address on: to the end of its page, or less when
                          ///< protection is finer; an access in the page that needs more is an access fault
    bool global = false;  ///< the mapping is the same in all address spaces
};

struct SoftmmuStatistics {
    u64 fills = 0, walks = 0, victim_hits = 0, slow_accesses = 0;
    u64 flushes = 0, page_flushes = 0, switches = 0, new_spaces = 0, grown = 0;
};

class Softmmu {
public:
    Softmmu(ir::Env* env, const host::Backend& backend, const guest::SystemOps& ops, memory::PhysicalSpace& physical,
            StoreWatch& stores, const Watchpoints& watchpoints, const log::Selection& selection);
    ~Softmmu();

    /// Translates an access to one page; caches the translation. @returns false with `fault` set.
    bool resolve(u64 address, guest::Access access, unsigned mmu_index, Place& place, GuestFault& fault);
    /// Host address of `bytes` bytes of one page when translated code could access them directly now; else null.
    u8* direct(u64 address, u64 bytes, guest::Access access, unsigned mmu_index) {
        const ir::TlbView& view = env_->tlb[mmu_index];
        auto offset = (address >> 12 << 5) & view.mask;
        auto& entry = *reinterpret_cast<const ir::TlbEntry*>(reinterpret_cast<const u8*>(view.entries) + offset);
        u64 tag = access == guest::Access::Load ? entry.read : entry.write;
        if (tag != align_down(address, kPageBytes) || (address & (kPageBytes - 1)) + bytes > kPageBytes) return nullptr;
        return reinterpret_cast<u8*>(address + entry.addend);
    }
    /// Stores to the page of `address` may have become possible without the slow path again.
    void retry_fast_store(u64 address, unsigned mmu_index, u64 physical);

    void flush(const guest::TlbFlush& what);
    void switch_space(const guest::AddressSpace& space);

    /// The jump cache has a new entry for `tb`, which is mapped in all address spaces if `global`.
    void note_cached(TranslationBlock* tb, bool global);
    /// The TB that `pc` means with these flags in the address space that the hart is in; null when it is not known.
    TranslationBlock* find_cached(u64 pc, u32 flags, bool& global) const { return jumps_.find(pc, flags, global); }
    void forget_cached() { jumps_.drop_all(); }

    memory::PhysicalSpace& physical() const { return physical_; }
    const Watchpoints& watchpoints() const { return watchpoints_; }
    const guest::SystemOps& ops() const { return ops_; }

    // Any thread:
    /// Stores to the physical page take the slow path from now on; `page` is the one virtual page where it is mapped
    /// for writing, StoreWatch::kMany when that is not known. @returns whether one of this hart did not until now
    bool slow_stores(u64 page, u64 physical_page);
    /// Drops all translations into a physical range.
    void drop_physical(u64 start, u64 end);

    SoftmmuStatistics statistics;

private:
    struct Space;
    static constexpr unsigned kSpaces = 16;
    static constexpr unsigned kGlobalFilterBits = 13, kLocalFilterBits = 11;
    static constexpr unsigned kLogged = 64;

    /// A set of pages that may say yes to others, too.
    template <unsigned bits>
    class PageFilter {
    public:
        void add(u64 page) { words_[hash(page) / 64] |= u64{1} << (hash(page) % 64); }
        bool has(u64 page) const { return (words_[hash(page) / 64] >> (hash(page) % 64) & 1) != 0; }
        void clear() { std::memset(words_, 0, sizeof words_); }

    private:
        static u64 hash(u64 page) { return (page >> 12) * 0x9e3779b97f4a7c15 >> (64 - bits); }
        u64 words_[(1u << bits) / 64] = {};
    };

    TlbTable& table(unsigned mmu_index);
    bool fill(u64 address, guest::Access access, unsigned mmu_index, Place& place, GuestFault& fault);
    void insert(u64 address, unsigned mmu_index, const guest::Translation& translation);
    u64 store_tag(const memory::Region* region, u64 page, u64 physical_page) DRAGOMAN_REQUIRES(lock_);
    void show(unsigned mmu_index);
    void show_all();
    void clear(Space& space) DRAGOMAN_REQUIRES(lock_);
    void apply(Space& space, const guest::TlbFlush& what) DRAGOMAN_REQUIRES(lock_);
    void catch_up(Space& space) DRAGOMAN_REQUIRES(lock_);
    void drop_jumps(const guest::TlbFlush& what);
    void drop_local_jumps();

    ir::Env* env_;
    const host::Backend& backend_;
    const guest::SystemOps& ops_;
    memory::PhysicalSpace& physical_;
    StoreWatch& stores_;
    const Watchpoints& watchpoints_;
    const log::Selection& selection_;  ///< what is logged
    /// Held while the list of spaces or their tables are changed, and where other threads read them. The hart's own
    /// thread reads them without: only it changes which there are, and others change entries by single words.
    SpinLock lock_;
    std::vector<std::unique_ptr<Space>> spaces_;
    Space* space_ = nullptr;
    TlbTable physical_table_;
    u64 clock_ = 0;                 ///< counts switches
    u64 flush_count_ = 0;           ///< counts flushes
    u64 jump_spaces_ = 1;           ///< numbers of address spaces given to jumps_
    u64 full_flush_ = 0;            ///< number of the last flush of everything
    guest::TlbFlush log_[kLogged];  ///< the last flushes, by number modulo kLogged
    JumpTable jumps_;
    // Pages that the return stack may lead to: all that code was entered on since they were last forgotten.
    PageFilter<kGlobalFilterBits> global_code_;
    PageFilter<kLocalFilterBits> local_code_;
};

}  // namespace dragoman::engine
