#include "devices/virtio/console.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "devices/state.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kDeviceId = 3;
constexpr u16 kQueueSizes[] = {128, 128};
constexpr u64 kEmergencyWrite = feature(2);
constexpr u32 kConfigBytes = 12, kEmergencyWriteOffset = 8;  // §5.3.4

}  // namespace

Console::Console(memory::PhysicalSpace& space) : VirtioDevice(space, kDeviceId, kQueueSizes) {}

bool Console::connect_port(std::shared_ptr<Chardev> chardev) {
    if (chardev_ != nullptr) return false;
    chardev_ = std::move(chardev);
    chardev_->attach({.can_receive = [this] { return can_receive(); },
                      .receive = [this](std::span<const u8> bytes) { receive(bytes); }});
    chardev_->set_on_writable([this] {
        LockGuard held(lock());
        transmit();
    });
    return true;
}

std::string Console::describe() const {
    return std::string("virtio-serial, ") + (chardev_ != nullptr ? chardev_->describe() : "port 0 not connected");
}

u64 Console::device_features() const { return kEmergencyWrite; }

u32 Console::config_bytes() const { return kConfigBytes; }

void Console::config_written(std::span<const u8> config) {
    u8 byte = config[kEmergencyWriteOffset];
    if (chardev_ != nullptr) chardev_->write({&byte, 1});
}

void Console::device_reset() {
    receiving_ = transmitting_ = false;
    resume_at_ = 0;
}

u16 Console::held_chains(unsigned index) const { return (index == kReceive ? receiving_ : transmitting_) ? 1 : 0; }

void Console::visit_device(State& state) {
    const u64 through = state.peek("transmitted", transmitting_ ? transmitted_ : resume_at_);
    if (state.loading()) resume_at_ = through;
}

void Console::queue_notified(unsigned index) {
    if (index == kTransmit) {
        transmit();
    } else if (chardev_ != nullptr) {
        chardev_->accept_input();
    }
}

std::size_t Console::can_receive() {
    LockGuard held(lock());
    if (!running()) return 0;
    while (!receiving_) {
        if (pop(kReceive, receive_chain_)) {
            receiving_ = receive_chain_.writable.bytes != 0;
            if (!receiving_) own_queue(kReceive).push(receive_chain_, 0);
        } else if (!request_notifications(kReceive)) {
            return 0;
        }
    }
    return receive_chain_.writable.bytes;
}

void Console::receive(std::span<const u8> bytes) {
    LockGuard held(lock());
    if (!running() || !receiving_) return;  // reset since it was asked
    receiving_ = false;
    own_queue(kReceive).push(receive_chain_, receive_chain_.writable.copy_from(0, bytes.data(), bytes.size()));
    publish(kReceive);
}

/// Writes what is left of the current chain. @returns false when the host takes no more for now
bool Console::drain_chain() {
    std::array<u8, 1024> part;
    while (u64 bytes = transmit_chain_.readable.copy_to(transmitted_, part.data(), part.size())) {
        std::size_t taken = chardev_ != nullptr ? chardev_->write({part.data(), bytes}) : bytes;
        transmitted_ += taken;
        if (taken < bytes) return false;
    }
    return true;
}

void Console::transmit() {
    if (!running()) return;
    do {
        while (transmitting_ || pop(kTransmit, transmit_chain_)) {
            if (!transmitting_) transmitted_ = std::exchange(resume_at_, 0);
            transmitting_ = !drain_chain();
            if (transmitting_) {
                publish(kTransmit);
                return;
            }
            own_queue(kTransmit).push(transmit_chain_, 0);
        }
        publish(kTransmit);
    } while (request_notifications(kTransmit));
}

}  // namespace dragoman::devices::virtio
