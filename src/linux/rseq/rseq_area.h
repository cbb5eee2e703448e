// The guest's struct rseq (linux/rseq.h), which the host's kernel writes to.
#pragma once

#include <cstddef>

#include "base/bits.h"

namespace dragoman::linux_abi {

class Task;

struct RseqArea {
    u32 cpu_id_start, cpu_id;
    u64 rseq_cs;  ///< address of the descriptor of the critical section that the thread is in; 0: of none
    u32 flags;
    u32 node_id, mm_cid;  ///< Linux 6.3; 0 before
};
/// Bytes that every registration has.
inline constexpr u32 kRseqBytes = 32;
static_assert(sizeof(RseqArea) == kRseqBytes);

/// Reads what `task` has registered. @returns false when it cannot be read any more
bool read_area(const Task& task, RseqArea& area);
/// Says in it which critical section the thread is in. @returns false when it cannot be written any more
bool write_rseq_cs(Task& task, u64 descriptor);

}  // namespace dragoman::linux_abi
