// Character back ends: where the bytes of serial ports, consoles, monitor and QMP go and come from.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/bits.h"

namespace dragoman::devices {

/// Two-way byte channel to the host (stdio, pty, file, socket, null, or one of several users of stdio).
class Chardev {
public:
    virtual ~Chardev() = default;

    /// Front end: takes bytes from the host. All are called on the event loop's thread.
    struct Frontend {
        std::function<std::size_t()> can_receive;            ///< how many bytes it takes now
        std::function<void(std::span<const u8>)> receive;    ///< at most that many
        std::function<void(bool open)> connected = nullptr;  ///< the peer came (also: was there at attach) or went
        std::function<void(bool in)> focused = nullptr;      ///< a mux now leads its input here, or no longer
        std::function<void()> line_break = nullptr;          ///< a serial line's break condition
    };
    virtual void attach(Frontend frontend) = 0;
    /// Bytes to the host; any thread. @returns how many were taken: fewer than given when the host's side is full
    /// (on_writable is called later), all of them when nobody listens.
    virtual std::size_t write(std::span<const u8> bytes) = 0;
    virtual void set_on_writable(std::function<void()> callback) = 0;
    /// The front end has room again: can_receive is asked anew. Any thread.
    virtual void accept_input() = 0;
    /// For messages: "pty:/dev/pts/3".
    virtual std::string describe() const = 0;
};

}  // namespace dragoman::devices
