#include "devices/sifive_pdma.h"

#include <algorithm>

#include "devices/state.h"

namespace dragoman::devices {

namespace {

/// Offsets in a channel; what is being done is where what comes next is, and 0x100 further on.
enum Register : u64 {
    kControl = 0,
    kConfig = 4,
    kBytes = 8,
    kDestination = 0x10,
    kSource = 0x18,
};
constexpr u64 kCurrent = 0x100;

constexpr u32 kClaim = 1, kRun = 2, kDoneInterrupts = u32{1} << 14, kErrorInterrupts = u32{1} << 15,
              kDone = u32{1} << 30, kError = u32{1} << 31;
constexpr u32 kConfigDefault = 0x66000000;  // pieces of 64 bytes
constexpr u32 kConfigWritable = 0xFF00000C;
constexpr u64 kPiece = 4096;

void set_half(u64& value, bool high, u32 half) {
    value = high ? (value & 0xFFFFFFFF) | u64{half} << 32 : (value & ~u64{0xFFFFFFFF}) | half;
}

}  // namespace

SifivePdma::SifivePdma(memory::PhysicalSpace& space, std::vector<Irq> irqs) : space_(space), irqs_(std::move(irqs)) {}

void SifivePdma::reset() {
    LockGuard lock(mutex_);
    channels_.fill({});
    for (unsigned i = 0; i < kChannels; i++) update_irqs(i);
}

void SifivePdma::visit(State& state) {
    state.version(1);
    LockGuard lock(mutex_);
    for (unsigned i = 0; i < kChannels; i++) {
        Channel& channel = channels_[i];
        state.field("control", channel.control);
        for (Transfer* transfer : {&channel.next, &channel.current}) {
            state.field("config", transfer->config);
            state.field("bytes", transfer->bytes);
            state.field("destination", transfer->destination);
            state.field("source", transfer->source);
        }
        if (state.loading()) update_irqs(i);
    }
}

void SifivePdma::update_irqs(unsigned index) {
    const u32 control = channels_[index].control;
    irqs_[2 * index].set((control & kDone) != 0 && (control & kDoneInterrupts) != 0);
    irqs_[2 * index + 1].set((control & kError) != 0 && (control & kErrorInterrupts) != 0);
}

/// Copies what comes next, piece by piece, so that memory which ends in between is an error behind what was copied.
void SifivePdma::run(Channel& channel) {
    Transfer& transfer = channel.current;
    transfer = channel.next;
    std::array<u8, kPiece> piece;
    while (transfer.bytes != 0) {
        const u64 bytes = std::min(transfer.bytes, kPiece);
        if (!space_.read(transfer.source, piece.data(), bytes) ||
            !space_.write(transfer.destination, piece.data(), bytes)) {
            channel.control |= kError;
            break;
        }
        transfer.bytes -= bytes;
        transfer.source += bytes;
        transfer.destination += bytes;
    }
    channel.control = (channel.control & ~kRun) | kDone;
}

void SifivePdma::write_control(unsigned index, u32 value) {
    Channel channel;
    {
        LockGuard lock(mutex_);
        channel = channels_[index];
        const u32 before = channel.control;
        channel.control = value & (kClaim | kDoneInterrupts | kErrorInterrupts);
        channel.control |= before & value & (kDone | kError);  // zeroes clear
        if ((value & kClaim) != 0 && (before & kClaim) == 0) {
            channel.next = {.config = kConfigDefault};
            channel.control &= ~(kDone | kError);
        }
        channels_[index] = channel;
        update_irqs(index);
    }
    if ((value & (kClaim | kRun)) != (kClaim | kRun)) return;
    channel.control &= ~(kDone | kError);
    run(channel);
    LockGuard lock(mutex_);
    channels_[index] = channel;
    update_irqs(index);
}

bool SifivePdma::read(u64 offset, unsigned size, u64& value) {
    value = 0;
    const u64 index = offset / kChannelStride, reg = offset % kChannelStride;
    if (index >= kChannels || reg >= 2 * kCurrent) return true;
    LockGuard lock(mutex_);
    const Channel& channel = channels_[index];
    const Transfer& transfer = reg < kCurrent ? channel.next : channel.current;
    const u64 config = u64{transfer.config} << 32 | (reg < kCurrent ? channel.control : 0);
    switch (reg % kCurrent & ~u64{7}) {
        case kControl: value = config; break;
        case kBytes: value = transfer.bytes; break;
        case kDestination: value = transfer.destination; break;
        case kSource: value = transfer.source; break;
        default: break;
    }
    if ((offset & 4) != 0) value >>= 32;
    if (size == 4) value &= 0xFFFFFFFF;
    return true;
}

/// A word of 64 bits is its halves, the low one last: it may start the channel.
bool SifivePdma::write(u64 offset, unsigned size, u64 value) {
    if (size == 8) {
        return write(offset + 4, 4, value >> 32) && write(offset, 4, value & 0xFFFFFFFF);
    }
    const u64 index = offset / kChannelStride, reg = offset % kChannelStride;
    if (index >= kChannels || reg >= kCurrent) return true;  // what is being done is not written
    const u32 half = static_cast<u32>(value);
    if (reg == kControl) {
        write_control(static_cast<unsigned>(index), half);
        return true;
    }
    LockGuard lock(mutex_);
    Transfer& next = channels_[index].next;
    const bool high = (reg & 4) != 0;
    switch (reg & ~u64{7}) {
        case kControl: next.config = half & kConfigWritable; break;
        case kBytes: set_half(next.bytes, high, half); break;
        case kDestination: set_half(next.destination, high, half); break;
        case kSource: set_half(next.source, high, half); break;
        default: break;
    }
    return true;
}

}  // namespace dragoman::devices
