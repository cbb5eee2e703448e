// Message signalled interrupts of a function (PCI Local Bus 3.0 §6.8.1): one 64-bit message, without masking.
#pragma once

#include "base/bits.h"
#include "base/mutex.h"

namespace dragoman::devices::pci {

class Function;

class Msi {
public:
    static constexpr unsigned kBytes = 14;

    Msi(Function& function, unsigned offset) : function_(function), offset_(offset) {}

    /// Whether messages take the place of INTx.
    bool enabled();
    void notify();

    unsigned offset() const { return offset_; }  ///< of the capability
    /// Takes over what its registers hold. The bridge's lock is held.
    void registers_changed();

private:
    Function& function_;
    const unsigned offset_;
    Mutex lock_;
    bool enabled_ DRAGOMAN_GUARDED_BY(lock_) = false;
    u64 address_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u32 data_ DRAGOMAN_GUARDED_BY(lock_) = 0;
};

}  // namespace dragoman::devices::pci
