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
#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/cache/code_cache.h"
#include "engine/cache/template_table.h"
#include "engine/code_buffer.h"
#include "engine/engine.h"
#include "engine/page_index.h"
#include "engine/region/loop_path.h"
#include "engine/softmmu/softmmu.h"
#include "engine/softmmu/store_watch.h"
#include "engine/tb_table.h"
#include "engine/translate/code_reader.h"
#include "engine/translate/code_source.h"
#include "engine/translate/insn_map.h"
#include "ir/passes/passes.h"

namespace dragoman::engine {

/// Bits of Env::request.
enum Request : u32 {
    kRequestExternal = 1,   ///< request_exit: run() returns to its caller
    kRequestExclusive = 2,  ///< another vCPU wants to be alone
    kRequestStep = 4,       ///< leave after the TB that is about to run
};

/// Counted per vCPU, summed for -d stats.
struct Statistics {
    u64 tbs = 0, guest_insns = 0, guest_bytes = 0, host_bytes = 0, ir_ops = 0;
    u64 exits_slot = 0, exits_lookup = 0, exits_request = 0, exits_exception = 0, exits_syscall = 0;
    u64 exits_halt = 0;
    u64 copied = 0;
    u64 table_hits = 0, links = 0, stale = 0, cached = 0;
    u64 loops = 0, paths = 0, no_paths = 0;
    u64 ns_translate = 0, ns_optimise = 0, ns_compile = 0;
    SoftmmuStatistics mmu;
    void add(const Statistics& other);
};

/// A slot by the code that leaves through it.
struct SlotPlace {
    const u8* host_pc = nullptr;
    u32 slot = 0;
    bool operator==(const SlotPlace&) const = default;
};

struct Vcpu {
    ir::Env* env = nullptr;
    std::unique_ptr<host::Backend::Scratch> scratch;
    std::unique_ptr<ir::Function> function;
    ir::PassContext passes;
    std::unique_ptr<ir::PassContext> loop_passes;  ///< made for the first loop
    u32 loop_period = host::kLoopSample;           ///< passes through loops from one sample to the next
    /// A loop of several TBs that is being followed: through which slot it goes back, when that began (Impl::epoch),
    /// and the code for its blocks, which leaves after each of them. Before that: how soon its back edge comes again.
    bool probing = false;
    SlotPlace path_slot;
    LoopPath path;
    u64 path_epoch = 0;
    std::array<TranslationBlock*, LoopPath::kMaxBlocks> path_code{};
    host::CompiledCode compiled;
    InsnMapBytes map_bytes;
    std::vector<u8> cached;   ///< record from the translation cache
    std::vector<u8> context;  ///< room for the guest's DisasContext
    Chunk* chunk = nullptr;
    std::atomic<bool> running{false};
    bool single_step = false;
    u64 code_physical = ~u64{0};  ///< where find_mapped has found the code that it has no TB for
    std::vector<TemplateField> fields;
    bool global_code = false;          ///< the mapping that find_or_translate has gone through last is global
    std::unique_ptr<Softmmu> softmmu;  ///< system mode
    Statistics stats;
};

/// System mode: host faults of this thread in translated code are `env`'s (host_faults.cpp).
void guard_host_faults(ir::Env* env);

inline Vcpu& vcpu_of(ir::Env* env) { return *static_cast<Vcpu*>(env->vcpu); }

/// One translation under way.
struct Translating {
    u64 pc;
    u32 flags;
    bool single_step;
    u32 max_insns = 0;
    bool verify = false;          ///< the TB compares its guest code
    bool flushed = false;         ///< its page is one with CodePage::flushed
    bool threads = false;         ///< there are other vCPUs
    bool quick = false;           ///< the code will hardly be there for long: do not optimise
    bool loop = false;            ///< make the loop that the TB at pc is
    std::span<const u64> path{};  ///< of a loop: DisasContextBase::path
    bool unboxed = false;         ///< no register may be taken for boxed (ir::Function::boxed_at_entry)
    bool broken = false;          ///< the path could not be followed to its end
    bool faulted = false;         ///< nothing can be fetched at pc
    u32 counter = Profile::kNone;
    u32 guest_size = 0, guest_insns = 0;
};

struct Engine::Impl {
    Impl(Engine& engine, const guest::Guest& guest, std::unique_ptr<host::Backend> backend,
         const host::Options& host_options, memory::UserSpace* space, memory::PhysicalSpace* physical,
         MachineHooks* hooks, const Config& config);

    Engine& engine;
    const guest::Guest& guest;
    std::unique_ptr<host::Backend> backend;
    host::Options host_options;
    memory::UserSpace* space;         ///< user mode, else null
    memory::PhysicalSpace* physical;  ///< system mode, else null
    MachineHooks* hooks;
    Config config;
    std::unique_ptr<CodeSource> code_source;
    Watchpoints watchpoints;                  ///< system mode
    std::unique_ptr<StoreWatch> store_watch;  ///< system mode; made for the first vCPU

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
    std::vector<u64> breakpoints;  ///< sorted; guarded by tb_lock
    std::atomic<u32> breakpoint_count{0};
    std::vector<u64> shared_pages;  ///< pages of aliased mappings with translations; guarded by tb_lock
    std::atomic<u32> shared_page_count{0};
    std::vector<u64>
        written_pages;  ///< pages that a store dropped the translations of, and that were not flushed since
    std::vector<u64> flushed_pages;  ///< pages with CodePage::flushed, sorted; guarded by tb_lock
    /// Where a TB has taken float registers for boxed that were not, sorted; guarded by tb_lock.
    std::vector<u64> unboxed_code;
    std::atomic<u64> epoch{0};  ///< counts invalidations
    std::atomic<u64> invalidations{0}, reclaims{0}, smc_faults{0};
    std::atomic<u64> watches{0}, searches{0}, store_waits{0};  ///< system mode
    Statistics retired_stats;                                  ///< of vCPUs that are gone
    Profile profile;                                           ///< filled with Config::profile

    // Running and exclusive sections (exclusive.cpp)
    std::mutex exclusive_lock;
    std::condition_variable exclusive_changed;
    std::atomic<u32> exclusive_pending{0};
    void enter_running(Vcpu& v);
    void leave_running(Vcpu& v);
    void begin_exclusive(Vcpu& self);
    void end_exclusive(Vcpu& self);

    // Finding and making TBs (translate.cpp)
    /// Null when the guest takes an exception instead (system mode): env->exception tells which.
    TranslationBlock* find_or_translate(Vcpu& v, u64 pc, u32 flags);
    TranslationBlock* find_mapped(Vcpu& v, u64 pc, u32 flags);
    TranslationBlock* copy_block(Vcpu& v, u64 pc, u32 flags);
    void keep_template(Vcpu& v, TranslationBlock& tb);
    TranslationBlock* translate(Vcpu& v, u64 pc, u32 flags, bool single_step);
    TranslationBlock* translate(Vcpu& v, Translating& t);
    void prepare(Vcpu& v);
    bool load(Vcpu& v, Translating& t, CodeReader& reader);
    bool generate(Vcpu& v, Translating& t, CodeReader& reader);
    bool translate_guest(Vcpu& v, Translating& t, CodeReader& reader);
    bool compile(Vcpu& v);
    bool take_chunk(Vcpu& v);
    TranslationBlock* make_block(Vcpu& v, const Translating& t, const CodeReader& reader);
    void store(Vcpu& v, const TranslationBlock& tb, const CodeReader& reader);
    void note_shared(const TranslationBlock& tb);
    void reclaim(Vcpu& v);

    // Loops (loops.cpp)
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
    bool is_unboxed(u64 pc) const { return std::binary_search(unboxed_code.begin(), unboxed_code.end(), pc); }
    void choose_tracking(Translating& t, bool readable);
    bool may_watch(const Translating& t);

    // Stores to code in system mode (invalidate.cpp)
    void watch_stores(Vcpu& self, const memory::Region& ram, u64 physical_page);
    void code_written(u64 physical, u64 bytes);
    void forget_region(const memory::Region& region);

    void cache(ir::Env* env, TranslationBlock* tb);
    void clear_jump_caches();
    SlotRecord* exit_slot(Vcpu& v);
    void link_exit(Vcpu& v, TranslationBlock* target);
    void step(Vcpu& v);

    /// Makes env precise for the guest instruction at `host_pc` of a TB; globals are in env already. `faulted`: by a
    /// host fault of an access to guest address env->exception_value.
    bool restore(ir::Env* env, const u8* host_pc, bool faulted);
};

}  // namespace dragoman::engine
