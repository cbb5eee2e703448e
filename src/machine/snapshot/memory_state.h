// The contents of a machine's memory (RAM, ROM and flash) as chunks of a saved machine.
#pragma once

#include <string>
#include <vector>

#include "machine/snapshot/chunks.h"
#include "memory/physical_space.h"

namespace dragoman::machine {

/// Writes all memory.
/// @param ram  RAM, too; false: only ROM and flash
void save_memory(const memory::PhysicalSpace& space, ChunkWriter& to, bool ram = true);
/// Writes the `pages` of 4 KiB of `region`, one bit each, from the lowest bit of the first word on.
void save_pages(const memory::Region& region, std::span<const u64> pages, ChunkWriter& to);

/// Takes memory chunks in, and knows whether there were all.
class MemoryLoader {
public:
    /// @param change  false: nothing is written
    MemoryLoader(memory::PhysicalSpace& space, bool change);
    /// @returns what was wrong; empty: nothing
    std::string take(const Chunk& chunk);
    /// Whether every page has been there.
    bool complete() const;

private:
    struct Seen {
        const memory::Region* region;
        std::vector<bool> pages;
    };
    std::string place(u64 address, u64 bytes, Seen*& seen);
    void write(u64 address, std::span<const u8> bytes);

    memory::PhysicalSpace& space_;
    const bool change_;
    std::vector<Seen> seen_;
};

}  // namespace dragoman::machine
