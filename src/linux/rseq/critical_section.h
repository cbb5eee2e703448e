// Descriptors of critical sections (struct rseq_cs of linux/rseq.h).
#pragma once

#include <optional>

#include "base/bits.h"

namespace dragoman::linux_abi {

struct Process;

struct CriticalSection {
    u64 descriptor;  ///< guest address of what describes it
    u64 start, end;  ///< its code, end exclusive
    u64 abort_ip;
    u32 signature;  ///< in front of abort_ip

    bool contains(u64 pc) const { return pc >= start && pc < end; }
};

/// Reads a descriptor. @returns nothing when there is none at `address` that the kernel would take
std::optional<CriticalSection> read_critical_section(const Process& process, u64 address);

}  // namespace dragoman::linux_abi
