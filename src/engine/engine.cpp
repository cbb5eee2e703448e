// The engine's construction, vCPUs, breakpoints and fork.
#include "engine/engine.h"

#include <sched.h>

#include <algorithm>

#include "base/fpenv.h"
#include "base/log.h"
#include "engine/cache/content_hash.h"
#include "engine/counters.h"
#include "engine/impl.h"
#include "engine/runtime.h"

namespace dragoman::engine {

namespace {

/// Listings show what becomes of code that runs much, so they have all of it translated at once with the passes.
bool uses_tiers(const Config& config, const host::Backend& backend, bool user_mode) {
    using log::Item;
    // What is kept is to be good from the start: it is not translated again.
    if (!config.cache_directory.empty() || !config.system_cache_directory.empty()) return false;
    if (!user_mode || !config.tiers || !config.optimise || config.profile || !backend.counts_entries()) return false;
    for (Item item : {Item::InAsm, Item::Op, Item::OpInd, Item::OpOpt, Item::OutAsm}) {
        if (config.log->enabled(item)) return false;
    }
    return true;
}

}  // namespace

Engine::Impl::Impl(Engine& engine, std::unique_ptr<guest::Model> cpu, std::unique_ptr<host::Backend> backend,
                   const host::Options& host_options, memory::UserSpace* space, memory::PhysicalSpace* physical,
                   MachineHooks* hooks, const Config& config)
    : engine(engine),
      model(std::move(cpu)),
      guest(model->guest),
      backend(std::move(backend)),
      host_options(host_options),
      space(space),
      physical(physical),
      hooks(hooks),
      config(config),
      blocks(*this->backend, config.tb_size,
             space != nullptr && !(config.cache_directory.empty() && config.system_cache_directory.empty())),
      kept_blocks({.directory = config.cache_directory,
                   .system_directory = config.system_cache_directory,
                   .limit = config.cache_limit,
                   .keep_all = config.keep_all},
                  *this->backend, blocks, space),
      policy(blocks.pages, guest.precise_self_modification, uses_tiers(config, *this->backend, space != nullptr)) {
    if (config.profile) this->config.chain = false;  // the execution loop is to see each block
    if (space != nullptr) {
        user_code = std::make_unique<UserCodeSource>(*space);
        runtime = make_user_runtime(engine);
    } else {
        runtime = make_system_runtime(engine);
    }
    this->host_options.loops = space != nullptr && this->config.chain && !config.one_insn_per_tb && !config.count_insns;
    std::size_t used =
        this->backend->init(model->layout(), this->host_options, blocks.buffer.prologue(), CodeBuffer::kPrologueSize);
    // What looks at a translation's stages needs to have it made.
    using log::Item;
    bool watched = config.observer != nullptr || config.profile;
    for (Item item : {Item::InAsm, Item::Op, Item::OpInd, Item::OpOpt, Item::OutAsm, Item::Exec, Item::Cpu})
        watched |= config.log->enabled(item);
    if (space != nullptr && !watched && config.chain && !config.one_insn_per_tb && this->backend->configuration() != 0)
        kept_blocks.start(configuration(), used);
    if (kept_blocks.on()) {
        mender = std::make_unique<ImageMender>(translator_setup(), *user_code, *space, blocks.buffer.prologue(),
                                               blocks.buffer.image_area().first(CodeBuffer::kChunkSize));
        blocks.recover = [this](Image& image, u32 block, BlockDetails& details, InsnMapBytes& map) {
            const ImageView& view = image.view();
            return mender->recover(image, block, request_for(image.bias() + view.pcs[block], view.shape(block).flags),
                                   details, map);
        };
    }
    copying = physical != nullptr && !watched && !config.one_insn_per_tb && this->backend->configuration() != 0;
    if (config.observer != nullptr) config.observer->on_common_code("prologue", blocks.buffer.prologue(), used);
}

/// All that a translation depends on beside guest code, and that is not the same in every process of this build.
u64 Engine::Impl::configuration() const {
    u64 own = u64{config.max_insns} << 2 | u64{config.tiers} << 1 | u64{config.optimise};
    const u64 parts[] = {backend->configuration(), own, model->configuration(),
                         content_hash(reinterpret_cast<const u8*>(guest.name.data()), guest.name.size())};
    return content_hash(reinterpret_cast<const u8*>(parts), sizeof parts);
}

Engine::Engine(std::unique_ptr<guest::Model> model, std::unique_ptr<host::Backend> backend,
               const host::Options& host_options, memory::UserSpace& space, const Config& config)
    : impl_(std::make_unique<Impl>(*this, std::move(model), std::move(backend), host_options, &space, nullptr, nullptr,
                                   config)) {
    space.on_code_change = [this](u64 start, u64 end) { invalidate(start, end); };
    if (impl_->kept_blocks.on()) {
        space.on_file_code = [this](u64 start, u64 length, int fd, u64 offset) {
            impl_->kept_blocks.cache.map(start, length, fd, offset);
        };
    }
}

namespace {

host::Options with_softmmu(host::Options options) {
    options.softmmu = true;
    options.mmu = mmu_calls();
    return options;
}

}  // namespace

Engine::Engine(std::unique_ptr<guest::Model> model, std::unique_ptr<host::Backend> backend,
               const host::Options& host_options, memory::PhysicalSpace& physical, MachineHooks& hooks,
               const Config& config)
    : impl_(std::make_unique<Impl>(*this, std::move(model), std::move(backend), with_softmmu(host_options), nullptr,
                                   &physical, &hooks, config)) {
    physical.on_code_write = [this](u64 address, u64 bytes) { impl_->code_written(address, bytes); };
    physical.on_map_change = [this](const memory::Region& region) { impl_->forget_region(region); };
}

Engine::~Engine() {
    if (impl_->space != nullptr) {
        impl_->space->on_code_change = nullptr;
        impl_->space->on_file_code = nullptr;
    } else {
        impl_->physical->on_code_write = nullptr;
        impl_->physical->on_map_change = nullptr;
    }
}

const guest::Guest& Engine::guest() const { return impl_->guest; }
guest::Model& Engine::model() const { return *impl_->model; }
const log::Selection& Engine::log() const { return *impl_->config.log; }
memory::PhysicalSpace& Engine::physical() const { return *impl_->physical; }
MachineHooks& Engine::hooks() const { return *impl_->hooks; }
memory::UserSpace& Engine::space() const { return *impl_->space; }

void Engine::attach(ir::Env* env) {
    auto* v = new Vcpu(*impl_, env);
    env->vcpu = v;
    env->runtime = impl_->runtime.get();
    env->request = 0;
    env->in_code = 0;
    if (env->fp_control == 0) env->fp_control = fpenv::default_control();
    // All entries are zero (guest.h), which only guest address 0 could take for a hit, in entry 0.
    env->jump_cache[0].pc = ir::kNoPc;
    // Single steps and logs want to see each jump; in system mode an address says too little.
    env->blocks = impl_->config.chain && impl_->physical == nullptr ? impl_->blocks.location() : nullptr;
    if (impl_->config.profile) v->trace = impl_->profile.add_trace();
    impl_->backend->attach(env);
    env->loop_sample = LoopFinder::kFirstPeriod;
    env->entries_left = kEntrySample;
    impl_->add_vcpu(*v);
    impl_->add(*v);
}

void Engine::Impl::add_vcpu(Vcpu& v) {
    LockGuard guard(blocks.lock);
    if (physical != nullptr) {
        if (store_watch == nullptr) store_watch = std::make_unique<StoreWatch>(*physical);
        v.softmmu = std::make_unique<Softmmu>(v.env, *backend, *guest.cpu.system, *physical, *store_watch, watchpoints,
                                              *config.log);
        v.physical_code = std::make_unique<PhysicalCodeSource>(v.env, *v.softmmu, *physical, v);
        v.code_source = v.physical_code.get();
    }
    blocks.vcpus.push_back(&v);
    blocks.vcpu_count.store(static_cast<u32>(blocks.vcpus.size()));
}

void Engine::Impl::add(Worker& w) {
    if (user_code != nullptr) w.code_source = user_code.get();
    LockGuard guard(workers.lock);
    workers.all.push_back(&w);
}

void Engine::Impl::remove(Worker& w) {
    LockGuard guard(workers.lock);
    std::erase(workers.all, &w);
    w.stats.translation = w.translator.statistics;
    add_counters(retired_stats, w.stats);
    if (w.translator.chunk() != nullptr) blocks.buffer.give_back(w.translator.chunk());
}

void Engine::detach(ir::Env* env) {
    auto* v = static_cast<Vcpu*>(env->vcpu);
    {
        Blocks& blocks = impl_->blocks;
        LockGuard guard(blocks.lock);
        std::erase(blocks.vcpus, v);
        blocks.vcpu_count.store(static_cast<u32>(blocks.vcpus.size()));
    }
    if (v->softmmu != nullptr) v->stats.mmu = v->softmmu->statistics;
    if (v->trace != nullptr) impl_->profile.retire(v->trace);
    impl_->remove(*v);
    impl_->backend->detach(env);
    if (impl_->physical != nullptr) unguard_host_faults(env);
    env->vcpu = nullptr;
    env->runtime = nullptr;
    delete v;
}

void Vcpu::watch_stores(const memory::Region& ram, u64 physical_page) {
    engine.watch_stores(*this, ram, physical_page);
}

void Engine::set_breakpoint(u64 pc, bool on) {
    Impl& i = *impl_;
    {
        LockGuard guard(i.blocks.lock);
        i.has_breakpoints.store(i.policy.set_breakpoint(pc, on));
        // In system mode, which physical pages the address stands for depends on the address space.
        if (i.physical != nullptr) i.blocks.remove_all();
    }
    if (i.physical == nullptr) invalidate(pc, pc + 1);
}

void Engine::set_single_step(ir::Env* env, bool on) { vcpu_of(env).single_step = on; }

void Engine::set_watchpoint(u64 address, u64 length, bool load, bool store, bool on) {
    impl_->watchpoints.set(address, length, load, store, on);
    LockGuard guard(impl_->blocks.lock);
    for (Vcpu* v : impl_->blocks.vcpus) v->softmmu->flush({});
}

void Engine::stop_others(ir::Env* env) { impl_->workers.begin_exclusive(vcpu_of(env)); }

void Engine::begin_fork() { impl_->workers.begin_fork(); }

void Engine::before_fork() {
    impl_->blocks.lock.lock();
    impl_->blocks.buffer.before_fork();
    impl_->kept_blocks.cache.lock();
    impl_->profile.before_fork();
    if (impl_->config.observer != nullptr) impl_->config.observer->before_fork();
}

void Engine::after_fork(ir::Env* env, bool child) {
    Impl& i = *impl_;
    if (child) {
        Vcpu& self = vcpu_of(env);
        i.workers.after_fork_child(self);
        i.blocks.vcpus.assign(1, &self);
        i.blocks.vcpu_count.store(1);
    }
    if (i.config.observer != nullptr) i.config.observer->after_fork(child);
    i.profile.after_fork();
    i.kept_blocks.cache.unlock();
    i.blocks.buffer.after_fork();
    // What was translated before is the parent's to keep.
    if (child && i.kept_blocks.on()) i.blocks.buffer.set_saved();
    i.blocks.lock.unlock();
    i.workers.end_fork();
}

void Engine::keep_own_code(u64 start, std::span<const u8> code) {
    if (impl_->kept_blocks.on()) impl_->kept_blocks.cache.map_own(start, code);
}

void Engine::save_translations(bool exec) {
    if (!impl_->kept_blocks.on()) return;
    const u32 threads = impl_->blocks.vcpu_count.load();
    // The files must not meet descriptors that other threads are about to open or replace.
    if (threads > 1 && (exec || ::unshare(CLONE_FILES) != 0)) return;
    impl_->kept_blocks.save();
}

Profile::Snapshot Engine::profile() const { return impl_->profile.snapshot(); }

std::string Engine::statistics() const {
    Impl& i = *impl_;
    LockGuard workers_guard(i.workers.lock);
    LockGuard guard(i.blocks.lock);
    Statistics counted = i.retired_stats;
    for (const Worker* w : i.workers.all) {
        add_counters(counted, w->stats);
        add_counters(counted.translation, w->translator.statistics);
    }
    for (const Vcpu* v : i.blocks.vcpus) {
        if (v->softmmu != nullptr) add_counters(counted.mmu, v->softmmu->statistics);
    }
    return statistics_text(counted, {.table_size = i.blocks.count(),
                                     .kept = i.blocks.kept_count(),
                                     .code_bytes = i.blocks.buffer.bytes_used(),
                                     .invalidations = i.blocks.invalidations.load(),
                                     .smc_faults = i.smc_faults.load(),
                                     .reclaims = i.reclaims.load(),
                                     .system = i.physical != nullptr,
                                     .watches = i.watches.load(),
                                     .searches = i.searches.load(),
                                     .store_waits = i.store_waits.load()});
}

}  // namespace dragoman::engine
