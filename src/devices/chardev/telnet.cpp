#include "devices/chardev/telnet.h"

namespace dragoman::devices {

namespace {

enum : u8 {
    kSubnegotiationEnd = 240,
    kBreak = 243,
    kSubnegotiation = 250,
    kWill = 251,
    kDo = 253,
    kDont = 254,
    kIac = 255,
    kOptionBinary = 0,
    kOptionEcho = 1,
    kOptionSuppressGoAhead = 3,
};

}  // namespace

std::span<const u8> TelnetFilter::greeting() {
    static constexpr u8 kBytes[] = {kIac, kWill, kOptionEcho,   kIac, kWill, kOptionSuppressGoAhead,
                                    kIac, kWill, kOptionBinary, kIac, kDo,   kOptionBinary};
    return kBytes;
}

void TelnetFilter::filter(std::vector<u8>& bytes, const std::function<void()>& on_break) {
    std::size_t kept = 0;
    for (u8 byte : bytes) {
        switch (state_) {
            case State::Data:
                if (byte == kIac) state_ = State::Command;
                else bytes[kept++] = byte;
                break;
            case State::Command:
                state_ = State::Data;
                if (byte == kIac) bytes[kept++] = byte;
                if (byte == kBreak) on_break();
                if (byte >= kWill && byte <= kDont) state_ = State::Option;
                if (byte == kSubnegotiation) state_ = State::Subnegotiation;
                break;
            case State::Option: state_ = State::Data; break;
            case State::Subnegotiation:
                if (byte == kIac) state_ = State::SubnegotiationCommand;
                break;
            case State::SubnegotiationCommand:
                state_ = byte == kSubnegotiationEnd ? State::Data : State::Subnegotiation;
                break;
        }
    }
    bytes.resize(kept);
}

}  // namespace dragoman::devices
