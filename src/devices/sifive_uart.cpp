#include "devices/sifive_uart.h"

#include "devices/state.h"

namespace dragoman::devices {

namespace {

enum Register : u64 {
    kTransmitData = 0,
    kReceiveData = 4,
    kTransmitControl = 8,
    kReceiveControl = 0xC,
    kInterruptEnable = 0x10,
    kInterruptPending = 0x14,
    kDivisor = 0x18,
};

constexpr u32 kFull = u32{1} << 31, kEmpty = u32{1} << 31;    // of txdata and rxdata
constexpr u32 kTransmitWatermark = 1, kReceiveWatermark = 2;  // of ie and ip

/// txcnt and rxcnt: the watermark of a FIFO.
unsigned watermark(u32 control) { return extract(control, 16, 3); }

}  // namespace

SifiveUart::SifiveUart(Irq irq, std::shared_ptr<Chardev> chardev) : irq_(irq), chardev_(std::move(chardev)) {
    if (chardev_ == nullptr) return;
    Chardev::Frontend frontend;
    frontend.can_receive = [this]() -> std::size_t {
        LockGuard lock(mutex_);
        return kDepth - in_.count;
    };
    frontend.receive = [this](std::span<const u8> bytes) {
        LockGuard lock(mutex_);
        for (u8 byte : bytes) {
            if (!in_.full()) in_.push(byte);
        }
        update_irq();
    };
    chardev_->attach(std::move(frontend));
    chardev_->set_on_writable([this] {
        LockGuard lock(mutex_);
        transmit();
        update_irq();
    });
}

SifiveUart::~SifiveUart() = default;

void SifiveUart::reset() {
    {
        LockGuard lock(mutex_);
        in_ = out_ = {};
        transmit_control_ = receive_control_ = interrupt_enable_ = divisor_ = 0;
        update_irq();
    }
    if (chardev_ != nullptr) chardev_->accept_input();
}

void SifiveUart::visit(State& state) {
    state.version(1);
    LockGuard lock(mutex_);
    in_.visit(state);
    out_.visit(state);
    state.field("txctrl", transmit_control_);
    state.field("rxctrl", receive_control_);
    state.field("ie", interrupt_enable_);
    state.field("div", divisor_);
    if (state.loading()) update_irq();
}

/// The host may have room for what it had none for, and more to send.
void SifiveUart::resume() {
    {
        LockGuard lock(mutex_);
        transmit();
        update_irq();
    }
    if (chardev_ != nullptr) chardev_->accept_input();
}

std::string SifiveUart::describe() const {
    const std::string text = "sifive uart, irq " + std::to_string(irq_.line);
    return chardev_ == nullptr ? text : text + ", " + chardev_->describe();
}

u32 SifiveUart::pending() const {
    return (out_.count < watermark(transmit_control_) ? kTransmitWatermark : 0) |
           (in_.count > watermark(receive_control_) ? kReceiveWatermark : 0);
}

void SifiveUart::update_irq() { irq_.set((pending() & interrupt_enable_) != 0); }

/// Hands the waiting bytes to the host, which takes them without blocking.
void SifiveUart::transmit() {
    while (out_.count != 0) {
        const u8 byte = out_.front();
        if (chardev_ != nullptr && chardev_->write({&byte, 1}) == 0) return;  // set_on_writable's callback goes on
        out_.pop();
    }
}

bool SifiveUart::read(u64 offset, unsigned, u64& value) {
    bool has_room = false;
    {
        LockGuard lock(mutex_);
        switch (offset) {
            case kTransmitData: value = out_.full() ? kFull : 0; break;
            case kReceiveData:
                has_room = in_.count != 0;
                value = has_room ? in_.pop() : kEmpty;
                update_irq();
                break;
            case kTransmitControl: value = transmit_control_; break;
            case kReceiveControl: value = receive_control_; break;
            case kInterruptEnable: value = interrupt_enable_; break;
            case kInterruptPending: value = pending(); break;
            case kDivisor: value = divisor_; break;
            default: value = 0; break;
        }
    }
    if (has_room && chardev_ != nullptr) chardev_->accept_input();
    return true;
}

bool SifiveUart::write(u64 offset, unsigned, u64 wide) {
    const u32 value = static_cast<u32>(wide);
    LockGuard lock(mutex_);
    switch (offset) {
        case kTransmitData:
            if (!out_.full()) out_.push(static_cast<u8>(value));  // else the byte is lost
            transmit();
            break;
        case kTransmitControl: transmit_control_ = value; break;
        case kReceiveControl: receive_control_ = value; break;
        case kInterruptEnable: interrupt_enable_ = value; break;
        case kDivisor: divisor_ = value; break;
        default: break;
    }
    update_irq();
    return true;
}

}  // namespace dragoman::devices
