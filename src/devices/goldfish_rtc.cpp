// Registers as in the Android emulator's GOLDFISH-VIRTUAL-HARDWARE.TXT, section VI, and Linux' rtc-goldfish driver.
#include "devices/goldfish_rtc.h"

#include "devices/state.h"

namespace dragoman::devices {

namespace {

enum Register : u64 {
    kTimeLow = 0,
    kTimeHigh = 4,
    kAlarmLow = 8,
    kAlarmHigh = 0xC,
    kIrqEnabled = 0x10,
    kClearAlarm = 0x14,
    kAlarmStatus = 0x18,
    kClearInterrupt = 0x1C,
};

}  // namespace

GoldfishRtc::GoldfishRtc(Irq irq, Clock& clock, WallClock wall_clock)
    : irq_(irq), clock_(clock), wall_clock_(wall_clock), timer_(clock.add_timer([this] { on_alarm(); })) {}

GoldfishRtc::~GoldfishRtc() = default;

void GoldfishRtc::reset() {
    LockGuard lock(mutex_);
    timer_->cancel();
    alarm_ = 0;
    time_high_ = alarm_high_ = set_time_high_ = 0;
    running_ = pending_ = enabled_ = false;
    update_irq();
}

void GoldfishRtc::visit(State& state) {
    state.version(1);
    LockGuard lock(mutex_);
    state.field("offset", offset_);
    state.field("alarm", alarm_);
    state.field("time high", time_high_);
    state.field("alarm high", alarm_high_);
    state.field("set time high", set_time_high_);
    state.field("running", running_);
    state.field("pending", pending_);
    state.field("enabled", enabled_);
    if (!state.loading()) return;
    if (running_) set_alarm(alarm_);
    else timer_->cancel();
    update_irq();
}

std::string GoldfishRtc::describe() const { return "goldfish rtc, irq " + std::to_string(irq_.line); }

void GoldfishRtc::set_alarm(u64 time) {
    alarm_ = time;
    u64 now = this->now();
    if (time <= now) {
        clear_alarm();
        pending_ = true;
    } else {
        running_ = true;
        u64 deadline = clock_.now() + (time - now);
        timer_->arm(deadline < time - now ? ~u64{0} : deadline);
    }
    update_irq();
}

void GoldfishRtc::clear_alarm() {
    timer_->cancel();
    running_ = false;
}

void GoldfishRtc::on_alarm() {
    LockGuard lock(mutex_);
    if (!running_) return;
    running_ = false;
    pending_ = true;
    update_irq();
}

bool GoldfishRtc::read(u64 offset, unsigned, u64& value) {
    LockGuard lock(mutex_);
    switch (offset) {
        case kTimeLow: {
            u64 time = now();
            time_high_ = static_cast<u32>(time >> 32);
            value = static_cast<u32>(time);
            break;
        }
        case kTimeHigh: value = time_high_; break;
        case kAlarmLow: value = static_cast<u32>(alarm_); break;
        case kAlarmHigh: value = alarm_ >> 32; break;
        case kIrqEnabled: value = enabled_; break;
        case kAlarmStatus: value = running_; break;
        default: value = 0; break;
    }
    return true;
}

bool GoldfishRtc::write(u64 offset, unsigned, u64 wide) {
    u32 value = static_cast<u32>(wide);
    LockGuard lock(mutex_);
    switch (offset) {
        case kTimeHigh: set_time_high_ = value; break;
        case kTimeLow: offset_ = (u64{set_time_high_} << 32 | value) - wall_clock_.now(); break;
        case kAlarmHigh: alarm_high_ = value; break;
        case kAlarmLow: set_alarm(u64{alarm_high_} << 32 | value); break;
        case kClearAlarm: clear_alarm(); break;
        case kIrqEnabled: enabled_ = (value & 1) != 0; break;
        case kClearInterrupt: pending_ = false; break;
        default: break;
    }
    update_irq();
    return true;
}

}  // namespace dragoman::devices
