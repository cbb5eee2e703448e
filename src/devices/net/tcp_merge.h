// Joins consecutive packets of one TCP stream, so that a guest handles many in one go (as network cards with large
// receive offload do). Order is kept: what cannot be joined goes behind what is held.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/bits.h"

namespace dragoman::devices::net {

class TcpMerge {
public:
    /// Gets Ethernet frames. Where `segment` is not 0 it is the TCP data of several packets, of `segment` bytes each
    /// but for the last, and the checksum field holds the sum of the pseudo header alone.
    using Output = std::function<void(std::span<const u8> frame, u16 segment)>;

    explicit TcpMerge(Output output) : output_(std::move(output)) {}

    /// A frame that is whole and right; it comes out now or at flush().
    void add(std::span<const u8> frame);
    /// Nothing is held any more.
    void flush();

private:
    /// A packet that may be one of several.
    struct Packet {
        std::size_t ip, tcp, data;  ///< offsets in the frame
        std::size_t bytes;          ///< of data
        u32 sequence;
        bool push;
    };
    static bool parse(std::span<const u8> frame, Packet& packet);
    bool continues(std::span<const u8> frame, const Packet& packet) const;
    void finish_headers();

    Output output_;
    std::vector<u8> held_;  ///< headers and data; empty: none
    Packet first_{};
    std::size_t segment_ = 0;
    unsigned count_ = 0;
    u32 next_ = 0;  ///< sequence number
};

}  // namespace dragoman::devices::net
