// usb-kbd: a keyboard with the boot protocol's report (HID 1.11 appendix B.1).
#pragma once

#include "devices/usb/hid.h"

namespace dragoman::devices::usb {

class Keyboard final : public Hid {
public:
    Keyboard();

    bool takes(input::Event::Kind kind) const override { return kind == input::Event::Kind::Key; }
    void receive(std::span<const input::Event> events) override;
    std::string input_name() const override { return "QEMU USB Keyboard"; }
    std::string describe() const override { return "usb-kbd"; }
    void reset() override;

private:
    Report current() const override;

    std::vector<u8> down_ DRAGOMAN_GUARDED_BY(lock_);  ///< usages, in the order in which they were pressed
    u8 modifiers_ DRAGOMAN_GUARDED_BY(lock_) = 0;
};

}  // namespace dragoman::devices::usb
