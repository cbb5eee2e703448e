// Semihosting calls of a machine's harts (-semihosting).
#pragma once

#include <memory>

#include "base/bits.h"

namespace dragoman::machine {

class Hart;
class Machine;

class Semihosting {
public:
    /// @throws FatalError when there is no chardev of the configured name
    explicit Semihosting(Machine& machine);
    ~Semihosting();
    Semihosting(const Semihosting&) = delete;
    Semihosting& operator=(const Semihosting&) = delete;

    /// The hart's exception is a call of a mode that may make it: makes it. On the hart's thread.
    bool call(Hart& hart);

private:
    struct State;
    class HartHost;
    std::unique_ptr<State> state_;
};

}  // namespace dragoman::machine
