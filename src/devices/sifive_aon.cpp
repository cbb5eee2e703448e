#include "devices/sifive_aon.h"

#include "devices/state.h"

namespace dragoman::devices {

namespace {

enum Register : u64 {
    kConfig = 0,
    kCount = 8,
    kScaledCount = 0x10,
    kFeed = 0x18,
    kKey = 0x1C,
    kCompare = 0x20,
};

constexpr u32 kKeyValue = 0x51F15E, kFeedValue = 0xD09F00D;
constexpr u32 kResets = u32{1} << 8, kZeroes = u32{1} << 9, kAlways = u32{1} << 12, kAwake = u32{1} << 13,
              kPending = u32{1} << 28;
constexpr u32 kCountMask = 0x7FFFFFFF;
constexpr u16 kCompareDefault = 0xBEEF;
constexpr u64 kNanosecondsPerSecond = 1'000'000'000;

unsigned scale(u32 config) { return config & 15; }

}  // namespace

SifiveAon::SifiveAon(Irq irq, Clock& clock, std::function<void()> on_expired)
    : irq_(irq), clock_(clock), on_expired_(std::move(on_expired)), timer_(clock.add_timer([this] { on_timer(); })) {}

SifiveAon::~SifiveAon() = default;

void SifiveAon::reset() {
    LockGuard lock(mutex_);
    config_ = 0;
    compare_ = kCompareDefault;
    unlocked_ = false;
    set_count(0);
    update();
}

void SifiveAon::visit(State& state) {
    state.version(1);
    LockGuard lock(mutex_);
    state.field("config", config_);
    state.field("compare", compare_);
    state.field("unlocked", unlocked_);
    const u32 count = state.peek("count", this->count(), kCountMask);
    if (!state.loading()) return;
    set_count(count);
    update();
}

bool SifiveAon::running() const { return (config_ & (kAlways | kAwake)) != 0; }

u32 SifiveAon::count() const {
    if (!running()) return base_;
    const auto passed = static_cast<unsigned __int128>(clock_.now() - since_) * kFrequency / kNanosecondsPerSecond;
    return static_cast<u32>(base_ + passed) & kCountMask;
}

u16 SifiveAon::scaled_count() const { return static_cast<u16>(count() >> scale(config_)); }

void SifiveAon::set_count(u32 value) {
    base_ = value & kCountMask;
    since_ = clock_.now();
    deadline_ = ~u64{0};
}

/// Looks whether the counter has reached the comparator, also if it has gone on to where its 16 bits are smaller again;
/// and else when it will.
/// @returns whether the chip is to be reset
bool SifiveAon::update() {
    bool resets = false;
    if (scaled_count() >= compare_ || clock_.now() >= deadline_) {
        resets = (config_ & kResets) != 0;
        config_ |= kPending;
        if ((config_ & kZeroes) != 0) set_count(0);
    }
    irq_.set((config_ & kPending) != 0);
    const u16 now = scaled_count();
    deadline_ = ~u64{0};
    if (!running() || now >= compare_) {
        timer_->cancel();
        return resets;
    }
    const u64 ticks = (u64{compare_} << scale(config_)) - base_;  // since since_
    deadline_ = since_ + (ticks * kNanosecondsPerSecond + kFrequency - 1) / kFrequency;
    timer_->arm(deadline_);
    return resets;
}

void SifiveAon::on_timer() {
    bool resets;
    {
        LockGuard lock(mutex_);
        resets = update();
    }
    if (resets) on_expired_();
}

bool SifiveAon::read(u64 offset, unsigned, u64& value) {
    LockGuard lock(mutex_);
    switch (offset) {
        case kConfig: value = config_; break;
        case kCount: value = count(); break;
        case kScaledCount: value = scaled_count(); break;
        case kKey: value = unlocked_; break;
        case kCompare: value = compare_; break;
        default: value = 0; break;
    }
    return true;
}

void SifiveAon::write_unlocked(u64 offset, u32 value) {
    switch (offset) {
        case kConfig:
            set_count(count());  // it goes on from here, or stands still
            config_ = value;
            break;
        case kCount: set_count(value); break;
        case kFeed:
            if (value == kFeedValue) set_count(0);
            break;
        case kCompare:
            compare_ = static_cast<u16>(value);
            deadline_ = ~u64{0};
            break;
        default: return;
    }
    unlocked_ = false;
}

/// Each write needs the key first.
bool SifiveAon::write(u64 offset, unsigned, u64 wide) {
    const u32 value = static_cast<u32>(wide);
    bool resets;
    {
        LockGuard lock(mutex_);
        if (offset == kKey) unlocked_ |= value == kKeyValue;
        else if (unlocked_) write_unlocked(offset, value);
        resets = update();
    }
    if (resets) on_expired_();
    return true;
}

}  // namespace dragoman::devices
