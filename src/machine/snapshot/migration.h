// migrate and -incoming: a machine goes to another process while it runs. Memory is sent in passes, each of the pages
// that were written since the one before, until what is left takes no longer than the machine may stand still; then it
// stops, and the rest follows. A thread of its own sends or receives; what concerns devices and harts happens on the
// I/O thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "machine/snapshot/chunks.h"
#include "machine/snapshot/endpoint.h"

namespace dragoman::machine {

class Machine;

struct MigrationParameters {
    u64 max_bandwidth = u64{128} << 20;  ///< bytes a second while the machine runs; 0: no limit
    u64 downtime_limit = 300;            ///< ms
};

enum class MigrationStatus : u8 { None, Setup, Active, Completed, Failed, Cancelling, Cancelled };
/// "active", as QMP has it.
std::string_view name_of(MigrationStatus status);

struct MigrationInfo {
    MigrationStatus status = MigrationStatus::None;
    std::string error;                              ///< Failed: why
    u64 setup_ms = 0, total_ms = 0, downtime = 0;   ///< ms; downtime: with Completed
    u64 expected_downtime = 0;                      ///< ms; while Active
    u64 transferred = 0, remaining = 0, total = 0;  ///< bytes of memory
    u64 passes = 0;                                 ///< over the pages that had been written
    u64 bandwidth = 0;                              ///< bytes a second, of the last pass
};

class Migration {
public:
    explicit Migration(Machine& machine);
    ~Migration();

    // The I/O thread. @returns what was wrong; empty: nothing
    /// Begins to send the machine to `address`.
    std::string start(const std::string& address);
    /// Begins to wait for a machine at `address`.
    std::string receive(const std::string& address);
    /// Gives up what start() began.
    void cancel();
    bool active() const;
    MigrationInfo info() const;
    MigrationParameters parameters() const;
    void set_parameters(const MigrationParameters& parameters);
    /// The loop has ended: nobody is waited for any more.
    void abandon();
    /// A machine that is received goes on, whether it ran or not.
    void go_on_when_received() { go_on_ = true; }

    /// Called on the I/O thread when the status has changed.
    using Listener = std::function<void(MigrationStatus status)>;
    unsigned add_listener(Listener listener);
    void remove_listener(unsigned listener) { listeners_[listener] = nullptr; }

private:
    class Sender;
    std::string begin(const std::string& address, Endpoint::Direction direction);
    void set_status(MigrationStatus status, const std::string& error = {});
    /// Runs `function` on the I/O thread and waits for it. @returns false when that will not happen any more
    bool on_loop(const std::function<void()>& function);
    void send_machine();
    void receive_machine();
    void join();

    Machine& machine_;
    std::unique_ptr<CancelEvent> cancel_;
    std::unique_ptr<Endpoint> endpoint_;
    std::string address_;
    bool go_on_ = false;
    std::vector<Listener> listeners_;  ///< by number; null: removed
    std::thread thread_;

    mutable Mutex mutex_;  ///< a leaf
    ConditionVariable done_;
    bool abandoned_ DRAGOMAN_GUARDED_BY(mutex_) = false;
    MigrationInfo info_ DRAGOMAN_GUARDED_BY(mutex_);
    MigrationParameters parameters_ DRAGOMAN_GUARDED_BY(mutex_);
};

}  // namespace dragoman::machine
