#include "devices/pci/root_port.h"

#include <utility>

#include "devices/pci/host.h"
#include "devices/pci/msix.h"
#include "devices/state.h"

namespace dragoman::devices::pci {

namespace {

enum BridgeRegister : unsigned {
    kBusNumbers = 0x18,  // primary, secondary, subordinate
    kIoWindow = 0x1c,    // base, limit
    kSecondaryStatus = 0x1e,
    kMemoryWindow = 0x20,
    kPrefetchableWindow = 0x24,
    kPrefetchableBaseHigh = 0x28,
    kPrefetchableLimitHigh = 0x2c,
    kBridgeControl = 0x3e,
};
constexpr u64 kBarBytes = 0x1000;
constexpr u32 kPending = 0x800;
constexpr unsigned kSubsystemAt = 0x40, kMsixAt = 0x48, kExpressAt = 0x54;
constexpr unsigned kLinkStatus = kExpressAt + 0x12, kSlotCapabilities = kExpressAt + 0x14,
                   kSlotControl = kExpressAt + 0x18, kSlotStatus = kExpressAt + 0x1a;
constexpr u16 kLinkActive = 0x2000;

enum SlotCapability : u32 {  // §7.5.3.9
    kHasButton = 1,
    kHasPowerController = 2,
    kHasAttentionIndicator = 8,
    kHasPowerIndicator = 0x10,
    kHotplugSurprise = 0x20,
    kHotplugCapable = 0x40,
    kHasInterlock = 0x20000,
};
enum SlotControl : u16 {  // §7.5.3.10
    kEventInterrupt = 0x20,
    kAttentionOff = 0xc0,
    kPowerIndicator = 0x300,
    kIndicatorBlinks = 0x200,
    kIndicatorOff = 0x300,
    kPowerOff = 0x400,
    kInterlockToggle = 0x800,
    kWritableControl = 0x7f9,
};
enum SlotStatus : u16 {  // §7.5.3.11; the events have the places of their enables in the control register
    kButtonPressed = 1,
    kPresenceChanged = 8,
    kCommandCompleted = 0x10,
    kEvents = 0x19,
    kPresent = 0x40,
    kInterlock = 0x80,
};

bool is_off(u16 control) { return (control & kPowerOff) != 0 && (control & kPowerIndicator) == kIndicatorOff; }

bool inside(u64 address, u64 bytes, u64 base, u64 limit) { return address >= base && address + (bytes - 1) <= limit; }

}  // namespace

RootPort::RootPort(Host& host, std::string name, u8 port, u16 slot, bool hotplug)
    : Function("pcie-root-port", {.vendor = kVendorRedHat, .device = 0x000c, .class_code = 0x060400, .express = true}),
      hotplug_(hotplug),
      bus_behind_(std::move(name), host, this) {
    set_register(kHeaderType, 1, 1);
    set_register(kBusNumbers, 4, 0, 0x00ffffff);
    set_register(kIoWindow, 2, 0x00f0, 0xf0f0);
    set_clearable(kSecondaryStatus, 2, 0xf900);
    set_register(kMemoryWindow, 4, 0x0000fff0, 0xfff0fff0);
    set_register(kPrefetchableWindow, 4, 0x0001fff1, 0xfff0fff0);
    set_register(kPrefetchableBaseHigh, 4, 0, ~u32{0});
    set_register(kPrefetchableLimitHigh, 4, 0, ~u32{0});
    set_register(kBridgeControl, 2, 0, 0x007f);
    add_capability(kCapabilitySubsystem, 8, kSubsystemAt);
    set_register(kSubsystemAt + 4, 4, kVendorRedHat);
    add_msix(1, 0, 0, kPending, kMsixAt);
    add_capability(kCapabilityExpress, 0x3c, kExpressAt);
    set_register(kExpressAt + 2, 2, 0x0142);  // a root port with a slot
    set_register(kExpressAt + 4, 4, 0x00008020);
    set_register(kExpressAt + 8, 2, 0, 0x70ef);
    set_register(kExpressAt + 12, 4, 0x00300604 | u32{port} << 24);
    set_register(kExpressAt + 16, 2, 0, 0x01f8);
    set_register(kLinkStatus, 2, 0x0011);
    set_register(kSlotCapabilities, 4,
                 u32{slot} << 19 | kHasInterlock | kHasPowerIndicator | kHasAttentionIndicator | kHasPowerController |
                     kHasButton | (hotplug ? kHotplugSurprise | kHotplugCapable : 0u));
    set_register(kSlotControl, 2, kAttentionOff | kIndicatorOff | kPowerOff, kWritableControl);
    set_clearable(kSlotStatus, 2, kEvents);
    set_changing(kSlotStatus, 2, kInterlock);
    set_register(kExpressAt + 28, 2, 0, 0x001f);
    set_register(kExpressAt + 36, 4, 0x00300020);
    set_register(kExpressAt + 40, 2, 0, 0x003f);
    add_bar(0, BarKind::Memory32, kBarBytes, *this, Msix::kLimits);
}

std::unique_ptr<RootPort> RootPort::make(Host& host, const std::string& id, Properties& properties) {
    u64 port = properties.take_number("port", 0, 0, 255), slot = properties.take_number("slot", 0, 0, 8191);
    properties.take_number("chassis", 0, 0, 255);
    const bool hotplug = properties.take_bool("hotplug", true);
    properties.finish();
    std::string name = id.empty() ? "pcie." + std::to_string(host.buses().size()) : id;
    return std::make_unique<RootPort>(host, name, static_cast<u8>(port), static_cast<u16>(slot), hotplug);
}

void RootPort::children_changed() {
    const bool present = bus_behind_.at(0) != nullptr;
    auto turn = [&](unsigned offset, u32 bit) {
        const u32 now = peek(offset, 2);
        poke(offset, 2, present ? now | bit : now & ~bit);
    };
    turn(kLinkStatus, kLinkActive);
    turn(kSlotStatus, kPresent);
}

bool RootPort::powered() const { return (peek(kSlotControl, 2) & kPowerOff) == 0; }

/// Of an empty slot the power is off.
void RootPort::reset_device() {
    LockGuard held(bus()->host().lock());
    children_changed();
    const u32 control = peek(kSlotControl, 2);
    poke(kSlotControl, 2, bus_behind_.empty() ? control : control & ~u32{kPowerOff});
    interrupting_ = false;
    bus()->host().update_mappings();
}

/// That it interrupts is in the function's own state. The bridge's lock is held.
void RootPort::visit_device(State& state) {
    if (state.loading()) interrupting_ = wants_interrupt();
}

void RootPort::write_config(unsigned offset, unsigned size, u32 value) {
    const u16 before = static_cast<u16>(peek(kSlotControl, 2));
    Function::write_config(offset, size, value);
    auto covers = [&](unsigned first) { return offset < first + 2 && first < offset + size; };
    if (covers(kSlotControl)) {
        const u32 written = offset <= kSlotControl ? value >> (8 * (kSlotControl - offset)) : value << 8;
        if ((written & kInterlockToggle) != 0) poke(kSlotStatus, 2, peek(kSlotStatus, 2) ^ kInterlock);
        write_slot_control(before);
    }
    if (covers(kSlotControl) || covers(kSlotStatus)) update_interrupt();
}

void RootPort::write_slot_control(u16 before) {
    const u16 now = static_cast<u16>(peek(kSlotControl, 2));
    if (((now ^ before) & kPowerOff) != 0) bus()->host().update_mappings();
    // Who writes to the registers of a slot that has been off already is about to turn it on.
    const bool turned_off = is_off(now) && !is_off(before);
    if (turned_off && !bus_behind_.empty() && on_power_off_) on_power_off_();
    raise(kCommandCompleted);
}

void RootPort::raise(u16 events) {
    poke(kSlotStatus, 2, peek(kSlotStatus, 2) | events);
    update_interrupt();
}

bool RootPort::wants_interrupt() const {
    const u32 control = peek(kSlotControl, 2);
    return (control & kEventInterrupt) != 0 && (peek(kSlotStatus, 2) & control & kEvents) != 0;
}

void RootPort::update_interrupt() {
    const bool wanted = wants_interrupt();
    if (std::exchange(interrupting_, wanted) == wanted) return;
    if (msix()->enabled()) {
        if (wanted) msix()->notify(0);
        return;
    }
    set_intx(wanted);
}

void RootPort::announce() {
    LockGuard held(bus()->host().lock());
    raise(kPresenceChanged | kButtonPressed);
}

RootPort::Answer RootPort::press_button() {
    LockGuard held(bus()->host().lock());
    const u16 control = static_cast<u16>(peek(kSlotControl, 2));
    if (is_off(control)) return Answer::Off;
    if ((control & kPowerIndicator) == kIndicatorBlinks) return Answer::Busy;
    raise(kButtonPressed);
    return Answer::Asked;
}

void RootPort::tell_empty() {
    LockGuard held(bus()->host().lock());
    raise(kPresenceChanged);
}

bool RootPort::forwards(bool io, u64 address, u64 bytes) const {
    auto part = [&](unsigned offset, unsigned size) { return u64{peek(offset, size)}; };
    if (!powered()) return false;
    if (io) {
        if ((command() & kCommandIo) == 0) return false;
        return inside(address, bytes, (part(kIoWindow, 1) & 0xf0) << 8, (part(kIoWindow + 1, 1) & 0xf0) << 8 | 0xfff);
    }
    if ((command() & kCommandMemory) == 0) return false;
    const u64 base = (part(kMemoryWindow, 2) & 0xfff0) << 16,
              limit = (part(kMemoryWindow + 2, 2) & 0xfff0) << 16 | 0xfffff;
    if (inside(address, bytes, base, limit)) return true;
    const u64 high_base = (part(kPrefetchableWindow, 2) & 0xfff0) << 16 | part(kPrefetchableBaseHigh, 4) << 32,
              high_limit =
                  (part(kPrefetchableWindow + 2, 2) & 0xfff0) << 16 | 0xfffff | part(kPrefetchableLimitHigh, 4) << 32;
    return inside(address, bytes, high_base, high_limit);
}

bool RootPort::read(u64 offset, unsigned size, u64& value) { return msix()->read(offset, size, value); }
bool RootPort::write(u64 offset, unsigned size, u64 value) { return msix()->write(offset, size, value); }

}  // namespace dragoman::devices::pci
