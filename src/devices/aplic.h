// RISC-V Advanced Platform-Level Interrupt Controller (Advanced Interrupt Architecture 1.0, chapter 4): one interrupt
// domain, which may delegate sources to a child.
#pragma once

#include <vector>

#include "base/mutex.h"
#include "devices/device.h"
#include "devices/irq.h"

namespace dragoman::devices {

/// Inputs are the sources 1..sources, all of them wired to the root domain. A domain delivers directly to the harts'
/// interrupt lines, or, where there is memory to write to, by messages (MSI).
class Aplic final : public Device, public memory::MmioHandler, public IrqSink {
public:
    static constexpr u64 kDomainConfig = 0, kSourceConfig = 0x4, kMachineMsi = 0x1bc0, kSupervisorMsi = 0x1bc8;
    static constexpr u64 kSetPending = 0x1c00, kSetPendingNumber = 0x1cdc, kInputs = 0x1d00,
                         kClearPendingNumber = 0x1ddc;
    static constexpr u64 kSetEnable = 0x1e00, kSetEnableNumber = 0x1edc, kClearEnable = 0x1f00,
                         kClearEnableNumber = 0x1fdc;
    static constexpr u64 kSetPendingNumberLe = 0x2000, kSetPendingNumberBe = 0x2004, kGenerateMsi = 0x3000;
    static constexpr u64 kTarget = 0x3004, kHarts = 0x4000, kHartStride = 32;
    static constexpr memory::MmioLimits kLimits{4, 4, false, false};

    /// What a domain is part of.
    struct Domain {
        bool machine = true;  ///< machine level: the root; else supervisor level
        /// The domain that sources can be delegated to, whose child index is 0; null: none.
        Aplic* child = nullptr;
        /// Where messages are written to. Null: interrupts are delivered directly only.
        memory::PhysicalSpace* messages = nullptr;
    };

    /// @param sources        the highest source number, at most 1023
    /// @param priority_bits  width of priorities (IPRIOLEN), 1 to 8
    /// @param irqs           the external interrupt that the domain drives, for each hart
    Aplic(unsigned sources, unsigned priority_bits, const std::vector<Irq>& irqs, Domain domain);

    /// Bytes that the registers of `harts` harts take.
    static constexpr u64 window(unsigned harts) { return (kHarts + harts * kHartStride + 0x3fff) & ~u64{0x3fff}; }

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    void set_irq(unsigned line, bool level) override;
    void set_event(unsigned line, bool pending) override;

private:
    /// sourcecfg.SM: how an input is looked at.
    enum Mode : u32 { kInactive = 0, kDetached = 1, kRisingEdge = 4, kFallingEdge = 5, kHigh = 6, kLow = 7 };
    struct Source {
        u32 config = 0;  ///< sourcecfg
        u32 target = 0;
        bool level = false, event = false;  ///< of the wire
        bool delegated_here = false;        ///< of a child: the parent has handed it down
        bool pending = false, enabled = false;

        Mode mode() const { return (config & kDelegate) != 0 ? kInactive : static_cast<Mode>(config & 7); }
        bool level_sensitive() const { return mode() >= kHigh; }
        /// The input as the mode makes it: true asks for service.
        bool rectified() const;
    };
    struct Hart {
        Irq irq;
        u32 delivery = 0, force = 0, threshold = 0;
        bool asserted = false;
    };
    /// mmsiaddrcfg or smsiaddrcfg with its upper half.
    using MsiAddress = u64;

    static constexpr u32 kDelegate = 1 << 10, kEnable = 1 << 8, kMsiMode = 1 << 2;
    static constexpr u32 kHartShift = 18;

    bool root() const { return domain_.machine; }
    bool msi_mode() const DRAGOMAN_REQUIRES(mutex_) { return (config_ & kMsiMode) != 0; }
    Source* find(u64 number) DRAGOMAN_REQUIRES(mutex_);
    u32 bits(u64 word, bool (*bit)(const Source&)) DRAGOMAN_REQUIRES(mutex_);
    template <class F>
    void for_bits(u64 word, u32 value, F f) DRAGOMAN_REQUIRES(mutex_);

    void set_wire(unsigned line, bool Source::*wire, bool on);
    /// Of a child: the parent's source `number` is delegated to it or taken back; its wire.
    void set_delegated(unsigned number, bool delegated, bool level);
    void set_msi_addresses(MsiAddress machine, MsiAddress supervisor);

    void input_changed(Source& source, bool before) DRAGOMAN_REQUIRES(mutex_);
    void set_config(unsigned number, u32 value) DRAGOMAN_REQUIRES(mutex_);
    void set_domain_config(u32 value) DRAGOMAN_REQUIRES(mutex_);
    void set_target(Source& source, u32 value) DRAGOMAN_REQUIRES(mutex_);
    void set_pending(Source& source, bool on) DRAGOMAN_REQUIRES(mutex_);
    void set_enabled(Source& source, bool on) DRAGOMAN_REQUIRES(mutex_);
    /// `source` has changed: delivers it, if it can be.
    void deliver(Source& source) DRAGOMAN_REQUIRES(mutex_);
    void deliver_all() DRAGOMAN_REQUIRES(mutex_);
    void send(u32 target) DRAGOMAN_REQUIRES(mutex_);
    u64 message_address(u32 hart, u32 guest) const DRAGOMAN_REQUIRES(mutex_);

    unsigned top(u64 hart) const DRAGOMAN_REQUIRES(mutex_);
    u32 top_register(u64 hart) const DRAGOMAN_REQUIRES(mutex_);
    void update(u64 hart) DRAGOMAN_REQUIRES(mutex_);
    u32 claim(u64 hart) DRAGOMAN_REQUIRES(mutex_);
    u32 read_hart(u64 hart, u64 offset) DRAGOMAN_REQUIRES(mutex_);
    void write_hart(u64 hart, u64 offset, u32 value) DRAGOMAN_REQUIRES(mutex_);
    u32 read_source_register(u64 offset) DRAGOMAN_REQUIRES(mutex_);
    void write_source_register(u64 offset, u32 value) DRAGOMAN_REQUIRES(mutex_);
    void write_msi_address(u64 offset, u32 value) DRAGOMAN_REQUIRES(mutex_);

    const Domain domain_;
    const u32 priority_mask_;
    mutable Mutex mutex_;                         ///< a parent's before its child's
    u32 config_ DRAGOMAN_GUARDED_BY(mutex_) = 0;  ///< the bits of domaincfg that can be written
    MsiAddress machine_msi_ DRAGOMAN_GUARDED_BY(mutex_) = 0, supervisor_msi_ DRAGOMAN_GUARDED_BY(mutex_) = 0;
    std::vector<Source> sources_ DRAGOMAN_GUARDED_BY(mutex_);  ///< [0] is none
    std::vector<Hart> harts_ DRAGOMAN_GUARDED_BY(mutex_);
};

}  // namespace dragoman::devices
