#include "debug/user/gdb_server.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

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

/// Signals that end a translator which waits for gdb, before there is a guest whose they are.
class EndingSignals {
public:
    EndingSignals() {
        sigset_t ending;
        sigemptyset(&ending);
        for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
            struct sigaction action;
            sigaction(signal, nullptr, &action);
            if (action.sa_handler != SIG_IGN) sigaddset(&ending, signal);
        }
        pthread_sigmask(SIG_BLOCK, &ending, &before_);
        for (int signal = 1; signal < NSIG; ++signal) {
            if (sigismember(&before_, signal) == 1) sigdelset(&ending, signal);
        }
        fd_ = signalfd(-1, &ending, SFD_CLOEXEC);
    }
    ~EndingSignals() {
        close(fd_);
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    int fd() const { return fd_; }
    /// Takes the signal that has come and acts on it as if nobody had waited for it.
    void die() const {
        signalfd_siginfo info;
        if (read(fd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        raise(static_cast<int>(info.ssi_signo));
    }

private:
    sigset_t before_;
    int fd_;
};

/// Returns when gdb wants to connect. Before that a signal can end the process.
void wait_for_connection(const Sockets& sockets) {
    EndingSignals signals;
    for (;;) {
        pollfd waiting[] = {{sockets.listener, POLLIN, 0}, {signals.fd(), POLLIN, 0}};
        if (poll(waiting, 2, -1) < 0 && errno != EINTR) return;
        if (waiting[1].revents != 0) {
            sockets.file.remove();
            signals.die();
        }
        if (waiting[0].revents != 0) return;
    }
}

}  // namespace

linux_abi::Debugger* start_gdb_server(linux_abi::Process& process, const std::string& where, bool suspend) {
    auto* sockets = new Sockets;
    sockets->listener = listen_for_gdb(where, sockets->file);
    if (suspend) wait_for_connection(*sockets);
    auto* control = new StopControl(process, suspend);
    control->on_forked_child = [sockets] {
        release_descriptor(sockets->listener);
        if (sockets->connection >= 0) release_descriptor(sockets->connection);
    };
    control->on_end = [sockets] { sockets->file.remove(); };
    // Signals of the process are for the guest's threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread(serve, std::ref(*control), std::ref(*sockets)).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return control;
}

}  // namespace dragoman::debug
