// A guest program in an engine of its own, with its faults handled: for tests without an operating-system layer.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <span>
#include <string_view>

#include "engine/engine.h"

namespace dragoman::engine {

/// For guest_base: far above what a displacement reaches, and where the thread sanitizer keeps nothing.
#ifdef __SANITIZE_THREAD__
inline constexpr u64 kFarBase = 0x40'0000'0000, kOtherFarBase = 0x5500'0000'0000;
#else
inline constexpr u64 kFarBase = 0x7100'0000'0000, kOtherFarBase = 0x7200'0000'0000;
#endif

/// One vCPU in user mode. Made and used on one thread, which may have several, used in turn.
class Sandbox {
public:
    /// Maps [start, start + bytes) for the guest, which sees host address `guest_base` as its address 0.
    Sandbox(std::unique_ptr<guest::Model> model, std::string_view backend, u64 guest_base, u64 start, u64 bytes,
            const log::Selection& log = log::selection)
        : space_(guest_base) {
        install_handler();
        host::Options options;
        options.guest_base = guest_base;
        engine_ = std::make_unique<Engine>(std::move(model), backend == "x64" ? host::make_x64() : host::make_interp(),
                                           options, space_, Config{.tb_size = 16 << 20, .log = &log});
        EXPECT_EQ(space_.mmap(start, bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                              -1, 0),
                  static_cast<i64>(start));
        env_ = engine_->guest().cpu.create(engine_->model());
        engine_->attach(env_);
    }
    ~Sandbox() {
        engine_->detach(env_);
        engine_->guest().cpu.destroy(env_);
    }

    ir::Env* env() { return env_; }
    Engine& engine() { return *engine_; }
    template <class Insn>
    void write(u64 address, std::span<const Insn> code) {
        running = this;  // pages with translated code are not writable
        std::atomic_signal_fence(std::memory_order_seq_cst);
        std::memcpy(space_.host(address), code.data(), code.size_bytes());
        std::atomic_signal_fence(std::memory_order_seq_cst);
        running = nullptr;
    }
    ir::ExitReason run(u64 pc) {
        running = this;
        env_->pc = pc;
        ir::ExitReason reason = engine_->run(env_);
        running = nullptr;
        return reason;
    }

private:
    static void on_fault(int signal, siginfo_t* info, void* context) {
        auto* uc = static_cast<ucontext_t*>(context);
        if (running != nullptr &&
            running->engine_->handle_fault(running->env_, signal, info, uc) != Engine::Fault::NotOurs) {
            return;
        }
        std::signal(signal, SIG_DFL);
    }
    static void install_handler() {
        struct sigaction action {};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigaction(SIGSEGV, &action, nullptr);
        sigaction(SIGBUS, &action, nullptr);
        // Lives until the thread ends: translated code has a stack of its own.
        static thread_local std::unique_ptr<u8[]> memory = std::make_unique<u8[]>(kSignalStack);
        stack_t stack{.ss_sp = memory.get(), .ss_flags = 0, .ss_size = kSignalStack};
        sigaltstack(&stack, nullptr);
    }

    static constexpr std::size_t kSignalStack = 64 << 10;
    static inline thread_local Sandbox* running = nullptr;

    memory::UserSpace space_;
    std::unique_ptr<Engine> engine_;
    ir::Env* env_;
};

}  // namespace dragoman::engine
