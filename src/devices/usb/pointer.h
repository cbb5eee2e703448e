// usb-tablet and usb-mouse: a pointer that goes to places on the screen, or moves in steps.
#pragma once

#include "devices/usb/hid.h"

namespace dragoman::devices::usb {

class Pointer final : public Hid {
public:
    /// @param absolute  a tablet
    explicit Pointer(bool absolute);

    bool takes(input::Event::Kind kind) const override;
    void receive(std::span<const input::Event> events) override;
    std::string input_name() const override;
    std::string describe() const override { return absolute_ ? "usb-tablet" : "usb-mouse"; }

private:
    Report current() const override;
    Report report(i32 wheel) const DRAGOMAN_REQUIRES(lock_);

    const bool absolute_;
    u8 buttons_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    i32 x_ DRAGOMAN_GUARDED_BY(lock_) = 0, y_ DRAGOMAN_GUARDED_BY(lock_) = 0;  ///< a place, or steps
};

}  // namespace dragoman::devices::usb
