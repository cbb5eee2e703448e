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
    void config_written(std::span<const u8> config) override;
    void queue_notified(unsigned index) override;
    void device_reset() override;
    void visit_device(State& state) override;
    u16 held_chains(unsigned index) const override;

    std::size_t can_receive();
    void receive(std::span<const u8> bytes);
    void transmit();
    bool drain_chain();

    std::shared_ptr<Chardev> chardev_;
    Chain receive_chain_, transmit_chain_;
    bool receiving_ = false;     ///< receive_chain_ waits for input
    bool transmitting_ = false;  ///< transmit_chain_ waits for room on the host's side
    u64 transmitted_ = 0;        ///< bytes of transmit_chain_ that are through
    u64 resume_at_ = 0;          ///< the same of the next chain, which had been begun when the state was saved
};

}  // namespace dragoman::devices::virtio
