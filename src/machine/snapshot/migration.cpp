#include "machine/snapshot/migration.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/program_name.h"
#include "machine/machine.h"
#include "machine/snapshot/machine_state.h"
#include "machine/snapshot/memory_state.h"

namespace dragoman::machine {

namespace {

using Clock = std::chrono::steady_clock;
constexpr u64 kPage = 4096;

u64 milliseconds_since(Clock::time_point start) {
    return static_cast<u64>(std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count());
}

/// Writes no faster than it is told.
class PacedSink final : public ByteSink {
public:
    explicit PacedSink(ByteSink& sink) : sink_(sink) {}
    /// Bytes a second; 0: as fast as it goes.
    void set_pace(u64 bytes) {
        pace_ = bytes;
        start_ = Clock::now();
        written_ = 0;
    }
    int write(std::span<const u8> bytes) override {
        if (pace_ != 0) {
            const auto due = start_ + std::chrono::nanoseconds(static_cast<u64>(static_cast<double>(written_) /
                                                                                static_cast<double>(pace_) * 1e9));
            if (due > Clock::now() + std::chrono::milliseconds(1)) std::this_thread::sleep_until(due);
            written_ += bytes.size();
        }
        return sink_.write(bytes);
    }

private:
    ByteSink& sink_;
    u64 pace_ = 0, written_ = 0;
    Clock::time_point start_ = Clock::now();
};

}  // namespace

std::string_view name_of(MigrationStatus status) {
    constexpr std::string_view kNames[] = {"none", "setup", "active", "completed", "failed", "cancelling", "cancelled"};
    return kNames[static_cast<unsigned>(status)];
}

/// One machine on its way.
class Migration::Sender {
public:
    Sender(Migration& migration, Endpoint& endpoint)
        : migration_(migration), machine_(migration.machine_), endpoint_(endpoint), paced_(endpoint), to_(paced_) {}

    /// @returns what was wrong; empty: nothing
    std::string send() {
        std::string configuration;
        const bool there = migration_.on_loop([&] {
            configuration = configuration_of(machine_);
            live_ = machine_.state() == RunState::Running;
            if (live_) machine_.while_paused([&] { machine_.memory().log_stores(true); });
        });
        if (!there) return "the machine has ended";
        note([&](MigrationInfo& info) { info.setup_ms = milliseconds_since(start_); });
        to_.put(ChunkKind::Configuration, {reinterpret_cast<const u8*>(configuration.data()), configuration.size()});
        std::string wrong = live_ ? send_live() : finish({});
        if (live_) {
            migration_.on_loop([&] { machine_.while_paused([&] { machine_.memory().log_stores(false); }); });
        }
        if (wrong.empty() && to_.error() == 0) {
            wrong = endpoint_.close();
            if (wrong.empty()) note_end();
        }
        if (wrong.empty() && to_.error() != 0) wrong = std::strerror(to_.error());
        if (!wrong.empty() && stopped_) migration_.on_loop([&] { go_on(); });
        return wrong;
    }

private:
    using Pages = std::vector<std::pair<const memory::Region*, std::vector<u64>>>;

    template <class F>
    void note(F change) {
        LockGuard lock(migration_.mutex_);
        change(migration_.info_);
    }
    void note_end() {
        note([&](MigrationInfo& info) {
            info.downtime = milliseconds_since(stop_time_);
            info.total_ms = milliseconds_since(start_);
            info.transferred = to_.bytes();
            info.remaining = 0;
        });
    }

    std::vector<const memory::Region*> ram() const {
        std::vector<const memory::Region*> found;
        for (const memory::Region* region : machine_.memory().regions()) {
            if (region->kind == memory::Region::Kind::Ram) found.push_back(region);
        }
        return found;
    }

    bool take_written(Pages& pages) {
        return migration_.on_loop([&] { machine_.while_paused([&] { add_written(pages); }); });
    }
    void add_written(Pages& pages) {
        for (const memory::Region* region : ram()) {
            std::vector<u64> words = machine_.memory().take_stores(*region);
            auto known = std::find_if(pages.begin(), pages.end(), [&](const auto& p) { return p.first == region; });
            if (known == pages.end()) {
                pages.emplace_back(region, std::move(words));
            } else {
                for (std::size_t i = 0; i < words.size(); i++) known->second[i] |= words[i];
            }
        }
    }
    static u64 bytes_of(const Pages& pages) {
        u64 count = 0;
        for (const auto& [region, words] : pages) {
            for (u64 word : words) count += static_cast<u64>(std::popcount(word));
        }
        return count * kPage;
    }

    std::string send_live() {
        u64 total = 0;
        for (const memory::Region* region : ram()) total += region->size;
        note([&](MigrationInfo& info) { info.total = info.remaining = total; });
        Pages pages;
        for (const memory::Region* region : ram()) {
            pages.emplace_back(region, std::vector<u64>((region->size / kPage + 63) / 64, ~u64{0}));
        }
        for (;;) {
            const MigrationParameters parameters = migration_.parameters();
            const Clock::time_point start = Clock::now();
            const u64 before = to_.bytes();
            paced_.set_pace(parameters.max_bandwidth);
            for (const auto& [region, words] : pages) save_pages(*region, words, to_);
            if (to_.error() != 0) return std::strerror(to_.error());
            const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
            // Of a short pass nothing can be learned.
            if (to_.bytes() - before > (1 << 20) && seconds > 0)
                bandwidth_ = static_cast<double>(to_.bytes() - before) / seconds;
            pages.clear();
            if (!take_written(pages)) return "the machine has ended";
            const u64 left = bytes_of(pages);
            const double expected = static_cast<double>(left) / bandwidth_ * 1000;
            note([&](MigrationInfo& info) {
                info.transferred = to_.bytes();
                info.remaining = left;
                info.passes++;
                info.bandwidth = static_cast<u64>(bandwidth_);
                info.expected_downtime = static_cast<u64>(expected);
                info.total_ms = milliseconds_since(start_);
            });
            // Stopping, and what is not RAM, take their time, too.
            if (expected <= static_cast<double>(parameters.downtime_limit) / 2) return finish(std::move(pages));
        }
    }

    /// Stops the machine and sends what is left. `pages` is empty where nothing has been sent yet.
    std::string finish(Pages pages) {
        std::vector<u8> state;
        stop_time_ = Clock::now();
        const bool there = migration_.on_loop([&] {
            was_running_ = machine_.state() == RunState::Running;
            was_ = machine_.state();
            machine_.stop(RunState::PostMigrate);
            stopped_ = true;
            hold_devices(machine_);
            if (live_) add_written(pages);
            state = state_of(machine_, was_running_);
        });
        if (!there) return "the machine has ended";
        paced_.set_pace(0);
        if (live_) {
            for (const auto& [region, words] : pages) save_pages(*region, words, to_);
            save_memory(machine_.memory(), to_, false);
        } else {
            save_memory(machine_.memory(), to_);
        }
        to_.put(ChunkKind::State, state);
        to_.put(ChunkKind::End, {});
        return to_.error() != 0 ? std::strerror(to_.error()) : "";
    }

    /// It has not become another's.
    void go_on() {
        if (machine_.state() != RunState::PostMigrate) return;
        machine_.resume_devices();
        if (was_running_) machine_.cont();
        else machine_.stop(was_);
    }

    Migration& migration_;
    Machine& machine_;
    Endpoint& endpoint_;
    PacedSink paced_;
    ChunkWriter to_;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point stop_time_ = start_;
    double bandwidth_ = 1 << 30;
    bool live_ = false, stopped_ = false, was_running_ = false;
    RunState was_ = RunState::Paused;
};

Migration::Migration(Machine& machine) : machine_(machine) {}

Migration::~Migration() { abandon(); }

void Migration::abandon() {
    {
        LockGuard lock(mutex_);
        abandoned_ = true;
        done_.notify_all();
    }
    join();
}

void Migration::join() {
    if (!thread_.joinable()) return;
    if (cancel_) cancel_->raise();
    thread_.join();
}

bool Migration::on_loop(const std::function<void()>& function) {
    struct Call {
        const std::function<void()>* function;
        bool done = false;
    };
    auto call = std::make_shared<Call>(Call{&function});
    machine_.loop().post([this, call] {
        if (call->function != nullptr) (*call->function)();
        LockGuard lock(mutex_);
        call->done = true;
        done_.notify_all();
    });
    UniqueLock lock(mutex_);
    while (!call->done && !abandoned_) done_.wait(lock);
    if (!call->done) call->function = nullptr;
    return call->done;
}

bool Migration::active() const {
    LockGuard lock(mutex_);
    return info_.status == MigrationStatus::Setup || info_.status == MigrationStatus::Active ||
           info_.status == MigrationStatus::Cancelling;
}

MigrationInfo Migration::info() const {
    LockGuard lock(mutex_);
    return info_;
}

MigrationParameters Migration::parameters() const {
    LockGuard lock(mutex_);
    return parameters_;
}

void Migration::set_parameters(const MigrationParameters& parameters) {
    LockGuard lock(mutex_);
    parameters_ = parameters;
}

unsigned Migration::add_listener(Listener listener) {
    listeners_.push_back(std::move(listener));
    return static_cast<unsigned>(listeners_.size() - 1);
}

void Migration::set_status(MigrationStatus status, const std::string& error) {
    {
        LockGuard lock(mutex_);
        info_.status = status;
        info_.error = error;
    }
    for (Listener& listener : listeners_) {
        if (listener) listener(status);
    }
}

std::string Migration::begin(const std::string& address, Endpoint::Direction direction) {
    join();
    try {
        auto cancel = std::make_unique<CancelEvent>();
        endpoint_ = std::make_unique<Endpoint>(address, direction, *cancel);
        cancel_ = std::move(cancel);
    } catch (const FatalError& error) {
        return error.what();
    }
    address_ = address;
    {
        LockGuard lock(mutex_);
        info_ = {};
    }
    return "";
}

std::string Migration::start(const std::string& address) {
    if (active()) return "There's a migration process in progress";
    if (machine_.state() == RunState::InMigrate) return "Guest is waiting for an incoming migration";
    if (machine_.state() == RunState::PostMigrate)
        return "Can't migrate the vm that was paused due to previous migration";
    if (std::string wrong = begin(address, Endpoint::Direction::Out); !wrong.empty()) return wrong;
    set_status(MigrationStatus::Setup);
    thread_ = std::thread([this] { send_machine(); });
    return "";
}

void Migration::cancel() {
    if (!active() || machine_.state() == RunState::InMigrate) return;
    set_status(MigrationStatus::Cancelling);
    cancel_->raise();
}

void Migration::send_machine() {
    std::string wrong;
    if (int error = endpoint_->open()) {
        wrong = address_ + ": " + std::strerror(error);
    } else {
        on_loop([&] { set_status(MigrationStatus::Active); });
        wrong = Sender(*this, *endpoint_).send();
        if (!wrong.empty()) wrong = address_ + ": " + wrong;
    }
    if (!wrong.empty()) (void)endpoint_->close();
    on_loop([&] {
        if (wrong.empty()) set_status(MigrationStatus::Completed);
        else if (cancel_->raised()) set_status(MigrationStatus::Cancelled);
        else set_status(MigrationStatus::Failed, wrong);
    });
}

std::string Migration::receive(const std::string& address) {
    if (machine_.state() != RunState::InMigrate) return "'-incoming' was not specified on the command line";
    if (active()) return "The incoming migration has already been started";
    if (std::string wrong = begin(address, Endpoint::Direction::In); !wrong.empty()) return wrong;
    set_status(MigrationStatus::Setup);
    thread_ = std::thread([this] { receive_machine(); });
    return "";
}

void Migration::receive_machine() {
    std::string wrong;
    std::optional<MachineLoader> loader;
    if (int error = endpoint_->open()) {
        wrong = std::strerror(error);
    } else {
        on_loop([&] { set_status(MigrationStatus::Active); });
        loader.emplace(machine_, *endpoint_, true);
        wrong = loader->read();
        const std::string at_end = endpoint_->close();
        if (wrong.empty()) wrong = at_end;
    }
    on_loop([&] {
        if (wrong.empty()) {
            hold_devices(machine_);
            wrong = loader->finish();
        }
        if (wrong.empty()) {
            set_status(MigrationStatus::Completed);
            return machine_.received(loader->was_running() || go_on_);
        }
        set_status(MigrationStatus::Failed, wrong);
        std::fprintf(stderr, "%s: -incoming %s: %s\n", program_name(), address_.c_str(), wrong.c_str());
        machine_.fail(1);
    });
}

}  // namespace dragoman::machine
