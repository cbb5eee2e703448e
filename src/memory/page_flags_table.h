// PageFlags of every guest page, readable without a lock. Two levels, so that large mappings cost little:
// a byte per group of 512 pages says what all of them have, or that they differ and have a byte each. The
// address space is split in chunks of 2^38 bytes, whose tables the host backs only where they are touched.
#pragma once

#include <atomic>

#include "memory/user_space.h"

namespace dragoman::memory {

class PageFlagsTable {
public:
    ~PageFlagsTable();

    PageFlags get(u64 address) const {
        u64 number = address >> kChunkBits;
        if (number >= kChunks) return PageFlags::None;
        const Chunk* chunk = chunks_[number].load(std::memory_order_acquire);
        if (!chunk) return PageFlags::None;
        u8 flags = chunk->groups[group_index(address)].load(std::memory_order_acquire);
        if (flags == kMixed) flags = chunk->pages[page_index(address)].load(std::memory_order_relaxed);
        return static_cast<PageFlags>(flags);
    }

    // Writers are serialised by the caller.

    /// Sets the flags of the pages in [start, end).
    void set(u64 start, u64 end, PageFlags flags);
    /// Calls f(page address, flags) for the pages in [start, end) that have any of `mask`.
    template <class F>
    void for_each(u64 start, u64 end, PageFlags mask, F f) const {
        while (start < end) {
            u64 group_end = align_down(start, kGroupBytes) + kGroupBytes;
            if (!group_may_have(start, mask)) {
                start = group_end;
                continue;
            }
            for (; start < end && start < group_end; start += kPageSize) {
                PageFlags flags = get(start);
                if (has(flags, mask)) f(start, flags);
            }
        }
    }

    static constexpr u64 kGroupPages = 512, kGroupBytes = kGroupPages * kPageSize;
    static constexpr u8 kMixed = 0x80;  ///< of a group: its pages differ

    // Where things are in a table of another process: addresses from addresses.
    static constexpr u64 kChunkBytes = u64{1} << 38;
    static u64 chunk_pointer(u64 table, u64 address) { return table + (address >> kChunkBits) * sizeof(u64); }
    static u64 group_in_chunk(u64 address) { return group_index(address); }
    static u64 group_bytes(u64 chunk) { return chunk; }
    static u64 page_bytes(u64 chunk, u64 group) { return chunk + kChunkGroups + group * kGroupPages; }

private:
    static constexpr unsigned kChunkBits = 38;
    static constexpr u64 kChunkPages = u64{1} << (kChunkBits - 12);
    static constexpr u64 kChunkGroups = kChunkPages / kGroupPages;
    static constexpr u64 kChunks = 512;  // 2^47 bytes: all of the host's user addresses

    struct Chunk {
        std::atomic<u8> groups[kChunkGroups];
        std::atomic<u8> pages[kChunkPages];
    };

    static u64 page_index(u64 address) { return address >> 12 & (kChunkPages - 1); }
    static u64 group_index(u64 address) { return page_index(address) / kGroupPages; }

    bool group_may_have(u64 address, PageFlags mask) const {
        u64 number = address >> kChunkBits;
        const Chunk* chunk = number < kChunks ? chunks_[number].load(std::memory_order_acquire) : nullptr;
        if (!chunk) return false;
        u8 flags = chunk->groups[group_index(address)].load(std::memory_order_relaxed);
        return flags == kMixed || has(static_cast<PageFlags>(flags), mask);
    }
    Chunk* chunk(u64 number);
    void set_part_of_group(Chunk* chunk, u64 start, u64 end, u8 flags);

    std::atomic<Chunk*> chunks_[kChunks] = {};
};

}  // namespace dragoman::memory
