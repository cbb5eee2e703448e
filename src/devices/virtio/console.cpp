#include "devices/virtio/console.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "devices/state.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kDeviceId = 3;
constexpr u16 kPortQueue = 128, kControlQueue = 32;
constexpr u64 kMultiport = feature(1), kEmergencyWrite = feature(2);
constexpr u32 kConfigBytes = 12, kMaxPortsOffset = 4, kEmergencyWriteOffset = 8;  // §5.3.4
constexpr unsigned kControlReceive = 2, kControlTransmit = 3;                     // §5.3.2
constexpr std::size_t kMostMessages = 128;

enum ControlEvent : u16 {  // §5.3.6.2
    kDeviceReady = 0,
    kDeviceAdd = 1,
    kPortReady = 3,
    kConsolePort = 4,
    kPortOpen = 6,
    kPortName = 7,
};

struct ControlMessage {
    u32 port;
    u16 event, value;
};

std::vector<u16> queue_sizes(u32 max_ports) {
    if (max_ports == 1) return {kPortQueue, kPortQueue};
    std::vector<u16> sizes(2 * (max_ports + 1), kPortQueue);
    sizes[kControlReceive] = sizes[kControlTransmit] = kControlQueue;
    return sizes;
}

constexpr unsigned receive_queue(u32 port) { return port == 0 ? 0 : 2 * port + 2; }
constexpr unsigned transmit_queue(u32 port) { return receive_queue(port) + 1; }

}  // namespace

Console::Console(memory::PhysicalSpace& space, u32 max_ports)
    : VirtioDevice(space, kDeviceId, queue_sizes(max_ports)), max_ports_(max_ports) {}

std::string Console::connect_port(std::shared_ptr<Chardev> chardev, const ConsolePortOptions& options) {
    u32 number = options.console ? 0 : 1;
    if (options.number) number = *options.number;
    else
        while (find_port(number) != nullptr) number++;
    if (number >= max_ports_)
        return options.number ? "port " + std::to_string(number) + ": there is 0 to " + std::to_string(max_ports_ - 1)
                              : "all ports of the virtio-serial device are taken";
    if (number == 0 && !options.console) return "port 0 is a console's";
    if (find_port(number) != nullptr) return "port " + std::to_string(number) + " of the virtio-serial device is taken";
    auto made = std::make_unique<Port>();
    Port& port = *made;
    port.number = number;
    port.console = options.console;
    port.name = options.name;
    port.chardev = std::move(chardev);
    ports_.push_back(std::move(made));
    if (port.chardev == nullptr) return {};
    port.chardev->attach({.can_receive = [this, &port] { return can_receive(port); },
                          .receive = [this, &port](std::span<const u8> bytes) { receive(port, bytes); },
                          .connected = [this, &port](bool open) { host_connected(port, open); }});
    port.chardev->set_on_writable([this, &port] {
        LockGuard held(lock());
        transmit(port);
    });
    return {};
}

std::string Console::describe() const {
    std::string text = "virtio-serial";
    for (const auto& port : ports_)
        text += ", port " + std::to_string(port->number) + " " +
                (port->chardev != nullptr ? port->chardev->describe() : "not connected");
    return ports_.empty() ? text + ", no ports" : text;
}

u64 Console::device_features() const { return kEmergencyWrite | (max_ports_ > 1 ? kMultiport : 0); }

u32 Console::config_bytes() const { return kConfigBytes; }

void Console::fill_config(std::span<u8> config) {
    if (max_ports_ > 1) config[kMaxPortsOffset] = static_cast<u8>(max_ports_);
}

void Console::config_written(std::span<const u8> config) {
    u8 byte = config[kEmergencyWriteOffset];
    Port* port = find_port(0);
    if (port != nullptr && port->chardev != nullptr) port->chardev->write({&byte, 1});
}

bool Console::multiport() const { return has_feature(kMultiport); }

Console::Port* Console::find_port(u32 number) const {
    for (const auto& port : ports_) {
        if (port->number == number) return port.get();
    }
    return nullptr;
}

Console::Port* Console::port_of_queue(unsigned index, bool& receive) const {
    receive = index % 2 == 0;
    return find_port(index < 2 ? 0 : index / 2 - 1);
}

void Console::device_reset() {
    for (auto& port : ports_) {
        port->receiving = port->transmitting = port->guest_open = false;
        port->resume_at = 0;
    }
    messages_.clear();
}

u16 Console::held_chains(unsigned index) const {
    if (index == kControlReceive || index == kControlTransmit) return 0;
    bool receive;
    const Port* port = port_of_queue(index, receive);
    return port != nullptr && (receive ? port->receiving : port->transmitting) ? 1 : 0;
}

void Console::visit_device(State& state) {
    state.same("ports", ports_.size());
    for (auto& port : ports_) {
        const u64 through = state.peek("transmitted", port->transmitting ? port->transmitted : port->resume_at);
        if (state.loading()) port->resume_at = through;
        state.field("guest open", port->guest_open);
    }
    const u32 count = state.peek("messages", static_cast<u32>(messages_.size()), kMostMessages);
    std::deque<Message> messages = messages_;
    messages.resize(std::min<std::size_t>(count, kMostMessages));
    for (Message& message : messages) {
        message.port = state.peek("port", message.port);
        message.event = state.peek("event", message.event);
        message.value = state.peek("value", message.value);
        const Port* port = find_port(message.port);
        if (message.event == kPortName && port != nullptr) message.text = port->name + std::string(1, 0);
    }
    if (state.loading()) messages_ = std::move(messages);
}

void Console::queue_notified(unsigned index) {
    if (index == kControlReceive) return flush_control();
    if (index == kControlTransmit) return take_control();
    bool receive;
    Port* port = port_of_queue(index, receive);
    if (port == nullptr) return receive ? void() : discard(index);
    if (!receive) transmit(*port);
    else if (port->chardev != nullptr) port->chardev->accept_input();
}

std::size_t Console::can_receive(Port& port) {
    LockGuard held(lock());
    if (!running()) return 0;
    // What comes for a port waits until somebody opens it.
    if (!port.console && multiport() && !port.guest_open) return 0;
    const unsigned queue = receive_queue(port.number);
    while (!port.receiving) {
        if (pop(queue, port.receive_chain)) {
            port.receiving = port.receive_chain.writable.bytes != 0;
            if (!port.receiving) own_queue(queue).push(port.receive_chain, 0);
        } else if (!request_notifications(queue)) {
            return 0;
        }
    }
    return port.receive_chain.writable.bytes;
}

void Console::receive(Port& port, std::span<const u8> bytes) {
    LockGuard held(lock());
    if (!running() || !port.receiving) return;  // reset since it was asked
    port.receiving = false;
    const unsigned queue = receive_queue(port.number);
    own_queue(queue).push(port.receive_chain, port.receive_chain.writable.copy_from(0, bytes.data(), bytes.size()));
    publish(queue);
}

void Console::host_connected(Port& port, bool open) {
    LockGuard held(lock());
    if (port.host_open == open) return;
    port.host_open = open;
    if (running()) send_control({port.number, kPortOpen, open, {}});
}

/// Writes what is left of the current chain. @returns false when the host takes no more for now
bool Console::drain_chain(Port& port) {
    std::array<u8, 1024> part;
    while (u64 bytes = port.transmit_chain.readable.copy_to(port.transmitted, part.data(), part.size())) {
        std::size_t taken = port.chardev != nullptr ? port.chardev->write({part.data(), bytes}) : bytes;
        port.transmitted += taken;
        if (taken < bytes) return false;
    }
    return true;
}

void Console::transmit(Port& port) {
    if (!running()) return;
    const unsigned queue = transmit_queue(port.number);
    do {
        while (port.transmitting || pop(queue, port.transmit_chain)) {
            if (!port.transmitting) port.transmitted = std::exchange(port.resume_at, 0);
            port.transmitting = !drain_chain(port);
            if (port.transmitting) {
                publish(queue);
                return;
            }
            own_queue(queue).push(port.transmit_chain, 0);
        }
        publish(queue);
    } while (request_notifications(queue));
}

/// What is written to a port that is not there.
void Console::discard(unsigned queue) {
    do {
        while (pop(queue, control_chain_)) own_queue(queue).push(control_chain_, 0);
        publish(queue);
    } while (request_notifications(queue));
}

void Console::take_control() {
    do {
        while (pop(kControlTransmit, control_chain_)) {
            ControlMessage message;
            const bool whole = control_chain_.readable.copy_to(0, &message, sizeof message) == sizeof message;
            own_queue(kControlTransmit).push(control_chain_, 0);
            if (whole && multiport()) handle_control(message.port, message.event, message.value);
        }
        publish(kControlTransmit);
    } while (request_notifications(kControlTransmit));
}

void Console::handle_control(u32 number, u16 event, u16 value) {
    if (event == kDeviceReady) {
        for (auto& port : ports_) {
            if (value != 0) send_control({port->number, kDeviceAdd, 1, {}});
        }
        return;
    }
    Port* port = find_port(number);
    if (port == nullptr) return;
    if (event == kPortReady && value != 0) {
        if (port->console) send_control({number, kConsolePort, 1, {}});
        if (!port->name.empty()) send_control({number, kPortName, 1, port->name + std::string(1, 0)});
        if (port->host_open) send_control({number, kPortOpen, 1, {}});
    } else if (event == kPortOpen) {
        port->guest_open = value != 0;
        if (port->guest_open && port->chardev != nullptr) port->chardev->accept_input();
    }
}

void Console::send_control(Message message) {
    if (!multiport() || messages_.size() >= kMostMessages) return;
    messages_.push_back(std::move(message));
    flush_control();
}

void Console::flush_control() {
    do {
        while (!messages_.empty() && pop(kControlReceive, control_chain_)) {
            const Message& message = messages_.front();
            const ControlMessage head{message.port, message.event, message.value};
            std::vector<u8> bytes(sizeof head + message.text.size());
            std::memcpy(bytes.data(), &head, sizeof head);
            std::copy(message.text.begin(), message.text.end(), bytes.begin() + sizeof head);
            own_queue(kControlReceive)
                .push(control_chain_, control_chain_.writable.copy_from(0, bytes.data(), bytes.size()));
            messages_.pop_front();
        }
        publish(kControlReceive);
    } while (!messages_.empty() && request_notifications(kControlReceive));
}

}  // namespace dragoman::devices::virtio
