#include "debug/gdb_signal.h"

#include <csignal>

namespace dragoman::debug {

namespace {

struct Row {
    int linux_number, gdb_number;
};

constexpr Row kSignals[] = {
    {SIGHUP, 1},     {SIGINT, 2},   {SIGQUIT, 3},   {SIGILL, 4},   {SIGTRAP, 5},  {SIGABRT, 6},
    {SIGFPE, 8},     {SIGKILL, 9},  {SIGBUS, 10},   {SIGSEGV, 11}, {SIGSYS, 12},  {SIGPIPE, 13},
    {SIGALRM, 14},   {SIGTERM, 15}, {SIGURG, 16},   {SIGSTOP, 17}, {SIGTSTP, 18}, {SIGCONT, 19},
    {SIGCHLD, 20},   {SIGTTIN, 21}, {SIGTTOU, 22},  {SIGIO, 23},   {SIGXCPU, 24}, {SIGXFSZ, 25},
    {SIGVTALRM, 26}, {SIGPROF, 27}, {SIGWINCH, 28}, {SIGUSR1, 30}, {SIGUSR2, 31}, {SIGPWR, 32},
};
// Real-time signals: 33..63 are consecutive, 32 and 64 were added later.
constexpr int kLinuxRt32 = 32, kGdbRt32 = 77, kLinuxRt33 = 33, kGdbRt33 = 45, kLinuxRt64 = 64, kGdbRt64 = 78;
constexpr int kGdbUnknown = 143;

}  // namespace

int gdb_signal(int linux_signal) {
    for (const Row& row : kSignals) {
        if (row.linux_number == linux_signal) return row.gdb_number;
    }
    if (linux_signal == kLinuxRt32) return kGdbRt32;
    if (linux_signal == kLinuxRt64) return kGdbRt64;
    if (linux_signal >= kLinuxRt33 && linux_signal < kLinuxRt64) return linux_signal - kLinuxRt33 + kGdbRt33;
    return kGdbUnknown;
}

int linux_signal(int gdb_signal) {
    for (int signal = 1; signal <= kLinuxRt64; signal++) {
        if (debug::gdb_signal(signal) == gdb_signal) return signal;
    }
    return 0;
}

}  // namespace dragoman::debug
