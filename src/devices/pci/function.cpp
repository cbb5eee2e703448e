#include "devices/pci/function.h"

#include <algorithm>
#include <bit>
#include <cstdio>

#include "base/error.h"
#include "devices/pci/bus.h"
#include "devices/pci/host.h"
#include "devices/pci/msi.h"
#include "devices/pci/msix.h"
#include "devices/state.h"

namespace dragoman::devices::pci {

namespace {

constexpr unsigned kConventionalBytes = 256, kExpressBytes = 4096;

u32 get(const std::vector<u8>& bytes, unsigned offset, unsigned size) {
    u32 value = 0;
    for (unsigned i = 0; i < size; i++) value |= u32{bytes[offset + i]} << (8 * i);
    return value;
}

void put(std::vector<u8>& bytes, unsigned offset, unsigned size, u32 value) {
    for (unsigned i = 0; i < size; i++) bytes[offset + i] = static_cast<u8>(value >> (8 * i));
}

}  // namespace

Function::Function(std::string model, const Identity& identity)
    : model_(std::move(model)),
      identity_(identity),
      config_(identity.express ? kExpressBytes : kConventionalBytes),
      reset_values_(config_.size()),
      writable_(config_.size()),
      clearable_(config_.size()),
      changing_(config_.size()) {
    set_register(kVendorId, 2, identity.vendor);
    set_register(kDeviceId, 2, identity.device);
    set_register(kRevision, 4, identity.class_code << 8 | identity.revision);
    set_register(kCommand, 2, 0, kCommandIo | kCommandMemory | kCommandMaster | kCommandSerr | kCommandIntxDisable);
    set_clearable(kStatus, 2, 0xf900);
    set_register(kCacheLineSize, 1, 0, 0xff);
    set_register(kSubsystemVendorId, 2, identity.subsystem_vendor);
    set_register(kSubsystemId, 2, identity.subsystem);
    set_register(kInterruptLine, 1, 0, 0xff);
    set_register(kInterruptPin, 1, identity.interrupt_pin);
}

Function::~Function() {
    if (bus_ != nullptr) bus_->unplug(*this);
}

void Function::set_register(unsigned offset, unsigned size, u32 value, u32 writable) {
    put(reset_values_, offset, size, value);
    put(config_, offset, size, value);
    put(writable_, offset, size, writable);
}

void Function::set_reset_bits(unsigned offset, unsigned size, u32 bits) {
    put(reset_values_, offset, size, get(reset_values_, offset, size) | bits);
    put(config_, offset, size, get(config_, offset, size) | bits);
}

void Function::set_clearable(unsigned offset, unsigned size, u32 bits) { put(clearable_, offset, size, bits); }

void Function::set_changing(unsigned offset, unsigned size, u32 bits) { put(changing_, offset, size, bits); }

void Function::poke(unsigned offset, unsigned size, u32 value) { put(config_, offset, size, value); }

void Function::add_bar(unsigned index, BarKind kind, u64 size, memory::MmioHandler& handler,
                       memory::MmioLimits limits) {
    DRAGOMAN_ASSERT(std::has_single_bit(size) && size >= 4);
    Bar& bar = bars_[index];
    bar.kind = kind;
    bar.size = size;
    bar.handler = &handler;
    bar.limits = limits;
    constexpr u32 kTypes[] = {0, 1, 0, 4, 0xc};
    u32 type = kTypes[static_cast<unsigned>(kind)];
    unsigned offset = kBar0 + 4 * index;
    set_register(offset, 4, type, ~static_cast<u32>(size - 1));
    if (kind == BarKind::Memory64 || kind == BarKind::Prefetchable64) {
        set_register(offset + 4, 4, 0, ~static_cast<u32>((size - 1) >> 32));
    }
}

unsigned Function::add_capability(CapabilityId id, unsigned bytes, unsigned offset) {
    if (offset == 0) offset = next_capability_;
    next_capability_ = std::max(next_capability_, offset + static_cast<unsigned>(align_up(bytes, 4)));
    set_register(offset, 1, id);
    set_register(offset + 1, 1, peek(kCapabilities, 1));
    set_register(kCapabilities, 1, offset);
    set_reset_bits(kStatus, 2, kStatusCapabilities);
    return offset;
}

void Function::add_express_endpoint() {
    const unsigned at = add_capability(kCapabilityExpress, 0x3c);
    set_register(at + 2, 2, 0x0002);  // version 2, an endpoint
    set_register(at + 4, 4, 0x00008020);
    set_register(at + 8, 2, 0, 0x70ef);
    set_register(at + 12, 4, 0x00000411);
    set_register(at + 18, 2, 0x0011);
}

void Function::add_msi(unsigned offset) {
    offset = add_capability(kCapabilityMsi, Msi::kBytes, offset);
    set_register(offset + 2, 2, 0x80, 1);  // 64-bit addresses, one message; enabling
    set_register(offset + 4, 4, 0, ~u32{3});
    set_register(offset + 8, 4, 0, ~u32{0});
    set_register(offset + 12, 2, 0, 0xffff);
    msi_ = std::make_unique<Msi>(*this, offset);
}

void Function::add_msix(unsigned vectors, unsigned bar, u32 table, u32 pending, unsigned offset) {
    offset = add_capability(kCapabilityMsix, Msix::kCapabilityBytes, offset);
    set_register(offset + 2, 2, vectors - 1, Msix::kEnable | Msix::kMaskAll);
    set_register(offset + 4, 4, table | bar);
    set_register(offset + 8, 4, pending | bar);
    msix_ = std::make_unique<Msix>(*this, vectors, offset, table, pending);
}

u32 Function::peek(unsigned offset, unsigned size) const { return get(config_, offset, size); }

u32 Function::read_config(unsigned offset, unsigned size) {
    u32 value = peek(offset, size);
    if (offset <= kStatus && kStatus < offset + size) {
        LockGuard held(intx_lock_);
        if (intx_level_) value |= u32{kStatusInterrupt} << (8 * (kStatus - offset));
    }
    return value;
}

void Function::write_config(unsigned offset, unsigned size, u32 value) {
    apply_writes(offset, size, value);
    auto covers = [&](unsigned first, unsigned bytes) { return offset < first + bytes && first < offset + size; };
    if (covers(kCommand, 2)) take_command();
    if (msi_ != nullptr && covers(msi_->offset(), Msi::kBytes)) msi_->registers_changed();
    if (msix_ != nullptr && covers(msix_->offset(), 4)) {
        msix_->set_control(static_cast<u16>(peek(msix_->offset() + 2, 2)));
    }
}

void Function::apply_writes(unsigned offset, unsigned size, u32 value) {
    for (unsigned i = 0; i < size; i++) {
        u8 byte = static_cast<u8>(value >> (8 * i)), &to = config_[offset + i];
        to = static_cast<u8>((to & ~writable_[offset + i]) | (byte & writable_[offset + i]));
        to &= static_cast<u8>(~(byte & clearable_[offset + i]));
    }
}

void Function::take_command() {
    u16 now = static_cast<u16>(peek(kCommand, 2));
    if (command_.exchange(now, std::memory_order_acq_rel) == now) return;
    update_intx();
    command_changed();
}

u64 Function::bar_address(unsigned index) const {
    const Bar& bar = bars_[index];
    if (bar.kind == BarKind::None) return kUnmapped;
    unsigned offset = kBar0 + 4 * index;
    u64 address = peek(offset, 4) & ~u64{0xf};
    if (bar.kind == BarKind::Io) {
        if ((command() & kCommandIo) == 0) return kUnmapped;
        address = peek(offset, 4) & ~u64{3};
        return address + bar.size - 1 < ~u32{0} ? address : kUnmapped;
    }
    if ((command() & kCommandMemory) == 0) return kUnmapped;
    // The last address that there is belongs to nobody: it is what a driver has written that asks for the size.
    if (bar.kind == BarKind::Memory32) return address + bar.size - 1 < ~u32{0} ? address : kUnmapped;
    address |= u64{peek(offset + 4, 4)} << 32;
    return address + bar.size - 1 != ~u64{0} ? address : kUnmapped;
}

void Function::set_intx(bool level) {
    if (identity_.interrupt_pin == 0) return;
    {
        LockGuard held(intx_lock_);
        intx_level_ = level;
    }
    update_intx();
}

bool Function::intx_level() {
    LockGuard held(intx_lock_);
    return intx_level_;
}

void Function::update_intx() {
    LockGuard held(intx_lock_);
    bool asserted = intx_level_ && (command() & kCommandIntxDisable) == 0;
    if (asserted == intx_asserted_ || bus_ == nullptr) return;
    intx_asserted_ = asserted;
    bus_->set_intx(slot(), identity_.interrupt_pin - 1u, asserted);
}

void Function::send_message(u64 address, u32 data) {
    if (bus_master() && bus_ != nullptr) bus_->host().send_message(address, data);
}

memory::PhysicalSpace& Function::space() const { return bus_->host().space(); }

bool Function::dma_read(u64 address, void* to, u64 bytes) const {
    return bus_master() && space().read(address, to, bytes);
}

bool Function::dma_write(u64 address, const void* from, u64 bytes) {
    return bus_master() && space().write(address, from, bytes);
}

void Function::reset() {
    {
        LockGuard held(bus_->host().lock());
        config_ = reset_values_;
        take_command();
        if (msi_ != nullptr) msi_->registers_changed();
        if (msix_ != nullptr) msix_->reset();
        bus_->host().update_mappings();
    }
    reset_device();
    set_intx(false);
}

void Function::visit(State& state) {
    state.version(1);
    LockGuard held(bus_->host().lock());
    state.section("config", [&] {
        state.same("bytes", config_.size());
        for (unsigned offset = 0; offset < config_.size(); offset += 4) {
            u32 now = peek(offset, 4), there = state.peek("word", now);
            u32 changeable = get(writable_, offset, 4) | get(clearable_, offset, 4) | get(changing_, offset, 4);
            if (((now ^ there) & ~changeable) != 0) state.refuse("a read-only register");
            if (state.loading()) put(config_, offset, 4, there);
        }
    });
    const bool intx = state.peek("intx", intx_level());
    if (state.loading()) {
        take_command();
        if (msi_ != nullptr) msi_->registers_changed();
        if (msix_ != nullptr) msix_->set_control(static_cast<u16>(peek(msix_->offset() + 2, 2)));
        bus_->host().update_mappings();
    }
    if (msix_ != nullptr) state.section("msix", [&] { msix_->visit(state); });
    state.section("device", [&] { visit_device(state); });
    if (state.loading()) set_intx(intx);
}

std::string Function::describe() const {
    char text[96];
    std::snprintf(text, sizeof text, "addr %02x.%x, pci id %04x:%04x (sub %04x:%04x)", slot(), number(),
                  identity_.vendor, identity_.device, identity_.subsystem_vendor, identity_.subsystem);
    std::string own = describe_device();
    return model_ + ", bus " + bus_->name() + ", " + text + (own.empty() ? "" : ", " + own);
}

}  // namespace dragoman::devices::pci
