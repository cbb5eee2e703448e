#include "machine/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/program_name.h"
#include "machine/machine.h"

namespace dragoman::machine {

Signals::Signals() {
    sigset_t set;
    sigemptyset(&set);
    for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // A broken pipe and a file that may not grow are errors of the write.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd_ < 0) throw FatalError(1, std::string("signalfd: ") + std::strerror(errno));
}

Signals::~Signals() { ::close(fd_); }

void Signals::attach(Machine& machine) {
    machine.loop().watch(fd_, devices::EventLoop::kReadable, [this, &machine](u32) {
        signalfd_siginfo info;
        if (::read(fd_, &info, sizeof info) != sizeof info) return;
        std::fprintf(stderr, "%s: terminating on signal %u\n", program_name(), info.ssi_signo);
        machine.request_shutdown(Cause::HostSignal);
    });
}

}  // namespace dragoman::machine
