// The inside of the engine, shared by its source files: the parts that it is put together from, and what connects them.
//
// Locks, in the order in which they are taken: Workers::lock, Blocks::lock, a hart's softmmu tables. The user space has
// locks of its own, which may be held when it calls invalidate(): so nothing here calls the user space with
// Blocks::lock held. Lookups of TBs take no lock.
//
// A worker is `running` while its thread may hold pointers to TBs or executes their code. Code memory is
// reused only in an exclusive section, when no other worker is running.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "engine/blocks.h"
#include "engine/cache/image_mender.h"
#include "engine/cache/kept_blocks.h"
#include "engine/code_policy.h"
#include "engine/runtime.h"
#include "engine/vcpu.h"
#include "engine/workers.h"

namespace dragoman::engine {

/// System mode: host faults of this thread in translated code are `env`'s (host_faults.cpp).
void guard_host_faults(ir::Env* env);
/// `env` goes away.
void unguard_host_faults(ir::Env* env);

/// How far behind a block those are that belong to the same loop or function as a rule.
inline constexpr u64 kNearBytes = 1024;
/// Entries into TBs that count them, of any, from one sample to the next: Env::entries_left counts them down.
inline constexpr u32 kEntrySample = 16384;

struct Engine::Impl {
    Impl(Engine& engine, std::unique_ptr<guest::Model> model, std::unique_ptr<host::Backend> backend,
         const host::Options& host_options, memory::UserSpace* space, memory::PhysicalSpace* physical,
         MachineHooks* hooks, const Config& config);

    Engine& engine;
    std::unique_ptr<guest::Model> model;
    const guest::Guest& guest;  ///< the model's
    std::unique_ptr<host::Backend> backend;
    host::Options host_options;
    memory::UserSpace* space;         ///< user mode, else null
    memory::PhysicalSpace* physical;  ///< system mode, else null
    MachineHooks* hooks;
    Config config;
    std::unique_ptr<guest::Runtime> runtime;    ///< Env::runtime of all vCPUs
    std::unique_ptr<UserCodeSource> user_code;  ///< user mode
    SectionFinder* section_finder = nullptr;    ///< user mode; null: there are no sections
    Watchpoints watchpoints;                    ///< system mode

    Workers workers;
    Blocks blocks;
    KeptBlocks kept_blocks;
    std::unique_ptr<ImageMender> mender;  ///< with KeptBlocks::on
    CodePolicy policy DRAGOMAN_GUARDED_BY(blocks.lock);
    std::atomic<bool> has_breakpoints{false};  ///< of `policy`
    bool copying = false;                      ///< system mode: TBs at other addresses are made from templates
    /// System mode; made for the first vCPU.
    std::unique_ptr<StoreWatch> store_watch DRAGOMAN_GUARDED_BY(blocks.lock);
    Profile profile;  ///< filled with Config::profile

    std::atomic<u64> reclaims{0}, smc_faults{0};
    std::atomic<u64> watches{0}, searches{0}, store_waits{0};    ///< system mode
    Statistics retired_stats DRAGOMAN_GUARDED_BY(workers.lock);  ///< of workers that are gone

    u64 configuration() const;
    void add_vcpu(Vcpu& v);
    void add(Worker& w);
    void remove(Worker& w);
    Translator::Setup translator_setup();

    // Finding TBs (find.cpp)
    /// Null when the guest takes an exception instead (system mode): env->exception tells which.
    TranslationBlock* find_or_translate(Vcpu& v, u64 pc, u32 flags);
    bool begins_way(const Vcpu& v, u64 pc) const;
    TranslationBlock* find_mapped(Vcpu& v, u64 pc, u32 flags);
    TranslationBlock* copy_block(Vcpu& v, u64 pc, u32 flags);
    void keep_template(Worker& w, TranslationBlock& tb) DRAGOMAN_REQUIRES(blocks.lock);

    // Making them (translate/translate.cpp): policy, cache or translator, publication
    /// Null: the guest takes an exception instead, or a loop cannot be had.
    TranslationBlock* translate(Vcpu& v, TranslationRequest& request);
    TranslationBlock* translate(Worker& w, TranslationRequest& request, GuestFault& fault);
    TranslationRequest request_for(u64 pc, u32 flags) const;
    bool plan(TranslationRequest& request);
    void reclaim(Worker& w);

    // Sections (sections.cpp)
    /// Looks for descriptions of sections that the code of the block just made refers to. @returns whether there was
    /// one that was not known: the block is to be made again
    bool find_sections(Worker& w, const TranslationRequest& request, const CodeReader& reader);
    bool add_section(const Section& section);
    TranslationBlock* alone_block(Vcpu& v);

    // Loops (region/sampling.cpp, region/follow.cpp)
    TranslationBlock* at_loop_exit(Vcpu& v);
    TranslationBlock* translate_loop(Vcpu& v, u64 pc, u32 flags, std::span<const u64> path);
    void decide(const SlotPlace& place, TranslationBlock* loop);
    void give_up(Vcpu& v);
    /// Runs the next block of the loop that is being followed. @returns false when env->exit_reason is left to deal
    /// with
    bool follow_path(Vcpu& v);
    TranslationBlock* path_block(Vcpu& v);

    // Code that changes (invalidate.cpp)
    void flush_pages(u64 start, u64 end) DRAGOMAN_REQUIRES(blocks.lock);
    void remove_unboxed(Vcpu& v);
    // Stores to code in system mode
    void watch_stores(Worker& self, const memory::Region& ram, u64 physical_page);
    void code_written(u64 physical, u64 bytes);
    void forget_region(const memory::Region& region);

    // Running (run.cpp)
    void cache(ir::Env* env, TranslationBlock* tb);
    SlotRecord* exit_slot(Vcpu& v) DRAGOMAN_REQUIRES(blocks.lock);
    void link_exit(Vcpu& v, TranslationBlock* target);
    TranslationBlock* find_exit_pc(Vcpu& v);
    void translate_again(Vcpu& v, TranslationBlock& head);
    void step(Vcpu& v);
    void run_rest(Vcpu& v);

    // Faults (fault.cpp)
    /// Makes env precise for the guest instruction at `host_pc` of a TB, as Backend::restore_state does. @returns
    /// false, with nothing changed, when there is none.
    bool restore(ir::Env* env, const u8* host_pc, const ucontext_t* uc);
    /// A fault that comes of an image's file having been cut off. @returns whether it is dealt with
    bool mend_image(ir::Env* env, const u8* position, int signal, const siginfo_t* info, ucontext_t* uc);
    /// Code on the guest page at `page` is about to change: what images have of it stays whatever becomes of their
    /// files, as it could not be translated again. Threads may be in it.
    void own_image_code(u64 page);
    bool modifies_itself(const u8* position, u64 page);
    void before_store(ir::Env* env, u64 physical_address, unsigned bytes) {
        if (guest.precise_self_modification) alone_if_modifying(env, physical_address, bytes);
    }
    void alone_if_modifying(ir::Env* env, u64 physical_address, unsigned bytes);

    // With Config::exact_counts
    /// An access to a device, which sees the time, and may want the hart to look at an interrupt at once: the
    /// instruction has to be the last of its block. Where it is not, it is done again, alone.
    void before_device(ir::Env* env) {
        if (config.exact_counts) end_block_at_device(env);
    }
    void after_device(ir::Env* env) {
        if (config.exact_counts) leave_if_requested(env);
    }
    void end_block_at_device(ir::Env* env);
    void leave_if_requested(ir::Env* env);
};

}  // namespace dragoman::engine
