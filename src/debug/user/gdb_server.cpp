#include "debug/user/gdb_server.h"

#include <poll.h>

#include <cerrno>
#include <csignal>
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

void serve(StopControl& control, Sockets& sockets) {
    for (;;) {
        int fd = accept_gdb(sockets.listener);
        if (fd < 0) continue;
        sockets.connection = fd;
        GdbSession(control, fd).run();
        sockets.connection = -1;
        release_descriptor(fd);
    }
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
    sigset_t ending, all, before;
    sigemptyset(&ending);
    for (int signal : kEndingSignals) sigaddset(&ending, signal);
    pthread_sigmask(SIG_BLOCK, &ending, &before);
    auto* sockets = new Sockets;
    sockets->listener = listen_for_gdb(where, sockets->file);
    catch_ending_signals(sockets->file);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (suspend) wait_for_connection(sockets->listener);
    auto* control = new StopControl(process, suspend);
    control->on_forked_child = [sockets] {
        release_descriptor(sockets->listener);
        if (sockets->connection >= 0) release_descriptor(sockets->connection);
    };
    control->on_end = [sockets] { sockets->file.remove(); };
    // Signals of the process are for the guest's threads.
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread(serve, std::ref(*control), std::ref(*sockets)).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return control;
}

}  // namespace dragoman::debug
