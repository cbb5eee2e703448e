// The host-target interface of Berkeley's simulators: two words of 64 bits, with which a guest prints, reads what is
// typed, and ends. Programs have them as `tohost` and `fromhost` in their own memory; firmware that was told of no
// such place finds them as registers.
//
// tohost: bits 63:56 are the device, 55:48 its command, and what is below its argument. Device 0 is the system: an
// odd argument ends the machine with the status above bit 0, an even one is the address of eight words that make a
// system call. Device 1 is the console: command 0 asks for a byte, command 1 prints one.
#pragma once

#include <functional>
#include <memory>

#include "base/mutex.h"
#include "devices/chardev.h"
#include "devices/device.h"

namespace dragoman::devices {

class Htif final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 16;  ///< bytes: fromhost, tohost
    static constexpr memory::MmioLimits kLimits{4, 4, false, true};

    /// @param chardev  may be null: nothing comes in, and what is printed is lost
    /// @param exit     ends the machine; called on the hart's thread, returns soon
    Htif(memory::PhysicalSpace& space, std::shared_ptr<Chardev> chardev, std::function<void(int status)> exit);
    ~Htif() override;

    /// The words are memory, at these addresses, instead of registers. Before harts run.
    /// @returns false when they are not in RAM
    bool place(u64 tohost, u64 fromhost);

    void reset() override;
    void visit(State& state) override;
    void resume() override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    void tohost_written();
    void handle(u64 request);
    void answer(u64 value) DRAGOMAN_REQUIRES(mutex_);
    u64 system_call(u64 address);
    void print(u8 byte);

    memory::PhysicalSpace& space_;
    const std::shared_ptr<Chardev> chardev_;
    const std::function<void(int status)> exit_;
    bool placed_ = false;
    u64 tohost_address_ = 0, fromhost_address_ = 0;  ///< placed_
    Mutex mutex_;
    u64 tohost_ DRAGOMAN_GUARDED_BY(mutex_) = 0, fromhost_ DRAGOMAN_GUARDED_BY(mutex_) = 0;  ///< not placed_
    bool half_written_ DRAGOMAN_GUARDED_BY(mutex_) = false;  ///< the low half of tohost has come
    bool wants_byte_ DRAGOMAN_GUARDED_BY(mutex_) = false;
};

}  // namespace dragoman::devices
