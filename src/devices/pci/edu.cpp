#include "devices/pci/edu.h"

#include "devices/pci/msi.h"
#include "devices/state.h"

namespace dragoman::devices::pci {

namespace {

constexpr u32 kIdentification = 0x010000ed;
constexpr u64 kBarBytes = 1 << 20;

enum Register : u64 {
    kId = 0x00,
    kLiveness = 0x04,
    kFactorial = 0x08,
    kEduStatus = 0x20,
    kInterruptStatus = 0x24,
    kInterruptRaise = 0x60,
    kInterruptAcknowledge = 0x64,
    kDmaSource = 0x80,
    kDmaDestination = 0x88,
    kDmaCount = 0x90,
    kDmaCommand = 0x98,
};
enum : u32 { kComputing = 0x01, kInterruptAfterFactorial = 0x80 };     // status
enum : u32 { kFactorialInterrupt = 0x01, kDmaInterrupt = 0x100 };      // interrupt status
enum : u64 { kDmaRun = 1, kDmaToMemory = 2, kDmaInterruptAtEnd = 4 };  // DMA command
constexpr u64 kBufferAddress = 0x40000;                                // of its own memory, as DMA has it

constexpr u64 kFactorialTime = 10'000, kDmaTime = 1'000'000;  // ns

/// n!, modulo 2^32: from 34 on a multiple of it.
u32 factorial(u32 n) {
    if (n >= 34) return 0;
    u32 product = 1;
    for (u32 i = 2; i <= n; i++) product *= i;
    return product;
}

}  // namespace

Edu::Edu(Clock& clock, u64 dma_mask)
    : Function("edu", {.vendor = 0x1234, .device = 0x11e8, .class_code = 0x00ff00, .revision = 0x10}),
      clock_(clock),
      dma_mask_(dma_mask),
      factorial_timer_(clock.add_timer([this] { finish_factorial(); })),
      dma_timer_(clock.add_timer([this] { finish_dma(); })) {
    add_bar(0, BarKind::Memory32, kBarBytes, *this,
            {.min_size = 4, .max_size = 8, .misaligned = false, .adapt = false});
    add_msi();
}

std::unique_ptr<Edu> Edu::make(Clock& clock, Properties& properties) {
    u64 mask = properties.take_number("dma_mask", kDefaultDmaMask);
    properties.finish();
    return std::make_unique<Edu>(clock, mask);
}

u64* Edu::dma_register(u64 offset) {
    switch (offset) {
        case kDmaSource: return &dma_source_;
        case kDmaDestination: return &dma_destination_;
        case kDmaCount: return &dma_count_;
        case kDmaCommand: return &dma_command_;
        default: return nullptr;
    }
}

bool Edu::read(u64 offset, unsigned size, u64& value) {
    LockGuard held(lock_);
    value = ~u64{0};
    if (const u64* found = dma_register(offset)) value = *found;
    if (size != 4) return true;
    switch (offset) {
        case kId: value = kIdentification; break;
        case kLiveness: value = liveness_; break;
        case kFactorial: value = factorial_; break;
        case kEduStatus: value = status_; break;
        case kInterruptStatus: value = interrupts_; break;
        default: break;
    }
    return true;
}

bool Edu::write(u64 offset, unsigned size, u64 value) {
    LockGuard held(lock_);
    if (u64* found = dma_register(offset)) {
        if ((dma_command_ & kDmaRun) != 0) return true;  // while it runs, its registers are fixed
        *found = value;
        if (offset == kDmaCommand && (value & kDmaRun) != 0) dma_timer_->arm(clock_.now() + kDmaTime);
        return true;
    }
    if (size != 4) return true;
    const u32 word = static_cast<u32>(value);
    switch (offset) {
        case kLiveness: liveness_ = ~word; break;
        case kFactorial:
            if ((status_ & kComputing) != 0) break;
            factorial_ = word;
            status_ |= kComputing;
            factorial_timer_->arm(clock_.now() + kFactorialTime);
            break;
        case kEduStatus: status_ = (status_ & ~kInterruptAfterFactorial) | (word & kInterruptAfterFactorial); break;
        case kInterruptRaise: raise(word); break;
        case kInterruptAcknowledge:
            interrupts_ &= ~word;
            update_line();
            break;
        default: break;
    }
    return true;
}

void Edu::finish_factorial() {
    LockGuard held(lock_);
    if ((status_ & kComputing) == 0) return;
    factorial_ = factorial(factorial_);
    status_ &= ~kComputing;
    if ((status_ & kInterruptAfterFactorial) != 0) raise(kFactorialInterrupt);
}

void Edu::finish_dma() {
    LockGuard held(lock_);
    if ((dma_command_ & kDmaRun) == 0) return;
    const bool to_memory = (dma_command_ & kDmaToMemory) != 0;
    const u64 at = (to_memory ? dma_source_ : dma_destination_) - kBufferAddress;
    const u64 memory = (to_memory ? dma_destination_ : dma_source_) & dma_mask_;
    // What does not fit into its memory is not moved.
    if (at < kBufferBytes && dma_count_ <= kBufferBytes - at) {
        if (to_memory) dma_write(memory, &buffer_[at], dma_count_);
        else dma_read(memory, &buffer_[at], dma_count_);
    }
    dma_command_ &= ~u64{kDmaRun};
    if ((dma_command_ & kDmaInterruptAtEnd) != 0) raise(kDmaInterrupt);
}

void Edu::raise(u32 bits) {
    interrupts_ |= bits;
    if (interrupts_ != 0 && msi()->enabled()) msi()->notify();
    else update_line();
}

void Edu::update_line() { set_intx(interrupts_ != 0 && !msi()->enabled()); }

void Edu::reset_device() {
    factorial_timer_->cancel();
    dma_timer_->cancel();
    LockGuard held(lock_);
    liveness_ = factorial_ = status_ = interrupts_ = 0;
    dma_source_ = dma_destination_ = dma_count_ = dma_command_ = 0;
    buffer_ = {};
}

void Edu::visit_device(State& state) {
    LockGuard held(lock_);
    state.same("dma mask", dma_mask_);
    state.field("liveness", liveness_);
    state.field("factorial", factorial_);
    state.field("status", status_, kComputing | kInterruptAfterFactorial);
    state.field("interrupts", interrupts_);
    state.field("dma source", dma_source_);
    state.field("dma destination", dma_destination_);
    state.field("dma count", dma_count_);
    state.field("dma command", dma_command_);
    state.bytes("buffer", buffer_);
    if (!state.loading()) return;
    if ((status_ & kComputing) != 0) factorial_timer_->arm(clock_.now() + kFactorialTime);
    if ((dma_command_ & kDmaRun) != 0) dma_timer_->arm(clock_.now() + kDmaTime);
}

}  // namespace dragoman::devices::pci
