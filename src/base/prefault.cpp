#include "base/prefault.h"

#include <sys/mman.h>

#include "base/bits.h"

namespace dragoman {

void prefault(void* start, std::size_t bytes) {
    constexpr u64 kPage = 4096;
    const auto address = reinterpret_cast<u64>(start);
    const u64 from = align_up(address, kPage), to = align_down(address + bytes, kPage);
    if (from < to) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_POPULATE_WRITE);
}

}  // namespace dragoman
