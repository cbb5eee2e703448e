#include "engine/translate/code_source.h"

namespace dragoman::engine {

using memory::PageFlags;
using memory::Region;

bool UserCodeSource::open(u64 address, bool watch, CodeStretch& code, GuestFault&) {
    u64 page = align_down(address, memory::kPageSize);
    PageFlags flags = space_.flags(page);
    if (!has(flags, PageFlags::Exec)) return false;
    // The mark matters for pages that the guest cannot write, too: it may make them writable later.
    if (watch && !has(flags, PageFlags::Code)) space_.protect_code(page);
    code = {.host = space_.host(address),
            .bytes = page + memory::kPageSize - address,
            .page_number = page >> 12,
            .hidden = !has(flags, PageFlags::Read),
            .shared = has(flags, PageFlags::Shared)};
    return true;
}

bool PhysicalCodeSource::open(u64 address, bool watch, CodeStretch& code, GuestFault& fault) {
    const guest::SystemOps& ops = mmu_.ops();
    Place place;
    if (!mmu_.resolve(address, guest::Access::Fetch, ops.mmu_index(env_, true), place, fault)) return false;
    const Region* region = physical_.find(place.physical);
    // Code is not fetched from devices.
    if (region == nullptr || !region->directly_readable()) {
        fault = {ops.access_fault(guest::Access::Fetch), address};
        return false;
    }
    if (watch && region->kind == Region::Kind::Ram) {
        watcher_.watch_stores(*region, align_down(place.physical, kPageBytes));
    }
    code = {.host = region->host + (place.physical - region->base),
            .bytes = place.bytes,
            .page_number = place.physical >> 12};
    return true;
}

}  // namespace dragoman::engine
