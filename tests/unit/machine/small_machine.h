// The configuration of a machine without firmware and serial port, which does not begin to run by itself.
#pragma once

#include "machine/config.h"

namespace dragoman::machine {

inline Config small_machine() {
    Config config;
    config.memory = 16 << 20;
    config.bios = "none";
    config.serials = {"none"};
    config.paused = true;
    return config;
}

}  // namespace dragoman::machine
