#include "devices/usb/keyboard.h"

#include <algorithm>

#include "devices/input/keys.h"

namespace dragoman::devices::usb {

namespace {

constexpr std::size_t kReportBytes = 8, kKeys = 6;
constexpr u8 kFirstModifier = 0xe0, kRollOver = 0x01;

// clang-format off
constexpr u8 kReportDescriptor[] = {
    0x05, 0x01, 0x09, 0x06, 0xa1, 0x01,                          // generic desktop: keyboard
    0x75, 0x01, 0x95, 0x08, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7,  // eight modifiers of a bit each
    0x15, 0x00, 0x25, 0x01, 0x81, 0x02,
    0x95, 0x01, 0x75, 0x08, 0x81, 0x01,                          // a byte that is reserved
    0x95, 0x05, 0x75, 0x01, 0x05, 0x08, 0x19, 0x01, 0x29, 0x05,  // five LEDs
    0x91, 0x02, 0x95, 0x01, 0x75, 0x03, 0x91, 0x01,
    0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x25, 0xff, 0x05, 0x07,  // six keys
    0x19, 0x00, 0x29, 0xff, 0x81, 0x00,
    0xc0,
};
// clang-format on

u8 usage_of(u16 code) {
    for (const input::Key& key : input::keys()) {
        if (key.code == code && key.usage != 0) return key.usage;
    }
    return 0;
}

}  // namespace

Keyboard::Keyboard() : Hid("QEMU USB Keyboard", 1, 1, kReportDescriptor, kReportBytes) {}

void Keyboard::reset() {
    Hid::reset();
    LockGuard held(lock_);
    down_.clear();
    modifiers_ = 0;
}

Keyboard::Report Keyboard::current() const {
    LockGuard held(lock_);
    Report report(kReportBytes);
    report[0] = modifiers_;
    if (down_.size() > kKeys) std::fill(report.begin() + 2, report.end(), kRollOver);
    else std::copy(down_.begin(), down_.end(), report.begin() + 2);
    return report;
}

void Keyboard::receive(std::span<const input::Event> events) {
    for (const input::Event& event : events) {
        const u8 usage = takes(event.kind) ? usage_of(event.code) : u8{0};
        if (usage == 0) continue;
        {
            LockGuard held(lock_);
            std::erase(down_, usage);
            const bool modifier = usage >= kFirstModifier;
            const u8 bit = static_cast<u8>(modifier ? 1 << (usage - kFirstModifier) : 0);
            modifiers_ = static_cast<u8>(event.value != 0 ? modifiers_ | bit : modifiers_ & ~bit);
            if (!modifier && event.value != 0) down_.push_back(usage);
        }
        send(current());
    }
}

}  // namespace dragoman::devices::usb
