#include "cli/system/daemon.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace dragoman::cli_system {

namespace {

[[noreturn]] void fail(const char* what) {
    throw FatalError(1, std::string("-daemonize: ") + what + ": " + std::strerror(errno));
}

}  // namespace

Daemon::Daemon(bool on) {
    if (!on) return;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child != 0) {
        ::close(ends[1]);
        char ready;
        ssize_t size;
        do size = ::read(ends[0], &ready, 1);
        while (size < 0 && errno == EINTR);
        _exit(size == 1 ? 0 : 1);
    }
    ::close(ends[0]);
    pipe_ = ends[1];
    setsid();
}

Daemon::~Daemon() {
    if (pipe_ >= 0) ::close(pipe_);
}

void Daemon::ready() {
    if (pipe_ < 0) return;
    int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || chdir("/") != 0) fail("/dev/null");
    for (int fd = 0; fd <= 2; ++fd) dup2(null, fd);
    ::close(null);
    char byte = 0;
    [[maybe_unused]] ssize_t size = ::write(pipe_, &byte, 1);
    ::close(pipe_);
    pipe_ = -1;
}

}  // namespace dragoman::cli_system
