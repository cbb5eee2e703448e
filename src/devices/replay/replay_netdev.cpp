#include "devices/replay/replay_netdev.h"

namespace dragoman::devices::net {

ReplayNetdev::ReplayNetdev(Netdev& host, Inputs& inputs, TaskQueue& loop)
    : Netdev(host.id()),
      host_(host),
      inputs_(inputs),
      loop_(loop),
      source_(inputs.add({.name = "netdev " + host.id(),
                          .deliver =
                              [this](std::span<const u8> message) {
                                  if (message.size() < 2) return;
                                  deliver(message.subspan(2), static_cast<u16>(message[0] | message[1] << 8));
                              },
                          .busy = [this] { return waiting(); },
                          .forget = [this] { drop_waiting(); }})) {
    host_.attach_large([this](std::span<const u8> frame, u16 segment) {
        if (inputs_.replaying()) return true;
        std::vector<u8> message{static_cast<u8>(segment), static_cast<u8>(segment >> 8)};
        message.insert(message.end(), frame.begin(), frame.end());
        inputs_.put(source_, std::move(message));
        return true;
    });
}

/// The guest's frames are its own doing: in a replay they have been sent.
void ReplayNetdev::send(std::span<const iovec> frame, u64 bytes) {
    if (inputs_.replaying()) return;
    std::vector<u8> copy;
    copy.reserve(bytes);
    for (const iovec& piece : frame) {
        const u8* from = static_cast<const u8*>(piece.iov_base);
        copy.insert(copy.end(), from, from + piece.iov_len);
    }
    loop_.post([this, copy = std::move(copy)]() mutable {
        const iovec piece{copy.data(), copy.size()};
        host_.transmit({&piece, 1}, copy.size());
    });
}

}  // namespace dragoman::devices::net
