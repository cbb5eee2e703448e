// The execution loop on a toy guest, with each back end: chaining, calls, faults, exceptions, changed code.
#include "engine/engine.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <thread>

#include "toy/toy.h"

namespace dragoman::engine {
namespace {

using toy::Cpu;
using toy::Insn;

thread_local Engine* running_engine = nullptr;
thread_local ir::Env* running_env = nullptr;

void on_fault(int signal, siginfo_t* info, void* context) {
    auto* uc = static_cast<ucontext_t*>(context);
    if (running_engine != nullptr &&
        running_engine->handle_fault(running_env, signal, info, uc) != Engine::Fault::NotOurs) {
        return;
    }
    std::signal(signal, SIG_DFL);
}

class EngineTest : public testing::TestWithParam<const char*> {
protected:
    static constexpr u64 kCode = 0x10000000;

    void SetUp() override {
        if (!make_backend()) GTEST_SKIP() << "this build has no such back end";
        struct sigaction action {};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigaction(SIGSEGV, &action, nullptr);
        stack_t stack{.ss_sp = alternate_, .ss_flags = 0, .ss_size = sizeof alternate_};
        sigaltstack(&stack, nullptr);
        ASSERT_EQ(space_.mmap(kCode, 0x4000, PROT_READ | PROT_WRITE | PROT_EXEC,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                  static_cast<i64>(kCode));
        start({});
    }
    void TearDown() override {
        if (!engine_) return;
        stop();
        space_.munmap(kCode, 0x4000);
    }
    static std::unique_ptr<host::Backend> make_backend() {
        return std::string(GetParam()) == "x64" ? host::make_x64() : host::make_interp();
    }
    void start(const Config& config, const guest::Guest& guest = toy::guest()) {
        engine_ = std::make_unique<Engine>(std::make_unique<guest::Model>(guest, false), make_backend(),
                                           host::Options{}, space_, config);
        cpu_ = static_cast<Cpu*>(guest.cpu.create(engine_->model()));
        engine_->attach(cpu_);
        running_engine = engine_.get();
        running_env = cpu_;
    }
    void stop() {
        engine_->detach(cpu_);
        toy::guest().cpu.destroy(cpu_);
        running_engine = nullptr;
        running_env = nullptr;
        engine_.reset();
    }
    void write(u64 address, std::initializer_list<Insn> code) {
        std::memcpy(space_.host(address), code.begin(), code.size() * sizeof(Insn));
    }
    ir::ExitReason run(u64 pc = kCode) {
        cpu_->pc = pc;
        return engine_->run(cpu_);
    }

    /// The number in a line of the statistics.
    u64 statistic(std::string_view name) {
        const std::string text = engine_->statistics();
        const std::size_t line = text.find(name);
        return line == text.npos ? ~u64{0} : std::strtoull(text.c_str() + line + name.size(), nullptr, 10);
    }

    memory::UserSpace space_{0};
    std::unique_ptr<Engine> engine_;
    Cpu* cpu_ = nullptr;
    alignas(16) u8 alternate_[64 << 10];
};

TEST_P(EngineTest, RunsAChainedLoop) {
    write(kCode, {{toy::AddI, 0, 0, 3}, {toy::AddI, 1, 0, -1}, {toy::BranchNe, 1, 2, -2}, {toy::Halt}});
    cpu_->r[1] = 100000;
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[0], 300000u);
    EXPECT_EQ(cpu_->pc, kCode + 16);
}

TEST_P(EngineTest, CallsReturnAndRecurse) {
    // f: r0 += 1; r1 -= 1; if r1 != 0 call f (the return address is kept in memory at r3)
    write(kCode, {{toy::Call, 0, 0, 2},
                  {toy::Halt},
                  {toy::AddI, 3, 0, 8},
                  {toy::Store, 7, 3, 0},
                  {toy::AddI, 0, 0, 1},
                  {toy::AddI, 1, 0, -1},
                  {toy::BranchNe, 1, 2, 2},
                  {toy::Jump, 0, 0, 2},
                  {toy::Call, 0, 0, -6},
                  {toy::Load, 7, 3, 0},
                  {toy::AddI, 3, 0, -8},
                  {toy::Return}});
    cpu_->r[1] = 200;
    cpu_->r[3] = kCode + 0x2000;
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[0], 200u);
    EXPECT_EQ(cpu_->r[3], kCode + 0x2000);
}

TEST_P(EngineTest, IndirectJumpsReachTheirTarget) {
    write(kCode, {{toy::AddI, 0, 0, 1}, {toy::JumpReg, 4}, {toy::Halt}});
    write(kCode + 0x100, {{toy::AddI, 0, 0, 10}, {toy::JumpReg, 5}});
    cpu_->r[4] = kCode + 0x100;
    cpu_->r[5] = kCode + 8;
    for (int n = 1; n <= 3; ++n) {
        EXPECT_EQ(run(), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], 11u * n);
    }
}

TEST_P(EngineTest, FaultsArePrecise) {
    write(kCode, {{toy::AddI, 0, 0, 1}, {toy::AddI, 1, 0, 2}, {toy::Load, 2, 6, 8}, {toy::AddI, 0, 0, 5}, {toy::Halt}});
    cpu_->r[2] = 77;
    cpu_->r[6] = 0x20000000;
    EXPECT_EQ(run(), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, ir::kExceptionHostFault);
    EXPECT_EQ(cpu_->exception_value, 0x20000008u);
    EXPECT_EQ(cpu_->pc, kCode + 8);
    EXPECT_EQ(cpu_->r[0], 1u);
    EXPECT_EQ(cpu_->r[1], 2u);
    EXPECT_EQ(cpu_->r[2], 77u);
}

TEST_P(EngineTest, HelpersRaiseAtTheirInstruction) {
    write(kCode,
          {{toy::AddI, 0, 0, 1}, {toy::AddI, 1, 0, 2}, {toy::Raise, 0, 0, 42}, {toy::AddI, 0, 0, 5}, {toy::Halt}});
    EXPECT_EQ(run(), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, 42u);
    EXPECT_EQ(cpu_->exception_value, toy::kRaisedValue);
    EXPECT_EQ(cpu_->pc, kCode + 8);
    EXPECT_EQ(cpu_->r[0], 1u);
    EXPECT_EQ(cpu_->r[1], 2u);
}

TEST_P(EngineTest, StoresToCodeAreSeen) {
    // r0 += imm; the host rewrites the immediate between runs, the guest's own store the rest.
    write(kCode, {{toy::AddI, 0, 0, 1}, {toy::Halt}});
    write(kCode + 0x1000, {{toy::Store, 5, 6, 0}, {toy::Jump, 0, 0, 1}, {toy::JumpReg, 6}});
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
    for (u64 n = 1; n <= 40; ++n) {
        Insn changed[2] = {{toy::AddI, 0, 0, static_cast<i8>(n)}, {toy::Halt, 0, 0, 0}};
        std::memcpy(&cpu_->r[5], changed, 8);
        cpu_->r[6] = kCode;
        cpu_->r[0] = 0;
        EXPECT_EQ(run(kCode + 0x1000), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], n);
    }
}

TEST_P(EngineTest, StoresToTheNextInstructionTakeEffectAtOnce) {
    static const guest::Guest kPrecise = [] {
        guest::Guest g = toy::guest();
        g.precise_self_modification = true;
        return g;
    }();
    stop();
    start({}, kPrecise);
    write(kCode, {{toy::AddI, 1, 0, 1}, {toy::Store, 5, 6, 0}, {toy::AddI, 0, 0, 0}, {toy::Halt}});
    for (u64 n = 1; n <= 40; ++n) {
        Insn changed[2] = {{toy::AddI, 0, 0, static_cast<i8>(n)}, {toy::Halt, 0, 0, 0}};
        std::memcpy(&cpu_->r[5], changed, 8);
        cpu_->r[6] = kCode + 8;
        cpu_->r[0] = 0;
        EXPECT_EQ(run(), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], n);
        EXPECT_EQ(cpu_->r[1], n);
        EXPECT_EQ(cpu_->pc, kCode + 16);
    }
}

TEST_P(EngineTest, UnmappedCodeIsNotRun) {
    write(kCode, {{toy::AddI, 0, 0, 1}, {toy::Halt}});
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
    space_.mprotect(kCode, 0x1000, PROT_READ);
    EXPECT_EQ(run(), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, toy::kFetchFault);
    EXPECT_EQ(cpu_->r[0], 1u);
    space_.mprotect(kCode, 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC);
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
}

TEST_P(EngineTest, CodeRewrittenWhileNotExecutableIsSeen) {
    for (u64 n = 1; n <= 20; ++n) {
        space_.mprotect(kCode, 0x1000, PROT_READ | PROT_WRITE);
        write(kCode, {{toy::AddI, 0, 0, static_cast<i8>(n)}, {toy::Halt}});
        space_.mprotect(kCode, 0x1000, PROT_READ | PROT_EXEC);
        cpu_->r[0] = 0;
        EXPECT_EQ(run(), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], n);
    }
}

TEST_P(EngineTest, CodeThatBecomesWritableIsWatched) {
    write(kCode, {{toy::AddI, 0, 0, 1}, {toy::Halt}});
    space_.mprotect(kCode, 0x1000, PROT_READ | PROT_EXEC);
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
    space_.mprotect(kCode, 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC);
    write(kCode, {{toy::AddI, 0, 0, 10}});
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[0], 11u);
}

TEST_P(EngineTest, BreakpointsAndSingleStep) {
    write(kCode, {{toy::AddI, 0, 0, 1}, {toy::AddI, 0, 0, 1}, {toy::AddI, 0, 0, 1}, {toy::Halt}});
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
    engine_->set_breakpoint(kCode + 8, true);
    EXPECT_EQ(run(), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, ir::kExceptionDebug);
    EXPECT_EQ(cpu_->pc, kCode + 8);
    EXPECT_EQ(cpu_->r[0], 5u);
    engine_->set_single_step(cpu_, true);
    EXPECT_EQ(engine_->run(cpu_), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->pc, kCode + 12);
    EXPECT_EQ(cpu_->r[0], 6u);
    engine_->set_single_step(cpu_, false);
    engine_->set_breakpoint(kCode + 8, false);
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[0], 9u);
}

TEST_P(EngineTest, ARequestStopsAnEndlessLoop) {
    write(kCode, {{toy::AddI, 0, 0, 1}, {toy::Jump, 0, 0, -1}});
    std::thread other([this] {
        while (__atomic_load_n(&cpu_->jump_cache[0].pc, __ATOMIC_RELAXED) == 0) std::this_thread::yield();
        Engine::request_exit(cpu_);
    });
    EXPECT_EQ(run(), ir::ExitReason::Request);
    other.join();
    EXPECT_TRUE(cpu_->pc == kCode || cpu_->pc == kCode + 4);
}

TEST_P(EngineTest, TheBufferIsReclaimed) {
    stop();
    Config config;
    config.tb_size = 1 << 20;
    config.max_insns = 1;
    start(config);
    // Far more code than fits: 4096 instructions per round, a new set of translations each round.
    for (unsigned round = 0; round < 20; ++round) {
        for (u64 n = 0; n < 4095; ++n) write(kCode + 4 * n, {{toy::AddI, 0, 0, 1}});
        write(kCode + 4 * 4095, {{toy::Halt}});
        cpu_->r[0] = 0;
        EXPECT_EQ(run(), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], 4095u);
        engine_->invalidate(kCode, kCode + 0x4000);
    }
    EXPECT_EQ(engine_->statistics().find("regions reclaimed                             0"), std::string::npos);
}

TEST_P(EngineTest, AnotherThreadTranslates) {
    constexpr u64 kBlocks = 100, kFirst = kCode + 0x1000, kDistance = 32;
    write(kCode, {{toy::AddI, 0, 0, 1}, {toy::Jump, 0, 0, -1}});
    for (u64 n = 0; n < kBlocks; ++n) write(kFirst + n * kDistance, {{toy::AddI, 1, 0, 1}, {toy::Jump, 0, 0, 7}});
    write(kFirst + kBlocks * kDistance, {{toy::Halt}});
    std::thread other([this] {
        Engine::Background background(*engine_);
        for (u64 n = 0; n <= kBlocks; ++n) EXPECT_TRUE(background.translate(kFirst + n * kDistance, 0)) << n;
        EXPECT_TRUE(background.translate(kFirst, 0));
        EXPECT_FALSE(background.translate(0x1000, 0));
        // The vCPU runs all the while, and goes on in what was made.
        while (__atomic_load_n(&cpu_->jump_cache[kCode >> 1 & (ir::kJumpCacheSize - 1)].pc, __ATOMIC_RELAXED) !=
               kCode) {
            std::this_thread::yield();
        }
        Engine::request_exit(cpu_);
    });
    EXPECT_EQ(run(), ir::ExitReason::Request);
    other.join();
    const u64 translated = statistic("TBs translated");
    EXPECT_EQ(run(kFirst), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[1], kBlocks);
    EXPECT_EQ(statistic("TBs translated"), translated);
}

TEST_P(EngineTest, AnotherThreadTranslatesCodeThatChanges) {
    std::atomic<bool> done{false};
    std::thread other([&] {
        Engine::Background background(*engine_);
        while (!done.load()) background.translate(kCode, 0);
    });
    for (i8 n = 1; n <= 100; ++n) {
        write(kCode, {{toy::AddI, 0, 0, n}, {toy::Halt}});
        cpu_->r[0] = 0;
        EXPECT_EQ(run(), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], static_cast<u64>(n));
    }
    done = true;
    other.join();
}

TEST_P(EngineTest, AnotherThreadFillsTheBuffer) {
    stop();
    Config config;
    config.tb_size = 1 << 20;
    start(config);
    write(kCode, {{toy::AddI, 0, 0, 1}, {toy::Jump, 0, 0, -1}});
    for (u64 n = 0; n < 100; ++n) write(kCode + 0x1000 + 4 * n, {{toy::AddI, 1, 0, 1}});
    write(kCode + 0x1000 + 400, {{toy::Halt}});
    std::thread other([this] {
        Engine::Background background(*engine_);
        for (u32 flags = 0; flags < 4000; ++flags) EXPECT_TRUE(background.translate(kCode + 0x1000, flags));
        Engine::request_exit(cpu_);
    });
    EXPECT_EQ(run(), ir::ExitReason::Request);
    other.join();
    EXPECT_NE(statistic("regions reclaimed"), 0u);
    EXPECT_EQ(run(kCode + 0x1000), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[1], 100u);
}

TEST_P(EngineTest, WhatRunsMuchIsTranslatedAgain) {
    constexpr u64 kPasses = 100000;
    // A circle by indirect jumps: no loop that would be found as one.
    write(kCode, {{toy::AddI, 0, 0, 1}, {toy::JumpReg, 4}});
    write(kCode + 0x100, {{toy::AddI, 1, 0, -1}, {toy::BranchNe, 1, 2, 2}, {toy::Halt}, {toy::JumpReg, 5}});
    for (const bool tiers : {true, false}) {
        stop();
        start({.tiers = tiers});
        cpu_->r[1] = kPasses;
        cpu_->r[4] = kCode + 0x100;
        cpu_->r[5] = kCode;
        EXPECT_EQ(run(), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], kPasses);
        EXPECT_EQ(cpu_->r[1], 0u);
        EXPECT_EQ(cpu_->pc, kCode + 0x10c);
        EXPECT_EQ(statistic("TBs translated again") >= 2, tiers && std::string(GetParam()) == "x64");
        // What has taken a place is dropped when the code changes.
        write(kCode, {{toy::AddI, 0, 0, 2}});
        cpu_->r[0] = 0;
        cpu_->r[1] = 10;
        EXPECT_EQ(run(), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], 20u);
        write(kCode, {{toy::AddI, 0, 0, 1}});
    }
}

TEST_P(EngineTest, LinksGoOnToWhatTakesAPlace) {
    // Two callers of one function, which returns: r0 counts its calls.
    write(kCode, {{toy::Call, 0, 0, 32},
                  {toy::Call, 0, 0, 31},
                  {toy::AddI, 1, 0, -1},
                  {toy::BranchNe, 1, 2, 2},
                  {toy::Halt},
                  {toy::JumpReg, 5}});
    write(kCode + 128, {{toy::AddI, 0, 0, 1}, {toy::Return}});
    cpu_->r[1] = 50000;
    cpu_->r[5] = kCode;
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[0], 100000u);
    EXPECT_EQ(statistic("TBs translated again") >= 2, std::string(GetParam()) == "x64");
}

INSTANTIATE_TEST_SUITE_P(Backends, EngineTest, testing::Values("interp", "x64"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace dragoman::engine
