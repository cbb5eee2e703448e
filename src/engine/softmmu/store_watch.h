// Stores to RAM pages that translations were made from must be seen. This says which pages those are (the region's
// code_pages), and where harts have cached translations that let stores through.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "memory/physical_space.h"
#include "memory/watched_store.h"

namespace dragoman::engine {

class StoreWatch {
public:
    static constexpr u64 kNowhere = 1, kMany = 3;  ///< no page addresses

    explicit StoreWatch(memory::PhysicalSpace& physical);

    /// A hart is about to cache a translation of virtual page `page` to a RAM page that lets stores through.
    /// @returns false when it must not, because the RAM page is watched.
    bool allow_store(const memory::Region& ram, u64 page, u64 physical_page);

    /// Begins to watch a page of RAM. @returns the virtual page where it is mapped for stores: kNowhere, or kMany
    /// when it is more than one. Called under the engine's TB lock, as unwatch.
    u64 watch(const memory::Region& ram, u64 physical_page);
    void unwatch(const memory::Region& ram, u64 physical_page);
    /// Whether it is watched because of translations.
    static bool watched(const memory::Region& ram, u64 physical_page) {
        return (why(ram, physical_page) & memory::kPageHasCode) != 0;
    }

private:
    static u8 why(const memory::Region& ram, u64 physical_page) {
        return ram.code_pages[(physical_page - ram.base) >> 12].load(std::memory_order_relaxed);
    }
    struct FreeArray {
        void operator()(std::atomic<u64>* p) const;
    };
    /// By page of a RAM region: 0 or where it is mapped for stores, as (virtual page | 2), kMany.
    struct Writers {
        const memory::Region* ram;
        std::unique_ptr<std::atomic<u64>, FreeArray> pages;
    };
    std::atomic<u64>& writer(const memory::Region& ram, u64 physical_page);

    std::vector<Writers> writers_;
};

}  // namespace dragoman::engine
