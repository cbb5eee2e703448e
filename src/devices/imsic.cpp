#include "devices/imsic.h"

#include <bit>

#include "devices/state.h"
#include "devices/wake_scope.h"

namespace dragoman::devices {

bool Imsic::File::has(unsigned number) {
    return number == kDelivery || number == kThreshold || (number >= kPending && number < 0x100 && number % 2 == 0);
}

u64 Imsic::File::read(unsigned number) {
    LockGuard lock(mutex_);
    if (number == kDelivery) return delivery_;
    if (number == kThreshold) return threshold_;
    const unsigned word = number % 0x40 / 2;
    if (word >= kWords) return 0;
    return number < kEnable ? pending_[word] : enabled_[word];
}

void Imsic::File::write(unsigned number, u64 value, u64 mask) {
    WakeScope wakes;
    LockGuard lock(mutex_);
    const unsigned word = number % 0x40 / 2;
    if (number == kDelivery) {
        delivery_ = (value & 1) != 0;
    } else if (number == kThreshold) {
        threshold_ = static_cast<u32>(value & kIdentities);
    } else if (word < kWords) {
        u64& bits = (number < kEnable ? pending_ : enabled_)[word];
        bits = (bits & ~mask) | (value & mask & ~u64{word == 0 ? 1u : 0u});  // 0 is no identity
    }
    update();
}

unsigned Imsic::File::best() const {
    for (unsigned word = 0; word < kWords; ++word) {
        if (u64 bits = pending_[word] & enabled_[word]) {
            unsigned identity = word * 64 + static_cast<unsigned>(std::countr_zero(bits));
            return threshold_ == 0 || identity < threshold_ ? identity : 0;
        }
    }
    return 0;
}

void Imsic::File::update() {
    bool assert = delivery_ && best() != 0;
    if (assert == asserted_) return;
    asserted_ = assert;
    irq_.set(assert);
}

unsigned Imsic::File::top() {
    LockGuard lock(mutex_);
    return best();
}

void Imsic::File::claim(unsigned identity) {
    WakeScope wakes;
    LockGuard lock(mutex_);
    pending_[identity / 64] &= ~(u64{1} << identity % 64);
    update();
}

void Imsic::File::set_pending(u32 identity) {
    if (identity == 0 || identity > kIdentities) return;
    WakeScope wakes;
    LockGuard lock(mutex_);
    pending_[identity / 64] |= u64{1} << identity % 64;
    update();
}

void Imsic::File::reset() {
    LockGuard lock(mutex_);
    delivery_ = asserted_ = false;
    threshold_ = 0;
    pending_ = enabled_ = {};
    irq_.set(false);
}

void Imsic::File::visit(State& state) {
    WakeScope wakes;
    LockGuard lock(mutex_);
    state.field("eidelivery", delivery_);
    state.field("eithreshold", threshold_, kIdentities);
    state.fields("eip", std::span<u64>(pending_));
    state.fields("eie", std::span<u64>(enabled_));
    if (!state.loading()) return;
    update();
    irq_.set(asserted_);
}

Imsic::Imsic(const std::vector<Irq>& irqs, unsigned guests) : guests_(guests) {
    for (Irq irq : irqs) files_.push_back(std::make_unique<File>(irq));
}

void Imsic::reset() {
    for (auto& file : files_) file->reset();
}

void Imsic::visit(State& state) {
    state.version(2);
    state.same("harts", files_.size());
    state.same("guests", guests_);
    for (auto& file : files_) file->visit(state);
}

std::string Imsic::describe() const {
    return "imsic, harts " + std::to_string(files_.size() / (guests_ + 1)) + ", guests " + std::to_string(guests_) +
           ", identities " + std::to_string(kIdentities);
}

/// Registers of a file's page read as 0.
bool Imsic::read(u64, unsigned, u64& value) {
    value = 0;
    return true;
}

bool Imsic::write(u64 offset, unsigned, u64 wide) {
    const u64 page = offset / kPage, guest = page & ((u64{1} << guest_bits(guests_)) - 1);
    const u64 number = (page >> guest_bits(guests_)) * (guests_ + 1) + guest;
    const u32 value = static_cast<u32>(wide);
    if (guest > guests_ || number >= files_.size()) return true;
    if (offset % kPage == kSetPendingLe) files_[number]->set_pending(value);
    if (offset % kPage == kSetPendingBe) files_[number]->set_pending(__builtin_bswap32(value));
    return true;
}

}  // namespace dragoman::devices
