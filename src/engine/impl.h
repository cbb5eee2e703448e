// The inside of the engine, shared by its source files: state, locks and their order.
//
// Locks: `tb_lock` guards the TB table's writers, the page index, links and the vCPU list. The user
// space has a lock of its own, which may be held when it calls invalidate(): so nothing here calls
// the user space with tb_lock held. Lookups in the TB table take no lock.
//
// A hart's softmmu tables have a lock of their own, which may be taken while tb_lock is held, not the other way round.
//
// A vCPU is `running` while its thread may hold pointers to TBs or executes their code. Code memory is
// reused only in an exclusive section, when no other vCPU is running.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/cache/code_cache.h"
#include "engine/code_policy.h"
#include "engine/runtime.h"
#include "engine/tb_table.h"
#include "engine/vcpu.h"

namespace dragoman::engine {

/// System mode: host faults of this thread in translated code are `env`'s (host_faults.cpp).
void guard_host_faults(ir::Env* env);
/// `env` goes away.
void unguard_host_faults(ir::Env* env);

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
    Watchpoints watchpoints;                    ///< system mode
    std::unique_ptr<StoreWatch> store_watch;    ///< system mode; made for the first vCPU

    CodeBuffer buffer;
    CodeCache code_cache;
    bool caching = false;
    u64 configuration() const;
    TbTable table;
    TemplateTable templates;
    bool copying = false;  ///< system mode: TBs at other addresses are made from templates
    PageIndex pages;
    std::mutex tb_lock;
    std::vector<Vcpu*> vcpus;
    std::vector<Worker*> workers;  ///< vCPUs, and what translates for them; guarded by tb_lock
    std::atomic<u32> vcpu_count{0};
    std::vector<u64> breakpoints;  ///< sorted; guarded by tb_lock
    std::atomic<u32> breakpoint_count{0};
    std::vector<u64> shared_pages;  ///< pages of aliased mappings with translations; guarded by tb_lock
    std::atomic<u32> shared_page_count{0};
    CodePolicy policy{pages, guest.precise_self_modification};  ///< guarded by tb_lock
    std::atomic<u64> epoch{0};                                  ///< counts invalidations
    std::atomic<u64> invalidations{0}, reclaims{0}, smc_faults{0};
    std::atomic<u64> watches{0}, searches{0}, store_waits{0};  ///< system mode
    Statistics retired_stats;                                  ///< of vCPUs that are gone
    Profile profile;                                           ///< filled with Config::profile

    // Running and exclusive sections (exclusive.cpp)
    std::mutex exclusive_lock;
    std::condition_variable exclusive_changed;
    std::atomic<u32> exclusive_pending{0};
    void enter_running(Worker& w);
    void leave_running(Worker& w);
    void begin_exclusive(Worker& self);
    void end_exclusive(Worker& self);

    void add(Worker& w);     ///< tb_lock is held
    void remove(Worker& w);  ///< likewise
    Translator::Setup translator_setup();

    // Finding TBs (find.cpp)
    /// Null when the guest takes an exception instead (system mode): env->exception tells which.
    TranslationBlock* find_or_translate(Vcpu& v, u64 pc, u32 flags);
    TranslationBlock* find_mapped(Vcpu& v, u64 pc, u32 flags);
    TranslationBlock* copy_block(Vcpu& v, u64 pc, u32 flags);
    void keep_template(Worker& w, TranslationBlock& tb);

    // Making them (translate/translate.cpp): policy, cache or translator, publication
    /// Null: the guest takes an exception instead, or a loop cannot be had.
    TranslationBlock* translate(Vcpu& v, TranslationRequest& request);
    TranslationBlock* translate(Worker& w, TranslationRequest& request, GuestFault& fault);
    TranslationRequest request_for(u64 pc, u32 flags) const;
    bool plan(TranslationRequest& request);
    bool may_keep(const TranslationRequest& request) const;
    bool load(Worker& w, const TranslationRequest& request, CodeReader& reader);
    void keep(Worker& w, const TranslationBlock& tb, const CodeReader& reader);
    void reclaim(Worker& w);

    // Publication (publish.cpp)
    TranslationBlock* describe(Worker& w, const TranslationRequest& request, const CodeReader& reader);
    TranslationBlock* publish(Worker& w, TranslationBlock* tb, const TranslationRequest& request,
                              const CodeReader& reader, u64 started);
    void note_shared(const TranslationBlock& tb);

    // Loops (region/sampling.cpp, region/follow.cpp)
    TranslationBlock* at_loop_exit(Vcpu& v);
    TranslationBlock* translate_loop(Vcpu& v, u64 pc, u32 flags, std::span<const u64> path);
    SlotRecord* slot_at(const SlotPlace& place);
    void decide(const SlotPlace& place, TranslationBlock* loop);
    void give_up(Vcpu& v);
    /// Runs the next block of the loop that is being followed. @returns false when env->exit_reason is left to deal
    /// with
    bool follow_path(Vcpu& v);
    TranslationBlock* path_block(Vcpu& v);

    // Links and removal (links.cpp); all under tb_lock
    TranslationBlock* tb_at(const u8* host_pc);
    void link(SlotRecord& from, TranslationBlock* to);
    void unlink(SlotRecord& from);
    void remove(TranslationBlock* tb);
    void remove_page(CodePage& page);
    void remove_all();
    void flush_pages(u64 start, u64 end);
    void remove_unboxed(Vcpu& v);

    // Stores to code in system mode (invalidate.cpp)
    void watch_stores(Worker& self, const memory::Region& ram, u64 physical_page);
    void code_written(u64 physical, u64 bytes);
    void forget_region(const memory::Region& region);

    void cache(ir::Env* env, TranslationBlock* tb);
    void clear_jump_caches();
    SlotRecord* exit_slot(Vcpu& v);
    void link_exit(Vcpu& v, TranslationBlock* target);
    void step(Vcpu& v);

    /// Makes env precise for the guest instruction at `host_pc` of a TB, as Backend::restore_state does. @returns
    /// false, with nothing changed, when there is none.
    bool restore(ir::Env* env, const u8* host_pc, const ucontext_t* uc);
    bool modifies_itself(const u8* position, u64 page);
    void before_store(ir::Env* env, u64 physical_address, unsigned bytes) {
        if (guest.precise_self_modification) alone_if_modifying(env, physical_address, bytes);
    }
    void alone_if_modifying(ir::Env* env, u64 physical_address, unsigned bytes);
};

}  // namespace dragoman::engine
