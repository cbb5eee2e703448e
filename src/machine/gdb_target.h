// A machine as the gdb stub sees it: one thread per hart, numbered from 1. Everything is done on the machine's I/O
// thread, where its run state changes; the stub's own thread only waits for it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <thread>

#include "base/mutex.h"
#include "debug/gdb_socket.h"
#include "debug/target.h"
#include "machine/machine.h"

namespace dragoman::machine {

class GdbTarget final : public debug::Target, private Debugger {
public:
    explicit GdbTarget(Machine& machine);
    ~GdbTarget() override;

    const guest::Model& model() const override { return machine_.model(); }
    int event_fd() const override { return event_fd_; }
    std::optional<debug::StopEvent> take_event() override;
    void interrupt() override;
    void attach() override;
    void detach() override;
    void resume(const std::vector<debug::Resumption>& threads) override;
    void file_io_done(i64 result, int error) override;
    void exit_told() override;
    bool can_reverse() const override;
    bool reverse(bool step) override;
    /// Waits until gdb knows of the end, if it is there.
    void wait_exit_told();
    /// The I/O thread has left its loop: nobody waits for it any more.
    void close();
    void kill() override;
    std::vector<pid_t> threads() override;
    ir::Env* find(pid_t tid) override;
    std::string describe_thread(pid_t tid) override;
    bool set_breakpoint(u64 address, bool on) override;
    bool set_watchpoint(debug::WatchKind kind, u64 address, u64 length, bool on) override;
    std::size_t read_memory(pid_t tid, u64 address, void* to, std::size_t bytes) override;
    std::size_t write_memory(pid_t tid, u64 address, const void* from, std::size_t bytes) override;
    std::optional<std::string> packet(std::string_view packet) override;

private:
    bool attached() override;
    void enable_points(bool on) override;
    void remember_stop() override;
    void forget_stop() override;
    void arrived(Arrival where) override;
    void hart_stopped(Hart& hart) override;
    std::optional<semihosting::FileIoReply> file_io(Hart& hart, const std::string& request) override;
    /// Runs `function` on the I/O thread and waits for its end; not at all once close() was called.
    void on_io_thread(const std::function<void()>& function);
    Hart* hart(pid_t tid);
    void machine_event(Event event);
    void post(const debug::StopEvent& event) DRAGOMAN_REQUIRES(mutex_);
    void remove_points();
    void apply_points(bool on) DRAGOMAN_REQUIRES(mutex_);

    Machine& machine_;
    int event_fd_;
    bool physical_ = false;  ///< memory packets name physical addresses

    Mutex mutex_;
    ConditionVariable changed_;
    bool closed_ DRAGOMAN_GUARDED_BY(mutex_) = false;
    bool exit_untold_ DRAGOMAN_GUARDED_BY(mutex_) = false;
    bool attached_ DRAGOMAN_GUARDED_BY(mutex_) = false;
    std::optional<debug::StopEvent> pending_
        DRAGOMAN_GUARDED_BY(mutex_);  ///< what has stopped a hart; the machine is about to stop
    std::optional<debug::StopEvent> remembered_
        DRAGOMAN_GUARDED_BY(mutex_);  ///< what will have stopped the hart when the replay comes there again
    std::optional<debug::StopEvent> event_ DRAGOMAN_GUARDED_BY(mutex_);  ///< the machine stands
    pid_t asking_ DRAGOMAN_GUARDED_BY(mutex_) = 0;  ///< the hart that gdb does something for; 0: none
    std::map<pid_t, semihosting::FileIoReply> replies_
        DRAGOMAN_GUARDED_BY(mutex_);  ///< that harts have not fetched yet
    std::set<u64> breakpoints_ DRAGOMAN_GUARDED_BY(mutex_);
    struct Watch {
        u64 address, length;
        debug::WatchKind kind;
        auto operator<=>(const Watch&) const = default;  // NOLINT(modernize-use-nullptr): none is written here
    };
    bool points_on_ DRAGOMAN_GUARDED_BY(mutex_) = true;  ///< the engine has them
    std::set<Watch> watches_ DRAGOMAN_GUARDED_BY(mutex_);
};

/// Serves gdb on a thread of its own.
class GdbServer {
public:
    /// Listens at `where`, as QEMU's -gdb has it: "tcp:[HOST]:PORT", "unix:PATH" or "PORT"; options behind a comma are
    /// those of a chardev and without effect. The machine outlives the server. @throws FatalError
    GdbServer(Machine& machine, const std::string& where);
    /// Waits, for a bounded time, until gdb has been told that the machine has ended. Machine::run has returned.
    ~GdbServer();
    GdbServer(const GdbServer&) = delete;
    GdbServer& operator=(const GdbServer&) = delete;

private:
    void serve();
    /// Makes `socket` the conversation that the end of the server ends. @returns false when that has come.
    bool begin_session(int socket);
    void end_session();

    GdbTarget target_;
    debug::SocketFile file_;
    int listener_;
    Mutex mutex_;
    bool ending_ DRAGOMAN_GUARDED_BY(mutex_) = false;
    int session_ DRAGOMAN_GUARDED_BY(mutex_) = -1;
    std::thread thread_;
};

}  // namespace dragoman::machine
