// A guest thread and the process that it belongs to, as the system-call layer sees them.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/engine.h"
#include "linux/debugger.h"
#include "linux/filter/filter.h"
#include "linux/memory/mapping_policy.h"
#include "linux/rseq/rseq.h"
#include "linux/signals/signal_state.h"
#include "linux/trace/trace_state.h"
#include "memory/user_space.h"

namespace dragoman::linux_abi {

class Task;
struct Arch;
struct SemihostingState;

/// What the command line decided about the process.
struct ProcessOptions {
    std::string sysroot;        ///< -L, no trailing slash; empty: none
    std::string uname_release;  ///< -r
    std::string argv0;          ///< -0
    bool argv0_set = false;
    std::vector<std::string> environment;  ///< guest's, after -E and -U
    bool strace = false;
    bool strace_pids = false;  ///< the process is not the only one that is traced
    u64 stack_size = 0;        ///< -s; 0: what RLIMIT_STACK says
    bool seed_set = false;
    u64 seed = 0;                           ///< -seed: AT_RANDOM and getrandom
    std::string self;                       ///< path of this translator, for exec of guest programs
    std::vector<std::string> self_options;  ///< options to pass on to it
    std::string policy;                     ///< for inherit_policy; empty: nothing
    std::string filters;                    ///< for inherit_filters; empty: nothing
    std::string tracing;                    ///< for inherit_tracing; empty: nothing
};

/// The guest process: shared by all its tasks.
struct Process {
    ProcessOptions options;
    const Arch* arch = nullptr;
    const guest::Guest* guest = nullptr;
    engine::Engine* engine = nullptr;
    memory::UserSpace* space = nullptr;
    std::string exe_path;                ///< real path of the guest program, for /proc/self/exe
    u64 exe_device = 0, exe_inode = 0;   ///< which file that was
    std::vector<std::string> arguments;  ///< for /proc/self/cmdline
    std::vector<u64> auxv;               ///< for /proc/self/auxv
    u64 stack_top = 0, stack_low = 0;    ///< guest addresses of the main stack
    u64 start_stack = 0;                 ///< the stack pointer at the entry point
    u64 arg_start = 0, arg_end = 0, env_start = 0, env_end = 0;
    u64 vdso = 0;  ///< guest address of the vDSO image
    u64 start_code = 0, end_code = 0, start_data = 0, end_data = 0;
    MappingPolicy policy;
    pid_t pid = 0;
    Mutex tasks_lock;
    std::vector<Task*> tasks DRAGOMAN_GUARDED_BY(tasks_lock);
    std::atomic<bool> had_threads{false};  ///< has, or had, more than one task
    u32 elf_flags = 0;                     ///< e_flags of the program
    std::atomic<bool> dumping{false};      ///< a task writes a core dump, and then ends the process
    Debugger* debugger = nullptr;          ///< -g; not owned
    SyscallHooks syscall_hooks;            ///< see each system call before it is made; not owned
    /// Called once before the process ends, on whatever thread ends it.
    std::vector<std::function<void()>> exit_hooks;
    std::atomic<bool> exit_hooks_done{false};
    std::shared_ptr<SemihostingState> semihosting DRAGOMAN_GUARDED_BY(tasks_lock);  ///< null before the first call

    u8* host(u64 address) const { return space->host(space->untagged(address)); }
};

/// One guest thread; runs on one host thread.
class Task {
public:
    Task();
    ~Task();
    Task(const Task&) = delete;

    Process* process = nullptr;
    ir::Env* env = nullptr;
    pid_t tid = 0;
    u64 clear_child_tid = 0;   ///< set_tid_address / CLONE_CHILD_CLEARTID
    u64 robust_list = 0;       ///< guest address, as given to set_robust_list
    bool exiting = false;      ///< the thread ends when its current system call is over
    bool in_engine = false;    ///< inside Engine::run: a signal has to interrupt it
    bool vfork_child = false;  ///< shares the memory of its suspended parent
    SignalState signals;
    FilterState filter;                        ///< seccomp
    RseqState rseq;                            ///< restartable sequences
    TraceState trace;                          ///< by whom it is traced
    std::unique_ptr<trace::Tracer> tracer;     ///< whom it traces; null before its first ptrace call
    std::shared_ptr<SignalHandlers> handlers;  ///< sigaction table, shared by the tasks of a process

    /// The calling thread's task.
    static Task* current();
    static void set_current(Task* task);

    u8* host(u64 address) const { return process->host(address); }
    memory::UserSpace& space() const { return *process->space; }

    // Guest memory, checked: false (nothing or only a part copied) where it may not be accessed.
    bool read(void* to, u64 address, std::size_t bytes) const;
    bool write(u64 address, const void* from, std::size_t bytes) const;
    template <class T>
    bool read(T& to, u64 address) const {
        return read(&to, address, sizeof(T));
    }
    template <class T>
    bool write(u64 address, const T& from) const {
        return write(address, &from, sizeof(T));
    }
    /// Reads a NUL-terminated string of at most `limit` bytes.
    /// @returns 0, -EFAULT or -ENAMETOOLONG.
    i64 read_string(std::string& to, u64 address, std::size_t limit = 4096) const;
};

}  // namespace dragoman::linux_abi
