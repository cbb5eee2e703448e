// Storage of the page-flags table.
#include "memory/page_flags_table.h"

#include <sys/mman.h>

#include <algorithm>

#include "base/error.h"

namespace dragoman::memory {

namespace {
/// Readers take no lock: each byte is written by an atomic store, eight at a time where there are so many.
void fill(std::atomic<u8>* bytes, u8 value, std::size_t count) {
    static_assert(sizeof(std::atomic<u8>) == 1);
    u8* at = reinterpret_cast<u8*>(bytes);
    u8* const end = at + count;
    const u64 eight = value * u64{0x0101010101010101};
    while (at != end) {
        if (end - at >= 8 && is_aligned(reinterpret_cast<u64>(at), 8)) {
            __atomic_store_n(reinterpret_cast<u64*>(at), eight, __ATOMIC_RELAXED);
            at += 8;
        } else {
            __atomic_store_n(at++, value, __ATOMIC_RELAXED);
        }
    }
}
}  // namespace

PageFlagsTable::~PageFlagsTable() {
    for (auto& chunk : chunks_) {
        if (Chunk* table = chunk.load()) ::munmap(table, sizeof(Chunk));
    }
}

PageFlagsTable::Chunk* PageFlagsTable::chunk(u64 number) {
    Chunk* chunk = chunks_[number].load(std::memory_order_relaxed);
    if (chunk) return chunk;
    void* memory =
        ::mmap(nullptr, sizeof(Chunk), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) die(1, "out of memory for the guest's page table");
    chunk = static_cast<Chunk*>(memory);
    chunks_[number].store(chunk, std::memory_order_release);
    return chunk;
}

// The pages of a group no longer have all the same flags: each gets its byte before readers look at it.
void PageFlagsTable::set_part_of_group(Chunk* chunk, u64 start, u64 end, u8 flags) {
    std::atomic<u8>& group = chunk->groups[group_index(start)];
    u8 old = group.load(std::memory_order_relaxed);
    if (old == flags) return;
    if (old != kMixed) {
        fill(&chunk->pages[page_index(align_down(start, kGroupBytes))], old, kGroupPages);
        group.store(kMixed, std::memory_order_release);
    }
    fill(&chunk->pages[page_index(start)], flags, (end - start) / kPageSize);
}

void PageFlagsTable::set(u64 start, u64 end, PageFlags page_flags) {
    u8 flags = static_cast<u8>(page_flags);
    while (start < end) {
        u64 number = start >> kChunkBits;
        if (number >= kChunks) return;
        u64 stop = std::min(end, (number + 1) << kChunkBits);
        if (page_flags == PageFlags::None && !chunks_[number].load(std::memory_order_relaxed)) {
            start = stop;  // nothing was ever there
            continue;
        }
        Chunk* table = chunk(number);
        u64 group_start = align_down(start, kGroupBytes);
        if (group_start != start || stop - start < kGroupBytes) {
            stop = std::min(stop, group_start + kGroupBytes);
            set_part_of_group(table, start, stop, flags);
        } else {
            stop = align_down(stop, kGroupBytes);
            fill(&table->groups[group_index(start)], flags, (stop - start) / kGroupBytes);
        }
        start = stop;
    }
}

}  // namespace dragoman::memory
