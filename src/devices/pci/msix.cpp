#include "devices/pci/msix.h"

#include <algorithm>

#include "devices/pci/function.h"
#include "devices/state.h"

namespace dragoman::devices::pci {

bool Msix::masked(const Vector& vector) const {
    return (vector.control & 1) != 0 || (control_.load(std::memory_order_relaxed) & kMaskAll) != 0;
}

void Msix::send(const Vector& vector) { function_.send_message(vector.address, vector.data); }

void Msix::notify(unsigned vector) {
    LockGuard held(lock_);
    if (vector >= vectors_.size() || !enabled()) return;
    if (masked(vectors_[vector])) vectors_[vector].pending = true;
    else send(vectors_[vector]);
}

void Msix::clear(unsigned vector) {
    LockGuard held(lock_);
    if (vector < vectors_.size()) vectors_[vector].pending = false;
}

void Msix::send_pending() {
    if (!enabled()) return;
    for (Vector& vector : vectors_) {
        if (!vector.pending || masked(vector)) continue;
        vector.pending = false;
        send(vector);
    }
}

void Msix::set_control(u16 control) {
    LockGuard held(lock_);
    control_ = control;
    send_pending();
}

bool Msix::read(u64 offset, unsigned, u64& value) {
    LockGuard held(lock_);
    value = 0;
    if (u64 at = offset - table_at_; at / 16 < vectors_.size()) {
        const Vector& vector = vectors_[at / 16];
        switch (at % 16) {
            case 0: value = static_cast<u32>(vector.address); break;
            case 4: value = vector.address >> 32; break;
            case 8: value = vector.data; break;
            default: value = vector.control; break;
        }
    } else if (u64 word = (offset - pending_at_) / 4; offset >= pending_at_ && word < (vectors_.size() + 31) / 32) {
        for (u64 i = word * 32; i < std::min<u64>(vectors_.size(), word * 32 + 32); i++) {
            value |= u64{vectors_[i].pending} << (i % 32);
        }
    }
    return true;
}

bool Msix::write(u64 offset, unsigned, u64 value) {
    LockGuard held(lock_);
    u64 at = offset - table_at_;
    if (at / 16 >= vectors_.size()) return true;
    Vector& vector = vectors_[at / 16];
    switch (at % 16) {
        case 0: vector.address = deposit(vector.address, 0, 32, value & ~u64{3}); break;
        case 4: vector.address = deposit(vector.address, 32, 32, value); break;
        case 8: vector.data = static_cast<u32>(value); break;
        default: vector.control = value & 1; break;
    }
    send_pending();
    return true;
}

void Msix::reset() {
    LockGuard held(lock_);
    control_ = 0;
    for (Vector& vector : vectors_) vector = {};
}

void Msix::visit(State& state) {
    LockGuard held(lock_);
    state.same("vectors", vectors_.size());
    for (Vector& vector : vectors_) {
        state.field("address", vector.address);
        state.field("data", vector.data);
        state.field("control", vector.control, 1);
        state.field("pending", vector.pending);
    }
}

}  // namespace dragoman::devices::pci
