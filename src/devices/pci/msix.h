// MSI-X of a function (PCI Local Bus 3.0 §6.8.2): a table of messages and their pending bits, in a BAR.
#pragma once

#include <atomic>
#include <vector>

#include "base/mutex.h"
#include "memory/physical_space.h"

namespace dragoman {
class State;
}

namespace dragoman::devices::pci {

class Function;

/// As a handler it takes offsets from the start of the BAR.
class Msix final : public memory::MmioHandler {
public:
    static constexpr unsigned kCapabilityBytes = 12;
    static constexpr memory::MmioLimits kLimits{.min_size = 4, .max_size = 4, .misaligned = false, .adapt = true};

    /// @param offset  of the capability
    Msix(Function& function, unsigned vectors, unsigned offset, u32 table, u32 pending)
        : function_(function),
          offset_(offset),
          table_at_(table),
          pending_at_(pending),
          count_(vectors),
          vectors_(vectors) {}

    unsigned offset() const { return offset_; }
    unsigned vectors() const { return count_; }
    /// Whether messages take the place of INTx.
    bool enabled() const { return (control_.load(std::memory_order_acquire) & kEnable) != 0; }
    /// Sends the message of `vector`, or keeps it until it is unmasked; nothing where there is no such vector.
    void notify(unsigned vector);
    /// What was pending is no more.
    void clear(unsigned vector);

    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

    static constexpr u16 kEnable = 0x8000, kMaskAll = 0x4000;
    /// The message control register of the capability was written.
    void set_control(u16 control);
    void reset();
    void visit(State& state);

private:
    struct Vector {
        u64 address = 0;
        u32 data = 0;
        u32 control = 1;  ///< bit 0: masked
        bool pending = false;
    };
    bool masked(const Vector& vector) const;
    void send(const Vector& vector);
    void send_pending() DRAGOMAN_REQUIRES(lock_);

    Function& function_;
    const unsigned offset_;
    const u32 table_at_, pending_at_;
    std::atomic<u16> control_{0};
    Mutex lock_;
    const unsigned count_;
    std::vector<Vector> vectors_ DRAGOMAN_GUARDED_BY(lock_);
};

}  // namespace dragoman::devices::pci
