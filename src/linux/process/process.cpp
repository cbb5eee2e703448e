// Start and end of the guest process, and the loop of its tasks.
#include "linux/process/process.h"

#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "linux/arch.h"
#include "linux/dispatch.h"
#include "linux/filter/inherit.h"
#include "linux/memory/memory_limits.h"
#include "linux/proc/host_view.h"
#include "linux/proc/proc_files.h"
#include "linux/program/loader.h"
#include "linux/signals/signals.h"
#include "linux/strace/strace.h"
#include "linux/trace/tracee.h"

namespace dragoman::linux_abi {

namespace {

void name_process(const std::string& program) { ::prctl(PR_SET_NAME, program.substr(program.rfind('/') + 1).c_str()); }

void handle_exception(Task& task, const Arch& arch) {
    if (task.env->exception == ir::kExceptionDebug && task.process->debugger) {
        task.process->debugger->debug_exception(task);
        return;
    }
    if (arch.handle_call != nullptr && arch.handle_call(task)) return;
    siginfo_t info;
    arch.exception_signal(task, info);
    if (info.si_signo == SIGSEGV && info.si_code == SEGV_MAPERR) {
        rlimit stack{RLIM_INFINITY, RLIM_INFINITY};
        ::getrlimit(RLIMIT_STACK, &stack);
        if (task.space().grow_down(reinterpret_cast<u64>(info.si_addr), stack.rlim_cur)) return;
    }
    force_signal(task, info);
}

}  // namespace

void run_task(Task& task) {
    const Arch& arch = *task.process->arch;
    engine::Engine& engine = *task.process->engine;
    Restart restart;
    while (!task.exiting) {
        if (task.rseq.abort_ip != 0) [[unlikely]]
            finish_abort(task);
        if (task.trace.starts_stopped) [[unlikely]]
            trace::start(task);
        if (task.process->debugger) [[unlikely]]
            task.process->debugger->before_run(task);
        // From here on a signal interrupts the engine; one that came before is seen now.
        task.in_engine = true;
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (has_signals(task)) [[unlikely]] {
            task.in_engine = false;
            deliver_signals(task, restart);
            continue;
        }
        if (restart.kind != 0) [[unlikely]]
            restart_now(task, restart);
        ir::ExitReason reason = engine.run(task.env);
        if (reason == ir::ExitReason::Exception && task.env->exception == ir::kExceptionSection) [[unlikely]]
            reason = run_section(task);
        task.in_engine = false;
        if (reason == ir::ExitReason::Syscall) {
            handle_syscall(task, arch, restart);
        } else if (reason == ir::ExitReason::Exception) {
            handle_exception(task, arch);
        }
    }
}

namespace {

/// Where locks cannot wait, the C library ends the process as soon as two threads want one.
void check_futex() {
    u32 word = 0;
    if (::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0) < 0)
        die(1, "futex: %s", std::strerror(errno));
}

}  // namespace

void run_process(Process& process, Program program, const std::function<void()>& loaded) {
    check_futex();
    process.engine->set_section_finder(make_section_finder(process).release());
    Task task;
    task.process = &process;
    task.tid = process.pid = ::getpid();
    task.handlers = std::make_shared<SignalHandlers>();
    task.env = process.guest->cpu.create(process.engine->model());
    process.engine->attach(task.env);
    process.tasks.push_back(&task);
    Task::set_current(&task);
    init_signals(task);

    EntryPoint entry = load_program(process, program);
    limit_space(*process.space);
    inherit_filters(task, process.options.filters);
    program.file = Descriptor();  // to the guest it never was open
    loaded();
    process.arch->set_entry_state(task.env, entry.pc, entry.stack);
    name_process(program.name);
    process.start_stack = entry.stack;
    publish_to_host(process);
    if (process.options.strace) trace_start(task);
    if (log::enabled(log::Item::Page)) std::fputs(maps_text(own_memory(process)).c_str(), log::stream());
    if (process.debugger) process.debugger->task_started(task);
    if (!process.options.tracing.empty()) trace::inherit_tracing(task, process.options.tracing);
    run_task(task);
    // Other threads go on: only this host thread may end, without the C library's knowledge.
    end_task(task);
    for (;;) raw_syscall(SYS_exit, 0);  // the last thread says how the process ends
}

void run_exit_hooks(Task& task) {
    if (task.vfork_child || task.process->exit_hooks_done.exchange(true)) return;
    for (auto& hook : task.process->exit_hooks) hook();
}

void exit_process(Task& task, int status) {
    trace::exiting(task, (status & 0xff) << 8);
    while (task.process->dumping) ::pause();  // another thread ends the process, by a signal
    if (task.process->options.strace) trace_end(task, status & 0xff, 0);
    if (task.process->debugger && !task.vfork_child) task.process->debugger->process_exiting(status & 0xff);
    run_exit_hooks(task);
    for (;;) raw_syscall(SYS_exit_group, static_cast<u64>(status));
}

}  // namespace dragoman::linux_abi
