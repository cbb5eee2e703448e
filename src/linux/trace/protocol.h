// How a tracing and a traced translator speak to each other. The host's ptrace holds them together, and the host's
// kernel makes the stops; the registers and what else is the guest's is in a record in the traced one's memory.
// docs/architecture.md, "ptrace".
#pragma once

#include <linux/ptrace.h>

#include <csignal>
#include <cstddef>
#include <vector>

#include "base/bits.h"
#include "linux/signals/signal_state.h"

namespace dragoman::linux_abi {
struct Filter;
}

namespace dragoman::linux_abi::trace {

/// si_code of the SIGSEGV that a task sends to itself in order to stop; si_value is the address of its record. A
/// handler that gets it knows that nobody traces the task.
inline constexpr i32 kStopCode = -0x44524701;
/// si_code of the SIGSEGV that a tracer sends to a task, so that it knows that it is traced. si_value: Request.
/// si_errno: SIGSTOP, if that has arrived from si_pid, or 0.
inline constexpr i32 kRequestCode = -0x44524702;

/// The name of host threads that are none of the guest's: they cannot be traced.
inline constexpr const char* kHostThread = "dragoman-host";

/// What si_value of a request holds.
struct Request {
    u32 options;
    u8 seized;
    u8 syscalls;    ///< Record::syscalls
    u8 interrupts;  ///< PTRACE_INTERRUPT
    u8 unused;
};
static_assert(sizeof(Request) == sizeof(u64));

/// A register set (NT_PRSTATUS, NT_FPREGSET, NT_RISCV_VECTOR) as PTRACE_GETREGSET gives it.
struct RegisterSet {
    static constexpr std::size_t kLargest = 4352;  // vectors of 1024 bits
    u32 type;
    u32 size;     ///< 0: there is no such set
    u32 changed;  ///< by the tracer
    u32 unused;
    u8 bytes[kLargest];
};

/// Code that the tracer has written.
struct Range {
    u64 start, end;
};

/// A task's record. The task fills the first part before it stops; the tracer looks at it and changes it only while
/// the task stands still.
struct Record {
    static constexpr u64 kMagic = 0x3265636172746744;
    static constexpr unsigned kSets = 3, kRanges = 8;

    u64 magic = kMagic;
    u64 guest_base = 0;

    u32 status = 0;  ///< the stop's signal, and its event << 8
    u32 has_info = 0;
    u64 message = 0;  ///< PTRACE_GETEVENTMSG
    siginfo_t info{};
    SignalSet blocked = 0;
    ptrace_syscall_info call{};  ///< entry.args[0] is what the tracer makes of it; see syscall_info.h
    u64 filters = 0;             ///< pack_filters(): address there
    u64 filter_bytes = 0;
    u64 filter_mode = 0;  ///< SECCOMP_MODE_*
    RegisterSet sets[kSets]{};

    // In force until the tracer writes it anew.
    u32 options = 0;   ///< PTRACE_O_*
    u32 seized = 0;    ///< PTRACE_SEIZE, not PTRACE_ATTACH
    u32 syscalls = 0;  ///< PTRACE_SYSCALL: stops at system calls
    u32 detached = 0;  ///< nobody traces the task any more

    // The answer to a stop.
    u32 answered = 0;
    i32 signal = 0;  ///< to be delivered
    u32 info_changed = 0, blocked_changed = 0;
    u32 range_count = 0;  ///< greater than kRanges: anything may have been written
    u32 unused = 0;
    Range ranges[kRanges]{};

    // The task's own.
    std::vector<u8> packed_filters;  ///< pack_filters(packed)
    const Filter* packed = nullptr;
};

}  // namespace dragoman::linux_abi::trace
