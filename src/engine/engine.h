// The translation engine: finds or makes translations and runs them. One Engine per guest process or machine, of which
// there may be several in this process; one Vcpu per guest thread or hart.
#pragma once

#include <csignal>
#include <memory>
#include <span>
#include <string>

#include "base/log.h"
#include "base/thread_annotations.h"
#include "engine/observer.h"
#include "engine/profile.h"
#include "engine/sections.h"
#include "engine/symbols.h"
#include "guest/guest.h"
#include "host/host.h"
#include "memory/physical_space.h"
#include "memory/user_space.h"

namespace dragoman::engine {

class Observer;  // engine/observer.h

struct Config {
    u64 tb_size = u64{256} << 20;        ///< bytes of code buffer (-tb-size, MiB there)
    bool one_insn_per_tb = false;        ///< -one-insn-per-tb
    bool chain = true;                   ///< -d nochain turns it off
    u32 max_insns = 128;                 ///< guest instructions per TB
    bool optimise = true;                ///< run the IR passes
    bool tiers = true;                   ///< user mode: but only on what has run for a while (-tb-tiers)
    std::string cache_directory;         ///< path of the translation cache's directory (-tb-cache); empty: none
    u64 cache_limit = u64{512} << 20;    ///< bytes that the files in it may have together
    std::string system_cache_directory;  ///< another one, which is only read (-tb-cache-system); empty: none
    bool keep_all = false;               ///< -cache warm: new translations are kept however few they are
    const log::Selection* log = &log::selection;  ///< what is logged of this engine (-d, -dfilter); not owned
    Observer* observer = nullptr;                 ///< told of every translation (-perfmap, -jitdump); not owned
    Symbols* symbols = nullptr;                   ///< names of guest addresses in listings; not owned
    bool profile = false;                         ///< count executions and keep the listings of all TBs (--explain)
    bool count_insns = false;  ///< each TB takes its instructions off Env::insn_budget, which ends run() when used up
    /// With count_insns: to the instruction, wherever TBs begin and end. run() executes as many as the budget says, a
    /// trap counts as the instruction that takes it, and time is seen to the instruction; after an access to a device
    /// run() returns at once where request_exit was called during it.
    bool exact_counts = false;
};

struct Vcpu;

/// What the guest's helpers ask of the machine around the engine (system mode). Called on the hart's thread.
class MachineHooks {
public:
    virtual ~MachineHooks() = default;
    /// The machine's real-time counter (RISC-V: mtime).
    virtual u64 time_ticks(ir::Env* env) = 0;
    /// The counter of cycles and of retired instructions.
    virtual u64 cycles() = 0;
    /// Fills `bytes` with random numbers.
    virtual void entropy(std::span<u8> bytes) = 0;
    /// SystemOps::next_timer of the hart gives another deadline now.
    virtual void timer_changed(ir::Env* env) = 0;
};

class Engine {
public:
    Engine(std::unique_ptr<guest::Model> model, std::unique_ptr<host::Backend> backend,
           const host::Options& host_options, memory::UserSpace& space, const Config& config);
    /// System mode: harts' accesses go through softmmu to `physical`. run() returns guest exceptions as Exception, and
    /// Halt for a hart that waits for an interrupt; taking traps is the caller's part (SystemOps).
    Engine(std::unique_ptr<guest::Model> model, std::unique_ptr<host::Backend> backend,
           const host::Options& host_options, memory::PhysicalSpace& physical, MachineHooks& hooks,
           const Config& config);
    ~Engine();

    const guest::Guest& guest() const;
    guest::Model& model() const;              ///< the CPU of all vCPUs
    const log::Selection& log() const;        ///< what is logged
    memory::UserSpace& space() const;         ///< user mode
    memory::PhysicalSpace& physical() const;  ///< system mode
    MachineHooks& hooks() const;              ///< system mode

    /// Makes `env` (from guest.cpu.create or clone) runnable by the calling thread. Owned by the
    /// caller; detach before destroying env.
    void attach(ir::Env* env);
    void detach(ir::Env* env);

    /// Runs guest code from env->pc until something that the caller must handle: Syscall, Exception
    /// or Request (env->request was set; run clears it before it returns).
    ir::ExitReason run(ir::Env* env);

    /// User mode: whom the engine asks for sections before code may run for the first time. Before anything runs; not
    /// owned.
    void set_section_finder(SectionFinder* finder);
    /// The section that `pc` is in, if it is in one.
    std::optional<Section> section_at(u64 pc) const;
    /// What was a section is plain code from now on.
    void remove_section(const Section& section);
    /// Runs the instruction at env->pc alone, also inside a section, from a translation that is kept for that.
    /// @returns Syscall or Exception as run() does, None when the guest goes on at env->pc
    ir::ExitReason run_alone(ir::Env* env);
    /// Pages of [address, address + bytes) stay writable for the host's kernel even when they hold translated code.
    void keep_writable(u64 address, u64 bytes);

    /// Asks the vCPU to return from run() with Request soon. Async-signal-safe, any thread.
    static void request_exit(ir::Env* env);

    /// Drops all translations of guest code in [start, end). Any thread.
    void invalidate(u64 start, u64 end);
    /// fence.i and riscv_flush_icache: what the guest has written in [start, end) may now be executed. Drops
    /// translations of code that has changed where page protection does not see stores: shared mappings
    /// (everywhere), and pages that are often written and flushed.
    void fence_i(u64 start = 0, u64 end = ~u64{0});

    /// First thing in the host's SIGSEGV / SIGBUS / SIGILL / SIGFPE / SIGTRAP handler.
    enum class Fault {
        NotOurs,   ///< the fault is not in translated code or a checked copy
        Resolved,  ///< return from the handler: execution goes on (self-modifying code, fix-up)
        Guest,     ///< a guest access faulted: env is precise, env->pc is the instruction; on return
                   ///< from the handler run() returns Exception with kExceptionHostFault
    };
    Fault handle_fault(ir::Env* env, int signal, siginfo_t* info, ucontext_t* uc);

    /// A host signal arrived while `env` was running. If the thread is in translated code, run()
    /// returns Request soon; no state is lost. Called from signal handlers.
    void interrupt(ir::Env* env, ucontext_t* uc);

    /// Raises a guest exception from a helper with HelperFlags::MayRaise: env is made precise for the
    /// calling instruction and run() returns Exception.
    [[noreturn]] void raise(ir::Env* env, u32 exception, u64 value);
    /// The same of an access to memory; but where the guest wants to do it another way (CpuOps::retry_access), the
    /// instruction runs again.
    [[noreturn]] void raise_access(ir::Env* env, u32 exception, u64 value);
    /// As CpuOps::retry_access, for a running helper: returns only when the guest does not want to.
    void retry_access(ir::Env* env);
    /// As raise, but run() returns `reason` and the guest goes on at env->pc as the helper has set it.
    [[noreturn]] void leave(ir::Env* env, ir::ExitReason reason);

    /// Debugger support: breakpoints end TBs at `pc` with kExceptionDebug; single step runs one
    /// instruction per run().
    void set_breakpoint(u64 pc, bool on);
    void set_single_step(ir::Env* env, bool on);
    /// System mode: run() returns kExceptionWatch before an instruction that accesses part of [address, address +
    /// length), guest virtual addresses of any hart. A debugger steps over it without the watchpoint. While no hart
    /// runs.
    void set_watchpoint(u64 address, u64 length, bool load, bool store, bool on);

    /// System mode: debugger access to guest virtual memory as `env` sees it, without permission checks; code that
    /// changes is translated anew. @returns bytes that could NOT be accessed.
    u64 debug_read(ir::Env* env, u64 address, void* to, u64 bytes);
    u64 debug_write(ir::Env* env, u64 address, const void* from, u64 bytes);

    /// Keeps all other vCPUs out of guest code for good; their states are precise. The process is about to end. Outside
    /// run().
    void stop_others(ir::Env* env);

    /// Around fork, in the forking thread. begin_fork comes before all other locks are taken: it waits until no other
    /// thread rearranges the code buffer, and lets none begin to. before_fork waits until no other thread is inside the
    /// engine's own locks; in the child only the calling thread goes on. The checker of locks cannot follow, as they
    /// are held from one call to the next.
    void begin_fork() DRAGOMAN_UNCHECKED_LOCKING;
    void before_fork() DRAGOMAN_UNCHECKED_LOCKING;
    void after_fork(ir::Env* env, bool child) DRAGOMAN_UNCHECKED_LOCKING;

    /// Translates for the vCPUs on a thread that runs none (user mode). One per such thread; gone before the engine.
    class Background {
    public:
        explicit Background(Engine& engine);
        ~Background();
        /// Makes the TB at guest address `pc` for the state flags `tb_flags`, unless there is one.
        /// @returns whether vCPUs find it now; there is none where nothing may be fetched
        bool translate(u64 pc, u32 tb_flags);

    private:
        struct State;
        std::unique_ptr<State> state_;
    };

    /// The process has mapped code of the translator's own at `start`, the same in all processes: its translations are
    /// kept like those of a file.
    void keep_own_code(u64 start, std::span<const u8> code);
    /// Writes new translations to the translation cache: the process is about to end, or to execute another
    /// program (`exec`, after which it may go on if that fails).
    void save_translations(bool exec);

    /// Text of -d stats.
    std::string statistics() const;
    /// With Config::profile: all TBs that were translated, and how they have run so far.
    Profile::Snapshot profile() const;

    struct Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace dragoman::engine
