#include "devices/pci/e1000_parts.h"

#include "devices/state.h"

namespace dragoman::devices::pci {

namespace {

enum Pin : u32 { kClock = 1, kSelect = 2, kDataIn = 4, kDataOut = 8, kRequest = 0x40, kGrant = 0x80, kPresent = 0x100 };
constexpr u32 kCommandBits = 9, kReadOpcode = 6;  // start bit, two of opcode, six of address
constexpr u16 kChecksum = 0xbaba;                 // of all words

enum PhyRegister : unsigned {
    kControl = 0,
    kStatus = 1,
    kId1 = 2,
    kId2 = 3,
    kAdvertisement = 4,
    kPartner = 5,
    kGigabitControl = 9,
    kGigabitStatus = 10,
    kSpecificControl = 16,
    kSpecificStatus = 17,
    kExtendedControl = 20,
};
enum : u16 { kPhyReset = 0x8000, kLoopback = 0x4000, kNegotiate = 0x1000, kRestart = 0x200 };  // control
enum : u16 { kNegotiated = 0x20, kLink = 4 };                                                  // status
constexpr u16 kSpecificLink = 0x0c00, kGigabitFullDuplex = 0xa000;

}  // namespace

E1000Eeprom::E1000Eeprom(const net::MacAddress& mac, u16 vendor, u16 device) {
    for (unsigned i = 0; i < 3; i++) words_[i] = static_cast<u16>(mac[2 * i] | mac[2 * i + 1] << 8);
    words_[0x04] = 0xffff;
    words_[0x0a] = 0x6403;  // initialisation control 1: the identifiers are in here
    words_[0x0b] = device;
    words_[0x0c] = vendor;
    words_[0x0d] = device;
    words_[0x0e] = vendor;
    words_[0x0f] = 0x3040;  // initialisation control 2
    u16 sum = 0;
    for (u16 word : words_) sum = static_cast<u16>(sum + word);
    words_[kWords - 1] = static_cast<u16>(kChecksum - sum);
}

u32 E1000Eeprom::pins() const {
    u32 value = kPresent | (pins_ & (kClock | kSelect | kDataIn | kRequest));
    if ((pins_ & kRequest) != 0) value |= kGrant;
    return !reading_ || out_ ? value | kDataOut : value;  // pulled up while nobody drives it
}

void E1000Eeprom::set_pins(u32 value) {
    const u32 before = pins_;
    pins_ = value;
    if ((value & kSelect) == 0 || (before & kSelect) == 0) {
        shifted_ = next_ = 0;
        reading_ = out_ = false;
        return;
    }
    if ((value & ~before & kClock) == 0) return;
    if (reading_) {
        out_ = (word(next_ / 16) >> (15 - next_ % 16) & 1) != 0;
        next_ = (next_ + 1) % (kWords * 16);
        return;
    }
    // Zeros before the start bit don't count.
    shifted_ = shifted_ << 1 | ((value & kDataIn) != 0 ? 1 : 0);
    if (shifted_ >> (kCommandBits - 1) == 0) return;
    if (shifted_ >> (kCommandBits - 3) == kReadOpcode) {
        reading_ = true;
        next_ = shifted_ % kWords * 16;
    }
    shifted_ = 0;
}

u32 E1000Eeprom::read_word(u32 value) const {
    constexpr u32 kStart = 1, kDone = 0x10;
    if ((value & kStart) == 0) return value;
    u32 index = value >> 8 & 0xff;
    u16 data = index < kWords ? words_[index] : u16{0};
    return index << 8 | kDone | u32{data} << 16;
}

void E1000Eeprom::reset() {
    pins_ = shifted_ = next_ = 0;
    reading_ = out_ = false;
}

void E1000Eeprom::visit(State& state) {
    state.field("pins", pins_);
    state.field("shifted", shifted_, (1u << kCommandBits) - 1);
    state.field("next", next_, kWords * 16 - 1);
    state.field("reading", reading_);
    state.field("out", out_);
}

void E1000Phy::reset() {
    registers_ = {};
    registers_[kControl] = 0x1140;  // auto-negotiation, 1000 Mb/s, full duplex
    registers_[kStatus] = 0x7949;   // what it can do
    registers_[kId1] = 0x0141;
    registers_[kId2] = 0x0c20;
    registers_[kAdvertisement] = 0x0de1;
    registers_[kGigabitControl] = 0x0e00;
    registers_[kSpecificControl] = 0x0360;
    registers_[kExtendedControl] = 0x0d60;
    set_link(link_);
}

void E1000Phy::set_link(bool up) {
    link_ = up;
    auto set = [&](unsigned index, u16 bits) {
        registers_[index] = static_cast<u16>(up ? registers_[index] | bits : registers_[index] & ~bits);
    };
    set(kStatus, kLink | kNegotiated);
    set(kPartner, 0x45e1);
    set(kGigabitStatus, 0x3c00);
    set(kSpecificStatus, kSpecificLink | kGigabitFullDuplex);
}

void E1000Phy::write(unsigned index, u16 value, bool& restarted) {
    restarted = false;
    switch (index) {
        case kControl:
            if ((value & kPhyReset) != 0) reset();
            else registers_[kControl] = static_cast<u16>(value & ~kRestart & 0x7fff);
            restarted = (value & kPhyReset) != 0 || ((value & kRestart) != 0 && (value & kNegotiate) != 0);
            return;
        case kAdvertisement:
        case kGigabitControl:
        case kSpecificControl:
        case kExtendedControl: registers_[index] = value; return;
        default: return;
    }
}

bool E1000Phy::loopback() const { return (registers_[kControl] & kLoopback) != 0; }

void E1000Phy::visit(State& state) {
    for (u16& value : registers_) state.field("register", value);
}

}  // namespace dragoman::devices::pci
