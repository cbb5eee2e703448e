// -daemonize: the machine goes on in a process of its own, behind the caller's back.
#pragma once

namespace dragoman::cli_system {

/// Made before there are threads. The calling process waits in the constructor until the machine is ready, and ends;
/// its child returns from it. The status is 1 when the child ends before, with its message on stderr.
class Daemon {
public:
    /// @param on  false: nothing happens. @throws FatalError
    explicit Daemon(bool on);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// The machine is made: leaves the caller's terminal and folder, and lets the caller go on.
    void ready();

private:
    int pipe_ = -1;  ///< to the waiting process
};

}  // namespace dragoman::cli_system
