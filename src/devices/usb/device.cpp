#include "devices/usb/device.h"

#include <algorithm>

namespace dragoman::devices::usb {

namespace {

enum Request : u8 {  // §9.4
    kGetStatus = 0,
    kClearFeature = 1,
    kSetFeature = 3,
    kSetAddress = 5,
    kGetDescriptor = 6,
    kGetConfiguration = 8,
    kSetConfiguration = 9,
    kGetInterface = 10,
    kSetInterface = 11,
};
enum DescriptorType : u8 { kDevice = 1, kConfiguration = 2, kString = 3 };
constexpr u8 kToHost = 0x80, kKindMask = 0x60, kRecipientMask = 0x1f;
enum Recipient : u8 { kToDevice = 0, kToInterface = 1, kToEndpoint = 2 };
constexpr u16 kEnglish = 0x0409;

}  // namespace

Packet Device::give(const Setup& setup, std::span<const u8> bytes, std::vector<u8>& data) {
    const std::size_t count = std::min<std::size_t>(bytes.size(), setup.length);
    data.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    return {Outcome::Done, count};
}

Packet Device::descriptor(const Setup& setup, std::vector<u8>& data) const {
    const u8 index = static_cast<u8>(setup.value);
    switch (setup.value >> 8) {
        case kDevice: return give(setup, descriptors_.device, data);
        case kConfiguration:
            return index == 0 ? give(setup, descriptors_.configuration, data) : Packet{Outcome::Stall, 0};
        case kString: {
            std::vector<u8> text{0, kString};
            if (index > descriptors_.strings.size()) return {Outcome::Stall, 0};
            if (index == 0) text.insert(text.end(), {kEnglish & 0xff, kEnglish >> 8});
            else
                for (char c : descriptors_.strings[index - 1]) text.insert(text.end(), {static_cast<u8>(c), 0});
            text[0] = static_cast<u8>(std::min<std::size_t>(text.size(), 255));
            return give(setup, text, data);
        }
        default: return {Outcome::Stall, 0};
    }
}

Packet Device::control(const Setup& setup, std::vector<u8>& data) {
    const u8 recipient = setup.type & kRecipientMask;
    if ((setup.type & kKindMask) != 0) return interface_request(setup, data);
    switch (setup.request) {
        case kGetStatus: {
            const u8 status[] = {static_cast<u8>(recipient == kToDevice ? 1 : 0), 0};  // has power of its own
            return give(setup, status, data);
        }
        case kClearFeature:
            if (recipient == kToEndpoint && setup.value == 0) halt_cleared(setup.index & 0xf);
            return {};
        case kSetFeature:
        case kSetAddress:
        case kSetInterface: return {};
        case kGetDescriptor:
            if (recipient == kToInterface) return interface_request(setup, data);
            return descriptor(setup, data);
        case kGetConfiguration: return give(setup, {&configuration_, 1}, data);
        case kGetInterface: {
            const u8 zero = 0;
            return give(setup, {&zero, 1}, data);
        }
        case kSetConfiguration:
            if (setup.value > 1) return {Outcome::Stall, 0};
            configuration_ = static_cast<u8>(setup.value);
            return {};
        default: return {Outcome::Stall, 0};
    }
}

}  // namespace dragoman::devices::usb
