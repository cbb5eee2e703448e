#include "devices/net/netdev.h"

namespace dragoman::devices::net {

void Netdev::deliver(std::span<const u8> frame) {
    if (receiver_ == nullptr) return;
    if (waiting_.empty() && receiver_(frame)) return;
    if (waiting_.size() < kMaxWaiting) waiting_.emplace_back(frame.begin(), frame.end());
}

void Netdev::resume() {
    while (!waiting_.empty()) {
        if (!receiver_(waiting_.front())) return;
        waiting_.pop_front();
    }
    drained();
}

}  // namespace dragoman::devices::net
