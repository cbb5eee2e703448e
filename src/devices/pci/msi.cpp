#include "devices/pci/msi.h"

#include "devices/pci/function.h"

namespace dragoman::devices::pci {

bool Msi::enabled() {
    LockGuard held(lock_);
    return enabled_;
}

void Msi::notify() {
    LockGuard held(lock_);
    if (enabled_) function_.send_message(address_, data_);
}

void Msi::registers_changed() {
    LockGuard held(lock_);
    enabled_ = (function_.peek(offset_ + 2, 2) & 1) != 0;
    address_ = function_.peek(offset_ + 4, 4) | u64{function_.peek(offset_ + 8, 4)} << 32;
    data_ = function_.peek(offset_ + 12, 2);
}

}  // namespace dragoman::devices::pci
