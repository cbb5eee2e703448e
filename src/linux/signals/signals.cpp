// Host signal handlers and delivery to the guest.
#include "linux/signals/signals.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>

#include "base/error.h"
#include "base/log.h"
#include "linux/arch.h"
#include "linux/core/core_dump.h"
#include "linux/process/libc_fork.h"
#include "linux/process/process.h"
#include "linux/strace/strace.h"
#include "linux/task.h"
#include "linux/trace/tracee.h"

extern "C" {
long dragoman_safe_syscall(const unsigned* queue_indices, long number, ...);
extern const char dragoman_safe_syscall_check[], dragoman_safe_syscall_insn[], dragoman_safe_syscall_interrupted[];
}

namespace dragoman::linux_abi {

namespace {

constexpr u64 kSigDfl = 0, kSigIgn = 1;
constexpr u32 kSsAutodisarm = 1u << 31;
constexpr std::size_t kHostStackSize = 128 << 10;
// Room in the queue for what can still arrive when the handler blocks everything.
constexpr u32 kQueueHighWater = SignalQueue::kCapacity - 4;

/// Signals whose default action does not end the process.
constexpr SignalSet kHarmless = signal_bit(SIGCHLD) | signal_bit(SIGURG) | signal_bit(SIGWINCH) | signal_bit(SIGCONT) |
                                signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU);

/// A debugger wants to see signals before their default action ends the process.
bool defaults_caught = false;
/// A tracer wants to see all of them.
bool all_caught = false;

/// Whether the default action of a signal is up to us, and not to the host: it would write a core dump of the
/// translator.
bool default_is_ours(int signal) {
    return all_caught || dumps_core(signal) || (defaults_caught && !(signal_bit(signal) & kHarmless));
}

/// The kernel's own struct, because the C library keeps signals 32 and 33 to itself.
struct HostSigaction {
    void* handler;
    unsigned long flags;
    void (*restorer)();
    u64 mask;
};
constexpr unsigned long kSaRestorer = 0x04000000;

extern "C" [[noreturn, gnu::used, gnu::visibility("hidden")]] void dragoman_sigreturn_refused();

void dragoman_sigreturn_refused() {
    constexpr std::string_view kText =
        "dragoman: rt_sigreturn is refused here, without which no signal can be handled\n";
    [[maybe_unused]] ssize_t written = ::write(2, kText.data(), kText.size());
    ::_exit(1);
}

extern "C" void dragoman_signal_restorer();
asm(".text\n"
    ".globl dragoman_signal_restorer\n"
    "dragoman_signal_restorer:\n"
    "    movq $15, %rax\n"  // rt_sigreturn
    "    syscall\n"
    // Only a filter that refuses the call lets it return. (The address behind the instruction has to lie inside, too,
    // for libc_fork.)
    "    call dragoman_sigreturn_refused\n"
    ".globl dragoman_signal_restorer_end\n"
    "dragoman_signal_restorer_end:\n");

SignalSet& context_mask(ucontext_t* uc) { return *reinterpret_cast<SignalSet*>(&uc->uc_sigmask); }

bool is_fault_signal(int signal) {
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP;
}

/// Whether the code says that an instruction caused the signal. The kernel has no greater ones.
bool is_fault_code(int signal, i32 code) {
    constexpr i32 kGreatestCode = 0xffff;
    return is_fault_signal(signal) && code > 0 && code <= kGreatestCode;
}

constexpr i32 kQueuedSign = std::numeric_limits<i32>::min();

void host_sigaction(int signal, void* handler, u64 guest_flags) {
    HostSigaction action{};
    action.handler = handler;
    action.flags = SA_SIGINFO | SA_ONSTACK | kSaRestorer | (guest_flags & (SA_NOCLDSTOP | SA_NOCLDWAIT));
    action.restorer = dragoman_signal_restorer;
    action.mask = ~kNeverBlocked;
    raw_syscall(SYS_rt_sigaction, static_cast<u64>(signal), reinterpret_cast<u64>(&action), 0, 8);
}

[[noreturn]] void kill_self(int signal) {
    host_sigaction(signal, reinterpret_cast<void*>(SIG_DFL), 0);
    SignalSet none = ~signal_bit(signal);
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<u64>(&none), 0, 8);
    raw_syscall(SYS_tgkill, static_cast<u64>(::getpid()), raw_syscall(SYS_gettid), static_cast<u64>(signal));
    ::_exit(128 + signal);
}

// A fault that is not the guest's is a bug of the translator.
[[noreturn]] void crash(int signal, const siginfo_t* info, const ucontext_t* uc) {
    char text[160];
    int n = std::snprintf(text, sizeof text, "dragoman: internal error: signal %d at host pc %#llx, address %p\n",
                          signal, static_cast<unsigned long long>(uc->uc_mcontext.gregs[REG_RIP]), info->si_addr);
    [[maybe_unused]] ssize_t written = ::write(2, text, static_cast<std::size_t>(n));
    kill_self(signal);
}

void interrupt(Task& task, ucontext_t* uc);

// A signal that the guest is to see. The kernel has it blocked now; on return from the handler, what the
// guest's handler blocks stays blocked, so that signals nest as they would natively.
void record(Task& task, int signal, const siginfo_t& info, ucontext_t* uc) {
    SignalState& state = task.signals;
    SignalSet& mask = context_mask(uc);
    if (signal_bit(signal) & kNeverBlocked) {
        SignalSet guest_mask = state.suspended ? state.suspend_mask : state.blocked;
        if (guest_mask & signal_bit(signal)) {
            if (!(state.held & signal_bit(signal))) (signal == SIGSEGV ? state.held_segv : state.held_bus) = info;
            state.held |= signal_bit(signal);
            return;
        }
    }
    if (state.queue.count() < SignalQueue::kCapacity) state.queue.put(info);
    const GuestSigaction& action = task.handlers->actions[signal];
    mask |= action.mask;
    if (!(action.flags & SA_NODEFER)) mask |= signal_bit(signal);
    if (state.queue.count() >= kQueueHighWater) mask = ~SignalSet{0};
    mask &= ~kNeverBlocked;
    state.host_blocked = mask;
    interrupt(task, uc);
}

// A call that has not begun yet, and translated code, are left for what is in the queue.
void interrupt(Task& task, ucontext_t* uc) {
    u64 pc = static_cast<u64>(uc->uc_mcontext.gregs[REG_RIP]);
    if (pc >= reinterpret_cast<u64>(dragoman_safe_syscall_check) &&
        pc <= reinterpret_cast<u64>(dragoman_safe_syscall_insn)) {
        uc->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(dragoman_safe_syscall_interrupted);
    }
    if (task.in_engine) task.process->engine->interrupt(task.env, uc);
}

void handle_host_signal(int signal, siginfo_t* info, void* context) {
    int saved_errno = errno;
    const bool is_fault = is_fault_code(signal, info->si_code);
    info->si_code = code_from_queue(signal, info->si_code);
    auto* uc = static_cast<ucontext_t*>(context);
    Task* task = Task::current();
    if (is_fault) {
        if (task == nullptr) crash(signal, info, uc);
        task->signals.fault_info = *info;
        if (task->process->engine->handle_fault(task->env, signal, info, uc) == engine::Engine::Fault::NotOurs) {
            crash(signal, info, uc);
        }
    } else if (signal == SIGSYS && info->si_code == kSysUserDispatch && in_libc_fork()) {
        make_diverted_syscall(uc);
    } else if (task != nullptr && trace::is_unanswered_stop(*task, signal, *info)) {
        // that is all
    } else if (task != nullptr && trace::is_request(signal, *info)) {
        if (task->signals.queue.count() < SignalQueue::kCapacity) task->signals.queue.put(*info);
        interrupt(*task, uc);
    } else if (task != nullptr) {
        record(*task, signal, *info, uc);
        if (in_libc_fork()) context_mask(uc) &= ~signal_bit(SIGSYS);
    }
    errno = saved_errno;
}

bool on_altstack(const SignalState& state, u64 sp) {
    if (state.altstack_flags & kSsAutodisarm) return false;
    return sp > state.altstack_sp && sp - state.altstack_sp <= state.altstack_size;
}

GuestSigaction action_of(Task& task, int signal) {
    LockGuard lock(task.handlers->lock);
    return task.handlers->actions[signal];
}

void reset_action(Task& task, int signal) {
    LockGuard lock(task.handlers->lock);
    task.handlers->actions[signal].handler = kSigDfl;
    install_host_action(signal, task.handlers->actions[signal]);
}

// Where the frame goes: below the stack pointer or at the top of the alternate stack.
// False: it would overflow the alternate stack that is in use.
bool choose_stack(Task& task, const GuestSigaction& action, u64& stack) {
    SignalState& state = task.signals;
    u64 sp = task.process->arch->stack_pointer(task.env);
    bool inside = on_altstack(state, sp);
    if (inside && !on_altstack(state, sp - task.process->arch->minimum_signal_stack(task.process->engine->model())))
        return false;
    bool enabled = !(state.altstack_flags & SS_DISABLE) && state.altstack_size != 0;
    stack = (action.flags & SA_ONSTACK) && enabled && !inside ? state.altstack_sp + state.altstack_size : sp;
    return true;
}

void enter_handler(Task& task, const siginfo_t& info, const GuestSigaction& action) {
    SignalState& state = task.signals;
    int signal = info.si_signo;
    u64 stack;
    finish_abort(task);
    if (!choose_stack(task, action, stack) ||
        !task.process->arch->push_signal_frame(task, {signal, info, action, state.blocked}, stack)) {
        siginfo_t fault{};
        fault.si_signo = SIGSEGV;
        fault.si_code = SI_KERNEL;
        if (signal == SIGSEGV) die_by_signal(task, fault);
        return force_signal(task, fault);
    }
    SignalSet mask = state.suspended ? state.suspend_mask : state.blocked;
    state.suspended = false;
    mask |= action.mask;
    if (!(action.flags & SA_NODEFER)) mask |= signal_bit(signal);
    state.blocked = mask & ~kUnblockable;
    if (action.flags & SA_RESETHAND) reset_action(task, signal);
    if (state.altstack_flags & kSsAutodisarm) {
        state.altstack_sp = state.altstack_size = 0;
        state.altstack_flags = SS_DISABLE;
    }
}

// SIGSEGV or SIGBUS that was sent while blocked and no longer is.
bool take_held(SignalState& state, siginfo_t& info) {
    SignalSet ready = state.held & ~(state.suspended ? state.suspend_mask : state.blocked);
    if (ready == 0) return false;
    bool segv = ready & signal_bit(SIGSEGV);
    info = segv ? state.held_segv : state.held_bus;
    state.held &= ~signal_bit(segv ? SIGSEGV : SIGBUS);
    return true;
}

void log_signal(const Task& task, const siginfo_t& info) {
    if (!log::enabled(log::Item::Int)) [[likely]]
        return;
    std::fprintf(log::stream(), "signal %d code %d at pc %#lx address %p\n", info.si_signo, info.si_code, task.env->pc,
                 info.si_code > 0 ? info.si_addr : nullptr);
}

// A debugger may replace the signal or swallow it. @returns whether there is still one
bool ask_debugger(Task& task, siginfo_t& info, GuestSigaction& action) {
    log_signal(task, info);
    Debugger* debugger = task.process->debugger;
    if (!debugger || task.vfork_child) [[likely]]
        return true;
    int signal = debugger->signal_arrived(task, info);
    if (signal == info.si_signo) return true;
    if (signal == 0) return false;
    info = {};
    info.si_signo = signal;
    action = action_of(task, signal);
    return action.handler != kSigIgn;
}

// The kernel knows when such a signal stops nothing (an orphaned process group), and by what a process was stopped.
void stop_by_default(Task& task, int signal) {
    if (signal != SIGSTOP) host_sigaction(signal, reinterpret_cast<void*>(SIG_DFL), 0);
    SignalSet set = signal_bit(signal), before = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, reinterpret_cast<u64>(&set), reinterpret_cast<u64>(&before),
                sizeof set);
    raw_syscall(SYS_tgkill, static_cast<u64>(::getpid()), static_cast<u64>(task.tid), static_cast<u64>(signal));
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<u64>(&before), 0, sizeof before);
    LockGuard lock(task.handlers->lock);
    if (signal != SIGSTOP) install_host_action(signal, task.handlers->actions[signal]);
}

// Of signals whose default action is up to us, and of others whose disposition has changed since they arrived.
void default_action(Task& task, const siginfo_t& info) {
    switch (info.si_signo) {
        case SIGCHLD:
        case SIGURG:
        case SIGWINCH:
        case SIGCONT: return;
        case SIGSTOP:
        case SIGTSTP:
        case SIGTTIN:
        case SIGTTOU: return stop_by_default(task, info.si_signo);
        default: die_by_signal(task, info);
    }
}

void deliver_one(Task& task, siginfo_t info, Restart& restart) {
    if (trace::is_request(info.si_signo, info)) return trace::deliver_request(task, info, restart);
    GuestSigaction action = action_of(task, info.si_signo);
    if (task.trace.traced()) [[unlikely]] {
        if (!trace::ask_about_signal(task, info, restart)) return;
        action = action_of(task, info.si_signo);
    }
    if (action.handler == kSigIgn) return;
    if (!ask_debugger(task, info, action)) return;
    if (task.process->options.strace) [[unlikely]]
        trace_signal(task, info.si_signo, info);
    if (action.handler == kSigDfl) return default_action(task, info);
    if (restart.kind == kRestartNoInterrupt || (restart.kind == kRestartSys && (action.flags & SA_RESTART))) {
        restart_now(task, restart);
    }
    restart.kind = 0;  // else the call gives EINTR
    enter_handler(task, info, action);
}

}  // namespace

SyscallResult safe_syscall(Task& task, long number, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5) {
    long result = dragoman_safe_syscall(task.signals.queue.indices(), number, a0, a1, a2, a3, a4, a5);
    if (result == -EINTR && !task.signals.queue.empty()) return kRestartSys;
    return result;
}

void make_host_signal_stack() {
    stack_t stack{};
    stack.ss_size = kHostStackSize;
    stack.ss_sp =
        ::mmap(nullptr, kHostStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack.ss_sp == MAP_FAILED) die(1, "out of memory for a signal stack");
    if (::sigaltstack(&stack, nullptr) != 0) die(1, "sigaltstack: %s", std::strerror(errno));
}

void free_host_signal_stack() {
    stack_t disable{}, old{};
    disable.ss_flags = SS_DISABLE;
    if (::sigaltstack(&disable, &old) == 0 && old.ss_sp) ::munmap(old.ss_sp, old.ss_size);
}

i32 queued_code(int signal, i32 code) { return is_fault_code(signal, code) ? code ^ kQueuedSign : code; }

i32 code_from_queue(int signal, i32 code) {
    return is_fault_code(signal, code ^ kQueuedSign) ? code ^ kQueuedSign : code;
}

void install_host_action(int signal, const GuestSigaction& action) {
    bool ours = all_caught || (signal_bit(signal) & kNeverBlocked);
    if (action.handler == kSigDfl && default_is_ours(signal)) ours = true;
    void* handler = reinterpret_cast<void*>(handle_host_signal);
    if (!ours && action.handler == kSigDfl) handler = reinterpret_cast<void*>(SIG_DFL);
    if (!ours && action.handler == kSigIgn) handler = reinterpret_cast<void*>(SIG_IGN);
    // Children of a process that ignores their end leave no zombies.
    const bool reaps = signal == SIGCHLD && action.handler == kSigIgn;
    host_sigaction(signal, handler, action.flags | (reaps ? SA_NOCLDWAIT : 0));
}

void catch_all_signals(Task& task, bool all) {
    LockGuard lock(task.handlers->lock);
    if (all_caught == all) return;
    all_caught = all;
    for (int signal = 1; signal <= kSignalCount; ++signal) {
        if (!(signal_bit(signal) & kUnblockable)) install_host_action(signal, task.handlers->actions[signal]);
    }
}

void init_signals(Task& task) {
    defaults_caught = task.process->debugger != nullptr;
    make_host_signal_stack();
    LockGuard lock(task.handlers->lock);
    for (int signal = 1; signal <= kSignalCount; ++signal) {
        if (signal_bit(signal) & kUnblockable) continue;
        HostSigaction old{};
        raw_syscall(SYS_rt_sigaction, static_cast<u64>(signal), 0, reinterpret_cast<u64>(&old), 8);
        bool ignored = old.handler == reinterpret_cast<void*>(SIG_IGN);
        if (ignored) task.handlers->actions[signal].handler = kSigIgn;
        if (default_is_ours(signal) || (signal_bit(signal) & kNeverBlocked)) {
            install_host_action(signal, task.handlers->actions[signal]);
        }
    }
    // Masks change all the time from here on, and nobody looks whether that is refused.
    SignalSet& blocked = task.signals.blocked;
    i64 error = raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, 0, reinterpret_cast<u64>(&blocked), 8);
    if (error == 0) error = raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<u64>(&blocked), 0, 8);
    if (error != 0) die(1, "rt_sigprocmask: %s", std::strerror(static_cast<int>(-error)));
    task.signals.host_blocked = kUnknownMask;
    set_host_mask(task, task.signals.blocked);
}

bool set_host_mask(Task& task, SignalSet mask) {
    SignalState& state = task.signals;
    mask &= ~kNeverBlocked;
    if (state.host_blocked == mask) return true;
    // First, because a signal may arrive as soon as the kernel has the new mask, and its handler knows better.
    state.host_blocked = mask;
    if (safe_syscall(task, SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<u64>(&mask), 0, 8) == 0) return true;
    state.host_blocked = kUnknownMask;
    return false;
}

SignalSet block_host_signals() {
    SignalSet all = ~kNeverBlocked, old = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<u64>(&all), reinterpret_cast<u64>(&old), 8);
    return old;
}

void restore_host_signals(SignalSet mask) {
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<u64>(&mask), 0, 8);
}

void restart_now(Task& task, Restart& restart) {
    if (restart.kind == 0) return;
    int number = restart.kind == kRestartBlock ? static_cast<int>(task.process->arch->restart_syscall_number) : -1;
    task.process->arch->restart_syscall(task.env, restart.first_argument, number);
    restart.kind = 0;
}

bool has_signals(const Task& task) {
    const SignalState& state = task.signals;
    return !state.queue.empty() || (state.held & ~state.blocked) != 0;
}

void deliver_signals(Task& task, Restart& restart) {
    SignalState& state = task.signals;
    siginfo_t info;
    do {
        while (take_held(state, info)) deliver_one(task, info, restart);
        while (!state.queue.empty()) deliver_one(task, state.queue.take(), restart);
        restart_now(task, restart);
        state.suspended = false;
    } while (!set_host_mask(task, state.blocked));
}

void deliver_signal(Task& task, siginfo_t info, Restart& restart) { deliver_one(task, info, restart); }

void force_signal(Task& task, siginfo_t info) {
    if (task.trace.traced()) [[unlikely]] {
        Restart none;
        if (!trace::ask_about_signal(task, info, none)) return;
    }
    GuestSigaction action = action_of(task, info.si_signo);
    if (!ask_debugger(task, info, action)) return;
    bool blocked = task.signals.blocked & signal_bit(info.si_signo);
    if (task.process->options.strace) [[unlikely]]
        trace_signal(task, info.si_signo, info);
    if (blocked || action.handler == kSigDfl || action.handler == kSigIgn) die_by_signal(task, info);
    enter_handler(task, info, action);
    Restart none;
    deliver_signals(task, none);
}

namespace {

constexpr int kCoreFlag = 0x80;  // of WCOREDUMP

[[noreturn]] void end_process(Task& task, int signal, bool dumped) {
    trace::exiting(task, signal | (dumped ? kCoreFlag : 0));
    if (task.process->options.strace) trace_end(task, 0, signal, dumped);
    if (task.process->debugger && !task.vfork_child) task.process->debugger->process_killed(signal);
    run_exit_hooks(task);
    if (dumps_core(signal)) prepare_host_death(task, dumped);
    kill_self(signal);
}

}  // namespace

void die_by_signal(Task& task, const siginfo_t& info) {
    end_process(task, info.si_signo, dumps_core(info.si_signo) && dump_core(task, info));
}

void end_by_signal(Task& task, int signal) { end_process(task, signal, false); }

void restore_altstack(Task& task, u64 sp, u64 size, u32 flags) {
    SignalState& state = task.signals;
    if (flags & SS_DISABLE) {
        state.altstack_sp = state.altstack_size = 0;
        state.altstack_flags = SS_DISABLE;
        return;
    }
    state.altstack_sp = sp;
    state.altstack_size = size;
    state.altstack_flags = flags & kSsAutodisarm;
}

}  // namespace dragoman::linux_abi
