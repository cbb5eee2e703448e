#include "engine/softmmu/store_watch.h"

#include <cstdlib>
#include <new>

#include "base/error.h"

namespace dragoman::engine {

namespace {
constexpr u64 kMapped = 2;  ///< set in a page address, so that page 0 differs from none
}

void StoreWatch::FreeArray::operator()(std::atomic<u64>* p) const { std::free(p); }

StoreWatch::StoreWatch(memory::PhysicalSpace& physical) {
    for (const memory::Region* region : physical.regions()) {
        if (region->kind != memory::Region::Kind::Ram) continue;
        // calloc takes host memory only where it is touched.
        void* pages = std::calloc(region->size >> 12, sizeof(std::atomic<u64>));
        if (pages == nullptr) throw std::bad_alloc();
        writers_.push_back({region, {static_cast<std::atomic<u64>*>(pages), {}}});
    }
}

std::atomic<u64>& StoreWatch::writer(const memory::Region& ram, u64 physical_page) {
    for (Writers& w : writers_) {
        if (w.ram == &ram) return w.pages.get()[(physical_page - ram.base) >> 12];
    }
    DRAGOMAN_UNREACHABLE();
}

bool StoreWatch::allow_store(const memory::Region& ram, u64 page, u64 physical_page) {
    std::atomic<u64>& where = writer(ram, physical_page);
    u64 mine = page | kMapped;
    u64 old = where.load(std::memory_order_relaxed);
    if (old != mine && old != kMany && !(old == 0 && where.compare_exchange_strong(old, mine))) where.store(kMany);
    // Pairs with watch: it either sees the record, or is seen here.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return why(ram, physical_page) == 0;
}

u64 StoreWatch::watch(const memory::Region& ram, u64 physical_page) {
    ram.code_pages[(physical_page - ram.base) >> 12].fetch_or(memory::kPageHasCode);
    u64 where = writer(ram, physical_page).exchange(0);
    return where == 0 ? kNowhere : where == kMany ? kMany : where & ~kMapped;
}

void StoreWatch::unwatch(const memory::Region& ram, u64 physical_page) {
    ram.code_pages[(physical_page - ram.base) >> 12].fetch_and(static_cast<u8>(~memory::kPageHasCode));
}

}  // namespace dragoman::engine
