// PC16550D; the section numbers are those of its data sheet (National Semiconductor, 1995).
#include "devices/uart16550.h"

#include <algorithm>

#include "devices/state.h"

namespace dragoman::devices {

namespace {

enum Register : u64 { kData, kIer, kIirFcr, kLcr, kMcr, kLsr, kMsr, kScr };

// clang-format off
enum : u8 {
    kIerReceived = 1, kIerTransmitter = 2, kIerLine = 4, kIerModem = 8,
    kLcrDivisorLatch = 0x80,
    kLsrReady = 1, kLsrOverrun = 2, kLsrBreak = 0x10, kLsrErrors = 0x1E, kLsrHoldingEmpty = 0x20, kLsrAllSent = 0x40,
    kMsrDeltas = 0x0F, kMsrRingEnded = 4, kMsrCts = 0x10, kMsrDsr = 0x20, kMsrRing = 0x40, kMsrDcd = 0x80,
    kMcrDtr = 1, kMcrRts = 2, kMcrOut1 = 4, kMcrOut2 = 8,
    // Interrupt identification, by falling priority (8.6)
    kIdLine = 6, kIdReceived = 4, kIdTimeout = 12, kIdTransmitter = 2, kIdModem = 0, kIdNone = 1,
};
// clang-format on

}  // namespace

Uart16550::Uart16550(Irq irq, Clock& clock, std::shared_ptr<Chardev> chardev, u32 clock_hz)
    : irq_(irq), clock_(clock), chardev_(std::move(chardev)), clock_hz_(clock_hz) {
    timeout_ = clock_.add_timer([this] {
        LockGuard lock(mutex_);
        timeout_at_ = kNever;
        timeout_interrupt_ = in_.count != 0;
        update_irq();
    });
    reset();
    if (chardev_ == nullptr) return;
    chardev_->set_on_writable([this] {
        LockGuard lock(mutex_);
        transmit();
    });
    chardev_->attach({.can_receive = [this] { return room(); },
                      .receive = [this](std::span<const u8> bytes) { receive(bytes); },
                      .line_break = [this] { receive_break(); }});
}

Uart16550::~Uart16550() = default;

void Uart16550::reset() {
    {
        LockGuard lock(mutex_);
        ier_ = fcr_ = lcr_ = scr_ = 0;
        mcr_ = kMcrOut2;  // as on PCs, where it lets interrupts through; here they need no leave
        lsr_ = kLsrHoldingEmpty | kLsrAllSent;
        msr_ = kMsrDcd | kMsrDsr | kMsrCts;
        divisor_ = 12;
        thr_interrupt_ = timeout_interrupt_ = false;
        in_.clear();
        out_.clear();
        stop_timeout();
        update_irq();
    }
    if (chardev_ != nullptr) chardev_->accept_input();
}

void Uart16550::visit(State& state) {
    state.version(1);
    LockGuard lock(mutex_);
    state.field("ier", ier_, 0x0F);
    state.field("fcr", fcr_);
    state.field("lcr", lcr_);
    state.field("mcr", mcr_, 0x1F);
    state.field("lsr", lsr_);
    state.field("msr", msr_);
    state.field("scr", scr_);
    state.field("divisor", divisor_);
    state.field("transmitter interrupt", thr_interrupt_);
    state.field("timeout interrupt", timeout_interrupt_);
    in_.visit(state);
    out_.visit(state);
    const u64 now = clock_.now();
    const u64 left =
        state.peek("timeout in", timeout_at_ == kNever ? kNever : timeout_at_ - std::min(now, timeout_at_));
    if (!state.loading()) return;
    stop_timeout();
    if (left != kNever) start_timeout(left);
    update_level();
}

/// The host may have room for what it had none for, and more to send.
void Uart16550::resume() {
    {
        LockGuard lock(mutex_);
        if (out_.count != 0) transmit();
    }
    if (chardev_ != nullptr) chardev_->accept_input();
}

std::string Uart16550::describe() const {
    std::string text = "16550a, irq " + std::to_string(irq_.line);
    return chardev_ == nullptr ? text : text + ", " + chardev_->describe();
}

unsigned Uart16550::trigger_level() const {
    static constexpr u8 kLevels[] = {1, 4, 8, 14};
    return kLevels[fcr_ >> 6];
}

u64 Uart16550::character_time() const {
    // Start bit, data, parity, stop bits.
    unsigned bits = 1 + 5 + (lcr_ & 3) + ((lcr_ & 8) != 0 ? 1 : 0) + ((lcr_ & 4) != 0 ? 2 : 1);
    u64 divisor = divisor_ == 0 ? 1 : divisor_;
    return bits * divisor * 16 * 1'000'000'000 / clock_hz_;
}

bool Uart16550::transmitter_interrupts() const { return (ier_ & kIerTransmitter) != 0 && thr_interrupt_; }

u8 Uart16550::interrupt_id() const {
    if ((ier_ & kIerLine) != 0 && (lsr_ & kLsrErrors) != 0) return kIdLine;
    if ((ier_ & kIerReceived) != 0) {
        if (in_.count != 0 && (!fifo_enabled() || in_.count >= trigger_level())) return kIdReceived;
        if (timeout_interrupt_) return kIdTimeout;
    }
    if (transmitter_interrupts()) return kIdTransmitter;
    if ((ier_ & kIerModem) != 0 && (msr_ & kMsrDeltas) != 0) return kIdModem;
    return kIdNone;
}

/// Kernels are about that do not read IIR when they have nothing more to send (xv6 before 2023, and what was made after
/// it): a line that stayed up for that would interrupt them without end.
void Uart16550::update_irq() {
    // In this order, as a sink without a latch takes the event for the level.
    if (!transmitter_interrupts()) irq_.set_event(false);
    update_level();
}

void Uart16550::update_level() {
    u8 id = interrupt_id();
    irq_.set(id != kIdNone && id != kIdTransmitter);
}

/// The same, where an empty transmitter that nobody has seen yet interrupts anew.
void Uart16550::evaluate_irq() {
    update_irq();
    if (transmitter_interrupts()) irq_.set_event(true);
}

void Uart16550::stop_timeout() {
    timeout_->cancel();
    timeout_at_ = kNever;
}

void Uart16550::start_timeout(u64 nanoseconds) {
    timeout_at_ = clock_.now() + nanoseconds;
    timeout_->arm(timeout_at_);
}

void Uart16550::arm_timeout() {
    // Four characters' time without a byte coming or being read (8.6, FIFO mode)
    if (fifo_enabled() && in_.count != 0) start_timeout(4 * character_time());
    else stop_timeout();
}

bool Uart16550::read(u64 offset, unsigned, u64& value) {
    bool has_room = false;
    {
        LockGuard lock(mutex_);
        bool latch = (lcr_ & kLcrDivisorLatch) != 0;
        switch (offset & 7) {
            case kData:
                value = latch ? divisor_ & 0xFF : read_data();
                has_room = !latch;
                break;
            case kIer: value = latch ? divisor_ >> 8 : ier_; break;
            case kIirFcr:
                value = interrupt_id();
                if (value == kIdTransmitter) thr_interrupt_ = false;
                if (fifo_enabled()) value |= 0xC0;
                update_irq();
                break;
            case kLcr: value = lcr_; break;
            case kMcr: value = mcr_; break;
            case kLsr: value = read_line_status(); break;
            case kMsr: value = read_modem_status(); break;
            case kScr: value = scr_; break;
        }
    }
    if (has_room && chardev_ != nullptr) chardev_->accept_input();
    return true;
}

bool Uart16550::write(u64 offset, unsigned, u64 wide) {
    u8 value = static_cast<u8>(wide);
    bool has_room = false;
    {
        LockGuard lock(mutex_);
        bool latch = (lcr_ & kLcrDivisorLatch) != 0;
        switch (offset & 7) {
            case kData:
                if (latch) divisor_ = static_cast<u16>((divisor_ & 0xFF00) | value);
                else write_data(value);
                break;
            case kIer:
                if (latch) divisor_ = static_cast<u16>((divisor_ & 0xFF) | (value << 8));
                else write_interrupt_enable(value);
                break;
            case kIirFcr:
                write_fifo_control(value);
                has_room = true;
                break;
            case kLcr: lcr_ = value; break;
            case kMcr:
                write_modem_control(value);
                has_room = true;
                break;
            case kLsr:
            case kMsr: break;  // for the factory's tests only (8.4)
            case kScr: scr_ = value; break;
        }
        update_irq();
    }
    if (has_room && chardev_ != nullptr) chardev_->accept_input();
    return true;
}

u8 Uart16550::read_data() {
    u8 byte = in_.bytes[in_.first];  // an empty one reads as the last byte
    if (in_.count != 0) in_.pop();
    if (in_.count == 0) lsr_ &= ~kLsrReady;
    timeout_interrupt_ = false;
    arm_timeout();
    evaluate_irq();
    return byte;
}

u8 Uart16550::read_line_status() {
    u8 value = lsr_;
    lsr_ &= static_cast<u8>(~kLsrErrors);
    update_irq();
    return value;
}

/// What the modem's lines show: the peer is always there and ready; with loopback our own outputs (8.7).
u8 Uart16550::modem_lines() const {
    if (!loopback()) return kMsrDcd | kMsrDsr | kMsrCts;
    return static_cast<u8>(((mcr_ & kMcrRts) != 0 ? kMsrCts : 0) | ((mcr_ & kMcrDtr) != 0 ? kMsrDsr : 0) |
                           ((mcr_ & kMcrOut1) != 0 ? kMsrRing : 0) | ((mcr_ & kMcrOut2) != 0 ? kMsrDcd : 0));
}

u8 Uart16550::read_modem_status() {
    u8 value = msr_;
    msr_ &= static_cast<u8>(~kMsrDeltas);
    update_irq();
    return value;
}

void Uart16550::write_interrupt_enable(u8 value) {
    u8 changed = ier_ ^ value;
    ier_ = value & 0x0F;
    // Enabling it while the register is empty raises the interrupt (8.6, note on transmit interrupts).
    if ((changed & kIerTransmitter) != 0)
        thr_interrupt_ = (ier_ & kIerTransmitter) != 0 && (lsr_ & kLsrHoldingEmpty) != 0;
    if (changed != 0) evaluate_irq();
}

void Uart16550::write_fifo_control(u8 value) {
    bool switched = ((value ^ fcr_) & 1) != 0;
    if (switched || (value & 2) != 0) {
        in_.clear();
        lsr_ &= ~kLsrReady;
        timeout_interrupt_ = false;
        stop_timeout();
    }
    if ((switched || (value & 4) != 0) && out_.count != 0) {
        out_.clear();
        transmit();
    }
    fcr_ = (value & 1) != 0 ? value & 0xC9 : 0;
}

void Uart16550::write_modem_control(u8 value) {
    mcr_ = value & 0x1F;
    u8 before = msr_, lines = modem_lines();
    u8 changed = static_cast<u8>((before ^ lines) & 0xF0);
    u8 deltas = static_cast<u8>(changed >> 4);
    if ((changed & lines & kMsrRing) != 0) deltas &= static_cast<u8>(~kMsrRingEnded);  // only the trailing edge counts
    msr_ = static_cast<u8>(lines | (before & kMsrDeltas) | deltas);
}

void Uart16550::write_data(u8 byte) {
    if (loopback()) {
        // The transmitter is empty again as soon as the byte is in the receiver.
        take(byte);
        thr_interrupt_ = true;
        evaluate_irq();
        return;
    }
    if (fifo_enabled() && out_.full()) out_.pop();
    else if (!fifo_enabled()) out_.clear();
    out_.push(byte);
    lsr_ &= static_cast<u8>(~(kLsrHoldingEmpty | kLsrAllSent));
    thr_interrupt_ = false;
    transmit();
}

/// Hands the waiting bytes to the host, which takes them without blocking.
void Uart16550::transmit() {
    while (out_.count != 0) {
        u8 byte = out_.front();
        if (chardev_ != nullptr && chardev_->write({&byte, 1}) == 0) return;  // set_on_writable's callback goes on
        out_.pop();
    }
    bool was_empty = (lsr_ & kLsrHoldingEmpty) != 0;
    lsr_ |= kLsrHoldingEmpty | kLsrAllSent;
    if (was_empty) return;
    thr_interrupt_ = true;
    evaluate_irq();
}

/// A byte has come in.
void Uart16550::take(u8 byte) {
    if (!fifo_enabled()) {
        if (in_.count != 0) lsr_ |= kLsrOverrun;
        in_.clear();
        in_.push(byte);
    } else if (in_.full()) {
        lsr_ |= kLsrOverrun;  // the FIFO's contents stay, the new byte is lost (8.3)
    } else {
        in_.push(byte);
    }
    lsr_ |= kLsrReady;
    arm_timeout();
}

/// How much the host may send: up to the trigger level at once, so that the guest is interrupted once for it;
/// beyond that one by one.
std::size_t Uart16550::room() {
    LockGuard lock(mutex_);
    if (loopback()) return 0;
    if (!fifo_enabled()) return in_.count == 0 ? 1 : 0;
    if (in_.full()) return 0;
    return in_.count < trigger_level() ? trigger_level() - in_.count : 1;
}

void Uart16550::receive(std::span<const u8> bytes) {
    LockGuard lock(mutex_);
    for (u8 byte : bytes) take(byte);
    update_irq();
}

/// A break comes in as a zero byte (8.4, bit 4).
void Uart16550::receive_break() {
    LockGuard lock(mutex_);
    if (loopback()) return;
    take(0);
    lsr_ |= kLsrBreak;
    update_irq();
}

}  // namespace dragoman::devices
