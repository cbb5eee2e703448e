// Restartable sequences (rseq(2)): what a thread has registered, and what becomes of its critical sections.
//
// The guest's struct rseq is registered with the host's kernel, which keeps its fields true and clears rseq_cs whenever
// it has taken the thread off its CPU or has given it a signal: no host address is ever inside a critical section of
// the guest. So who goes through a section instruction by instruction, and finds rseq_cs in place before each, knows
// that nothing has come between. What may still come behind the last look waits for a lock that belongs to the CPU.
#pragma once

#include <memory>

#include "base/bits.h"
#include "engine/sections.h"
#include "ir/env.h"

namespace dragoman::linux_abi {

class Task;
struct Process;

/// What a thread has registered.
struct RseqState {
    u64 address = 0;  ///< guest address of its struct rseq; 0: none
    u32 length = 0;
    u32 signature = 0;
    u64 abort_ip = 0;  ///< where the thread goes on, as something has happened in a critical section; 0: nothing has
};

/// Finds the critical sections of the process's code, registered or not.
std::unique_ptr<engine::SectionFinder> make_section_finder(Process& process);

/// Goes through the section at env->pc, up to its end or to what ends it before.
/// @returns Syscall, Exception: as Engine::run; None: the thread goes on at env->pc
ir::ExitReason run_section(Task& task);
/// Has the thread go on at the abort handler of the section that it was in.
void finish_abort(Task& task);

/// The thread ends: its struct may be gone as soon as others know.
void end_rseq(Task& task);
/// In the child of fork, which is alone. `shares`: the guest was told that it shares its parent's memory, so that it
/// has nothing registered.
void fork_rseq(Task& task, bool shares);

}  // namespace dragoman::linux_abi
