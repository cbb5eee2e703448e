#include "machine/monitor/pci_info.h"

#include <cstdio>

namespace dragoman::machine {

namespace {

namespace pci = devices::pci;
using pci::Function;

template <class... A>
std::string text_of(const char* format, A... values) {
    char text[128];
    std::snprintf(text, sizeof text, format, values...);
    return text;
}

unsigned long long wide(u64 value) { return value; }

PciInfo::Bridge bridge_info(Function& function) {
    auto low = [&](unsigned at, unsigned size) { return u64{function.peek(at, size)}; };
    PciInfo::Bridge bridge{};
    bridge.primary = function.peek(0x18, 1);
    bridge.secondary = function.peek(0x19, 1);
    bridge.subordinate = function.peek(0x1a, 1);
    bridge.io = {(low(0x1c, 1) & 0xf0) << 8 | low(0x30, 2) << 16,
                 (low(0x1d, 1) & 0xf0) << 8 | 0xfff | low(0x32, 2) << 16};
    bridge.memory = {(low(0x20, 2) & 0xfff0) << 16, (low(0x22, 2) & 0xfff0) << 16 | 0xfffff};
    bridge.prefetchable = {(low(0x24, 2) & 0xfff0) << 16 | low(0x28, 4) << 32,
                           (low(0x26, 2) & 0xfff0) << 16 | 0xfffff | low(0x2c, 4) << 32};
    bridge.bus = function.secondary_bus();
    return bridge;
}

PciInfo info_of(Function& function) {
    PciInfo info{};
    info.bus = function.bus()->number();
    info.slot = function.slot();
    info.function = function.number();
    info.class_code = static_cast<u16>(function.peek(pci::kClass, 2));
    info.vendor = static_cast<u16>(function.peek(pci::kVendorId, 2));
    info.device = static_cast<u16>(function.peek(pci::kDeviceId, 2));
    info.irq = function.peek(pci::kInterruptLine, 1);
    info.pin = function.peek(pci::kInterruptPin, 1);
    info.id = function.id();
    if (function.secondary_bus() != nullptr) {
        info.bridge = bridge_info(function);
    } else {
        info.subsystem_vendor = static_cast<u16>(function.peek(pci::kSubsystemVendorId, 2));
        info.subsystem = static_cast<u16>(function.peek(pci::kSubsystemId, 2));
    }
    for (unsigned i = 0; i < Function::kBars; i++) {
        Function::Bar& bar = function.bar(i);
        using Kind = Function::BarKind;
        if (bar.kind == Kind::None) continue;
        bool prefetchable = bar.kind == Kind::Prefetchable64;
        info.regions.push_back(
            {i, bar.kind == Kind::Io, prefetchable || bar.kind == Kind::Memory64, prefetchable, bar.address, bar.size});
    }
    return info;
}

std::string describe_bridge(const PciInfo::Bridge& bridge) {
    auto range = [](const char* what, const PciInfo::Range& r, int digits) {
        return text_of("      %s range [0x%0*llx, 0x%0*llx]\n", what, digits, wide(r.base), digits, wide(r.limit));
    };
    return text_of("      BUS %u.\n      secondary bus %u.\n      subordinate bus %u.\n", bridge.primary,
                   bridge.secondary, bridge.subordinate) +
           range("IO", bridge.io, 4) + range("memory", bridge.memory, 8) +
           range("prefetchable memory", bridge.prefetchable, 8);
}

std::string describe_region(const PciRegion& region) {
    std::string text = text_of("      BAR%u: ", region.bar);
    text += region.io ? "I/O" : region.wide ? "64 bit" : "32 bit";
    if (!region.io) text += region.prefetchable ? " prefetchable memory" : " memory";
    if (region.address == Function::kUnmapped) return text + " (not mapped)\n";
    int digits = region.io ? 4 : 8;
    return text + text_of(" at 0x%0*llx [0x%0*llx]\n", digits, wide(region.address), digits,
                          wide(region.address + region.size - 1));
}

std::string describe_function(const PciInfo& info) {
    std::string text = text_of("  Bus %2u, device %3u, function %u:\n    ", info.bus, info.slot, info.function);
    std::string_view name = pci_class_name(info.class_code);
    text += name.empty() ? text_of("Class %04u", info.class_code) : std::string(name);
    text += text_of(": PCI device %04x:%04x\n", info.vendor, info.device);
    if (!info.bridge) text += text_of("      PCI subsystem %04x:%04x\n", info.subsystem_vendor, info.subsystem);
    if (info.pin != 0) text += text_of("      IRQ %u, pin %c\n", info.irq, static_cast<int>('A' + info.pin - 1));
    if (info.bridge) text += describe_bridge(*info.bridge);
    for (const PciRegion& region : info.regions) text += describe_region(region);
    text += "      id \"" + info.id + "\"\n";
    return info.bridge ? text + describe_pci(*info.bridge->bus) : text;
}

}  // namespace

std::string_view pci_class_name(u16 class_code) {
    switch (class_code) {
        case 0x0100: return "SCSI controller";
        case 0x0101: return "IDE controller";
        case 0x0200: return "Ethernet controller";
        case 0x0300: return "VGA controller";
        case 0x0380: return "Display controller";
        case 0x0600: return "Host bridge";
        case 0x0604: return "PCI bridge";
        case 0x0900: return "Keyboard";
        case 0x0902: return "Mouse";
        case 0x0c03: return "USB controller";
        default: return {};
    }
}

std::vector<PciInfo> pci_functions(pci::Bus& bus) {
    LockGuard held(bus.host().lock());
    std::vector<PciInfo> all;
    for (unsigned devfn = 0; devfn < 256; devfn++) {
        if (Function* function = bus.at(devfn)) all.push_back(info_of(*function));
    }
    return all;
}

std::string describe_pci(pci::Bus& bus) {
    std::string text;
    for (const PciInfo& info : pci_functions(bus)) text += describe_function(info);
    return text;
}

}  // namespace dragoman::machine
