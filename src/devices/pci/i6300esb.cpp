#include "devices/pci/i6300esb.h"

#include "devices/state.h"

namespace dragoman::devices::pci {

namespace {

constexpr u64 kBarBytes = 16;
constexpr unsigned kSettingsAt = 0x60, kControlAt = 0x68;  // of the configuration space
enum : u16 { kFastClock = 0x04, kNoOutput = 0x20, kSettingsBits = 0x27 };
enum : u8 { kLocked = 1, kEnabled = 2, kFreeRunning = 4 };
enum Register : u64 { kPreload1 = 0x0, kPreload2 = 0x4, kInterrupt = 0x8, kReload = 0xc };
enum : u32 { kReloadNow = 0x100, kTimedOut = 0x200 };
constexpr u32 kPreloadMask = 0xfffff;
constexpr u8 kUnlock1 = 0x80, kUnlock2 = 0x86;
constexpr u64 kBusClock = 33'000'000;  // Hz; a slow tick is 2^15 of its cycles, a fast one 2^5

}  // namespace

I6300esb::I6300esb(Clock& clock, std::function<void()> on_expired)
    : Function("i6300esb", {.vendor = 0x8086, .device = 0x25ab, .class_code = 0x088000, .interrupt_pin = 0}),
      clock_(clock),
      on_expired_(std::move(on_expired)),
      timer_(clock.add_timer([this] { expired(); })) {
    add_bar(0, BarKind::Memory32, kBarBytes, *this,
            {.min_size = 1, .max_size = 4, .misaligned = false, .adapt = false});
    set_register(kSettingsAt, 2, 0, kSettingsBits);
    set_register(kControlAt, 1, 0, kLocked | kEnabled | kFreeRunning);
}

void I6300esb::write_config(unsigned offset, unsigned size, u32 value) {
    LockGuard held(lock_);
    // What is locked stays so until the next reset.
    if (offset <= kControlAt && kControlAt < offset + size && (control_ & kLocked) != 0) return;
    Function::write_config(offset, size, value);
    settings_ = static_cast<u16>(peek(kSettingsAt, 2));
    const u8 before = control_;
    control_ = static_cast<u8>(peek(kControlAt, 1));
    if (((before ^ control_) & kEnabled) == 0) return;
    if ((control_ & kEnabled) != 0) start_stage(1);
    else stop();
}

void I6300esb::start_stage(u8 stage) {
    stage_ = stage;
    const u64 cycles = (u64{preload_[stage - 1]} + 1) << ((settings_ & kFastClock) != 0 ? 5 : 15);
    deadline_ = clock_.now() + cycles * 1000 / (kBusClock / 1'000'000);
    timer_->arm(deadline_);
}

void I6300esb::stop() {
    stage_ = 0;
    timer_->cancel();
}

void I6300esb::expired() {
    {
        LockGuard held(lock_);
        if (stage_ == 0 || clock_.now() < deadline_) return;
        if (stage_ == 1) return start_stage(2);
        if ((control_ & kFreeRunning) != 0) start_stage(1);
        else stage_ = 0;
        if ((settings_ & kNoOutput) != 0) return;
        timed_out_ = true;
    }
    on_expired_();
}

bool I6300esb::read(u64 offset, unsigned, u64& value) {
    LockGuard held(lock_);
    value = offset == kReload && timed_out_ ? u64{kTimedOut} : 0;
    return true;
}

bool I6300esb::write(u64 offset, unsigned, u64 value) {
    LockGuard held(lock_);
    if (offset == kReload && value == kUnlock1) {
        unlocked_ = 1;
    } else if (offset == kReload && value == kUnlock2 && unlocked_ == 1) {
        unlocked_ = 2;
    } else if (unlocked_ == 2) {
        unlocked_ = 0;
        if (offset == kPreload1) preload_[0] = static_cast<u32>(value) & kPreloadMask;
        else if (offset == kPreload2) preload_[1] = static_cast<u32>(value) & kPreloadMask;
        if (offset != kReload) return true;
        if ((value & kTimedOut) != 0) timed_out_ = false;
        if ((value & kReloadNow) != 0 && stage_ != 0) start_stage(1);
    } else {
        unlocked_ = 0;
    }
    return true;
}

/// That it has run out is known after the reset that it made.
void I6300esb::reset_device() {
    LockGuard held(lock_);
    stop();
    settings_ = 0;
    control_ = 0;
    unlocked_ = 0;
    for (u32& preload : preload_) preload = kPreloadMask;
}

void I6300esb::visit_device(State& state) {
    LockGuard held(lock_);
    state.fields("preload", std::span<u32>(preload_), kPreloadMask);
    state.field("unlocked", unlocked_, 2);
    state.field("timed out", timed_out_);
    state.field("stage", stage_, 2);
    state.field("deadline", deadline_);
    if (!state.loading()) return;
    settings_ = static_cast<u16>(peek(kSettingsAt, 2));
    control_ = static_cast<u8>(peek(kControlAt, 1));
    if (stage_ != 0) timer_->arm(deadline_);
    else timer_->cancel();
}

}  // namespace dragoman::devices::pci
