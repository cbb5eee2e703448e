#include "devices/net/netdev.h"

namespace dragoman::devices::net {

void Netdev::attach(Receiver receiver) {
    if (receiver == nullptr) detach();
    else receiver_ = [inner = std::move(receiver)](std::span<const u8> frame, u16) { return inner(frame); };
}

void Netdev::detach() {
    receiver_ = nullptr;
    waiting_.clear();
    want_merged(false, false);
}

void Netdev::deliver(std::span<const u8> frame, u16 segment) {
    if (receiver_ == nullptr) return;
    if (!observers_.empty()) {
        iovec piece{const_cast<u8*>(frame.data()), frame.size()};
        show(Observer::Way::ToGuest, {&piece, 1}, frame.size());
    }
    if (waiting_.empty() && receiver_(frame, segment)) return;
    if (waiting_.size() < kMaxWaiting) waiting_.push_back({{frame.begin(), frame.end()}, segment});
}

void Netdev::show(Observer::Way way, std::span<const iovec> frame, u64 bytes) {
    for (const auto& observer : observers_) observer->see(way, frame, bytes);
}

void Netdev::resume() {
    while (!waiting_.empty()) {
        if (!receiver_(waiting_.front().frame, waiting_.front().segment)) return;
        waiting_.pop_front();
    }
    drained();
}

}  // namespace dragoman::devices::net
