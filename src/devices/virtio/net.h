// virtio-net (virtio 1.2 §5.1): a network card with one pair of queues. Frames move on the event loop's thread.
#pragma once

#include <array>

#include "base/properties.h"
#include "devices/net/mac_address.h"
#include "devices/net/netdev.h"
#include "devices/task_queue.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

using net::MacAddress;

struct NetOptions {
    MacAddress mac = net::kFirstMac;
    u16 queue_size = 256;
    u16 mtu = 0;            ///< told to the guest where not 0
    bool csum = true;       ///< the guest may leave checksums to us
    bool tso = true;        ///< and the cutting of TCP data into packets
    bool guest_tso = true;  ///< the guest takes TCP data of several packets in one frame
};

class Net final : public VirtioDevice {
public:
    /// @param netdev  null: the cable is out
    Net(memory::PhysicalSpace& space, TaskQueue& tasks, net::Netdev* netdev, const NetOptions& options);
    ~Net() override;
    /// The card's own properties; "netdev" and "mac" have been taken. @throws FatalError
    static NetOptions take_options(Properties& properties, const MacAddress& mac);

    std::string describe() const override;

private:
    static constexpr unsigned kReceive = 0, kTransmit = 1;
    static constexpr unsigned kBatch = 64;  ///< chains; enough for a frame of 64 KiB in buffers for single packets

    u64 device_features() const override;
    void fill_config(std::span<u8> config) override DRAGOMAN_REQUIRES(lock());
    u32 config_bytes() const override;
    void config_written(std::span<const u8> config) override DRAGOMAN_REQUIRES(lock());
    void queue_notified(unsigned index) override DRAGOMAN_REQUIRES(lock());
    void driver_ready() override DRAGOMAN_REQUIRES(lock());
    void device_reset() override DRAGOMAN_REQUIRES(lock());
    void visit_device(State& state) override DRAGOMAN_REQUIRES(lock());

    u64 header_bytes() const;
    bool receive(std::span<const u8> frame, u16 segment);
    void tell_netdev() DRAGOMAN_REQUIRES(lock());
    bool gather(u64 bytes, unsigned& chains) DRAGOMAN_REQUIRES(lock());
    void transmit();
    void send(const Chain& chain);

    TaskQueue& tasks_;
    net::Netdev* netdev_;
    const NetOptions options_;
    MacAddress mac_ DRAGOMAN_GUARDED_BY(lock());  ///< legacy drivers change it
    bool transmit_posted_ DRAGOMAN_GUARDED_BY(lock()) = false;
    bool starving_ DRAGOMAN_GUARDED_BY(lock()) = false;  ///< a frame waits for buffers of the guest
    // The event loop's
    std::array<Chain, kBatch> receive_chains_, transmit_chains_;
    std::vector<iovec> pieces_;
    std::vector<u8> linear_;
};

}  // namespace dragoman::devices::virtio
