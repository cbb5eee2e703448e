// TLB fills, flushes and address spaces of one hart.
#include "engine/softmmu/softmmu.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "base/log.h"

namespace dragoman::engine {

using guest::Access;
using ir::kNoPage;
using memory::Region;

/// One address space that the hart has visited lately.
struct Softmmu::Space {
    guest::AddressSpace is;
    u64 last_used = 0;
    u64 jumps = 1;        ///< number that the jump table knows it by; another one when its entries are void
    u64 flush_count = 0;  ///< of the hart, up to which flushes have been applied
    TlbTable tables[ir::kMmuIndexes];

    bool is_meant(const guest::TlbFlush& what) const {
        if (what.one_machine && (what.any_guest ? is.machine == 0 : is.machine != what.machine)) return false;
        return !what.one_space || is.asid == what.asid;
    }
};

Softmmu::Softmmu(ir::Env* env, const host::Backend& backend, const guest::SystemOps& ops,
                 memory::PhysicalSpace& physical, StoreWatch& stores, const Watchpoints& watchpoints,
                 const log::Selection& selection)
    : env_(env),
      backend_(backend),
      ops_(ops),
      physical_(physical),
      stores_(stores),
      watchpoints_(watchpoints),
      selection_(selection),
      jumps_(env) {
    spaces_.push_back(std::make_unique<Space>());
    space_ = spaces_.front().get();
    show_all();
}

Softmmu::~Softmmu() = default;

TlbTable& Softmmu::table(unsigned mmu_index) {
    return mmu_index == ir::kMmuIndexPhysical ? physical_table_ : space_->tables[mmu_index];
}

void Softmmu::show(unsigned mmu_index) { env_->tlb[mmu_index] = table(mmu_index).view(); }

void Softmmu::show_all() {
    for (unsigned i = 0; i < ir::kMmuIndexes; ++i) show(i);
}

namespace {

u64 tag_of(const ir::TlbEntry& entry, Access access) {
    return access == Access::Load ? entry.read : access == Access::Store ? entry.write : entry.fetch;
}

void log_walk(u64 address, Access access, unsigned mmu_index, bool found, const guest::Translation& t) {
    const char* kind = access == Access::Load ? "load" : access == Access::Store ? "store" : "fetch";
    std::fprintf(log::stream(), "mmu: %s at %016" PRIx64 ", index %u: ", kind, address, mmu_index);
    if (found) {
        std::fprintf(log::stream(), "physical %016" PRIx64 ", page of 0x%" PRIx64 " bytes, %c%c%c%s\n", t.physical,
                     t.page_bytes, t.load ? 'r' : '-', t.store ? 'w' : '-', t.fetch ? 'x' : '-',
                     t.global ? ", global" : "");
    } else {
        std::fprintf(log::stream(), "exception %u\n", t.exception);
    }
}

void log_flush(const guest::TlbFlush& what) {
    std::fputs("mmu: flush", log::stream());
    if (what.one_address) std::fprintf(log::stream(), " of address %016" PRIx64, what.address);
    if (what.one_space) std::fprintf(log::stream(), " of address space number %" PRIu64, what.asid);
    std::fputs(what.one_address || what.one_space ? "\n" : " of everything\n", log::stream());
}

bool allowed(const LargePage& large, Access access) {
    return access == Access::Load ? large.load : access == Access::Store ? large.store : large.fetch;
}

}  // namespace

bool Softmmu::resolve(u64 address, Access access, unsigned mmu_index, Place& place, GuestFault& fault) {
    const u64 page = align_down(address, kPageBytes);
    TlbTable& t = table(mmu_index);
    if (t.size() != 0) {
        bool hit = (tag_of(t.entry(page), access) & ~kSlowTag) == page;
        if (!hit) {
            LockGuard lock(lock_);
            hit = t.recall(page) && (tag_of(t.entry(page), access) & ~kSlowTag) == page;
            statistics.victim_hits += hit;
        }
        if (hit) {
            u64 info = t.info(page);
            place = {align_down(info, kPageBytes) | (address & (kPageBytes - 1)), page + kPageBytes - address,
                     (info & kGlobalPage) != 0};
            return true;
        }
    }
    return fill(address, access, mmu_index, place, fault);
}

bool Softmmu::fill(u64 address, Access access, unsigned mmu_index, Place& place, GuestFault& fault) {
    ++statistics.fills;
    const u64 page = align_down(address, kPageBytes);
    guest::Translation t{};
    const LargePage* large = table(mmu_index).find_large(address);
    if (large != nullptr && allowed(*large, access)) {
        t.physical = large->physical + (address - large->start);
        t.page_bytes = kPageBytes;
        t.load = large->load, t.store = large->store, t.fetch = large->fetch, t.global = large->global;
    } else {
        ++statistics.walks;
        const bool found = ops_.translate(env_, address, access, mmu_index, false, t);
        if (selection_.enabled(log::Item::Mmu)) [[unlikely]]
            log_walk(address, access, mmu_index, found, t);
        if (!found) {
            fault = {t.exception, t.value};
            return false;
        }
        if (mmu_index == ir::kMmuIndexPhysical) t.global = true;
    }
    const u64 to_page_end = page + kPageBytes - address;
    place = {t.physical, to_page_end, t.global};
    if (t.page_bytes < kPageBytes) {
        place.bytes = std::min(t.access_bytes, to_page_end);
        return true;
    }
    if (t.page_bytes > kPageBytes) {
        if (const Region* region = physical_.find(t.physical); region != nullptr && region->kind == Region::Kind::Ram) {
            // The part of the large page that lies in this region.
            u64 before = std::min(address - align_down(address, t.page_bytes), t.physical - region->base);
            u64 after =
                std::min(t.page_bytes - (address & (t.page_bytes - 1)), region->size - (t.physical - region->base));
            table(mmu_index).add_large(
                {address - before, address + after, t.physical - before, t.load, t.store, t.fetch, t.global});
        }
    }
    t.physical = align_down(t.physical, kPageBytes);
    insert(page, mmu_index, t);
    return true;
}

u64 Softmmu::store_tag(const Region* region, u64 page, u64 physical_page) {
    if (region == nullptr || region->kind != Region::Kind::Ram) return page | kSlowTag;
    // The first store since the log was taken goes the slow way, which notes it.
    if (!region->is_logged(physical_page)) return page | kSlowTag;
    return stores_.allow_store(*region, page, physical_page) ? page : page | kSlowTag;
}

void Softmmu::insert(u64 page, unsigned mmu_index, const guest::Translation& t) {
    const Region* region = physical_.find(t.physical);
    // A device may begin or end within a page.
    bool memory = region != nullptr && region->kind != Region::Kind::Mmio;
    bool direct = memory && region->directly_readable();
    ir::TlbEntry entry;
    entry.addend = memory ? reinterpret_cast<u64>(region->host) + (t.physical - region->base) - page : 0;
    entry.read = !t.load ? kNoPage : direct ? page : page | kSlowTag;
    const bool watched = !watchpoints_.empty() && watchpoints_.touches(page, kPageBytes);
    if (watched && t.load) entry.read |= kSlowTag;
    entry.fetch = !t.fetch ? kNoPage : direct ? page : page | kSlowTag;
    LockGuard lock(lock_);
    entry.write = !t.store ? kNoPage : store_tag(region, page, t.physical);
    if (watched && t.store) entry.write |= kSlowTag;
    if (table(mmu_index).insert(page, entry, t.physical | (t.global ? kGlobalPage : 0))) {
        ++statistics.grown;
        show(mmu_index);
    }
}

void Softmmu::retry_fast_store(u64 address, unsigned mmu_index, u64 physical) {
    u64 page = align_down(address, kPageBytes);
    TlbTable& t = table(mmu_index);
    if (t.size() == 0 || (!watchpoints_.empty() && watchpoints_.touches(page, kPageBytes))) return;
    const Region* region = physical_.find(physical);
    if (region == nullptr || region->kind != Region::Kind::Ram) return;
    LockGuard lock(lock_);
    ir::TlbEntry& entry = t.entry(page);
    if (entry.write != (page | kSlowTag) || align_down(t.info(page), kPageBytes) != align_down(physical, kPageBytes))
        return;
    __atomic_store_n(&entry.write, store_tag(region, page, align_down(physical, kPageBytes)), __ATOMIC_RELAXED);
}

void Softmmu::clear(Space& space) {
    for (TlbTable& t : space.tables) t.clear();
    space.flush_count = flush_count_;
}

void Softmmu::apply(Space& space, const guest::TlbFlush& what) {
    if (!space.is_meant(what)) return;
    for (TlbTable& t : space.tables) {
        if (what.one_address) {
            t.drop_page(align_down(what.address, kPageBytes), what.one_space);
        } else if (what.one_space) {
            t.drop_local();
        } else {
            t.clear();
        }
    }
}

/// Applies the flushes that came while the hart was elsewhere.
void Softmmu::catch_up(Space& space) {
    if (space.flush_count < full_flush_ || flush_count_ - space.flush_count > kLogged) return clear(space);
    for (u64 n = space.flush_count; n != flush_count_; ++n) apply(space, log_[n % kLogged]);
    space.flush_count = flush_count_;
}

void Softmmu::flush(const guest::TlbFlush& what) {
    if (selection_.enabled(log::Item::Mmu)) [[unlikely]]
        log_flush(what);
    ++(what.one_address ? statistics.page_flushes : statistics.flushes);
    {
        LockGuard lock(lock_);
        // Other address spaces catch up when they are switched to.
        log_[flush_count_ % kLogged] = what;
        space_->flush_count = ++flush_count_;
        if (what.one_address || what.one_space || what.one_machine) {
            apply(*space_, what);
            if (what.one_machine) show_all();  // a table that is cleared may shrink
        } else {
            full_flush_ = flush_count_;
            clear(*space_);
            physical_table_.clear();
            show_all();
        }
    }
    drop_jumps(what);
}

void Softmmu::switch_space(const guest::AddressSpace& to) {
    auto is_it = [&to](const Space& space) { return space.is.id == to.id && space.is.world == to.world; };
    if (is_it(*space_)) return;
    ++statistics.switches;
    if (selection_.enabled(log::Item::Mmu)) [[unlikely]]
        std::fprintf(log::stream(), "mmu: address space %016" PRIx64 ", number %" PRIu64 "%s\n", to.id, to.asid,
                     to.machine != 0 ? ", of a guest" : "");
    {
        LockGuard lock(lock_);
        space_->last_used = ++clock_;
        Space* next = nullptr;
        for (auto& space : spaces_) {
            if (is_it(*space)) next = space.get();
        }
        if (next == nullptr) {
            ++statistics.new_spaces;
            if (spaces_.size() < kSpaces) {
                next = spaces_.emplace_back(std::make_unique<Space>()).get();
            } else {
                next = std::min_element(spaces_.begin(), spaces_.end(), [](const auto& a, const auto& b) {
                           return a->last_used < b->last_used;
                       })->get();
            }
            clear(*next);
            next->is = to;
            next->jumps = ++jump_spaces_;
        } else {
            catch_up(*next);
        }
        space_ = next;
        show_all();
    }
    drop_local_jumps();
}

bool Softmmu::slow_stores(u64 page, u64 physical_page) {
    LockGuard lock(lock_);
    bool changed = false;
    auto each = [&](TlbTable& t) {
        changed |=
            page == StoreWatch::kMany ? t.slow_stores_everywhere(physical_page) : t.slow_stores(page, physical_page);
    };
    for (auto& space : spaces_) {
        for (TlbTable& t : space->tables) each(t);
    }
    each(physical_table_);
    return changed;
}

void Softmmu::drop_physical(u64 start, u64 end) {
    LockGuard lock(lock_);
    for (auto& space : spaces_) {
        for (TlbTable& t : space->tables) t.drop_physical(start, end);
    }
    physical_table_.drop_physical(start, end);
}

void Softmmu::note_cached(TranslationBlock* tb, bool global) {
    jumps_.insert(tb, global);
    for (u64 page = tb->pc; page < tb->end(); page = align_down(page, kPageBytes) + kPageBytes) {
        global ? global_code_.add(page) : local_code_.add(page);
    }
}

void Softmmu::drop_jumps(const guest::TlbFlush& what) {
    if (what.one_address) {
        const u64 page = align_down(what.address, kPageBytes);
        jumps_.drop_page(page);
        if (global_code_.has(page) || local_code_.has(page)) backend_.reset_return_stack(env_);
    } else if (!what.one_space && !(what.one_machine && (what.any_guest || what.machine != 0))) {
        jumps_.drop_all();
        global_code_.clear();
        local_code_.clear();
        backend_.reset_return_stack(env_);
    } else {
        for (auto& space : spaces_) {
            if (space->is_meant(what)) space->jumps = ++jump_spaces_;
        }
        if (space_->is_meant(what)) drop_local_jumps();
    }
}

void Softmmu::drop_local_jumps() {
    jumps_.switch_space(space_->jumps);
    local_code_.clear();
    backend_.reset_return_stack(env_);
}

}  // namespace dragoman::engine
