// RISC-V Incoming MSI Controller (Advanced Interrupt Architecture 1.0, chapter 3): the interrupt files of one privilege
// level of all harts. A store to a file's page makes an interrupt pending; the hart itself works with its file through
// CSRs.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "devices/device.h"
#include "devices/irq.h"

namespace dragoman::devices {

class Imsic final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kPage = 0x1000, kSetPendingLe = 0, kSetPendingBe = 4;
    static constexpr unsigned kIdentities = 255;  ///< 1..255
    static constexpr memory::MmioLimits kLimits{4, 4, false, false};

    /// One hart's interrupt file. All functions are for any thread.
    class File {
    public:
        // Registers as xiselect numbers them (section "Indirectly accessed interrupt-file registers").
        static constexpr unsigned kDelivery = 0x70, kThreshold = 0x72, kPending = 0x80, kEnable = 0xc0;

        explicit File(Irq irq) : irq_(irq) {}

        /// Whether a hart with 64-bit registers has register `number`.
        static bool has(unsigned number);
        /// 64 bits of a register that the file has.
        u64 read(unsigned number);
        void write(unsigned number, u64 value);
        /// The pending and enabled identity of highest priority (the smallest) that the threshold lets through; 0:
        /// none.
        unsigned top();
        /// No longer pending.
        void claim(unsigned identity);
        void set_pending(u32 identity);
        void reset();
        void visit(State& state);

    private:
        static constexpr unsigned kWords = kIdentities / 64 + 1;
        unsigned best() const DRAGOMAN_REQUIRES(mutex_);
        void update() DRAGOMAN_REQUIRES(mutex_);

        const Irq irq_;
        Mutex mutex_;
        bool delivery_ DRAGOMAN_GUARDED_BY(mutex_) = false, asserted_ DRAGOMAN_GUARDED_BY(mutex_) = false;
        u32 threshold_ DRAGOMAN_GUARDED_BY(mutex_) = 0;
        std::array<u64, kWords> pending_ DRAGOMAN_GUARDED_BY(mutex_){}, enabled_ DRAGOMAN_GUARDED_BY(mutex_){};
    };

    /// @param irqs  for each hart, the external interrupt of the level
    explicit Imsic(const std::vector<Irq>& irqs);

    u64 window() const { return files_.size() * kPage; }
    File& file(unsigned hart) { return *files_[hart]; }

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    std::vector<std::unique_ptr<File>> files_;
};

}  // namespace dragoman::devices
