#include "devices/pci/xhci.h"

#include <algorithm>
#include <cstring>

#include "devices/pci/msix.h"
#include "devices/state.h"

namespace dragoman::devices::pci {

using namespace xhci;

namespace {

constexpr u32 kCapabilityWords[] = {
    0x01000040,                                       // length, version 1.0
    kSlots | kVectors << 8 | (2 * kPortsEach) << 24,  // HCSPARAMS1
    0x0000000f,                                       // HCSPARAMS2: one segment of an event ring
    0,                                                // HCSPARAMS3
    0x00080001,                                       // HCCPARAMS1: addresses of 64 bits; list at 0x20
    static_cast<u32>(kDoorbells),                     // DBOFF
    static_cast<u32>(kRuntime),                       // RTSOFF
    0,                                                // HCCPARAMS2
    0x02000402,
    0x20425355,
    kPortsEach << 8 | 1,
    0,  // USB 2 on the first ports
    0x03000002,
    0x20425355,
    kPortsEach << 8 | (1 + kPortsEach),
    0,
};
constexpr unsigned kMostInTd = 1024, kMostAtOnce = 4096;
constexpr u64 kMostBytes = 16 << 20;  // of a transfer
constexpr u64 kRingMask = ~u64{0xf}, kTableMask = ~u64{0x3f};

void set_low(u64& value, u32 half) { value = (value & ~u64{0xffffffff}) | half; }
void set_high(u64& value, u32 half) { value = (value & 0xffffffff) | u64{half} << 32; }

u32 length_of(const Trb& trb) { return trb.status & 0x1ffff; }

}  // namespace

Xhci::Xhci(Clock& clock)
    : Function("qemu-xhci", {.vendor = kVendorRedHat, .device = 0x000d, .class_code = 0x0c0330, .revision = 1}),
      clock_(clock) {
    add_bar(0, BarKind::Memory64, kBarBytes, *this,
            {.min_size = 1, .max_size = 8, .misaligned = false, .adapt = false});
    add_msix(kVectors, 0, kMsixTable, kMsixPending);
    set_register(0x60, 1, 0x30);  // the release of USB
}

Xhci::~Xhci() {
    for (auto& device : devices_) {
        if (device != nullptr) device->set_wake(nullptr);
    }
}

unsigned Xhci::plug(std::unique_ptr<usb::Device> device, unsigned number) {
    LockGuard held(lock_);
    unsigned port = number - 1;
    if (number == 0) {
        for (port = 0; port < kPortsEach && devices_[port] != nullptr;) port++;
    }
    if (port >= kPortsEach || devices_[port] != nullptr) return 0;
    device->set_wake([this, port] { kick(port); });
    devices_[port] = std::move(device);
    power_port(port);
    change_port(port, kConnectChange);
    return port + 1;
}

std::unique_ptr<usb::Device> Xhci::unplug(unsigned number) {
    LockGuard held(lock_);
    usb::Device* there = device_at(number - 1);
    if (there == nullptr) return nullptr;
    const unsigned port = number - 1;
    there->set_wake(nullptr);
    std::unique_ptr<usb::Device> device = std::move(devices_[port]);
    const u32 before = ports_[port];
    power_port(port);
    change_port(port, (before & kChanges) | kConnectChange | ((before & kPortEnabled) != 0 ? kEnableChange : 0u));
    return device;
}

/// What the port shows before its device is reset.
void Xhci::power_port(unsigned port) {
    const usb::Device* device = device_at(port);
    ports_[port] = kPortPower | (device == nullptr ? u32{kRxDetect} << kLinkShift
                                                   : kConnected | kPolling << kLinkShift |
                                                         static_cast<u32>(device->speed()) << kSpeedShift);
}

std::string Xhci::describe_device() const {
    std::string text;
    for (std::size_t i = 0; i < devices_.size(); i++) {
        if (devices_[i] == nullptr) continue;
        text += (text.empty() ? "port " : ", port ") + std::to_string(i + 1) + " " + devices_[i]->describe();
    }
    return text;
}

void Xhci::reset_device() {
    LockGuard held(lock_);
    reset_controller();
    for (auto& device : devices_) {
        if (device != nullptr) device->reset();
    }
}

void Xhci::reset_controller() {
    command_ = notification_ = configure_ = 0;
    status_ = kHalted;
    commands_ = {};
    commands_run_ = false;
    context_base_ = 0;
    for (Slot& slot : slots_) slot = {};
    for (Interrupter& one : interrupters_) one = {};
    for (unsigned i = 0; i < kPortCount; i++) {
        power_port(i);
        if (device_at(i) != nullptr) ports_[i] |= kConnectChange;
    }
    set_intx(false);
}

bool Xhci::read(u64 offset, unsigned size, u64& value) {
    value = 0;
    if (offset >= kMsixTable) return size != 4 || msix()->read(offset, size, value);
    LockGuard held(lock_);
    value = read_register(offset & ~u64{3}) >> (8 * (offset & 3));
    if (size == 8) value |= u64{read_register(offset + 4)} << 32;
    return true;
}

bool Xhci::write(u64 offset, unsigned size, u64 value) {
    if (offset >= kMsixTable) return size != 4 || msix()->write(offset, size, value);
    LockGuard held(lock_);
    if (size < 4) return true;  // registers are written whole
    write_register(offset, static_cast<u32>(value));
    if (size == 8) write_register(offset + 4, static_cast<u32>(value >> 32));
    return true;
}

u32 Xhci::read_capability(u64 offset) const {
    return offset / 4 < std::size(kCapabilityWords) ? kCapabilityWords[offset / 4] : 0;
}

u32 Xhci::read_register(u64 offset) {
    if (offset < kOperational) return read_capability(offset);
    if (offset >= kDoorbells) return 0;
    if (offset >= kRuntime) return read_runtime(offset - kRuntime);
    if (offset >= kPorts) {
        const u64 port = (offset - kPorts) / kPortBytes;
        return port < kPortCount && offset % kPortBytes == 0 ? ports_[port] : 0;
    }
    switch (offset - kOperational) {
        case kCommandRegister: return command_;
        case kStatusRegister: return status_;
        case kPageSize: return 1;
        case kNotification: return notification_;
        case kCommandRing: return commands_run_ ? u32{kRingRunning} : 0;
        case kContextBase: return static_cast<u32>(context_base_);
        case kContextBase + 4: return static_cast<u32>(context_base_ >> 32);
        case kConfigure: return configure_;
        default: return 0;
    }
}

u32 Xhci::read_runtime(u64 offset) {
    constexpr u64 kMicroframe = 125'000;
    if (offset == 0) return static_cast<u32>(clock_.now() / kMicroframe & 0x3fff);
    if (offset < kInterrupters || offset >= kInterrupters + kVectors * kInterrupterBytes) return 0;
    const Interrupter& one = interrupters_[(offset - kInterrupters) / kInterrupterBytes];
    switch (offset % kInterrupterBytes) {
        case 0x00: return one.management;
        case 0x04: return one.moderation;
        case 0x08: return one.segments;
        case 0x10: return static_cast<u32>(one.table);
        case 0x14: return static_cast<u32>(one.table >> 32);
        case 0x18: return static_cast<u32>(one.dequeue);
        case 0x1c: return static_cast<u32>(one.dequeue >> 32);
        default: return 0;
    }
}

void Xhci::write_register(u64 offset, u32 value) {
    if (offset >= kDoorbells) {
        const u64 slot = (offset - kDoorbells) / 4;
        if ((command_ & kRun) == 0 || slot > kSlots) return;
        if (slot == 0) run_commands();
        else run_endpoint(static_cast<u8>(slot), value & 0x1f);
    } else if (offset >= kRuntime) {
        write_runtime(offset - kRuntime, value);
    } else if (offset >= kPorts) {
        const u64 port = (offset - kPorts) / kPortBytes;
        if (port < kPortCount && offset % kPortBytes == 0) write_port(static_cast<unsigned>(port), value);
    } else if (offset >= kOperational) {
        write_operational(offset - kOperational, value);
    }
}

void Xhci::write_operational(u64 offset, u32 value) {
    switch (offset) {
        case kCommandRegister: {
            if ((value & kControllerReset) != 0) return reset_controller();
            const bool starts = (value & ~command_ & kRun) != 0;
            command_ = value & kCommandBits;
            status_ = (status_ & ~u32{kHalted}) | ((value & kRun) != 0 ? 0 : u32{kHalted});
            if (!starts) break;
            for (unsigned i = 0; i < kPortCount; i++) {
                if ((ports_[i] & kChanges) != 0) change_port(i, 0);
            }
            break;
        }
        case kStatusRegister: status_ &= ~(value & (kEventInterrupt | kPortChange)); break;
        case kNotification: notification_ = value & 0xffff; break;
        case kCommandRing:
            if ((value & (kRingStop | kRingAbort)) != 0) commands_run_ = false;
            if (commands_run_) break;
            set_low(commands_.at, value & static_cast<u32>(kTableMask));
            commands_.cycle = (value & kRingCycle) != 0;
            break;
        case kCommandRing + 4:
            if (!commands_run_) set_high(commands_.at, value);
            break;
        case kContextBase: set_low(context_base_, value & static_cast<u32>(kTableMask)); break;
        case kContextBase + 4: set_high(context_base_, value); break;
        case kConfigure: configure_ = value & 0xff; break;
        default: break;
    }
    update_interrupt();
}

void Xhci::write_runtime(u64 offset, u32 value) {
    if (offset < kInterrupters || offset >= kInterrupters + kVectors * kInterrupterBytes) return;
    const unsigned number = static_cast<unsigned>((offset - kInterrupters) / kInterrupterBytes);
    Interrupter& one = interrupters_[number];
    switch (offset % kInterrupterBytes) {
        case 0x00:
            if ((value & kPending) != 0) one.management &= ~u32{kPending};
            one.management = (one.management & kPending) | (value & kEnable);
            break;
        case 0x04: one.moderation = value; break;
        case 0x08: one.segments = value & 0xffff; break;
        case 0x10: set_low(one.table, value & static_cast<u32>(kTableMask)); break;
        case 0x14: {
            set_high(one.table, value);
            struct {
                u64 base;
                u32 size, reserved;
            } segment{};
            one.size = 0;
            if (one.segments == 0 || !dma_read(one.table, &segment, sizeof segment)) break;
            one.ring = segment.base & kTableMask;
            one.size = (segment.size & 0xffff) >= 16 && (segment.size & 0xffff) <= 4096 ? segment.size & 0xffff : 0;
            one.next = 0;
            one.cycle = true;
            break;
        }
        case 0x18:
            set_low(one.dequeue, (value & ~u32{kHandlerBusy}) |
                                     ((value & kHandlerBusy) != 0 ? 0 : static_cast<u32>(one.dequeue) & kHandlerBusy));
            break;
        case 0x1c:
            set_high(one.dequeue, value);
            flush_events(number);
            break;
        default: break;
    }
    update_interrupt();
}

void Xhci::write_port(unsigned port, u32 value) {
    u32& status = ports_[port];
    status &= ~(value & kChanges);
    status = (status & ~u32{kWakeBits}) | (value & kWakeBits);
    if ((value & kPortReset) != 0 && device_at(port) != nullptr) {
        status = (status & ~u32{kLinkMask}) | kPortEnabled;
        devices_[port]->reset();
        return change_port(port, kResetChange);
    }
    if ((value & kPortEnabled) != 0) status &= ~u32{kPortEnabled};
    if ((value & kLinkWrite) == 0) return;
    const u32 link = (value & kLinkMask) >> kLinkShift;
    const bool resumes = (link == kU0 || link == kResume) && (status & kLinkMask) != 0;
    if (link != kU0 && link != kU3 && link != kResume) return;
    status = (status & ~u32{kLinkMask}) | (link == kResume ? u32{kU0} : link) << kLinkShift;
    if (resumes) change_port(port, kLinkChange);
}

void Xhci::change_port(unsigned port, u32 changes) {
    ports_[port] |= changes;
    status_ |= kPortChange;
    if ((command_ & kRun) == 0) return;
    post(0, {u64{port + 1} << 24, u32{kSuccess} << 24, u32{kPortStatusChange} << 10});
}

/// The next TRB that the driver has handed over, behind links. @returns false when there is none, or the ring makes no
/// sense
bool Xhci::fetch(Ring& ring, Placed& out) {
    for (unsigned links = 0; links < 64; links++) {
        if (!dma_read(ring.at, &out.trb, sizeof out.trb)) return false;
        if (((out.trb.control & kCycle) != 0) != ring.cycle) return false;
        out.address = ring.at;
        if (out.trb.type() != kLink) {
            ring.at += kTrbBytes;
            return true;
        }
        ring.at = out.trb.parameter & kRingMask;
        if ((out.trb.control & kToggle) != 0) ring.cycle = !ring.cycle;
    }
    return false;
}

void Xhci::post(unsigned interrupter, Trb event) {
    Interrupter& one = interrupters_[interrupter < kVectors ? interrupter : 0];
    if (one.waiting.size() >= kMostEvents) return;
    one.waiting.push_back(event);
    flush_events(interrupter < kVectors ? interrupter : 0);
    update_interrupt();
}

void Xhci::flush_events(unsigned interrupter) {
    Interrupter& one = interrupters_[interrupter];
    bool any = false;
    while (!one.waiting.empty() && one.size != 0) {
        const u64 at = one.ring + u64{one.next} * kTrbBytes;
        const u32 after = (one.next + 1) % one.size;
        if (one.ring + u64{after} * kTrbBytes == (one.dequeue & kRingMask)) break;  // full
        Trb event = one.waiting.front();
        event.control |= one.cycle ? u32{kCycle} : 0;
        // The cycle bit, in the last word, comes after the rest.
        if (!dma_write(at, &event, 12) || !dma_write(at + 12, &event.control, 4)) break;
        one.waiting.pop_front();
        one.next = after;
        if (after == 0) one.cycle = !one.cycle;
        any = true;
    }
    if (!any) return;
    one.dequeue |= kHandlerBusy;
    one.management |= kPending;
    status_ |= kEventInterrupt;
    if (!msix()->enabled() || (command_ & kInterruptEnable) == 0 || (one.management & kEnable) == 0) return;
    one.management &= ~u32{kPending};  // §4.17.5: the message acknowledges
    msix()->notify(interrupter);
}

void Xhci::update_interrupt() {
    const u32 both = kPending | kEnable;
    const bool level = (command_ & kInterruptEnable) != 0 && (interrupters_[0].management & both) == both;
    set_intx(level && !msix()->enabled());
}

void Xhci::run_commands() {
    commands_run_ = true;
    Placed placed;
    for (unsigned i = 0; i < kMostAtOnce && commands_run_ && fetch(commands_, placed); i++) {
        u8 slot = static_cast<u8>(placed.trb.control >> 24);
        const u8 code = command(placed.trb, slot);
        post(0, {placed.address, u32{code} << 24, u32{kCommandCompletion} << 10 | u32{slot} << 24});
    }
}

u8 Xhci::command(const Trb& trb, u8& slot) {
    const TrbType type = trb.type();
    if (type == kNoOpCommand) return kSuccess;
    if (type == kEnableSlot) {
        slot = 0;
        for (u8 i = 1; i <= kSlots && slot == 0; i++) {
            if (!slots_[i].enabled) slot = i;
        }
        if (slot == 0) return kNoSlots;
        slots_[slot] = {};
        slots_[slot].enabled = true;
        return kSuccess;
    }
    if (slot == 0 || slot > kSlots || !slots_[slot].enabled) return kSlotNotEnabled;
    const u64 input = trb.parameter & kRingMask;
    switch (type) {
        case kDisableSlot: slots_[slot] = {}; return kSuccess;
        case kAddressDevice: return address_device(slot, input, (trb.control & kBlockAddress) != 0);
        case kConfigureEndpoint: return configure_endpoints(slot, input, (trb.control & kDeconfigure) != 0);
        case kEvaluateContext: return evaluate_context(slot, input);
        case kResetEndpoint:
        case kStopEndpoint:
        case kSetDequeue: return endpoint_command(slot, trb);
        case kResetDevice: return reset_slot(slot);
        default: return kTrbError;
    }
}

u64 Xhci::context_address(u8 slot) {
    u64 address = 0;
    if (!dma_read(context_base_ + u64{slot} * 8, &address, sizeof address)) return ~u64{0};
    return address & kTableMask;
}

usb::Device* Xhci::device_of(u8 slot) {
    const u8 port = slots_[slot].port;
    return port != 0 ? device_at(port - 1u) : nullptr;
}

/// From the context of an input context (§6.2.3), which becomes the device context's.
void Xhci::enable_endpoint(u8 slot, unsigned index, std::array<u32, 8>& context) {
    Endpoint& endpoint = slots_[slot].endpoints[index];
    const u64 dequeue = context[2] | u64{context[3]} << 32;
    endpoint.ring = {dequeue & kRingMask, (dequeue & kRingCycle) != 0};
    endpoint.state = kRunning;
    context[0] = (context[0] & ~7u) | kRunning;
}

u8 Xhci::address_device(u8 slot, u64 input, bool block) {
    std::array<u32, 8> slot_context, endpoint;
    const u64 output = context_address(slot);
    if (!dma_read(input + kContextBytes, slot_context.data(), kContextBytes) ||
        !dma_read(input + 2 * kContextBytes, endpoint.data(), kContextBytes))
        return kTrbError;
    const u8 port = static_cast<u8>(slot_context[1] >> 16);
    if (port == 0 || device_at(port - 1u) == nullptr) return kTransactionError;
    for (u8 other = 1; other <= kSlots; other++) {
        if (other != slot && slots_[other].enabled && slots_[other].port == port) return kTransactionError;
    }
    slots_[slot].port = port;
    slot_context[3] = block ? u32{kDefault} << 27 : u32{kAddressed} << 27 | slot;
    enable_endpoint(slot, 1, endpoint);
    const bool written = dma_write(output, slot_context.data(), kContextBytes) &&
                         dma_write(output + kContextBytes, endpoint.data(), kContextBytes);
    return written ? kSuccess : kTrbError;
}

u8 Xhci::configure_endpoints(u8 slot, u64 input, bool deconfigure) {
    const u64 output = context_address(slot);
    u32 flags[2] = {~u32{3}, 0};  // drop, add
    std::array<u32, 8> slot_context;
    if (slots_[slot].port == 0) return kContextStateError;
    if (!deconfigure && !dma_read(input, flags, sizeof flags)) return kTrbError;
    if (!dma_read(output, slot_context.data(), kContextBytes)) return kTrbError;
    for (unsigned index = 2; index <= kEndpoints; index++) {
        const u64 at = output + u64{index} * kContextBytes;
        if ((flags[0] >> index & 1) != 0) set_endpoint_state(slot, index, kDisabled);
        if ((flags[1] >> index & 1) == 0) continue;
        std::array<u32, 8> context;
        if (!dma_read(input + u64{index + 1} * kContextBytes, context.data(), kContextBytes)) return kTrbError;
        enable_endpoint(slot, index, context);
        if (!dma_write(at, context.data(), kContextBytes)) return kTrbError;
    }
    if (!deconfigure) {
        std::array<u32, 8> wanted;
        if (!dma_read(input + kContextBytes, wanted.data(), kContextBytes)) return kTrbError;
        slot_context[0] = (slot_context[0] & 0x07ffffff) | (wanted[0] & 0xf8000000);  // the last that is valid
    }
    slot_context[3] = (slot_context[3] & 0x07ffffff) | u32{deconfigure ? kAddressed : kConfigured} << 27;
    return dma_write(output, slot_context.data(), kContextBytes) ? kSuccess : kTrbError;
}

/// What may change: latency and interrupter of the slot, the packet size of endpoint 0 (§4.6.7).
u8 Xhci::evaluate_context(u8 slot, u64 input) {
    const u64 output = context_address(slot);
    u32 flags[2];
    std::array<u32, 8> from, to;
    if (!dma_read(input, flags, sizeof flags)) return kTrbError;
    for (unsigned index : {0u, 1u}) {
        if ((flags[1] >> index & 1) == 0) continue;
        const u64 at = output + index * kContextBytes;
        if (!dma_read(input + (index + 1) * kContextBytes, from.data(), kContextBytes) ||
            !dma_read(at, to.data(), kContextBytes))
            return kTrbError;
        const u32 mask = index == 0 ? 0xffc00000 : 0xffff0000;
        const unsigned word = index == 0 ? 2 : 1;
        to[word] = (to[word] & ~mask) | (from[word] & mask);
        if (index == 0) to[1] = (to[1] & ~0xffffu) | (from[1] & 0xffff);
        if (!dma_write(at, to.data(), kContextBytes)) return kTrbError;
    }
    return kSuccess;
}

/// Writes the state, and where its ring stands, to the context.
void Xhci::set_endpoint_state(u8 slot, unsigned index, u32 state) {
    Endpoint& endpoint = slots_[slot].endpoints[index];
    endpoint.state = state;
    const u64 at = context_address(slot) + u64{index} * kContextBytes;
    std::array<u32, 8> context;
    if (!dma_read(at, context.data(), kContextBytes)) return;
    context[0] = (context[0] & ~7u) | state;
    context[2] = static_cast<u32>(endpoint.ring.at) | (endpoint.ring.cycle ? 1u : 0u);
    context[3] = static_cast<u32>(endpoint.ring.at >> 32);
    dma_write(at, context.data(), kContextBytes);
}

u8 Xhci::endpoint_command(u8 slot, const Trb& trb) {
    const unsigned index = trb.control >> 16 & 0x1f;
    if (index == 0) return kTrbError;
    Endpoint& endpoint = slots_[slot].endpoints[index];
    if (endpoint.state == kDisabled) return kEndpointNotEnabled;
    switch (trb.type()) {
        case kResetEndpoint:
            if (endpoint.state != kEndpointHalted) return kContextStateError;
            break;
        case kStopEndpoint:
            if (endpoint.state != kRunning) return kContextStateError;
            break;
        default:
            if (endpoint.state == kRunning) return kContextStateError;
            endpoint.ring = {trb.parameter & kRingMask, (trb.parameter & kRingCycle) != 0};
            break;
    }
    set_endpoint_state(slot, index, kStopped);
    return kSuccess;
}

u8 Xhci::reset_slot(u8 slot) {
    for (unsigned index = 2; index <= kEndpoints; index++) {
        if (slots_[slot].endpoints[index].state != kDisabled) set_endpoint_state(slot, index, kDisabled);
    }
    const u64 output = context_address(slot);
    std::array<u32, 8> context;
    if (!dma_read(output, context.data(), kContextBytes)) return kTrbError;
    context[3] = u32{kDefault} << 27;
    context[0] = (context[0] & 0x07ffffff) | 1u << 27;
    return dma_write(output, context.data(), kContextBytes) ? kSuccess : kTrbError;
}

/// The TRBs of a transfer: chained ones, or the stages of a control transfer. @returns false when they are not all
/// there
bool Xhci::collect(Ring& ring, bool control, std::vector<Placed>& td) {
    td.clear();
    Placed placed;
    while (td.size() < kMostInTd) {
        if (!fetch(ring, placed)) return false;
        td.push_back(placed);
        const bool chained = (placed.trb.control & kChain) != 0;
        const TrbType type = placed.trb.type();
        const bool more = control && (type == kSetupStage || type == kDataStage || type == kNormal);
        if (!chained && !more) return true;
    }
    return true;
}

void Xhci::run_endpoint(u8 slot, unsigned index) {
    if (index == 0 || !slots_[slot].enabled || device_of(slot) == nullptr) return;
    Endpoint& endpoint = slots_[slot].endpoints[index];
    if (endpoint.state == kStopped) set_endpoint_state(slot, index, kRunning);
    std::vector<Placed> td;
    for (unsigned i = 0; i < kMostAtOnce && endpoint.state == kRunning; i++) {
        Ring ring = endpoint.ring;
        if (!collect(ring, index == 1, td)) return;
        const usb::Outcome outcome = index == 1 ? control(slot, td) : transfer(slot, index, td);
        if (outcome == usb::Outcome::Nak) return;
        if (outcome == usb::Outcome::Stall) {
            // The ring stands at the transfer that failed (§4.8.3).
            set_endpoint_state(slot, index, kEndpointHalted);
            return;
        }
        endpoint.ring = ring;
    }
}

/// Events of a transfer of which `bytes` have gone over (§4.10.1.1).
void Xhci::report(u8 slot, unsigned index, const std::vector<Placed>& td, u64 bytes, bool failed) {
    u64 left = bytes;
    for (const auto& [trb, address] : td) {
        const bool data = trb.type() == kNormal || trb.type() == kDataStage;
        const u64 part = data ? std::min<u64>(left, length_of(trb)) : 0;
        const bool is_short = data && part < length_of(trb);
        left -= part;
        const bool ends = failed && (is_short || &trb == &td.back().trb);
        const bool wanted =
            (trb.control & kInterruptOnCompletion) != 0 || (is_short && (trb.control & kShortInterrupt) != 0);
        if (!wanted && !ends) continue;
        const u8 code = ends ? u8{kStallError} : is_short ? u8{kShortPacket} : u8{kSuccess};
        const u32 residual = data ? length_of(trb) - static_cast<u32>(part) : 0;
        Trb event{address, residual | u32{code} << 24, u32{kTransferEvent} << 10 | index << 16 | u32{slot} << 24};
        if (trb.type() == kEventData) {
            event.parameter = trb.parameter;
            event.control |= kEventIsData;
            event.status = static_cast<u32>(bytes & 0xffffff) | u32{code} << 24;
        }
        post(trb.status >> 22, event);
        if (ends) return;
        // What follows a short part has nothing; its status stage still counts.
        if (is_short && index != 1) return;
    }
}

usb::Outcome Xhci::transfer(u8 slot, unsigned index, const std::vector<Placed>& td) {
    usb::Device& device = *device_of(slot);
    const unsigned number = index / 2;
    const bool in = index % 2 == 1;
    u64 total = 0;
    for (const Placed& one : td) {
        if (one.trb.type() == kNormal) total += length_of(one.trb);
    }
    if (total > kMostBytes) {
        report(slot, index, td, 0, true);
        return usb::Outcome::Stall;
    }
    std::vector<u8> data(total);
    usb::Packet packet;
    u64 at = 0;
    if (!in) {
        for (const auto& [trb, address] : td) {
            if (trb.type() != kNormal) continue;
            const u32 bytes = length_of(trb);
            if ((trb.control & kImmediate) != 0) std::memcpy(data.data() + at, &trb.parameter, std::min(bytes, 8u));
            else if (bytes != 0) dma_read(trb.parameter, data.data() + at, bytes);
            at += bytes;
        }
        packet = device.out(number, data);
    } else {
        packet = device.in(number, data);
        for (const auto& [trb, address] : td) {
            if (trb.type() != kNormal || at >= packet.bytes) continue;
            const u64 bytes = std::min<u64>(length_of(trb), packet.bytes - at);
            dma_write(trb.parameter, data.data() + at, bytes);
            at += bytes;
        }
    }
    if (packet.outcome != usb::Outcome::Nak)
        report(slot, index, td, packet.bytes, packet.outcome == usb::Outcome::Stall);
    return packet.outcome;
}

usb::Outcome Xhci::control(u8 slot, const std::vector<Placed>& td) {
    usb::Device& device = *device_of(slot);
    if (td[0].trb.type() != kSetupStage) {
        report(slot, 1, td, 0, td[0].trb.type() != kNoOp);
        return td[0].trb.type() == kNoOp ? usb::Outcome::Done : usb::Outcome::Stall;
    }
    usb::Setup setup;
    std::memcpy(&setup, &td[0].trb.parameter, sizeof setup);
    const bool in = (setup.type & 0x80) != 0;
    std::vector<u8> data;
    for (const auto& [trb, address] : td) {
        if (in || (trb.type() != kDataStage && trb.type() != kNormal)) continue;
        const std::size_t at = data.size();
        const u32 bytes = std::min<u32>(length_of(trb), 0x10000);
        data.resize(at + bytes);
        if ((trb.control & kImmediate) != 0) std::memcpy(data.data() + at, &trb.parameter, std::min(bytes, 8u));
        else if (bytes != 0) dma_read(trb.parameter, data.data() + at, bytes);
        if (data.size() > 0x10000) break;
    }
    const u64 sent = data.size();
    const usb::Packet packet = device.control(setup, data);
    u64 at = 0;
    for (const auto& [trb, address] : td) {
        if (!in || at >= packet.bytes || (trb.type() != kDataStage && trb.type() != kNormal)) continue;
        const u64 bytes = std::min<u64>(length_of(trb), packet.bytes - at);
        dma_write(trb.parameter, data.data() + at, bytes);
        at += bytes;
    }
    const bool stalled = packet.outcome == usb::Outcome::Stall;
    report(slot, 1, td, stalled ? 0 : in ? packet.bytes : sent, stalled);
    return packet.outcome;
}

void Xhci::kick(unsigned port) {
    LockGuard held(lock_);
    if ((command_ & kRun) == 0) return;
    for (u8 slot = 1; slot <= kSlots; slot++) {
        if (slots_[slot].port != port + 1) continue;
        for (unsigned index = 2; index <= kEndpoints; index++) {
            if (slots_[slot].endpoints[index].state == kRunning) run_endpoint(slot, index);
        }
    }
}

void Xhci::visit_device(State& state) {
    LockGuard held(lock_);
    state.field("command", command_, kCommandBits);
    state.field("status", status_);
    state.field("notification", notification_);
    state.field("configure", configure_);
    auto visit_ring = [&](Ring& ring) {
        state.field("at", ring.at);
        state.field("cycle", ring.cycle);
    };
    visit_ring(commands_);
    state.field("commands run", commands_run_);
    state.field("context base", context_base_);
    state.fields("ports", std::span<u32>(ports_));
    for (Slot& slot : slots_) {
        state.field("enabled", slot.enabled);
        state.field("port", slot.port, kPortCount);
        if (!state.peek("any endpoint", slot.enabled)) continue;
        for (Endpoint& endpoint : slot.endpoints) {
            state.field("state", endpoint.state, kStopped);
            visit_ring(endpoint.ring);
        }
    }
    for (Interrupter& one : interrupters_) {
        state.field("management", one.management, kPending | kEnable);
        state.field("moderation", one.moderation);
        state.field("segments", one.segments);
        state.field("table", one.table);
        state.field("dequeue", one.dequeue);
        state.field("ring", one.ring);
        state.field("size", one.size, 4096);
        state.field("next", one.next, 4095);
        state.field("cycle", one.cycle);
        const u32 count = state.peek("waiting", static_cast<u32>(one.waiting.size()), kMostEvents);
        std::deque<Trb> waiting = one.waiting;
        waiting.resize(std::min<std::size_t>(count, kMostEvents));
        for (Trb& event : waiting) {
            state.field("parameter", event.parameter);
            state.field("event status", event.status);
            state.field("control", event.control);
        }
        if (state.loading()) one.waiting = std::move(waiting);
    }
    state.same("devices",
               devices_.size() - static_cast<std::size_t>(std::count(devices_.begin(), devices_.end(), nullptr)));
    for (unsigned i = 0; i < kPortCount; i++) {
        if (state.loading() && ((ports_[i] & kConnected) != 0) != (device_at(i) != nullptr))
            state.refuse("a port's device");
        if (device_at(i) != nullptr) state.section("device", [&] { devices_[i]->visit(state); });
    }
}

}  // namespace dragoman::devices::pci
