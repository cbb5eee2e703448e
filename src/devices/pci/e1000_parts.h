// The parts of an 82540EM that stand beside its registers: a Microwire EEPROM (93C46) and an M88E1000 PHY.
#pragma once

#include <array>

#include "base/bits.h"
#include "devices/net/mac_address.h"

namespace dragoman {
class State;
}

namespace dragoman::devices::pci {

class E1000Eeprom {
public:
    static constexpr unsigned kWords = 64;

    E1000Eeprom(const net::MacAddress& mac, u16 vendor, u16 device);

    u16 word(unsigned index) const { return words_[index % kWords]; }
    /// The EECD register: clock, chip select and data in are the driver's, data out is the EEPROM's.
    u32 pins() const;
    void set_pins(u32 value);
    /// The EERD register: @returns what it reads as after `value` was written
    u32 read_word(u32 value) const;

    void reset();
    void visit(State& state);

private:
    std::array<u16, kWords> words_{};
    u32 pins_ = 0;     ///< as written
    u32 shifted_ = 0;  ///< opcode and address so far, from the start bit on
    u32 next_ = 0;     ///< bit to send at the next clock
    bool reading_ = false;
    bool out_ = false;  ///< the bit that is being sent
};

class E1000Phy {
public:
    E1000Phy() { reset(); }
    /// @param restarted  set when the driver has asked for auto-negotiation
    void write(unsigned index, u16 value, bool& restarted);
    u16 read(unsigned index) const { return registers_[index % kRegisters]; }
    void set_link(bool up);
    bool loopback() const;
    void reset();
    void visit(State& state);

private:
    static constexpr unsigned kRegisters = 32;
    std::array<u16, kRegisters> registers_{};
    bool link_ = false;
};

}  // namespace dragoman::devices::pci
