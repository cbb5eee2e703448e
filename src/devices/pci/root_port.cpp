#include "devices/pci/root_port.h"

#include "devices/pci/host.h"
#include "devices/pci/msix.h"

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
constexpr unsigned kLinkStatus = kExpressAt + 0x12, kSlotStatus = kExpressAt + 0x1a;
constexpr u16 kLinkActive = 0x2000, kPresent = 0x40;

bool inside(u64 address, u64 bytes, u64 base, u64 limit) { return address >= base && address + (bytes - 1) <= limit; }

}  // namespace

RootPort::RootPort(Host& host, std::string name, u8 port, u16 slot)
    : Function("pcie-root-port", {.vendor = kVendorRedHat, .device = 0x000c, .class_code = 0x060400, .express = true}),
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
    set_register(kExpressAt + 20, 4, u32{slot} << 19);
    set_register(kExpressAt + 24, 2, 0, 0x1fff);
    set_register(kExpressAt + 28, 2, 0, 0x001f);
    set_register(kExpressAt + 36, 4, 0x00300020);
    set_register(kExpressAt + 40, 2, 0, 0x003f);
    add_bar(0, BarKind::Memory32, kBarBytes, *this, Msix::kLimits);
}

std::unique_ptr<RootPort> RootPort::make(Host& host, const std::string& id, Properties& properties) {
    u64 port = properties.take_number("port", 0, 0, 255), slot = properties.take_number("slot", 0, 0, 8191);
    properties.take_number("chassis", 0, 0, 255);
    properties.finish();
    std::string name = id.empty() ? "pcie." + std::to_string(host.buses().size()) : id;
    return std::make_unique<RootPort>(host, name, static_cast<u8>(port), static_cast<u16>(slot));
}

void RootPort::child_plugged() {
    set_reset_bits(kLinkStatus, 2, kLinkActive);
    set_reset_bits(kSlotStatus, 2, kPresent);
}

bool RootPort::forwards(bool io, u64 address, u64 bytes) const {
    auto part = [&](unsigned offset, unsigned size) { return u64{peek(offset, size)}; };
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
