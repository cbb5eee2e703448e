// The teaching device of QEMU (docs/specs/edu): identification, liveness, a factorial, interrupts and DMA, each in a
// register or two.
#pragma once

#include <array>

#include "base/mutex.h"
#include "base/properties.h"
#include "devices/clock.h"
#include "devices/pci/function.h"

namespace dragoman::devices::pci {

class Edu final : public Function, private memory::MmioHandler {
public:
    static constexpr u64 kDefaultDmaMask = (u64{1} << 28) - 1;

    /// @param dma_mask  bits of addresses that its DMA drives
    Edu(Clock& clock, u64 dma_mask);
    /// `-device edu`. @throws FatalError
    static std::unique_ptr<Edu> make(Clock& clock, Properties& properties);

private:
    static constexpr u64 kBufferBytes = 4096;

    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    void reset_device() override;
    void visit_device(State& state) override;

    u64* dma_register(u64 offset) DRAGOMAN_REQUIRES(lock_);
    void finish_factorial();
    void finish_dma();
    void raise(u32 bits) DRAGOMAN_REQUIRES(lock_);
    void update_line() DRAGOMAN_REQUIRES(lock_);

    Clock& clock_;
    const u64 dma_mask_;
    Mutex lock_;
    u32 liveness_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u32 factorial_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u32 status_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u32 interrupts_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u64 dma_source_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u64 dma_destination_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u64 dma_count_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u64 dma_command_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    std::array<u8, kBufferBytes> buffer_ DRAGOMAN_GUARDED_BY(lock_){};
    std::unique_ptr<Clock::Timer> factorial_timer_, dma_timer_;
};

}  // namespace dragoman::devices::pci
