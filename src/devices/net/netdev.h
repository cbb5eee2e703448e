// Host side of a network card: -netdev. Everything here happens on the event loop's thread.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bits.h"
#include "devices/net/observer.h"

namespace dragoman::devices::net {

class Netdev {
public:
    explicit Netdev(std::string id) : id_(std::move(id)) {}
    virtual ~Netdev() = default;
    Netdev(const Netdev&) = delete;
    Netdev& operator=(const Netdev&) = delete;

    const std::string& id() const { return id_; }
    /// For info network: "user, net 10.0.2.0/24".
    virtual std::string describe() const = 0;

    /// The card: takes one Ethernet frame for the guest; false when it has no room, until resume().
    using Receiver = std::function<bool(std::span<const u8> frame)>;
    void attach(Receiver receiver);
    /// The same of a card that also takes the TCP data of several packets in one frame (TcpMerge::Output).
    using LargeReceiver = std::function<bool(std::span<const u8> frame, u16 segment)>;
    void attach_large(LargeReceiver receiver) { receiver_ = std::move(receiver); }
    /// The card has gone, and what waited for it is lost.
    void detach();
    bool attached() const { return receiver_ != nullptr; }
    /// The card has room again: passes on what had to wait.
    void resume();

    /// The card: a frame of the guest's, of `bytes` in pieces.
    void transmit(std::span<const iovec> frame, u64 bytes) {
        if (!observers_.empty()) show(Observer::Way::FromGuest, frame, bytes);
        send(frame, bytes);
    }
    /// From now on `observer` sees all frames.
    void add_observer(std::unique_ptr<Observer> observer) { observers_.push_back(std::move(observer)); }
    /// Which frames of several packets the guest wants now; where takes_large_segments(). Any thread.
    virtual void want_merged(bool ipv4, bool ipv6) { merged_ = (ipv4 ? kMergeIpv4 : 0u) | (ipv6 ? kMergeIpv6 : 0u); }
    /// Whether send() takes TCP segments of up to 64 KiB in one frame.
    virtual bool takes_large_segments() const { return false; }

protected:
    /// Takes a frame of the guest's to the network.
    virtual void send(std::span<const iovec> frame, u64 bytes) = 0;
    /// Passes a frame to the guest, now or later; when too many wait, it is lost, as on any network.
    void deliver(std::span<const u8> frame, u16 segment = 0);
    enum : u32 { kMergeIpv4 = 1, kMergeIpv6 = 2 };
    u32 merged() const { return merged_.load(std::memory_order_relaxed); }
    bool waiting() const { return !waiting_.empty(); }
    void drop_waiting() { waiting_.clear(); }
    /// Nothing waits any more.
    virtual void drained() {}

private:
    static constexpr std::size_t kMaxWaiting = 2048;

    void show(Observer::Way way, std::span<const iovec> frame, u64 bytes);

    std::string id_;
    struct Waiting {
        std::vector<u8> frame;
        u16 segment;
    };
    LargeReceiver receiver_;
    std::deque<Waiting> waiting_;
    std::atomic<u32> merged_ = 0;
    std::vector<std::unique_ptr<Observer>> observers_;
};

}  // namespace dragoman::devices::net
