// System mode: the host faults that translated code may take by design, which are those of the back end's return
// stack at its guard page. In user mode the Linux layer owns the signals.
#include <csignal>
#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "engine/impl.h"

namespace dragoman::engine {

namespace {

thread_local ir::Env* running = nullptr;
struct sigaction previous_segv, previous_bus;  ///< handlers of others, who clean up before the process dies

void on_fault(int signal, siginfo_t* info, void* context) {
    auto* uc = static_cast<ucontext_t*>(context);
    if (running != nullptr &&
        vcpu_of(running).engine.engine.handle_fault(running, signal, info, uc) != Engine::Fault::NotOurs) {
        return;
    }
    if (memory::fix_copy_fault(uc)) return;
    // A failure of ours: fault again, without this handler.
    ::sigaction(signal, signal == SIGSEGV ? &previous_segv : &previous_bus, nullptr);
}

/// Signals cannot be handled on the return stack, which is what the stack pointer shows in translated code.
class SignalStack {
public:
    SignalStack() : memory_(std::make_unique<u8[]>(kSize)) {
        stack_t stack{.ss_sp = memory_.get(), .ss_flags = 0, .ss_size = kSize};
        DRAGOMAN_ASSERT(::sigaltstack(&stack, nullptr) == 0);
    }
    ~SignalStack() {
        stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
        ::sigaltstack(&none, nullptr);
    }

private:
    static constexpr std::size_t kSize = 64 << 10;
    std::unique_ptr<u8[]> memory_;
};

void install_handler() {
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(SIGSEGV, &action, &previous_segv);
    ::sigaction(SIGBUS, &action, &previous_bus);
}

}  // namespace

void guard_host_faults(ir::Env* env) {
    if (running == env) return;
    static const bool installed = (install_handler(), true);
    thread_local SignalStack stack;
    static_cast<void>(installed);
    static_cast<void>(stack);
    running = env;
}

void unguard_host_faults(ir::Env* env) {
    if (running == env) running = nullptr;
}

}  // namespace dragoman::engine
