// Serial port: National Semiconductor's PC16550D, as the machines' UARTs are.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "devices/chardev.h"
#include "devices/clock.h"
#include "devices/device.h"
#include "devices/irq.h"

namespace dragoman::devices {

/// Eight byte-wide registers. Sent bytes reach the back end at once, received ones take as long as the programmed
/// rate says only for the FIFO's time-out. Parity and framing errors do not occur.
///
/// "Transmitter empty" alone does not hold the interrupt line: it is an event, which interrupts once (docs/differences.md).
/// IIR shows it until it is read.
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
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    /// Bytes between guest and host, in either direction.
    struct Fifo {
        u8 bytes[kFifoSize];
        u8 first = 0, count = 0;

        bool full() const { return count == kFifoSize; }
        void clear() { first = count = 0; }
        void push(u8 byte) { bytes[(first + count++) % kFifoSize] = byte; }
        u8 front() const { return bytes[first]; }
        u8 pop() {
            u8 byte = bytes[first];
            first = (first + 1) % kFifoSize;
            --count;
            return byte;
        }
    };

    bool fifo_enabled() const { return (fcr_ & 1) != 0; }
    bool loopback() const { return (mcr_ & 0x10) != 0; }
    unsigned trigger_level() const;
    u64 character_time() const;

    bool transmitter_interrupts() const;
    u8 interrupt_id() const;
    void update_irq();
    void evaluate_irq();
    void arm_timeout();

    u8 read_data();
    u8 read_line_status();
    u8 read_modem_status();
    void write_data(u8 byte);
    void write_interrupt_enable(u8 value);
    void write_fifo_control(u8 value);
    void write_modem_control(u8 value);

    u8 modem_lines() const;
    void transmit();
    void take(u8 byte);

    std::size_t room();
    void receive(std::span<const u8> bytes);
    void receive_break();

    Irq irq_;
    Clock& clock_;
    std::shared_ptr<Chardev> chardev_;
    u32 clock_hz_;

    std::mutex mutex_;  ///< guards all below
    u8 ier_, fcr_, lcr_, mcr_, lsr_, msr_, scr_;
    u16 divisor_;
    bool thr_interrupt_;      ///< "transmitter holding register empty" has not been seen yet
    bool timeout_interrupt_;  ///< bytes wait in the FIFO, fewer than the trigger level
    Fifo in_, out_;           ///< without FIFO mode one byte is used of them
    std::unique_ptr<Clock::Timer> timeout_;
};

}  // namespace dragoman::devices
