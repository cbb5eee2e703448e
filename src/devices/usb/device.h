// A USB device as its host controller sees it (USB 2.0 §8, §9): endpoints that take and give packets.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/bits.h"

namespace dragoman {
class State;
}

namespace dragoman::devices::usb {

enum class Speed : u8 { Full = 1, Low = 2, High = 3 };  // as xHCI numbers them

/// §9.3
struct Setup {
    u8 type, request;
    u16 value, index, length;
};
static_assert(sizeof(Setup) == 8);

enum class Outcome : u8 { Done, Nak, Stall };

struct Packet {
    Outcome outcome = Outcome::Done;
    u64 bytes = 0;  ///< that went over
};

/// Descriptors of a device with one configuration and one interface.
struct Descriptors {
    std::vector<u8> device, configuration;  ///< the latter with all that belongs to it
    std::vector<std::string> strings;       ///< from number 1 on
};

/// All functions are called with the controller's lock held.
class Device {
public:
    Device(Speed speed, Descriptors descriptors) : speed_(speed), descriptors_(std::move(descriptors)) {}
    virtual ~Device() = default;

    Speed speed() const { return speed_; }
    /// The controller asks the endpoint again that answered with Nak. Set before the machine runs; called without the
    /// controller's lock.
    void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }

    /// A control transfer on endpoint 0. `data` is what the host sends, or where what it gets goes.
    Packet control(const Setup& setup, std::vector<u8>& data);
    /// A transfer on endpoint `number`.
    virtual Packet in(unsigned number, std::span<u8> data) = 0;
    virtual Packet out(unsigned number, std::span<const u8> data) = 0;

    virtual void reset() { configuration_ = 0; }
    virtual void visit(State& state) = 0;
    virtual std::string describe() const = 0;

protected:
    /// A request of the interface's class, or of the interface. @returns Stall when there is no such
    virtual Packet interface_request(const Setup& setup, std::vector<u8>& data) = 0;
    virtual void halt_cleared(unsigned /*endpoint*/) {}
    void wake() const {
        if (wake_) wake_();
    }
    static Packet give(const Setup& setup, std::span<const u8> bytes, std::vector<u8>& data);
    u8& configuration() { return configuration_; }

private:
    Packet descriptor(const Setup& setup, std::vector<u8>& data) const;

    const Speed speed_;
    const Descriptors descriptors_;
    std::function<void()> wake_;
    u8 configuration_ = 0;
};

}  // namespace dragoman::devices::usb
