// One byte of PageFlags per guest page, readable without a lock. The table is split in chunks of 2^38
// bytes of guest address space (64 MiB of table each, which the host backs only where it is touched).
#pragma once

#include <atomic>

#include "memory/user_space.h"

namespace dragoman::memory {

class PageFlagsTable {
public:
    ~PageFlagsTable();

    PageFlags get(u64 address) const {
        u64 chunk = address >> kChunkBits;
        if (chunk >= kChunks) return PageFlags::None;
        const std::atomic<u8>* table = chunks_[chunk].load(std::memory_order_acquire);
        if (!table) return PageFlags::None;
        return static_cast<PageFlags>(table[index(address)].load(std::memory_order_relaxed));
    }

    // Writers are serialised by the caller.

    /// Sets the flags of the pages in [start, end).
    void set(u64 start, u64 end, PageFlags flags);
    /// Calls f(page address, flags) for the pages in [start, end) that have any of `mask`.
    template <class F> void for_each(u64 start, u64 end, PageFlags mask, F f) const {
        for (u64 page = start; page < end; page += kPageSize) {
            PageFlags flags = get(page);
            if (has(flags, mask)) f(page, flags);
        }
    }

private:
    static constexpr unsigned kChunkBits = 38;
    static constexpr u64 kChunkPages = u64{1} << (kChunkBits - 12);
    static constexpr u64 kChunks = 512;  // 2^47 bytes: all of the host's user addresses

    static u64 index(u64 address) { return address >> 12 & (kChunkPages - 1); }
    std::atomic<u8>* chunk(u64 number);

    std::atomic<std::atomic<u8>*> chunks_[kChunks] = {};
};

}  // namespace dragoman::memory
