// Serial port: National Semiconductor's PC16550D, as the machines' UARTs are.
#pragma once

#include <memory>
#include <vector>

#include "base/mutex.h"
#include "devices/byte_fifo.h"
#include "devices/chardev.h"
#include "devices/clock.h"
#include "devices/device.h"
#include "devices/irq.h"

namespace dragoman::devices {

/// Eight byte-wide registers. Sent bytes reach the back end at once, received ones take as long as the programmed
/// rate says only for the FIFO's time-out. Parity and framing errors do not occur.
///
/// "Transmitter empty" alone does not hold the interrupt line: it is an event, which interrupts once
/// (docs/differences.md). IIR shows it until it is read.
class Uart16550 final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 8;
    static constexpr memory::MmioLimits kLimits{1, 8, false, true};
    static constexpr unsigned kFifoSize = 16;

    /// @param chardev   where the bytes go; null: nowhere. Shared with the board.
    /// @param clock_hz  the input of the baud rate generator
    Uart16550(Irq irq, Clock& clock, std::shared_ptr<Chardev> chardev, u32 clock_hz = 3'686'400);
    ~Uart16550() override;

    void reset() override;
    void visit(State& state) override;
    void resume() override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    using Fifo = ByteFifo<kFifoSize>;

    bool fifo_enabled() const DRAGOMAN_REQUIRES(mutex_) { return (fcr_ & 1) != 0; }
    bool loopback() const DRAGOMAN_REQUIRES(mutex_) { return (mcr_ & 0x10) != 0; }
    unsigned trigger_level() const DRAGOMAN_REQUIRES(mutex_);
    u64 character_time() const DRAGOMAN_REQUIRES(mutex_);

    bool transmitter_interrupts() const DRAGOMAN_REQUIRES(mutex_);
    u8 interrupt_id() const DRAGOMAN_REQUIRES(mutex_);
    void update_irq() DRAGOMAN_REQUIRES(mutex_);
    void update_level() DRAGOMAN_REQUIRES(mutex_);
    void evaluate_irq() DRAGOMAN_REQUIRES(mutex_);
    void stop_timeout() DRAGOMAN_REQUIRES(mutex_);
    void start_timeout(u64 nanoseconds) DRAGOMAN_REQUIRES(mutex_);
    void arm_timeout() DRAGOMAN_REQUIRES(mutex_);

    u8 read_data() DRAGOMAN_REQUIRES(mutex_);
    u8 read_line_status() DRAGOMAN_REQUIRES(mutex_);
    u8 read_modem_status() DRAGOMAN_REQUIRES(mutex_);
    void write_data(u8 byte) DRAGOMAN_REQUIRES(mutex_);
    void write_interrupt_enable(u8 value) DRAGOMAN_REQUIRES(mutex_);
    void write_fifo_control(u8 value) DRAGOMAN_REQUIRES(mutex_);
    void write_modem_control(u8 value) DRAGOMAN_REQUIRES(mutex_);

    u8 modem_lines() const DRAGOMAN_REQUIRES(mutex_);
    void transmit() DRAGOMAN_REQUIRES(mutex_);
    void take(u8 byte) DRAGOMAN_REQUIRES(mutex_);

    static constexpr u64 kNever = ~u64{0};

    std::size_t room();
    void receive(std::span<const u8> bytes);
    void receive_break();

    Irq irq_;
    Clock& clock_;
    std::shared_ptr<Chardev> chardev_;
    u32 clock_hz_;

    Mutex mutex_;
    u8 ier_ DRAGOMAN_GUARDED_BY(mutex_), fcr_ DRAGOMAN_GUARDED_BY(mutex_), lcr_ DRAGOMAN_GUARDED_BY(mutex_),
        mcr_ DRAGOMAN_GUARDED_BY(mutex_), lsr_ DRAGOMAN_GUARDED_BY(mutex_), msr_ DRAGOMAN_GUARDED_BY(mutex_),
        scr_ DRAGOMAN_GUARDED_BY(mutex_);
    u16 divisor_ DRAGOMAN_GUARDED_BY(mutex_);
    bool thr_interrupt_ DRAGOMAN_GUARDED_BY(mutex_);  ///< "transmitter holding register empty" has not been seen yet
    bool timeout_interrupt_ DRAGOMAN_GUARDED_BY(mutex_);  ///< bytes wait in the FIFO, fewer than the trigger level
    Fifo in_ DRAGOMAN_GUARDED_BY(mutex_), out_
        DRAGOMAN_GUARDED_BY(mutex_);  ///< without FIFO mode one byte is used of them
    std::unique_ptr<Clock::Timer> timeout_ DRAGOMAN_GUARDED_BY(mutex_);
    u64 timeout_at_ DRAGOMAN_GUARDED_BY(mutex_) = kNever;  ///< when timeout_ is due
};

}  // namespace dragoman::devices
