#include "devices/net/netdev.h"

namespace dragoman::devices::net {

void Netdev::deliver(std::span<const u8> frame) {
    if (receiver_ == nullptr) return;
    if (!observers_.empty()) {
        iovec piece{const_cast<u8*>(frame.data()), frame.size()};
        show(Observer::Way::ToGuest, {&piece, 1}, frame.size());
    }
    if (waiting_.empty() && receiver_(frame)) return;
    if (waiting_.size() < kMaxWaiting) waiting_.emplace_back(frame.begin(), frame.end());
}

void Netdev::show(Observer::Way way, std::span<const iovec> frame, u64 bytes) {
    for (const auto& observer : observers_) observer->see(way, frame, bytes);
}

void Netdev::resume() {
    while (!waiting_.empty()) {
        if (!receiver_(waiting_.front())) return;
        waiting_.pop_front();
    }
    drained();
}

}  // namespace dragoman::devices::net
