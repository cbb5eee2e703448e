// A machine: harts, memory, devices and the board that wires them; its run state and who is told of it.
//
// Threads: the one that calls run() is the I/O thread, where the event loop, the monitors and all changes of the
// run state happen; every hart has its own. What others want (a guest's reset, SIGTERM) is posted to the I/O thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "devices/device.h"
#include "devices/event_loop.h"
#include "devices/fw_cfg.h"
#include "devices/machine_timer.h"
#include "devices/pci/host.h"
#include "devices/virtio/mmio.h"
#include "devices/virtual_clock.h"
#include "devices/wall_clock.h"
#include "engine/engine.h"
#include "machine/board.h"
#include "machine/boot_order.h"
#include "machine/config.h"
#include "machine/counted_time.h"
#include "machine/hart.h"
#include "machine/replay/replay.h"
#include "memory/physical_space.h"
#include "semihosting/semihosting.h"

namespace dragoman::machine {

class Backends;
class BootImages;
class Migration;
class Navigator;
class Semihosting;
class UserDevices;

/// Name and version of this program, as monitors tell it.
inline constexpr std::string_view kVersion = "dragoman-system " DRAGOMAN_VERSION;

enum class RunState : u8 {
    Prelaunch,  ///< -S: has not run yet
    Running,
    Paused,
    Debug,        ///< stopped by the debugger
    Shutdown,     ///< powered off, and kept by -no-shutdown
    InMigrate,    ///< -incoming: waits for the machine that it is to become
    PostMigrate,  ///< has become another process's
    GuestPanicked,
    Watchdog,  ///< stopped by a watchdog
};
/// "running", as QMP has it.
std::string_view name_of(RunState state);

/// Who wanted a reset or the end, as QMP's ShutdownCause names them.
enum class Cause : u8 { GuestShutdown, GuestReset, HostQmpQuit, HostQmpReset, HostSignal, GuestPanic };
std::string_view name_of(Cause cause);

/// Whether it was the guest.
bool is_guest(Cause cause);

enum class Event : u8 { Shutdown, Reset, Stop, Resume, Powerdown, GuestPanicked, GuestCrashloaded, Watchdog };

/// What harts want of a debugger. Called on their threads.
class Debugger {
public:
    /// Whether one is there.
    virtual bool attached() = 0;
    // Of a replay that goes to a place, on the I/O thread while no hart runs:
    /// Breakpoints and watchpoints stop harts, or do not.
    virtual void enable_points(bool on) = 0;
    /// What has stopped a hart is why the machine will stop, when it comes there again.
    virtual void remember_stop() = 0;
    /// What has stopped a hart is nothing that the machine stops for.
    virtual void forget_stop() = 0;
    enum class Arrival : u8 {
        There,
        Begin,  ///< of the run: further back there is nothing
        End,
    };
    /// The machine is where it was to go, and stops.
    virtual void arrived(Arrival where) = 0;
    /// A breakpoint, a watchpoint or the end of a step has stopped the hart.
    virtual void hart_stopped(Hart& hart) = 0;
    /// Has a debugger do `request` for the hart (semihosting::Host::file_io). Nothing: the machine is about to stop, so
    /// that it can, and the hart asks again when the machine goes on.
    virtual std::optional<semihosting::FileIoReply> file_io(Hart& hart, const std::string& request) = 0;

protected:
    ~Debugger() = default;
};

class Machine final : public engine::MachineHooks, private Hart::Host {
public:
    /// Makes the machine and loads what it boots. @throws FatalError
    explicit Machine(Config config);
    ~Machine() override;

    /// Runs until the end. @returns the exit status.
    int run();

    // Any thread. A hart that calls them executes no instruction more until they are done.
    void request_reset(Cause cause);
    void request_shutdown(Cause cause, int status = 0);
    void request_debug_stop();
    /// The guest says that it has crashed; or, `loaded`, that another kernel will deal with it.
    void guest_panicked(bool loaded);
    /// A watchdog has run out.
    void watchdog_expired();

    /// Runs `function` on the I/O thread; where the run is recorded or replayed, harts stand still until it is done.
    void post_held(std::function<void()> function);

    // The I/O thread.
    RunState state() const { return state_; }
    /// What run() is going to return.
    int exit_status() const { return status_; }
    /// Harts stop before their next instruction; virtual time stands still.
    void stop(RunState why = RunState::Paused);
    void cont();
    /// Only the harts go on that `who` says, by their index; a debugger holds the others.
    void cont(const std::vector<bool>& who);
    /// The power button.
    void powerdown();
    /// Runs `function` while no hart executes.
    void while_paused(const std::function<void()>& function);
    /// -incoming: all of a machine has come, which goes on (but with -S) where `run`.
    void received(bool run);
    Migration& migration() { return *migration_; }
    /// Ends run(). The caller has said why.
    void fail(int status) { finish(status); }

    // The parts of a saved machine (machine/snapshot), while it is stopped.
    void visit_time(State& state);
    /// Nothing is in flight until resume_devices() or cont().
    void visit_devices(State& state);
    void visit_harts(State& state);
    void resume_devices();
    /// The same where nothing was in flight: what is in queues that devices have not been told of stays there.
    void resume_idle_devices();
    /// -icount rr=: where the run is, while no hart runs.
    ReplayPosition position() const { return counted_->position(); }
    /// Null: the run is not recorded or replayed; not replayed.
    Replay* replay() { return replay_ ? &*replay_ : nullptr; }
    Navigator* navigator() { return navigator_.get(); }
    /// -icount: the hart whose turn it is, while none runs.
    Hart& hart_in_turn() { return *harts_[counted_->turn()]; }
    /// Runs `function` while no hart executes, on the thread of the hart.
    void inspect(Hart& hart, const std::function<void()>& function);
    /// Is told of every event.
    using Listener = std::function<void(Event event, Cause cause)>;
    unsigned add_listener(Listener listener);
    void remove_listener(unsigned listener);
    /// Is told of devices that have gone (device_del), by their ids.
    using DeviceListener = std::function<void(const std::string& id)>;
    unsigned add_device_listener(DeviceListener listener);
    void remove_device_listener(unsigned listener) { device_listeners_[listener] = nullptr; }
    void tell_device_deleted(const std::string& id);
    /// A debugger, as harts see it; null where none can come.
    Debugger* debugger = nullptr;
    /// The guest's power button, where the board has one.
    std::function<void()> on_powerdown;

    // The parts
    const Config& config() const { return config_; }
    Properties& board_properties() { return config_.board_properties; }
    devices::EventLoop& loop() { return loop_; }
    devices::Clock& clock();
    /// What comes from outside goes through these; null: the run is neither recorded nor replayed.
    devices::Inputs* inputs() { return replay_ ? &*replay_ : nullptr; }
    /// Where devices do what they do later.
    devices::TaskQueue& tasks();
    /// How the host's clocks are read.
    devices::WallClock::HostTime host_clocks();
    memory::PhysicalSpace& memory() { return memory_; }
    engine::Engine& engine() { return *engine_; }
    Backends& backends() { return *backends_; }
    const guest::Guest& guest() const { return engine_->guest(); }
    /// Of all harts, but for a board's hart 0 that has less.
    const guest::Model& model() const { return engine_->model(); }
    const guest::Model& model_of(unsigned hart) const {
        return hart == 0 && monitor_model_ != nullptr ? *monitor_model_ : model();
    }
    unsigned hart_count() const { return static_cast<unsigned>(harts_.size()); }
    Hart& hart(unsigned index) { return *harts_[index]; }
    const Board::Kind& kind() const { return kind_; }
    const Board& board() const { return *board_; }

    struct NamedDevice {
        std::string name;
        std::unique_ptr<devices::Device> device;
    };
    /// Takes a device into the machine: it is reset with it and listed in info qtree.
    template <class D>
    D& add_device(std::string name, std::unique_ptr<D> device) {
        D& reference = *device;
        devices_.list.push_back({std::move(name), std::move(device)});
        return reference;
    }
    const std::vector<NamedDevice>& devices() const { return devices_.list; }
    /// Gives a device back that is no longer wired to anything.
    std::unique_ptr<devices::Device> remove_device(devices::Device& device);

    // What boards tell the machine while they are made.
    /// The timer whose count the harts see.
    void set_timer(devices::MachineTimer& timer) { timer_ = &timer; }
    /// The next slot for -device virtio-*.
    void add_virtio_slot(devices::virtio::MmioTransport& slot) { virtio_slots_.push_back(&slot); }
    const std::vector<devices::virtio::MmioTransport*>& virtio_slots() const { return virtio_slots_; }
    /// Where PCI devices are plugged.
    void set_pci(devices::pci::Host& host) { pci_ = &host; }
    /// Null when the board has none.
    devices::pci::Host* pci() const { return pci_; }
    /// Where a board's firmware asks for what it wants to know.
    void set_fw_cfg(devices::FwCfg& fw_cfg) { fw_cfg_ = &fw_cfg; }
    /// Null when the board has none.
    devices::FwCfg* fw_cfg() const { return fw_cfg_; }
    /// Makes the devices that the command line names, last of all. `images` takes what -device loader loads.
    /// @throws FatalError
    void add_user_devices(BootImages& images);
    /// Null where the board has none.
    UserDevices* user_devices() const { return user_devices_.get(); }
    /// What fw_cfg tells firmware at each start.
    BootOrder& boot_order() { return boot_order_; }
    /// Hart `index` starts at `pc` instead of the board's reset_pc.
    void set_start(unsigned index, u64 pc) { starts_[index] = pc; }

    u64 time_ticks(ir::Env* env) override;
    u64 cycles() override;
    void entropy(std::span<u8> bytes) override;
    void timer_changed(ir::Env* env) override;

private:
    void debug_stop(Hart& hart) override;
    bool handle_call(Hart& hart) override;
    void hart_stopped(Hart& hart) override;
    u64 deadline(u64 ticks) override;
    void pause_harts();
    void resume_harts();
    std::string begin();
    std::string begin_replay();
    void make_replay();
    void begin_reset(Cause cause);
    void handle_end_of_log();
    void handle_break();
    void press_power_button();
    void power_on();
    void handle_requests();
    void hold_harts();
    void handle_panic(bool loaded);
    void handle_watchdog();
    void finish(int status);
    void tell(Event event, Cause cause = Cause::HostSignal);

    /// Devices go in the reverse of the order in which they came: until a disk's thread has ended, it raises interrupt
    /// lines of the controller that was there before the disk.
    struct Devices {
        ~Devices() {
            while (!list.empty()) list.pop_back();
        }
        std::vector<NamedDevice> list;
    };

    Config config_;
    const Board::Kind& kind_;
    devices::EventLoop loop_;
    std::optional<devices::VirtualClock> host_clock_;  ///< one of the two is the machine's time
    std::optional<CountedTime> counted_;
    std::optional<Replay> replay_;  ///< rr=
    std::unique_ptr<Navigator> navigator_;
    unsigned reset_input_ = 0, power_input_ = 0;  ///< its sources
    memory::PhysicalSpace memory_;
    std::unique_ptr<engine::Engine> engine_;
    std::unique_ptr<guest::Model> monitor_model_;  ///< hart 0's, where it is another one; else null
    std::vector<std::unique_ptr<Hart>> harts_;
    std::unique_ptr<Backends> backends_;
    Devices devices_;
    std::map<unsigned, u64> starts_;
    devices::MachineTimer* timer_ = nullptr;
    std::vector<devices::virtio::MmioTransport*> virtio_slots_;
    devices::pci::Host* pci_ = nullptr;
    devices::FwCfg* fw_cfg_ = nullptr;
    BootOrder boot_order_;
    std::unique_ptr<UserDevices> user_devices_;
    std::unique_ptr<Board> board_;
    std::unique_ptr<Semihosting> semihosting_;  ///< null: off
    std::unique_ptr<Migration> migration_;

    RunState state_ = RunState::Prelaunch;
    bool harts_running_ = false;
    std::atomic<Hart*> stopped_hart_{nullptr};  ///< by a debugger's point or step, last
    bool devices_held_ = false;                 ///< since they were visited
    std::vector<bool> held_;                    ///< harts that a debugger holds while the others run
    std::vector<Listener> listeners_;           ///< by number; null: removed
    std::vector<DeviceListener> device_listeners_;
    int status_ = 0;

    struct Requests {
        bool reset = false, shutdown = false, debug = false;
        Cause reset_cause = Cause::GuestReset, shutdown_cause = Cause::GuestShutdown;
        int status = 0;
    };
    Mutex requests_mutex_;
    Requests requests_ DRAGOMAN_GUARDED_BY(requests_mutex_);
};

}  // namespace dragoman::machine
