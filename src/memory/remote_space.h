// The guest address space of another process that runs the same build of the translator, seen from outside: its tables
// are read from its memory. Nothing that is found there is trusted: at worst the answer is wrong about that process.
#pragma once

#include <functional>

#include "memory/user_space.h"

namespace dragoman::memory {

/// Host address, in every process of this build at the same distance from its image, of what leads to the tables.
u64 space_record_address();

/// Copies bytes from the other process's memory. False: not possible.
using RemoteRead = std::function<bool(void* to, u64 address, std::size_t bytes)>;

/// What the record of another process says.
struct RemoteSpace {
    u64 guest_base = 0, limit = 0;
    u64 brk_start = 0, brk_end = 0;
    u64 table = 0;  ///< address of its PageFlagsTable
};

/// Reads the record at `record_address`. False: it cannot be read, or there is no address space.
bool read_remote_space(const RemoteRead& read, u64 record_address, RemoteSpace& space);

/// Appends what the guest has mapped of [start, end), guest addresses that are one mapping of the other process's host,
/// as pieces with the same flags. A page that nobody may access cannot be told from one that is the translator's:
/// @param unmarked  whether such pages are the guest's
void append_remote_mappings(const RemoteRead& read, const RemoteSpace& space, u64 start, u64 end, bool unmarked,
                            std::vector<Mapping>& mappings);

}  // namespace dragoman::memory
