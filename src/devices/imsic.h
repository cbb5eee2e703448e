// RISC-V Incoming MSI Controller (Advanced Interrupt Architecture 1.0, chapter 3): the interrupt files of one privilege
// level of all harts. A store to a file's page makes an interrupt pending; the hart itself works with its file through
// CSRs.
#pragma once

#include <array>
#include <bit>
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
        /// Of a register that the file has, the bits of `mask`.
        void write(unsigned number, u64 value, u64 mask = ~u64{0});
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

    /// @param irqs  for each hart, the external interrupt of the level, then one for each of its guests' files
    /// @param guests  how many guests' files each hart has; they lie behind its own, and all harts' begin at multiples
    ///                of a power of two of pages
    explicit Imsic(const std::vector<Irq>& irqs, unsigned guests = 0);

    /// Bits of an address that tell a hart's files apart.
    static unsigned guest_bits(unsigned guests) { return static_cast<unsigned>(std::bit_width(guests)); }
    /// Bytes of addresses of `harts` harts.
    static u64 window(unsigned harts, unsigned guests) { return u64{harts} * kPage << guest_bits(guests); }
    u64 window() const { return window(static_cast<unsigned>(files_.size()) / (guests_ + 1), guests_); }
    unsigned guests() const { return guests_; }
    /// Of the hart itself, or its guest `guest` (from 1).
    File& file(unsigned hart, unsigned guest = 0) { return *files_[hart * (guests_ + 1) + guest]; }

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    const unsigned guests_;
    std::vector<std::unique_ptr<File>> files_;
};

}  // namespace dragoman::devices
