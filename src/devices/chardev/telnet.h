// The server's side of the telnet protocol (RFC 854), as little as a serial line needs.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/bits.h"

namespace dragoman::devices {

class TelnetFilter {
public:
    /// Sent to a new client: characters come one by one, are not echoed by it, and have eight bits.
    static std::span<const u8> greeting();

    void reset() { state_ = State::Data; }
    /// Takes the commands out of `bytes`. @param on_break  called for each BREAK
    void filter(std::vector<u8>& bytes, const std::function<void()>& on_break);

private:
    enum class State : u8 { Data, Command, Option, Subnegotiation, SubnegotiationCommand };
    State state_ = State::Data;
};

}  // namespace dragoman::devices
