// -netdev tap: an interface of the host's that the guest is wired to.
#pragma once

#include "base/properties.h"
#include "devices/event_loop.h"
#include "devices/net/netdev.h"

namespace dragoman::devices::net {

class TapNetdev final : public Netdev {
public:
    /// @throws FatalError
    TapNetdev(std::string id, Properties& properties, EventLoop& loop);
    ~TapNetdev() override;

    std::string describe() const override { return "tap, ifname " + name_; }

protected:
    void send(std::span<const iovec> frame, u64 bytes) override;

private:
    void open(const Properties& properties);
    void run_script(const Properties& properties, const std::string& script) const;
    void readable();
    void drained() override;

    EventLoop& loop_;
    int fd_ = -1;
    std::string name_;
    std::string down_script_;
    bool watching_ = false;
    std::vector<u8> buffer_;
};

}  // namespace dragoman::devices::net
