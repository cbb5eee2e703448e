#include "devices/sifive_gpio.h"

#include "devices/state.h"

namespace dragoman::devices {

namespace {

/// By offset / 4.
enum Register : unsigned {
    kInput,
    kInputEnable,
    kOutputEnable,
    kOutput,
    kPullUp,
    kDriveStrength,
    kRiseEnable,
    kRisePending,
    kFallEnable,
    kFallPending,
    kHighEnable,
    kHighPending,
    kLowEnable,
    kLowPending,
    kFunctionEnable,
    kFunctionSelect,
    kInvert,
};

}  // namespace

void SifiveGpio::reset() {
    LockGuard lock(mutex_);
    registers_.fill(0);
    update_irqs();
}

void SifiveGpio::visit(State& state) {
    state.version(1);
    state.same("pins", irqs_.size());
    LockGuard lock(mutex_);
    state.fields("register", std::span<u32>(registers_));
    if (state.loading()) update_irqs();
}

/// What the pins are follows from the registers, and what is pending from how they have changed.
void SifiveGpio::update() {
    auto& r = registers_;
    const u32 levels = ((r[kOutput] ^ r[kInvert]) & r[kOutputEnable]) | (r[kPullUp] & ~r[kOutputEnable]);
    const u32 before = r[kInput], now = levels & r[kInputEnable] & pins();
    r[kInput] = now;
    r[kRisePending] |= now & ~before;
    r[kFallPending] |= ~now & before;
    r[kHighPending] |= now;
    r[kLowPending] |= ~now & pins();
    update_irqs();
}

void SifiveGpio::update_irqs() {
    const auto& r = registers_;
    const u32 pending = (r[kRisePending] & r[kRiseEnable]) | (r[kFallPending] & r[kFallEnable]) |
                        (r[kHighPending] & r[kHighEnable]) | (r[kLowPending] & r[kLowEnable]);
    for (std::size_t pin = 0; pin < irqs_.size(); ++pin) irqs_[pin].set((pending >> pin & 1) != 0);
}

bool SifiveGpio::read(u64 offset, unsigned, u64& value) {
    LockGuard lock(mutex_);
    value = offset / 4 < kRegisters ? registers_[offset / 4] : 0;
    return true;
}

bool SifiveGpio::write(u64 offset, unsigned, u64 wide) {
    const u32 value = static_cast<u32>(wide);
    u32 enabled, levels;
    {
        LockGuard lock(mutex_);
        switch (offset / 4) {
            case kInput: break;
            case kRisePending:
            case kFallPending:
            case kHighPending:
            case kLowPending: registers_[offset / 4] &= ~value; break;  // ones clear
            default:
                if (offset / 4 < kRegisters) registers_[offset / 4] = value;
        }
        update();
        enabled = registers_[kOutputEnable] & pins();
        levels = registers_[kOutput] ^ registers_[kInvert];
    }
    if (on_output_) on_output_(enabled, levels);
    return true;
}

}  // namespace dragoman::devices
