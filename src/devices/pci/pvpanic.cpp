#include "devices/pci/pvpanic.h"

#include "devices/state.h"

namespace dragoman::devices::pci {

namespace {

constexpr u64 kBarBytes = 16;
constexpr u8 kAllEvents = Pvpanic::kPanicked | Pvpanic::kCrashLoaded | Pvpanic::kShutdown;

}  // namespace

Pvpanic::Pvpanic(u8 events, std::function<void(Event)> on_event)
    : Function("pvpanic-pci",
               {.vendor = kVendorRedHat, .device = 0x0011, .class_code = 0x088000, .revision = 1, .interrupt_pin = 0}),
      events_(events),
      on_event_(std::move(on_event)) {
    add_bar(0, BarKind::Memory32, kBarBytes, *this, {.min_size = 1, .max_size = 1, .misaligned = false, .adapt = true});
}

std::unique_ptr<Pvpanic> Pvpanic::make(std::function<void(Event)> on_event, Properties& properties) {
    const u64 events = properties.take_number("events", kAllEvents, 0, 0xff);
    properties.finish();
    return std::make_unique<Pvpanic>(static_cast<u8>(events & kAllEvents), std::move(on_event));
}

bool Pvpanic::read(u64 offset, unsigned, u64& value) {
    value = offset == 0 ? events_ : 0;
    return true;
}

/// Of several events the gravest counts; those that were not offered do not.
bool Pvpanic::write(u64 offset, unsigned, u64 value) {
    if (offset != 0) return true;
    for (Event event : {kPanicked, kCrashLoaded, kShutdown}) {
        if ((value & events_ & event) == 0) continue;
        on_event_(event);
        break;
    }
    return true;
}

void Pvpanic::visit_device(State& state) { state.same("events", events_); }

}  // namespace dragoman::devices::pci
