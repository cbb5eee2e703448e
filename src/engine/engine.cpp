// The engine's construction, vCPUs, breakpoints and fork.
#include "engine/engine.h"

#include <sched.h>

#include <algorithm>

#include "base/fpenv.h"
#include "base/log.h"
#include "engine/cache/content_hash.h"
#include "engine/impl.h"
#include "engine/runtime.h"

namespace dragoman::engine {

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
      buffer(config.tb_size),
      code_cache({config.cache_directory, config.cache_limit}) {
    if (space != nullptr) {
        user_code = std::make_unique<UserCodeSource>(*space);
        runtime = make_user_runtime(engine);
    } else {
        runtime = make_system_runtime(engine);
    }
    this->host_options.loops = space != nullptr && config.chain && !config.one_insn_per_tb && !config.count_insns;
    std::size_t used =
        this->backend->init(guest.layout(), this->host_options, buffer.prologue(), CodeBuffer::kPrologueSize);
    // What looks at a translation's stages needs to have it made.
    using log::Item;
    bool watched = config.observer != nullptr || config.profile;
    for (Item item : {Item::InAsm, Item::Op, Item::OpInd, Item::OpOpt, Item::OutAsm})
        watched |= config.log->enabled(item);
    if (space != nullptr && !watched && !config.one_insn_per_tb && this->backend->configuration() != 0)
        caching = code_cache.start(configuration());
    copying = physical != nullptr && !watched && !config.one_insn_per_tb && this->backend->configuration() != 0;
    if (config.observer != nullptr) config.observer->on_common_code("prologue", buffer.prologue(), used);
}

/// All that a translation depends on beside guest code, and that is not the same in every process of this build.
u64 Engine::Impl::configuration() const {
    u64 own = u64{config.max_insns} << 1 | u64{config.optimise};
    const u64 parts[] = {backend->configuration(), own, model->configuration(),
                         content_hash(reinterpret_cast<const u8*>(guest.name.data()), guest.name.size())};
    return content_hash(reinterpret_cast<const u8*>(parts), sizeof parts);
}

Engine::Engine(std::unique_ptr<guest::Model> model, std::unique_ptr<host::Backend> backend,
               const host::Options& host_options, memory::UserSpace& space, const Config& config)
    : impl_(std::make_unique<Impl>(*this, std::move(model), std::move(backend), host_options, &space, nullptr, nullptr,
                                   config)) {
    space.on_code_change = [this](u64 start, u64 end) { invalidate(start, end); };
    if (impl_->caching) {
        space.on_file_code = [this](u64 start, u64 length, int fd, u64 offset) {
            impl_->code_cache.map(start, length, fd, offset);
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
    if (env->fp_control == 0) env->fp_control = fpenv::kDefaultControl;
    // All entries are zero (guest.h), which only guest address 0 could take for a hit, in entry 0.
    env->jump_cache[0].pc = ir::kNoPc;
    // Single steps and logs want to see each jump; in system mode an address says too little.
    env->blocks = impl_->config.chain && impl_->physical == nullptr ? impl_->table.location() : nullptr;
    env->counters = impl_->config.profile ? impl_->profile.counters() : nullptr;
    impl_->backend->attach(env);
    std::lock_guard guard(impl_->tb_lock);
    if (impl_->physical != nullptr) {
        if (impl_->store_watch == nullptr) impl_->store_watch = std::make_unique<StoreWatch>(*impl_->physical);
        v->softmmu = std::make_unique<Softmmu>(env, *impl_->backend, *impl_->guest.cpu.system, *impl_->physical,
                                               *impl_->store_watch, impl_->watchpoints, *impl_->config.log);
        v->physical_code = std::make_unique<PhysicalCodeSource>(env, *v->softmmu, *impl_->physical, *v);
        v->code_source = v->physical_code.get();
    }
    impl_->vcpus.push_back(v);
    impl_->vcpu_count.store(static_cast<u32>(impl_->vcpus.size()));
    impl_->add(*v);
}

void Engine::Impl::add(Worker& w) {
    if (user_code != nullptr) w.code_source = user_code.get();
    workers.push_back(&w);
}

void Engine::Impl::remove(Worker& w) {
    std::erase(workers, &w);
    w.stats.translation = w.translator.statistics;
    retired_stats.add(w.stats);
    if (w.translator.chunk() != nullptr) buffer.give_back(w.translator.chunk());
}

void Engine::detach(ir::Env* env) {
    auto* v = static_cast<Vcpu*>(env->vcpu);
    {
        std::lock_guard guard(impl_->tb_lock);
        std::erase(impl_->vcpus, v);
        impl_->vcpu_count.store(static_cast<u32>(impl_->vcpus.size()));
        if (v->softmmu != nullptr) v->stats.mmu = v->softmmu->statistics;
        impl_->remove(*v);
    }
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
    {
        std::lock_guard guard(impl_->tb_lock);
        auto& list = impl_->breakpoints;
        auto place = std::lower_bound(list.begin(), list.end(), pc);
        bool present = place != list.end() && *place == pc;
        if (on && !present) list.insert(place, pc);
        if (!on && present) list.erase(place);
        impl_->breakpoint_count.store(static_cast<u32>(list.size()));
    }
    if (impl_->physical == nullptr) return invalidate(pc, pc + 1);
    // Which physical pages the address stands for depends on the address space.
    std::lock_guard guard(impl_->tb_lock);
    impl_->remove_all();
}

void Engine::set_single_step(ir::Env* env, bool on) { vcpu_of(env).single_step = on; }

void Engine::set_watchpoint(u64 address, u64 length, bool load, bool store, bool on) {
    impl_->watchpoints.set(address, length, load, store, on);
    std::lock_guard guard(impl_->tb_lock);
    for (Vcpu* v : impl_->vcpus) v->softmmu->flush({});
}

void Engine::begin_fork() {
    std::unique_lock lock(impl_->exclusive_lock);
    impl_->exclusive_changed.wait(lock, [this] { return impl_->exclusive_pending.load() == 0; });
    lock.release();  // after_fork unlocks it
}

void Engine::before_fork() {
    impl_->tb_lock.lock();
    impl_->buffer.before_fork();
    impl_->code_cache.lock();
}

void Engine::after_fork(ir::Env* env, bool child) {
    Impl& i = *impl_;
    if (child) {
        // The other threads do not exist here; what they were translating is lost with their chunks, whose arenas
        // they may have been changing, and they wait for nothing any more.
        Worker* const self = &vcpu_of(env);
        for (const Worker* w : i.workers) {
            if (w != self && w->translator.chunk() != nullptr) new (&w->translator.chunk()->arena) Arena;
        }
        i.workers.assign(1, self);
        i.vcpus.assign(1, &vcpu_of(env));
        i.vcpu_count.store(1);
        new (&i.exclusive_changed) std::condition_variable;
        if (i.config.observer != nullptr) i.config.observer->on_fork_child();
        i.code_cache.after_fork_child();
    }
    i.code_cache.unlock();
    i.buffer.after_fork();
    i.tb_lock.unlock();
    i.exclusive_lock.unlock();
}

void Engine::save_translations(bool exec) {
    if (!impl_->caching) return;
    std::size_t threads;
    {
        std::lock_guard guard(impl_->tb_lock);
        threads = impl_->vcpus.size();
    }
    // The files must not meet descriptors that other threads are about to open or replace.
    if (threads > 1 && (exec || ::unshare(CLONE_FILES) != 0)) return;
    impl_->code_cache.save();
}

std::vector<BlockProfile> Engine::profile() const { return impl_->profile.snapshot(); }

std::string Engine::statistics() const {
    Impl& i = *impl_;
    std::lock_guard guard(i.tb_lock);
    Statistics counted = i.retired_stats;
    for (const Worker* w : i.workers) {
        counted.add(w->stats);
        counted.translation.add(w->translator.statistics);
    }
    for (const Vcpu* v : i.vcpus) {
        if (v->softmmu != nullptr) counted.mmu.add(v->softmmu->statistics);
    }
    return statistics_text(counted, {.table_size = i.table.size(),
                                     .code_bytes = i.buffer.bytes_used(),
                                     .invalidations = i.invalidations.load(),
                                     .smc_faults = i.smc_faults.load(),
                                     .reclaims = i.reclaims.load(),
                                     .system = i.physical != nullptr,
                                     .watches = i.watches.load(),
                                     .searches = i.searches.load(),
                                     .store_waits = i.store_waits.load()});
}

}  // namespace dragoman::engine
