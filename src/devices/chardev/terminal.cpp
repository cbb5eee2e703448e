#include "devices/chardev/terminal.h"

#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace dragoman::devices::terminal {

namespace {

termios old_modes, raw_modes;
std::atomic<bool> wanted{false};  ///< make_raw was called
std::atomic<bool> is_raw{false};

// Both are called from signal handlers.
void enter() {
    if (!wanted.load() || tcgetpgrp(STDIN_FILENO) != getpgrp()) return;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw_modes) == 0) is_raw.store(true);
}

void leave() {
    if (is_raw.exchange(false)) tcsetattr(STDIN_FILENO, TCSANOW, &old_modes);
}

/// A signal whose default is to end or stop us: the default happens, on a terminal that is as it was.
void on_default(int signal) {
    int error = errno;
    leave();
    struct sigaction action {
    }, handler;
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, &handler);
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, signal);
    raise(signal);
    pthread_sigmask(SIG_UNBLOCK, &set, &old);  // now it happens
    pthread_sigmask(SIG_SETMASK, &old, nullptr);
    sigaction(signal, &handler, nullptr);
    errno = error;
}

void on_continue(int) {
    int error = errno;
    enter();
    errno = error;
}

/// Signals that the program handles by itself keep their handlers: those end in exit() and so in restore().
void handle_default(int signal, void (*handler)(int)) {
    struct sigaction action;
    if (sigaction(signal, nullptr, &action) != 0 || (action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler != SIG_DFL)
        return;
    action = {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
}

}  // namespace

void make_raw(bool signals) {
    if (wanted.load() || tcgetattr(STDIN_FILENO, &old_modes) != 0) return;
    raw_modes = old_modes;
    raw_modes.c_iflag &= ~static_cast<tcflag_t>(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw_modes.c_oflag |= OPOST;  // messages of the program itself end lines with \n alone
    raw_modes.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | IEXTEN);
    if (!signals) raw_modes.c_lflag &= ~static_cast<tcflag_t>(ISIG);
    raw_modes.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB);
    raw_modes.c_cflag |= CS8;
    raw_modes.c_cc[VMIN] = 1;
    raw_modes.c_cc[VTIME] = 0;
    wanted.store(true);
    static const int registered = std::atexit(restore);
    (void)registered;
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTSTP})
        handle_default(signal, on_default);
    handle_default(SIGCONT, on_continue);
    enter();
}

void restore() {
    wanted.store(false);
    leave();
}

void make_raw_line(int fd) {
    termios modes;
    if (tcgetattr(fd, &modes) != 0) return;
    cfmakeraw(&modes);
    tcsetattr(fd, TCSANOW, &modes);
}

}  // namespace dragoman::devices::terminal
