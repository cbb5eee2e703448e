// SIGINT, SIGTERM and SIGHUP end the machine as quit does: disks are flushed, the terminal is given back.
#pragma once

#include "devices/event_loop.h"

namespace dragoman::machine {

class Machine;

/// Made before any thread, so that none of them gets these signals.
class Signals {
public:
    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    void attach(Machine& machine);

private:
    int fd_;
};

}  // namespace dragoman::machine
