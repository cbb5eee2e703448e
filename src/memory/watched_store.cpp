#include "memory/watched_store.h"

#include <utility>

namespace dragoman::memory {

bool watch_stores(PhysicalSpace& space, u64 address, u64 bytes, std::function<void()> function) {
    constexpr u64 kPage = 4096;
    Region* region = space.find(address);
    if (region == nullptr || region->kind != Region::Kind::Ram) return false;
    if (address / kPage != (address + (bytes - 1)) / kPage) return false;
    region->code_pages[(address - region->base) / kPage].fetch_or(kPageIsWatched);
    space.on_code_write = [before = std::move(space.on_code_write), function = std::move(function), address, bytes](
                              u64 written, u64 size) {
        if (before) before(written, size);
        if (written < address + bytes && address < written + size) function();
    };
    return true;
}

}  // namespace dragoman::memory
