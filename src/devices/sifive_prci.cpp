#include "devices/sifive_prci.h"

#include <algorithm>

#include "devices/state.h"

namespace dragoman::devices {

namespace {

constexpr u32 bit(unsigned n) { return u32{1} << n; }

constexpr u32 kReady = bit(31), kEnabled = bit(30), kLocked = bit(31), kFeedback = bit(25);

constexpr SifivePrci::Register kFe310Registers[] = {
    {0x0, kReady | kEnabled, kReady},             // hfrosccfg
    {0x4, kReady | kEnabled, kReady},             // hfxosccfg
    {0x8, bit(17) | bit(18) | kLocked, kLocked},  // pllcfg: from the crystal, bypassed
    {0xC, bit(8), 0},                             // plloutdiv: by one
};

constexpr u32 kPllDefault = 1 | 31u << 6 | 3u << 15 | kFeedback | kLocked;  // divr, divf, divq
constexpr SifivePrci::Register kFu540Registers[] = {
    {0x0, kReady | kEnabled, kReady},          // hfxosccfg
    {0x4, kPllDefault, kFeedback | kLocked},   // corepllcfg0
    {0xC, kPllDefault, kFeedback | kLocked},   // ddrpllcfg0
    {0x10, 0, 0},                              // ddrpllcfg1
    {0x1C, kPllDefault, kFeedback | kLocked},  // gemgxlpllcfg0
    {0x20, 0, 0},                              // gemgxlpllcfg1
    {0x24, 1, 0},                              // coreclksel: hfclk
    {0x28, 0, 0},                              // devicesresetreg
    {0x2C, 0, 0},                              // clkmuxstatusreg
};

}  // namespace

const std::span<const SifivePrci::Register> SifivePrci::kFe310 = kFe310Registers;
const std::span<const SifivePrci::Register> SifivePrci::kFu540 = kFu540Registers;

void SifivePrci::reset() {
    LockGuard lock(mutex_);
    std::transform(registers_.begin(), registers_.end(), values_.begin(), [](const Register& r) { return r.reset; });
}

void SifivePrci::visit(State& state) {
    state.version(1);
    LockGuard lock(mutex_);
    state.fields("value", std::span<u32>(values_));
}

std::size_t SifivePrci::find(u64 offset) const {
    auto found =
        std::find_if(registers_.begin(), registers_.end(), [&](const Register& r) { return r.offset == offset; });
    return static_cast<std::size_t>(found - registers_.begin());
}

bool SifivePrci::read(u64 offset, unsigned, u64& value) {
    const std::size_t index = find(offset);
    LockGuard lock(mutex_);
    value = index < values_.size() ? values_[index] : 0;
    return true;
}

bool SifivePrci::write(u64 offset, unsigned, u64 value) {
    const std::size_t index = find(offset);
    if (index == registers_.size()) return true;
    LockGuard lock(mutex_);
    values_[index] = static_cast<u32>(value) | registers_[index].always;
    return true;
}

}  // namespace dragoman::devices
