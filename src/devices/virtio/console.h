// virtio-console (virtio 1.2 §5.3): consoles and named ports on chardevs.
#pragma once

#include <deque>

#include "devices/chardev.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

struct ConsolePortOptions {
    bool console = true;        ///< hvcN; else /dev/vport0pN
    std::string name;           ///< of a port: a link in /dev/virtio-ports
    std::optional<u32> number;  ///< nothing: the next free one; 0 is a console's
};

class Console final : public VirtioDevice {
public:
    static constexpr u32 kMaxPorts = 31;
    static constexpr std::size_t kMaxName = 63;

    /// @param max_ports  1: port 0 is all there is, without the control queues of MULTIPORT
    explicit Console(memory::PhysicalSpace& space, u32 max_ports = 1);

    /// Connects a port, before the machine runs. @returns what was wrong; empty: nothing
    std::string connect_port(std::shared_ptr<Chardev> chardev, const ConsolePortOptions& options = {});
    std::string describe() const override;
    u32 max_ports() const { return max_ports_; }

private:
    struct Port {
        u32 number = 0;
        bool console = true;
        std::string name;
        std::shared_ptr<Chardev> chardev;
        // The device's lock is held.
        bool host_open = false, guest_open = false;
        Chain receive_chain, transmit_chain;
        bool receiving = false;     ///< receive_chain waits for input
        bool transmitting = false;  ///< transmit_chain waits for room on the host's side
        u64 transmitted = 0;        ///< bytes of transmit_chain that are through
        u64 resume_at = 0;          ///< the same of the next chain, which had been begun when the state was saved
    };
    struct Message {
        u32 port;
        u16 event, value;
        std::string text;  ///< behind it
    };

    u64 device_features() const override;
    void fill_config(std::span<u8> config) override;
    u32 config_bytes() const override;
    void config_written(std::span<const u8> config) override DRAGOMAN_REQUIRES(lock());
    void queue_notified(unsigned index) override DRAGOMAN_REQUIRES(lock());
    void device_reset() override DRAGOMAN_REQUIRES(lock());
    void visit_device(State& state) override DRAGOMAN_REQUIRES(lock());
    u16 held_chains(unsigned index) const override DRAGOMAN_REQUIRES(lock());

    bool multiport() const;
    Port* find_port(u32 number) const;
    Port* port_of_queue(unsigned index, bool& receive) const;
    std::size_t can_receive(Port& port);
    void receive(Port& port, std::span<const u8> bytes);
    void host_connected(Port& port, bool open);
    void transmit(Port& port) DRAGOMAN_REQUIRES(lock());
    bool drain_chain(Port& port) DRAGOMAN_REQUIRES(lock());
    void discard(unsigned queue) DRAGOMAN_REQUIRES(lock());
    void take_control() DRAGOMAN_REQUIRES(lock());
    void handle_control(u32 number, u16 event, u16 value) DRAGOMAN_REQUIRES(lock());
    void send_control(Message message) DRAGOMAN_REQUIRES(lock());
    void flush_control() DRAGOMAN_REQUIRES(lock());

    const u32 max_ports_;
    std::vector<std::unique_ptr<Port>> ports_;
    std::deque<Message> messages_ DRAGOMAN_GUARDED_BY(lock());  ///< for which there has been no buffer
    Chain control_chain_ DRAGOMAN_GUARDED_BY(lock());
};

}  // namespace dragoman::devices::virtio
