// What the gdb stub asks of whatever it debugs: a Linux process (debug/user) or a machine (src/machine). A thread is
// a guest thread there, a hart here.
#pragma once

#include <sys/types.h>

#include <bitset>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guest/guest.h"

namespace dragoman::debug {

enum class WatchKind : u8 { Write, Read, Access };

struct WatchHit {
    u64 address;
    WatchKind kind;
};

/// Why the guest has stopped.
struct StopEvent {
    enum class Kind {
        Signal,
        Watch,
        HistoryBegin,
        HistoryEnd,
        SyscallEntry,
        SyscallReturn,
        Fork,
        Exec,
        FileIo,
        Exited,
        Killed
    };
    Kind kind = Kind::Signal;
    pid_t tid = 0;
    int value = 0;  ///< Linux signal, system call number, exit status or, of Fork, the child's process id
    WatchHit watch{};
    std::string request{};  ///< FileIo: what gdb is to do for the thread ("write,1,80001000,5"), which then goes on;
                            ///< Exec: path of the new program
};

/// What one thread is to do when the guest goes on.
struct Resumption {
    pid_t tid;
    bool step = false;
    int signal = 0;  ///< signal to deliver first
};

/// What gdb and the stub have agreed on about packets.
struct Agreement {
    bool acknowledge = true;            ///< until QStartNoAckMode
    bool multiprocess = false;          ///< thread ids name their processes: "pPID.TID"
    bool forks = false, execs = false;  ///< gdb wants to know of them
};

/// All-stop: either the whole guest runs or all of it stands. Called on the stub's thread; registers and memory only
/// while the guest stands.
class Target {
public:
    virtual ~Target() = default;

    virtual const guest::Model& model() const = 0;

    /// Readable when take_event has something.
    virtual int event_fd() const = 0;
    /// The event that has stopped the guest. All threads are at rest when it returns one.
    virtual std::optional<StopEvent> take_event() = 0;
    /// Stops all threads, as an interrupt from the user. No effect when the guest is stopped already; else an
    /// event follows.
    virtual void interrupt() = 0;
    /// A debugger has come: stops the guest, without an event. It has gone: removes all traces of it.
    virtual void attach() = 0;
    virtual void detach() = 0;
    /// Lets the threads named go on; the others stay where they are.
    virtual void resume(const std::vector<Resumption>& threads) = 0;
    /// Whether the guest can go backwards.
    virtual bool can_reverse() const { return false; }
    /// Lets the guest go backwards: to the instruction before, or until something stops it. @returns false when it
    /// cannot, else an event follows
    virtual bool reverse(bool /*step*/) { return false; }
    /// gdb's answer to an event FileIo: the result, and an errno of the File-I/O protocol where that is -1.
    virtual void file_io_done(i64 /*result*/, int /*error*/) {}
    /// The event Exited or Killed has been told to gdb: the guest may end.
    virtual void exit_told() = 0;
    /// gdb kills the guest.
    virtual void kill() = 0;

    /// Id of the process that is debugged; 0: there are no processes.
    virtual pid_t process() const { return 0; }
    /// What gdb wants to be told from now on.
    virtual void agreed(const Agreement&) {}
    /// Whether `pid` is the child of an event Fork, of which gdb has not said yet what becomes of it. Its memory is as
    /// that of its parent.
    virtual bool is_new_child(pid_t) { return false; }
    /// Lets such a child go, without a debugger.
    virtual void let_child_go(pid_t) {}
    /// Has such a child, if there is one, take over the conversation from here on.
    virtual void hand_over(const Agreement&) {}

    virtual std::vector<pid_t> threads() = 0;
    /// State of a thread; null when there is none with that id.
    virtual ir::Env* find(pid_t tid) = 0;
    /// Text of info threads behind the thread's number.
    virtual std::string describe_thread(pid_t) { return {}; }

    virtual bool set_breakpoint(u64 address, bool on) = 0;
    virtual bool set_watchpoint(WatchKind kind, u64 address, u64 length, bool on) = 0;

    /// Memory as thread `tid` sees it. @returns bytes accessed before the first that cannot be.
    virtual std::size_t read_memory(pid_t tid, u64 address, void* to, std::size_t bytes) = 0;
    virtual std::size_t write_memory(pid_t tid, u64 address, const void* from, std::size_t bytes) = 0;

    /// Further features of this target, ";"-separated with a leading one, for the answer to qSupported.
    virtual std::string features() const { return {}; }
    /// A packet that the session does not know. Nothing: unknown here too.
    virtual std::optional<std::string> packet(std::string_view) { return std::nullopt; }
    /// Data of qXfer objects beyond those of every target ("auxv", "exec-file", "siginfo" of thread `tid`).
    virtual std::optional<std::string> object(std::string_view /*name*/, pid_t /*tid*/) { return std::nullopt; }
};

}  // namespace dragoman::debug
