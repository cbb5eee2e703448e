// The physical map as a sorted array of regions; accesses of harts and DMA to memory and devices.
#include "memory/physical_space.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "memory/host_access.h"
#include "memory/mmio_access.h"

namespace dragoman::memory {

namespace {

constexpr u64 kPage = 4096;
constexpr unsigned kPageBits = 12;
/// Host memory of RAM starts at a multiple of this, so that the host can back it with large pages.
constexpr u64 kHostAlignment = u64{2} << 20;

u8* map_host_memory(const std::string& name, u64 size) {
    u64 length = align_up(size, kPage) + kHostAlignment;
    void* p = length < size
                  ? MAP_FAILED
                  : ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw FatalError(1, "cannot map " + std::to_string(size >> 20) + " MiB for " + name);
    auto start = reinterpret_cast<u64>(p);
    u64 aligned = align_up(start, kHostAlignment);
    if (aligned != start) ::munmap(p, aligned - start);
    u64 end = aligned + align_up(size, kPage);
    if (end != start + length) ::munmap(reinterpret_cast<void*>(end), start + length - end);
    ::madvise(reinterpret_cast<void*>(aligned), end - aligned, MADV_HUGEPAGE);
    return reinterpret_cast<u8*>(aligned);
}

bool inside(const Region& region, u64 address, u64 bytes) {
    u64 offset = address - region.base;
    return offset < region.size && bytes <= region.size - offset;
}

bool device_read(const Region& region, u64 address, unsigned size, u64& value) {
    return mmio_read(*region.handler, region.limits, address - region.base, size, value);
}

bool device_write(const Region& region, u64 address, unsigned size, u64 value) {
    return mmio_write(*region.handler, region.limits, address - region.base, size, value);
}

/// An access that faults: of a guest's error, most of the time.
bool refused(bool load, u64 address, unsigned size) {
    if (!log::enabled(log::Item::GuestErrors)) return false;
    std::fprintf(log::stream(), "guest error: %s of %u bytes at %#llx: nothing answers\n", load ? "load" : "store",
                 size, static_cast<unsigned long long>(address));
    return false;
}

bool readable_now(const Region& region) { return __atomic_load_n(&region.readable, __ATOMIC_ACQUIRE); }

}  // namespace

struct PhysicalSpace::Impl {
    std::vector<std::unique_ptr<Region>> regions;                 ///< by ascending base
    Region* main_memory = nullptr;                                ///< the largest RAM region, which most accesses go to
    std::vector<std::unique_ptr<std::atomic<u64>[]>> store_logs;  ///< stay: devices' threads may be looking at them

    Region& add(Region region);
    Region* find(u64 address) const;
};

Region& PhysicalSpace::Impl::add(Region region) {
    bool device = region.kind == Region::Kind::Mmio;
    DRAGOMAN_ASSERT(region.size != 0 && region.base + (region.size - 1) >= region.base);
    DRAGOMAN_ASSERT(device || (is_aligned(region.base, kPage) && is_aligned(region.size, kPage)));
    auto place = std::upper_bound(regions.begin(), regions.end(), region.base,
                                  [](u64 base, const auto& other) { return base < other->base; });
    auto overlaps = [&region](const Region& other) {
        return region.contains(other.base) || other.contains(region.base);
    };
    for (auto near :
         {place == regions.begin() ? nullptr : (place - 1)->get(), place == regions.end() ? nullptr : place->get()}) {
        if (near != nullptr && overlaps(*near)) {
            throw FatalError(1, region.name + " overlaps " + near->name + " in the physical address space");
        }
    }
    if (!device) region.host = map_host_memory(region.name, region.size);
    if (region.kind == Region::Kind::Ram) {
        region.code_pages = std::make_unique<std::atomic<u8>[]>(region.size >> kPageBits);
    }
    Region& added = **regions.insert(place, std::make_unique<Region>(std::move(region)));
    if (added.kind == Region::Kind::Ram && (main_memory == nullptr || added.size > main_memory->size)) {
        main_memory = &added;
    }
    return added;
}

Region* PhysicalSpace::Impl::find(u64 address) const {
    if (main_memory != nullptr && main_memory->contains(address)) return main_memory;
    auto after = std::upper_bound(regions.begin(), regions.end(), address,
                                  [](u64 a, const auto& region) { return a < region->base; });
    if (after == regions.begin()) return nullptr;
    Region* region = (after - 1)->get();
    return region->contains(address) ? region : nullptr;
}

PhysicalSpace::PhysicalSpace() : impl_(std::make_unique<Impl>()) {}

PhysicalSpace::~PhysicalSpace() {
    for (const auto& region : impl_->regions) {
        if (region->host != nullptr) ::munmap(region->host, align_up(region->size, kPage));
    }
}

Region& PhysicalSpace::add_ram(std::string name, u64 base, u64 size) {
    return impl_->add({.name = std::move(name), .base = base, .size = size, .kind = Region::Kind::Ram});
}

Region& PhysicalSpace::add_rom(std::string name, u64 base, u64 size) {
    return impl_->add({.name = std::move(name), .base = base, .size = size, .kind = Region::Kind::Rom});
}

Region& PhysicalSpace::add_mmio(std::string name, u64 base, u64 size, MmioHandler& handler, MmioLimits limits) {
    return impl_->add({.name = std::move(name),
                       .base = base,
                       .size = size,
                       .kind = Region::Kind::Mmio,
                       .handler = &handler,
                       .limits = limits});
}

Region& PhysicalSpace::add_flash(std::string name, u64 base, u64 size, MmioHandler& handler, MmioLimits limits) {
    return impl_->add({.name = std::move(name),
                       .base = base,
                       .size = size,
                       .kind = Region::Kind::Flash,
                       .handler = &handler,
                       .limits = limits});
}

void PhysicalSpace::set_readable(Region& region, bool readable) {
    if (__atomic_exchange_n(&region.readable, readable, __ATOMIC_SEQ_CST) == readable) return;
    if (on_map_change) on_map_change(region);
}

const Region* PhysicalSpace::find(u64 address) const { return impl_->find(address); }

std::vector<const Region*> PhysicalSpace::regions() const {
    std::vector<const Region*> all;
    for (const auto& region : impl_->regions) all.push_back(region.get());
    return all;
}

bool PhysicalSpace::load(u64 address, unsigned size, u64& value) {
    const Region* region = impl_->find(address);
    if (region == nullptr || !inside(*region, address, size)) return refused(true, address, size);
    if (region->kind == Region::Kind::Mmio || (region->kind == Region::Kind::Flash && !readable_now(*region))) {
        return device_read(*region, address, size, value) || refused(true, address, size);
    }
    value = load_once(region->host + (address - region->base), size);
    return true;
}

bool PhysicalSpace::store(u64 address, unsigned size, u64 value) {
    const Region* region = impl_->find(address);
    if (region == nullptr || !inside(*region, address, size)) return refused(false, address, size);
    switch (region->kind) {
        case Region::Kind::Ram:
            store_once(region->host + (address - region->base), size, value);
            wrote(address, size);
            return true;
        case Region::Kind::Rom: return true;
        case Region::Kind::Mmio:
        case Region::Kind::Flash: return device_write(*region, address, size, value) || refused(false, address, size);
    }
    return false;
}

void PhysicalSpace::send_message(u64 address, u32 data) {
    const Region* region = impl_->find(address);
    if (region == nullptr || !is_aligned(address, sizeof data)) return;
    if (region->kind == Region::Kind::Ram || region->takes_messages) store(address, sizeof data, data);
}

bool PhysicalSpace::read(u64 address, void* to, u64 bytes) const {
    auto* out = static_cast<u8*>(to);
    while (bytes != 0) {
        const Region* region = impl_->find(address);
        if (region == nullptr || region->host == nullptr) return false;
        u64 offset = address - region->base;
        u64 part = std::min(bytes, region->size - offset);
        std::memcpy(out, region->host + offset, part);
        address += part;
        out += part;
        bytes -= part;
    }
    return true;
}

bool PhysicalSpace::write(u64 address, const void* from, u64 bytes) {
    auto* in = static_cast<const u8*>(from);
    while (bytes != 0) {
        const Region* region = impl_->find(address);
        if (region == nullptr || region->host == nullptr) return false;
        u64 offset = address - region->base;
        u64 part = std::min(bytes, region->size - offset);
        std::memcpy(region->host + offset, in, part);
        wrote(address, part);
        address += part;
        in += part;
        bytes -= part;
    }
    return true;
}

u8* PhysicalSpace::ram(u64 address, u64 bytes) {
    Region* region = impl_->find(address);
    if (region == nullptr || region->kind != Region::Kind::Ram || !inside(*region, address, bytes)) return nullptr;
    return region->host + (address - region->base);
}

namespace {

u64 log_words(const Region& ram) { return ((ram.size >> kPageBits) + 63) / 64; }

void note_stores(const Region& ram, std::atomic<u64>* log, u64 address, u64 bytes) {
    const u64 first = (address - ram.base) >> kPageBits;
    const u64 last = std::min(address - ram.base + (bytes - 1), ram.size - 1) >> kPageBits;
    for (u64 page = first; page <= last; ++page) log[page / 64].fetch_or(u64{1} << (page % 64));
}

}  // namespace

void PhysicalSpace::log_stores(bool on) {
    for (const auto& region : impl_->regions) {
        if (region->kind != Region::Kind::Ram) continue;
        if (on) impl_->store_logs.push_back(std::make_unique<std::atomic<u64>[]>(log_words(*region)));
        __atomic_store_n(&region->store_log, on ? impl_->store_logs.back().get() : nullptr, __ATOMIC_RELEASE);
        if (on && on_map_change) on_map_change(*region);
    }
}

std::vector<u64> PhysicalSpace::take_stores(const Region& ram) {
    std::vector<u64> taken(log_words(ram));
    if (ram.store_log == nullptr) return taken;
    for (std::size_t i = 0; i < taken.size(); ++i) taken[i] = ram.store_log[i].exchange(0);
    if (on_map_change) on_map_change(ram);
    return taken;
}

void PhysicalSpace::wrote(u64 address, u64 bytes) {
    if (bytes == 0) return;
    if (const Region* region = impl_->find(address); region != nullptr) {
        if (auto* log = __atomic_load_n(&region->store_log, __ATOMIC_ACQUIRE); log != nullptr) [[unlikely]]
            note_stores(*region, log, address, bytes);
    }
    if (!on_code_write) return;
    // Pairs with the translator, which marks a page and then reads it: either it sees what was written, or the mark
    // is seen here.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const Region* region = impl_->find(address);
    if (region == nullptr || region->host == nullptr) return;
    if (region->code_pages == nullptr) {
        on_code_write(address, bytes);
        return;
    }
    u64 first = (address - region->base) >> kPageBits;
    u64 last = std::min(address - region->base + (bytes - 1), region->size - 1) >> kPageBits;
    for (u64 page = first; page <= last; ++page) {
        if (region->code_pages[page].load(std::memory_order_relaxed) == 0) continue;
        u64 start = std::max(address, region->base + (page << kPageBits));
        u64 end = std::min(address + bytes, region->base + ((page + 1) << kPageBits));
        on_code_write(start, end - start);
    }
}

bool PhysicalSpace::compare_exchange(u64 address, unsigned size, u64 expected, u64 desired, bool& swapped) {
    u8* host = ram(address, size);
    if (host == nullptr || !is_aligned(address, size)) return false;
    if (size == 4) {
        auto old = static_cast<u32>(expected);
        swapped = __atomic_compare_exchange_n(reinterpret_cast<u32*>(host), &old, static_cast<u32>(desired), false,
                                              __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    } else {
        swapped = __atomic_compare_exchange_n(reinterpret_cast<u64*>(host), &expected, desired, false, __ATOMIC_SEQ_CST,
                                              __ATOMIC_SEQ_CST);
    }
    if (swapped) wrote(address, size);
    return true;
}

}  // namespace dragoman::memory
