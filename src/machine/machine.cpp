#include "machine/machine.h"

#include <algorithm>
#include <cstring>

#include "base/cycle_counter.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "base/state.h"
#include "machine/backends.h"
#include "machine/replay/navigator.h"
#include "machine/replay/run.h"
#include "machine/semihosting.h"
#include "machine/snapshot/disk_snapshots.h"
#include "machine/snapshot/migration.h"
#include "machine/user_devices.h"

namespace dragoman::machine {

namespace {

/// What -cpu says, or the board's model, with what -global says of CPUs in front of its own properties, which count
/// more; what the board's properties ask for counts most.
std::string cpu_of(const Config& config, const Board::Kind& kind) {
    std::string cpu = config.cpu;
    if (cpu.empty()) {
        const bool usual = guest_of(kind, config).elf_class == kind.elf_class;
        cpu = usual ? kind.default_cpu : kind.other_default_cpu;
    }
    if (const std::string globals = config.globals.of_cpus(); !globals.empty()) {
        cpu.insert(std::min(cpu.find(','), cpu.size()), ',' + globals);
    }
    if (kind.cpu_properties != nullptr) cpu += kind.cpu_properties(config.board_properties);
    return cpu;
}

std::unique_ptr<guest::Model> make_model(const Config& config, const Board::Kind& kind, const std::string& cpu) {
    std::string wrong;
    std::unique_ptr<guest::Model> model = guest_of(kind, config).configure(cpu, true, wrong);
    if (model == nullptr) {
        std::string hint = wrong.find("-cpu help") == wrong.npos ? " (see dragoman-system -cpu help)" : "";
        throw FatalError(1, "-cpu: " + wrong + hint);
    }
    return model;
}

}  // namespace

std::string_view name_of(RunState state) {
    constexpr std::string_view kNames[] = {"prelaunch", "running",     "paused",         "debug",   "shutdown",
                                           "inmigrate", "postmigrate", "guest-panicked", "watchdog"};
    return kNames[static_cast<unsigned>(state)];
}

std::string_view name_of(Cause cause) {
    constexpr std::string_view kNames[] = {"guest-shutdown",        "guest-reset", "host-qmp-quit",
                                           "host-qmp-system-reset", "host-signal", "guest-panic"};
    return kNames[static_cast<unsigned>(cause)];
}

bool is_guest(Cause cause) {
    return cause == Cause::GuestShutdown || cause == Cause::GuestReset || cause == Cause::GuestPanic;
}

Machine::Machine(Config config) : config_(std::move(config)), kind_(Board::find(config_.board)) {
    if (config_.harts == 0) config_.harts = kind_.default_harts;
    if (config_.harts < kind_.min_harts || config_.harts > kind_.max_harts) {
        throw FatalError(1, "-smp: " + std::to_string(config_.harts) + ": " + std::string(kind_.name) + " has " +
                                std::to_string(kind_.min_harts) + " to " + std::to_string(kind_.max_harts) + " harts");
    }
    if (config_.memory == 0) config_.memory = kind_.default_memory;
    if (config_.icount.on) counted_.emplace(config_.icount);
    else host_clock_.emplace(loop_);
    if (config_.icount.rr != Icount::Rr::Off) make_replay();
    config_.engine.count_insns = config_.icount.on;
    config_.engine.exact_counts = replay_.has_value();
    config_.host.softmmu = true;
    std::unique_ptr<host::Backend> backend = config_.backend == "interp" ? host::make_interp() : host::make_x64();
    engine_ = std::make_unique<engine::Engine>(make_model(config_, kind_, cpu_of(config_, kind_)), std::move(backend),
                                               config_.host, memory_, *this, config_.engine);
    if (!kind_.monitor_cpu.empty()) {
        monitor_model_ = make_model(config_, kind_, std::string(kind_.monitor_cpu));
        engine_->model().mixed = true;
    }
    for (unsigned i = 0; i < config_.harts; i++) {
        harts_.emplace_back(new Hart(i, *engine_, model_of(i), clock(), *this));
        if (!counted_) continue;
        harts_[i]->set_counted_time(*counted_);
        counted_->add(*harts_[i]);
    }
    backends_ = std::make_unique<Backends>(*this);
    board_ = kind_.make(*this);
    config_.board_properties.finish();
    if (config_.semihosting.on) semihosting_ = std::make_unique<Semihosting>(*this);
    migration_ = std::make_unique<Migration>(*this);
    backends_->start_displays();
    backends_->start_monitors();
    if (replay_) replay_->begin(replay_configuration(*this));
}

Machine::~Machine() = default;

devices::Clock& Machine::clock() {
    if (counted_) return counted_->clock();
    return *host_clock_;
}

/// With counted instructions their number, and what time would have been enough for while all harts waited, so that
/// one can wait for a counter; else the host's cycles.
u64 Machine::cycles() { return counted_ ? counted_->cycles() : cycle_counter(); }

devices::TaskQueue& Machine::tasks() {
    if (replay_) return replay_->tasks();
    return loop_;
}

devices::WallClock::HostTime Machine::host_clocks() {
    if (!replay_) return devices::WallClock::read_host_clock;
    return [this](clockid_t id) {
        u64 time;
        auto read = [id](std::span<u8> bytes) {
            const u64 now = devices::WallClock::read_host_clock(id);
            std::memcpy(bytes.data(), &now, sizeof now);
        };
        replay_->ask({reinterpret_cast<u8*>(&time), sizeof time}, read);
        return time;
    };
}

void Machine::entropy(std::span<u8> bytes) { replay_ ? replay_->ask(bytes, fill_random) : fill_random(bytes); }

u64 Machine::time_ticks(ir::Env*) { return timer_->ticks(); }

u64 Machine::deadline(u64 ticks) { return timer_->deadline(ticks); }

void Machine::timer_changed(ir::Env* env) {
    for (auto& hart : harts_) {
        if (hart->env() == env) return hart->timer_changed();
    }
}

int Machine::run() {
    for (auto& hart : harts_) hart->start();
    power_on();
    const std::string wrong = begin();
    if (wrong.empty()) loop_.run();
    migration_->abandon();
    pause_harts();
    navigator_.reset();
    const std::string log_wrong = replay_ ? replay_->finish(counted_->position()) : "";
    for (auto& hart : harts_) hart->join();
    backends_->finish();
    if (!wrong.empty()) throw FatalError(1, wrong);
    if (!log_wrong.empty()) throw FatalError(1, log_wrong);
    return status_;
}

/// @returns what was wrong with what it was to begin with
std::string Machine::begin() {
    if (!config_.load_snapshot.empty()) {
        if (std::string wrong = load_snapshot(*this, config_.load_snapshot); !wrong.empty()) return "-loadvm: " + wrong;
    }
    if (replay_) {
        if (std::string wrong = begin_replay(); !wrong.empty()) return wrong;
    }
    if (!config_.incoming.empty()) {
        state_ = RunState::InMigrate;
        if (config_.incoming == "defer") return "";
        const std::string wrong = migration_->receive(config_.incoming);
        return wrong.empty() ? "" : "-incoming " + wrong;
    }
    if (!config_.paused) cont();
    return "";
}

void Machine::power_on() {
    if (fw_cfg_ != nullptr) fw_cfg_->set_file(BootOrder::kFile, boot_order_.file(config_.boot.strict));
    for (NamedDevice& d : devices_.list) d.device->reset();
    board_->load();
    if (counted_) counted_->reset();
    for (auto& hart : harts_) {
        auto start = starts_.find(hart->id());
        u64 pc = start != starts_.end() ? start->second : board_->reset_pc();
        hart->call([&] { hart->reset(pc); });
    }
}

void Machine::pause_harts() {
    for (auto& hart : harts_) hart->request_pause();
    for (auto& hart : harts_) hart->wait_paused();
    harts_running_ = false;
}

void Machine::resume_harts() {
    harts_running_ = true;
    if (counted_) counted_->hold(held_);
    for (auto& hart : harts_) {
        if (!held_[hart->id()]) hart->resume();
    }
}

void Machine::stop(RunState why) {
    bool was_running = state_ == RunState::Running;
    pause_harts();
    if (host_clock_) host_clock_->stop();
    if (counted_ && was_running) counted_->stop();
    state_ = why;
    if (was_running) tell(Event::Stop);
}

void Machine::cont() { cont(std::vector<bool>(harts_.size(), true)); }

void Machine::cont(const std::vector<bool>& who) {
    if (state_ == RunState::Running) return;
    if (state_ == RunState::InMigrate) return migration_->go_on_when_received();
    held_ = who;
    held_.flip();
    if (replay_) held_.assign(harts_.size(), false);  // whose turn it is, the run says
    state_ = RunState::Running;
    tell(Event::Resume);
    if (host_clock_) host_clock_->cont();
    if (counted_) counted_->cont();
    if (devices_held_) resume_devices();
    resume_harts();
}

void Machine::received(bool run) {
    state_ = RunState::Paused;
    if (run && !config_.paused) cont();
}

void Machine::visit_time(State& state) {
    if (counted_) return counted_->visit(state);
    const u64 now = state.peek("now", host_clock_->now());
    if (state.loading()) host_clock_->set(now);
}

void Machine::visit_devices(State& state) {
    devices_held_ = true;
    for (NamedDevice& d : devices_.list) state.section(d.name, [&] { d.device->visit(state); });
}

void Machine::visit_harts(State& state) {
    for (auto& hart : harts_) {
        hart->call([&] { state.section("hart " + std::to_string(hart->id()), [&] { hart->visit(state); }); });
    }
}

void Machine::resume_devices() {
    // There never is anything in flight; and a run that is saved goes on as one that is not.
    if (replay_) return resume_idle_devices();
    devices_held_ = false;
    for (NamedDevice& d : devices_.list) d.device->resume();
}

void Machine::resume_idle_devices() {
    devices_held_ = false;
    for (NamedDevice& d : devices_.list) d.device->resume_idle();
}

void Machine::powerdown() {
    if (!replay_) return press_power_button();
    if (replay_->recording()) replay_->put(power_input_, {});
}

void Machine::press_power_button() {
    tell(Event::Powerdown);
    if (on_powerdown) on_powerdown();
}

void Machine::inspect(Hart& hart, const std::function<void()>& function) {
    while_paused([&] { hart.call(function); });
}

void Machine::while_paused(const std::function<void()>& function) {
    bool was_running = harts_running_;
    if (was_running) pause_harts();
    function();
    if (was_running) resume_harts();
}

std::unique_ptr<devices::Device> Machine::remove_device(devices::Device& device) {
    auto found = std::find_if(devices_.list.begin(), devices_.list.end(),
                              [&](const NamedDevice& one) { return one.device.get() == &device; });
    DRAGOMAN_ASSERT(found != devices_.list.end());
    std::unique_ptr<devices::Device> taken = std::move(found->device);
    devices_.list.erase(found);
    return taken;
}

void Machine::add_user_devices(BootImages& images) {
    user_devices_ = std::make_unique<UserDevices>(*this);
    user_devices_->add_configured(images);
}

unsigned Machine::add_device_listener(DeviceListener listener) {
    device_listeners_.push_back(std::move(listener));
    return static_cast<unsigned>(device_listeners_.size() - 1);
}

void Machine::tell_device_deleted(const std::string& id) {
    for (std::size_t i = 0; i < device_listeners_.size(); i++) {
        if (device_listeners_[i]) device_listeners_[i](id);
    }
}

unsigned Machine::add_listener(Listener listener) {
    listeners_.push_back(std::move(listener));
    return static_cast<unsigned>(listeners_.size() - 1);
}

void Machine::remove_listener(unsigned listener) { listeners_[listener] = nullptr; }

void Machine::tell(Event event, Cause cause) {
    for (Listener& listener : listeners_) {
        if (listener) listener(event, cause);
    }
}

void Machine::request_reset(Cause cause) {
    if (replay_ && cause != Cause::GuestReset) {
        if (replay_->recording()) replay_->put(reset_input_, {static_cast<u8>(cause)});
        return;
    }
    begin_reset(cause);
}

void Machine::begin_reset(Cause cause) {
    {
        LockGuard lock(requests_mutex_);
        requests_.reset = true;
        requests_.reset_cause = cause;
    }
    hold_harts();
}

void Machine::request_shutdown(Cause cause, int status) {
    {
        LockGuard lock(requests_mutex_);
        requests_.shutdown = true;
        requests_.shutdown_cause = cause;
        requests_.status = status;
    }
    hold_harts();
}

void Machine::request_debug_stop() {
    {
        LockGuard lock(requests_mutex_);
        requests_.debug = true;
    }
    hold_harts();
}

void Machine::post_held(std::function<void()> function) {
    if (!replay_) return loop_.post(std::move(function));
    for (auto& hart : harts_) hart->request_pause();
    loop_.post([this, function = std::move(function)] {
        pause_harts();
        function();
        if (state_ == RunState::Running) resume_harts();
    });
}

void Machine::guest_panicked(bool loaded) {
    post_held([this, loaded] { handle_panic(loaded); });
}

void Machine::handle_panic(bool loaded) {
    if (loaded) return tell(Event::GuestCrashloaded);
    tell(Event::GuestPanicked);
    switch (config_.actions.panic) {
        case PanicAction::None: break;
        case PanicAction::Pause: stop(RunState::GuestPanicked); break;
        case PanicAction::Shutdown: request_shutdown(Cause::GuestPanic); break;
        case PanicAction::ExitFailure: request_shutdown(Cause::GuestPanic, 1); break;
    }
}

void Machine::watchdog_expired() {
    post_held([this] { handle_watchdog(); });
}

void Machine::handle_watchdog() {
    tell(Event::Watchdog);
    switch (config_.actions.watchdog) {
        case WatchdogAction::None: break;
        case WatchdogAction::Reset: request_reset(Cause::GuestReset); break;
        case WatchdogAction::Shutdown: press_power_button(); break;
        case WatchdogAction::Poweroff: request_shutdown(Cause::GuestReset); break;
        case WatchdogAction::Pause: stop(RunState::Watchdog); break;
        case WatchdogAction::Debug: warn("a watchdog has run out"); break;
    }
}

void Machine::hold_harts() {
    for (auto& hart : harts_) hart->request_pause();
    loop_.post([this] { handle_requests(); });
}

void Machine::debug_stop(Hart& hart) {
    if (debugger != nullptr) debugger->hart_stopped(hart);
    stopped_hart_ = &hart;
    request_debug_stop();
}

void Machine::hart_stopped(Hart& hart) {
    warn("hart %u has stopped: a trap to machine mode came before the last one was dealt with", hart.id());
    guest_panicked(false);
}

bool Machine::handle_call(Hart& hart) { return semihosting_ != nullptr && semihosting_->call(hart); }

void Machine::finish(int status) {
    status_ = status;
    loop_.quit();
}

void Machine::handle_requests() {
    Requests requests;
    {
        LockGuard lock(requests_mutex_);
        std::swap(requests, requests_);
    }
    if (!requests.reset && !requests.shutdown && !requests.debug) return;
    pause_harts();
    if (requests.reset && !config_.reboot) {
        requests.reset = false;
        requests.shutdown = true;
        requests.shutdown_cause = requests.reset_cause;
    }
    if (requests.shutdown) {
        status_ = requests.status;
        tell(Event::Shutdown, requests.shutdown_cause);
        if (config_.shutdown || !is_guest(requests.shutdown_cause)) return finish(requests.status);
        return stop(RunState::Shutdown);
    }
    if (requests.reset) {
        power_on();
        tell(Event::Reset, requests.reset_cause);
        if (state_ == RunState::Shutdown) state_ = RunState::Paused;
    }
    if (requests.debug) {
        const bool goes_on =
            navigator_ != nullptr && stopped_hart_ != nullptr && navigator_->debug_stop(*stopped_hart_);
        if (!goes_on) return stop(RunState::Debug);
    }
    if (state_ == RunState::Running) resume_harts();
}

}  // namespace dragoman::machine
