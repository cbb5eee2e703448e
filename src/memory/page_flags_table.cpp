// Storage of the page-flags table.
#include "memory/page_flags_table.h"

#include <sys/mman.h>

#include <cstring>

#include "base/error.h"

namespace dragoman::memory {

PageFlagsTable::~PageFlagsTable() {
    for (auto& chunk : chunks_) {
        if (std::atomic<u8>* table = chunk.load()) ::munmap(table, kChunkPages);
    }
}

std::atomic<u8>* PageFlagsTable::chunk(u64 number) {
    std::atomic<u8>* table = chunks_[number].load(std::memory_order_relaxed);
    if (table) return table;
    void* memory = ::mmap(nullptr, kChunkPages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) die(1, "out of memory for the guest's page table");
    table = static_cast<std::atomic<u8>*>(memory);
    chunks_[number].store(table, std::memory_order_release);
    return table;
}

void PageFlagsTable::set(u64 start, u64 end, PageFlags flags) {
    static_assert(sizeof(std::atomic<u8>) == 1);
    while (start < end) {
        u64 number = start >> kChunkBits;
        if (number >= kChunks) return;
        u64 chunk_end = (number + 1) << kChunkBits;
        u64 stop = end < chunk_end ? end : chunk_end;
        // Untouched table pages read as None already: do not make the host back them.
        bool needed = flags != PageFlags::None || chunks_[number].load(std::memory_order_relaxed) != nullptr;
        if (needed) {
            auto* bytes = reinterpret_cast<u8*>(chunk(number) + index(start));
            std::memset(bytes, static_cast<int>(flags), (stop - start) / kPageSize);
        }
        start = stop;
    }
}

}  // namespace dragoman::memory
