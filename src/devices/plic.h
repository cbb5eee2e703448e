// RISC-V Platform-Level Interrupt Controller (PLIC specification 1.0.0), as SiFive laid it out.
#pragma once

#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "devices/device.h"
#include "devices/irq.h"

namespace dragoman::devices {

/// Its inputs are the sources 1..sources; all are levels. A line that falls before it was claimed is no longer
/// pending. A gateway also latches events (IrqSink::set_event), each of which is claimed once (section 7: edges).
class Plic final : public Device, public memory::MmioHandler, public IrqSink {
public:
    static constexpr u64 kPriority = 0, kPending = 0x1000, kEnable = 0x2000, kEnableStride = 0x80;
    static constexpr u64 kContext = 0x200000, kContextStride = 0x1000;
    static constexpr memory::MmioLimits kLimits{4, 4, false, false};

    /// @param sources     the highest source number (riscv,ndev), at most 1023
    /// @param priorities  the highest priority; one below a power of two
    /// @param contexts    where each context's interrupt goes: on the usual boards machine external (11) and
    ///                    supervisor external (9) interrupt of hart 0, then hart 1's...
    Plic(unsigned sources, unsigned priorities, const std::vector<Irq>& contexts);

    /// Bytes that the registers take.
    u64 window() const { return kContext + context_count_ * kContextStride; }

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    void set_irq(unsigned line, bool level) override;
    void set_event(unsigned line, bool pending) override;

private:
    struct Context {
        Irq irq;
        bool asserted = false;
        u32 threshold = 0;
        std::vector<u32> enable;  ///< a bit per source
    };

    bool valid(u64 source) const { return source != 0 && source <= sources_; }
    u32 pending(std::size_t word) const DRAGOMAN_REQUIRES(mutex_) {
        return (levels_[word] | events_[word]) & ~claimed_[word];
    }
    void visit_bits(State& state, std::string_view name, std::vector<u32>& words) const;
    u32 existing(std::size_t word) const;
    void set_bit(std::vector<u32>& words, unsigned line, bool on) DRAGOMAN_REQUIRES(mutex_);
    unsigned best(const Context& context) const DRAGOMAN_REQUIRES(mutex_);
    void update(Context& context) DRAGOMAN_REQUIRES(mutex_);
    void update_all() DRAGOMAN_REQUIRES(mutex_);
    u32 claim(Context& context) DRAGOMAN_REQUIRES(mutex_);
    void complete(Context& context, u32 source) DRAGOMAN_REQUIRES(mutex_);

    unsigned sources_;
    u32 priority_mask_;
    std::size_t context_count_;
    Mutex mutex_;
    std::vector<u32> priorities_ DRAGOMAN_GUARDED_BY(mutex_);
    // A bit per source:
    std::vector<u32> levels_ DRAGOMAN_GUARDED_BY(mutex_), events_ DRAGOMAN_GUARDED_BY(mutex_),
        claimed_ DRAGOMAN_GUARDED_BY(mutex_);
    std::vector<Context> contexts_ DRAGOMAN_GUARDED_BY(mutex_);
};

}  // namespace dragoman::devices
