#include "devices/usb/pointer.h"

#include <algorithm>

namespace dragoman::devices::usb {

namespace {

constexpr std::size_t kTabletBytes = 6, kMouseBytes = 4;
constexpr i32 kMaxStep = 127;

// clang-format off
constexpr u8 kTabletDescriptor[] = {
    0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00,              // generic desktop: mouse, pointer
    0x05, 0x09, 0x19, 0x01, 0x29, 0x03, 0x15, 0x00, 0x25, 0x01,              // three buttons
    0x95, 0x03, 0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x05, 0x81, 0x01,
    0x05, 0x01, 0x09, 0x30, 0x09, 0x31, 0x15, 0x00, 0x26, 0xff, 0x7f,        // x and y, 0 to 32767
    0x35, 0x00, 0x46, 0xff, 0x7f, 0x75, 0x10, 0x95, 0x02, 0x81, 0x02,
    0x05, 0x01, 0x09, 0x38, 0x15, 0x81, 0x25, 0x7f, 0x35, 0x00, 0x45, 0x00,  // wheel
    0x75, 0x08, 0x95, 0x01, 0x81, 0x06,
    0xc0, 0xc0,
};
constexpr u8 kMouseDescriptor[] = {
    0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00,
    0x05, 0x09, 0x19, 0x01, 0x29, 0x03, 0x15, 0x00, 0x25, 0x01,
    0x95, 0x03, 0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x05, 0x81, 0x01,
    0x05, 0x01, 0x09, 0x30, 0x09, 0x31, 0x09, 0x38, 0x15, 0x81, 0x25, 0x7f,  // steps of x, y and wheel
    0x75, 0x08, 0x95, 0x03, 0x81, 0x06,
    0xc0, 0xc0,
};
// clang-format on

}  // namespace

Pointer::Pointer(bool absolute)
    : Hid(absolute ? "QEMU USB Tablet" : "QEMU USB Mouse", 1, absolute ? 0 : 2,
          absolute ? std::span<const u8>(kTabletDescriptor) : std::span<const u8>(kMouseDescriptor),
          absolute ? kTabletBytes : kMouseBytes),
      absolute_(absolute) {}

bool Pointer::takes(input::Event::Kind kind) const {
    using Kind = input::Event::Kind;
    return kind == Kind::Button || kind == (absolute_ ? Kind::Absolute : Kind::Relative);
}

std::string Pointer::input_name() const { return absolute_ ? "QEMU USB Tablet" : "QEMU USB Mouse"; }

Pointer::Report Pointer::report(i32 wheel) const {
    const u8 turn = static_cast<u8>(wheel);
    if (!absolute_) return {buttons_, static_cast<u8>(x_), static_cast<u8>(y_), turn};
    return {buttons_, static_cast<u8>(x_), static_cast<u8>(x_ >> 8), static_cast<u8>(y_), static_cast<u8>(y_ >> 8),
            turn};
}

Pointer::Report Pointer::current() const {
    LockGuard held(lock_);
    return report(0);
}

void Pointer::receive(std::span<const input::Event> events) {
    using Kind = input::Event::Kind;
    Report made;
    {
        LockGuard held(lock_);
        i32 wheel = 0;
        if (!absolute_) x_ = y_ = 0;
        for (const input::Event& event : events) {
            i32& axis = event.code == 0 ? x_ : y_;
            if (event.kind == Kind::Absolute && absolute_)
                axis = std::clamp(event.value, 0, input::Event::kAbsoluteMax);
            if (event.kind == Kind::Relative && !absolute_) axis = std::clamp(event.value, -kMaxStep, kMaxStep);
            if (event.kind != Kind::Button) continue;
            const auto button = static_cast<input::Button>(event.code);
            // The report has left, right, middle.
            const unsigned bit = button == input::Button::Left     ? 1
                                 : button == input::Button::Right  ? 2
                                 : button == input::Button::Middle ? 4
                                                                   : 0;
            buttons_ = static_cast<u8>(event.value != 0 ? buttons_ | bit : buttons_ & ~bit);
            if (event.value != 0 && button == input::Button::WheelUp) wheel = 1;
            if (event.value != 0 && button == input::Button::WheelDown) wheel = -1;
        }
        made = report(wheel);
    }
    send(std::move(made));
}

}  // namespace dragoman::devices::usb
