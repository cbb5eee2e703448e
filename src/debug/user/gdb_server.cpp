#include "debug/user/gdb_server.h"

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

}  // namespace

linux_abi::Debugger* start_gdb_server(linux_abi::Process& process, const std::string& where, bool suspend) {
    auto* sockets = new Sockets;
    sockets->listener = listen_for_gdb(where);
    auto* control = new StopControl(process, suspend);
    control->on_forked_child = [sockets] {
        release_descriptor(sockets->listener);
        if (sockets->connection >= 0) release_descriptor(sockets->connection);
    };
    // Signals of the process are for the guest's threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread(serve, std::ref(*control), std::ref(*sockets)).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return control;
}

}  // namespace dragoman::debug
