#include "debug/user/gdb_server.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "base/descriptors.h"
#include "debug/gdb_session.h"
#include "debug/gdb_socket.h"
#include "debug/user/stop_control.h"

namespace dragoman::debug {

namespace {

/// Sockets of the server, so that a forked child can close its copies.
struct Sockets {
    int listener = -1;
    SocketFile file;
    std::atomic<int> connection{-1};
};

/// Serves the connection that there is. @param resumed see GdbSession::run
void serve_connection(StopControl& control, Sockets& sockets, const Agreement& agreement, bool resumed) {
    const int fd = sockets.connection;
    GdbSession(control, fd, agreement).run(resumed);
    sockets.connection = -1;
    release_descriptor(fd);
}

void serve(StopControl& control, Sockets& sockets) {
    for (;;) {
        int fd = accept_gdb(sockets.listener);
        if (fd < 0) continue;
        sockets.connection = fd;
        serve_connection(control, sockets, {}, false);
    }
}

/// Runs `serve` in a thread of its own. Signals of the process are for the guest's threads.
template <class Serve>
void start_thread(Serve serve) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread(serve).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// What becomes of the sockets when the process forks or executes another program.
void connect_events(StopControl& control, linux_abi::Process& process, Sockets& sockets) {
    control.on_exec = [&sockets] {
        const int connection = sockets.connection;
        return connection >= 0 ? fcntl(connection, F_DUPFD, 0) : -1;
    };
    control.on_forked_child = [&process, &sockets](const Agreement* agreement) -> StopControl* {
        if (sockets.listener >= 0) release_descriptor(sockets.listener);
        const int connection = sockets.connection;
        if (agreement == nullptr || connection < 0) {
            if (connection >= 0) release_descriptor(connection);
            return nullptr;
        }
        auto* own = new Sockets;  // the parent's are in the hands of a thread that does not exist here
        own->connection = connection;
        auto* control = new StopControl(process, true);
        connect_events(*control, process, *own);
        start_thread([control, own, agreed = *agreement] { serve_connection(*control, *own, agreed, false); });
        return control;
    };
}

constexpr int kEndingSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/// The socket of a server whose guest does not handle signals yet.
const SocketFile* early_file = nullptr;

void end_early(int signal) {
    early_file->remove();
    raise(signal);  // the handler was for once
}

/// From here on until the guest's signals are set up, which replaces the handlers, a signal that ends the process takes
/// the socket's name with it.
void catch_ending_signals(const SocketFile& file) {
    early_file = &file;
    for (int signal : kEndingSignals) {
        struct sigaction action;
        sigaction(signal, nullptr, &action);
        if (action.sa_handler == SIG_IGN) continue;
        action = {};
        action.sa_handler = end_early;
        action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
        sigaction(signal, &action, nullptr);
    }
}

/// Returns when gdb wants to connect.
void wait_for_connection(int listener) {
    pollfd waiting{listener, POLLIN, 0};
    while (poll(&waiting, 1, -1) < 0 && errno == EINTR) continue;
}

}  // namespace

linux_abi::Debugger* start_gdb_server(linux_abi::Process& process, const std::string& where, bool suspend) {
    sigset_t ending, before;
    sigemptyset(&ending);
    for (int signal : kEndingSignals) sigaddset(&ending, signal);
    pthread_sigmask(SIG_BLOCK, &ending, &before);
    auto* sockets = new Sockets;
    sockets->listener = listen_for_gdb(where, sockets->file);
    catch_ending_signals(sockets->file);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (suspend) wait_for_connection(sockets->listener);
    auto* control = new StopControl(process, suspend);
    control->on_end = [sockets] { sockets->file.remove(); };
    connect_events(*control, process, *sockets);
    start_thread([control, sockets] { serve(*control, *sockets); });
    return control;
}

linux_abi::Debugger* take_over_gdb(linux_abi::Process& process, const std::string& kept) {
    auto* sockets = new Sockets;
    sockets->connection = reserve_descriptor(std::atoi(kept.c_str()));
    const bool forks = kept.find(",fork") != kept.npos;
    const Agreement agreement{.acknowledge = false, .multiprocess = true, .forks = forks, .execs = true};
    auto* control = new StopControl(process, true);
    control->report_exec();
    connect_events(*control, process, *sockets);
    start_thread([control, sockets, agreement] { serve_connection(*control, *sockets, agreement, true); });
    return control;
}

}  // namespace dragoman::debug
