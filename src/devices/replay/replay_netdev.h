// The network as a card sees it where what comes from there is recorded or replayed.
#pragma once

#include <atomic>

#include "devices/net/netdev.h"
#include "devices/replay/inputs.h"

namespace dragoman::devices::net {

/// Between a card, which calls it on the thread that runs the guest, and the back end, on the event loop's.
class ReplayNetdev final : public Netdev {
public:
    /// @param loop  the event loop, which `host` works on
    ReplayNetdev(Netdev& host, Inputs& inputs, TaskQueue& loop);

    std::string describe() const override { return host_.describe(); }
    void want_merged(bool ipv4, bool ipv6) override { host_.want_merged(ipv4, ipv6); }
    bool takes_large_segments() const override { return host_.takes_large_segments(); }

private:
    void send(std::span<const iovec> frame, u64 bytes) override;

    Netdev& host_;
    Inputs& inputs_;
    TaskQueue& loop_;
    unsigned source_;
};

}  // namespace dragoman::devices::net
