// What the engine keeps per thread that it works on: a worker translates, a vCPU also runs guest code.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "engine/cache/template_table.h"
#include "engine/call_trace.h"
#include "engine/engine.h"
#include "engine/region/loop_finder.h"
#include "engine/statistics.h"

namespace dragoman::engine {

/// Bits of Env::request.
enum Request : u32 {
    kRequestExternal = 1,   ///< request_exit: run() returns to its caller
    kRequestExclusive = 2,  ///< another vCPU wants to be alone
    kRequestStep = 4,       ///< leave after the TB that is about to run
};

/// A thread that translates. It is `running` while it may hold pointers to TBs or write code: code memory is
/// reused only in an exclusive section, when no other worker is running.
struct Worker : CodeRoom {
    explicit Worker(Engine::Impl& engine);
    Chunk* take_chunk() override;
    /// Another worker wants to be alone. Any thread.
    virtual void ask_to_leave() {}
    /// The guest state that the thread runs; null: none.
    virtual const ir::Env* guest_state() const { return nullptr; }

    Engine::Impl& engine;
    Translator translator;
    CodeSource* code_source = nullptr;
    std::atomic<bool> running{false};
    u64 cut_at = ir::kNoPc;             ///< where a block has ended last that was full, or at the end of a page
    std::vector<TemplateField> fields;  ///< of the template that is being made
    Statistics stats;
};

/// A block of one instruction of a section, as Vcpu::alone has it.
struct AloneBlock {
    TranslationBlock* tb = nullptr;
    u64 pc = 0;
    u32 flags = 0;
    u64 epoch = 0, reclaims = 0;  ///< it holds while Blocks::epoch and Impl::reclaims are these
};

struct Vcpu final : Worker, CodeWatcher {
    Vcpu(Engine::Impl& engine, ir::Env* env) : Worker(engine), env(env) {}
    const ir::Env* guest_state() const override { return env; }
    void watch_stores(const memory::Region& ram, u64 physical_page) override;
    void ask_to_leave() override { __atomic_fetch_or(&env->request, u32{kRequestExclusive}, __ATOMIC_SEQ_CST); }

    ir::Env* env;
    LoopFinder loops;
    TranslationBlock* left = nullptr;  ///< the TB that env->exit_host_pc is in (find_exit_pc) ...
    u64 left_reclaims = 0;             ///< ... while Impl::reclaims is this
    std::shared_ptr<CallTrace> trace;  ///< with Config::profile
    std::vector<AloneBlock> alone;     ///< for run_alone, by pc; empty before the first
    bool single_step = false;
    bool step_once = false;  ///< the next instruction writes code that was translated together with it (fault.cpp)

    /// Config::exact_counts: calls in code, while Impl::reclaims is `device_reclaims`, that are of the last instruction
    /// of their block.
    std::array<const u8*, 64> device_calls{};
    u64 device_reclaims = 0;
    i64 kept_budget = 0;  ///< taken off Env::insn_budget, so that the next block leaves (Config::exact_counts)

    // System mode
    std::unique_ptr<Softmmu> softmmu;
    std::unique_ptr<PhysicalCodeSource> physical_code;
    u64 code_physical = ~u64{0};  ///< where find_mapped has found the code that it has no TB for
    bool global_code = false;     ///< the mapping that find_or_translate has gone through last is global
};

inline Vcpu& vcpu_of(ir::Env* env) { return *static_cast<Vcpu*>(env->vcpu); }

}  // namespace dragoman::engine
