// virtio-console (virtio 1.2 §5.3): port 0 on a chardev.
#pragma once

#include "devices/chardev.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

class Console final : public VirtioDevice {
public:
    explicit Console(memory::PhysicalSpace& space);

    /// Connects port 0, before the machine runs. @returns false when it has a chardev already.
    bool connect_port(std::shared_ptr<Chardev> chardev);
    std::string describe() const override;

private:
    static constexpr unsigned kReceive = 0, kTransmit = 1;

    u64 device_features() const override;
    void fill_config(std::span<u8>) override {}
    u32 config_bytes() const override;
    void config_written(std::span<const u8> config) override DRAGOMAN_REQUIRES(lock());
    void queue_notified(unsigned index) override DRAGOMAN_REQUIRES(lock());
    void device_reset() override DRAGOMAN_REQUIRES(lock());
    void visit_device(State& state) override DRAGOMAN_REQUIRES(lock());
    u16 held_chains(unsigned index) const override DRAGOMAN_REQUIRES(lock());

    std::size_t can_receive();
    void receive(std::span<const u8> bytes);
    void transmit() DRAGOMAN_REQUIRES(lock());
    bool drain_chain() DRAGOMAN_REQUIRES(lock());

    std::shared_ptr<Chardev> chardev_;
    Chain receive_chain_ DRAGOMAN_GUARDED_BY(lock());
    Chain transmit_chain_ DRAGOMAN_GUARDED_BY(lock());
    bool receiving_ DRAGOMAN_GUARDED_BY(lock()) = false;     ///< receive_chain_ waits for input
    bool transmitting_ DRAGOMAN_GUARDED_BY(lock()) = false;  ///< transmit_chain_ waits for room on the host's side
    u64 transmitted_ DRAGOMAN_GUARDED_BY(lock()) = 0;        ///< bytes of transmit_chain_ that are through
    u64 resume_at_ DRAGOMAN_GUARDED_BY(lock()) =
        0;  ///< the same of the next chain, which had been begun when the state was saved
};

}  // namespace dragoman::devices::virtio
