#include "devices/aplic.h"

#include <bit>

#include "devices/state.h"
#include "devices/wake_scope.h"

namespace dragoman::devices {

namespace {

constexpr u64 kLocked = u64{1} << 63;  // of mmsiaddrcfgh
// Fields of the upper halves (section "Addresses for outgoing MSIs"), which stand above the lower 32 bits of the page.
constexpr u64 kMachineMsiFields = 0x9f77'ffff'ffff'ffff, kSupervisorMsiFields = 0x0070'0fff'ffff'ffff;

constexpr u64 field(u64 value, unsigned at, unsigned bits) { return value >> at & low_mask(bits); }

/// `bytes` of registers of 4 bytes that begin at `first`: the offset lies among them.
constexpr bool within(u64 offset, u64 first, u64 bytes) { return offset - first < bytes; }

}  // namespace

bool Aplic::Source::rectified() const {
    switch (mode()) {
        case kRisingEdge:
        case kHigh: return level || event;
        case kFallingEdge:
        case kLow: return !(level || event);
        default: return false;
    }
}

Aplic::Aplic(unsigned sources, unsigned priority_bits, const std::vector<Irq>& irqs, Domain domain)
    : domain_(domain), priority_mask_(static_cast<u32>(low_mask(priority_bits))), sources_(sources + 1) {
    for (Irq irq : irqs) harts_.push_back({.irq = irq});
    if (root()) {
        for (Source& source : sources_) source.delegated_here = true;
    }
}

void Aplic::reset() {
    LockGuard lock(mutex_);
    config_ = 0;
    machine_msi_ = supervisor_msi_ = 0;
    for (Source& source : sources_) {
        source = {.level = source.level, .event = root() && source.event, .delegated_here = root()};
    }
    for (Hart& hart : harts_) {
        hart = {.irq = hart.irq};
        hart.irq.set(false);
    }
}

void Aplic::visit(State& state) {
    state.version(1);
    WakeScope wakes;
    LockGuard lock(mutex_);
    state.same("sources", sources_.size() - 1);
    state.same("harts", harts_.size());
    state.field("domaincfg", config_, kEnable | (domain_.messages != nullptr ? kMsiMode : 0));
    state.field("mmsiaddrcfg", machine_msi_);
    state.field("smsiaddrcfg", supervisor_msi_);
    for (std::size_t i = 1; i < sources_.size(); ++i) {
        Source& source = sources_[i];
        state.field("sourcecfg", source.config, kDelegate | 7);
        state.field("target", source.target);
        state.field("level", source.level);
        state.field("event", source.event);
        state.field("here", source.delegated_here);
        state.field("pending", source.pending);
        state.field("enabled", source.enabled);
    }
    for (Hart& hart : harts_) {
        state.field("idelivery", hart.delivery, 1);
        state.field("iforce", hart.force, 1);
        state.field("ithreshold", hart.threshold, priority_mask_);
    }
    if (!state.loading()) return;
    for (u64 i = 0; i < harts_.size(); ++i) {
        update(i);
        harts_[i].irq.set(harts_[i].asserted);
    }
}

std::string Aplic::describe() const {
    LockGuard lock(mutex_);
    return std::string("aplic, ") + (root() ? "machine" : "supervisor") + " level, sources " +
           std::to_string(sources_.size() - 1) + ", harts " + std::to_string(harts_.size());
}

/// The source, where there is one that the domain has and that is not inactive: the others read as 0.
Aplic::Source* Aplic::find(u64 number) {
    if (number == 0 || number >= sources_.size() || sources_[number].mode() == kInactive) return nullptr;
    return &sources_[number];
}

u32 Aplic::bits(u64 word, bool (*bit)(const Source&)) {
    u32 value = 0;
    for (u64 i = 0; i < 32; ++i) {
        if (const Source* source = find(word * 32 + i)) value |= u32{bit(*source)} << i;
    }
    return value;
}

template <class F>
void Aplic::for_bits(u64 word, u32 value, F f) {
    for (; value != 0; value &= value - 1) {
        if (Source* source = find(word * 32 + static_cast<unsigned>(std::countr_zero(value)))) f(*source);
    }
}

// Inputs and pending bits (section "Interrupt sources and identities", "Interrupt-pending bits")

void Aplic::set_wire(unsigned line, bool Source::*wire, bool on) {
    WakeScope wakes;
    LockGuard lock(mutex_);
    if (line == 0 || line >= sources_.size()) return;
    Source& source = sources_[line];
    bool before = source.rectified();
    source.*wire = on;
    if ((source.config & kDelegate) != 0) {
        domain_.child->set_delegated(line, true, source.level || source.event);
    } else {
        input_changed(source, before);
    }
}

void Aplic::set_irq(unsigned line, bool level) { set_wire(line, &Source::level, level); }

/// A device that latches an event takes it back when it was served; until then it is a level.
void Aplic::set_event(unsigned line, bool pending) { set_wire(line, &Source::event, pending); }

void Aplic::set_delegated(unsigned number, bool delegated, bool level) {
    LockGuard lock(mutex_);
    Source& source = sources_[number];
    bool before = source.rectified();
    source.level = level;
    if (source.delegated_here != delegated) {
        source = {.level = level, .delegated_here = delegated};
        before = false;
        for (u64 i = 0; i < harts_.size(); ++i) update(i);
    }
    input_changed(source, before);
}

/// The rectified input was `before`.
void Aplic::input_changed(Source& source, bool before) {
    if (source.mode() == kInactive) return;
    bool now = source.rectified();
    if (source.level_sensitive() && (!msi_mode() || !now)) {
        source.pending = now;
    } else if (now && !before) {
        source.pending = true;
    }
    deliver(source);
}

/// By a register: what is level-sensitive is pending as its input is, and by messages can only be made so again.
void Aplic::set_pending(Source& source, bool on) {
    if (source.level_sensitive() && (!msi_mode() || (on && !source.rectified()))) return;
    source.pending = on;
    deliver(source);
}

void Aplic::set_enabled(Source& source, bool on) {
    source.enabled = on;
    deliver(source);
}

void Aplic::set_config(unsigned number, u32 value) {
    Source& source = sources_[number];
    if (!source.delegated_here) return;
    bool delegate = (value & kDelegate) != 0 && domain_.child != nullptr;
    u32 mode = value & 7;
    // Reserved modes, delegation to nobody and to children that do not exist leave the source inactive.
    u32 config = delegate                                             ? ((value & 0x3ff) == 0 ? kDelegate : 0)
                 : (value & kDelegate) != 0 || mode == 2 || mode == 3 ? 0
                                                                      : mode;
    bool was_delegated = (source.config & kDelegate) != 0;
    bool before = source.rectified();
    const u32 old_hart = source.target >> kHartShift;
    source.config = config;
    if (source.mode() == kInactive) {
        source.pending = source.enabled = false;
        source.target = 0;
        if (old_hart < harts_.size()) update(old_hart);
    } else if (source.target == 0 && !msi_mode()) {
        source.target = 1;  // priorities are never 0
    }
    if (was_delegated || delegate) {
        domain_.child->set_delegated(number, (config & kDelegate) != 0, source.level || source.event);
    }
    input_changed(source, before);
}

void Aplic::set_domain_config(u32 value) {
    bool was_msi = msi_mode();
    config_ = value & (kEnable | (domain_.messages != nullptr ? kMsiMode : 0));
    if (was_msi != msi_mode()) {
        for (std::size_t i = 1; i < sources_.size(); ++i) {
            Source& source = sources_[i];
            if (source.mode() == kInactive) continue;
            set_target(source, source.target);
            if (source.level_sensitive()) source.pending = source.rectified();
        }
    }
    deliver_all();
}

// Delivery (section "Interrupt delivery")

void Aplic::set_target(Source& source, u32 value) {
    const u32 old_hart = source.target >> kHartShift;
    if (msi_mode()) {
        source.target = value & ~u32{root() ? 0x3f800u : 0x800u};  // hart, guest of a supervisor, identity
    } else {
        u32 priority = value & priority_mask_;
        source.target = (value >> kHartShift << kHartShift) | (priority == 0 ? 1 : priority);
        if (old_hart < harts_.size()) update(old_hart);
    }
    deliver(source);
}

void Aplic::deliver(Source& source) {
    if (msi_mode()) {
        if ((config_ & kEnable) == 0 || !source.pending || !source.enabled) return;
        source.pending = false;
        send(source.target);
    } else if (u32 hart = source.target >> kHartShift; hart < harts_.size()) {
        update(hart);
    }
}

void Aplic::deliver_all() {
    if (msi_mode()) {
        for (std::size_t i = 1; i < sources_.size(); ++i) deliver(sources_[i]);
    }
    for (u64 i = 0; i < harts_.size(); ++i) update(i);
}

/// Where the interrupt file of hart `hart` is; guest 0 is the hart's own.
u64 Aplic::message_address(u32 hart, u32 guest) const {
    const u64 format = machine_msi_ >> 32, own = root() ? machine_msi_ : supervisor_msi_;
    const unsigned low_bits = static_cast<unsigned>(field(format, 12, 4)),
                   high_bits = static_cast<unsigned>(field(format, 16, 3));
    const u64 low_shift = field(own >> 32, 20, 3), high_shift = field(format, 24, 5);
    const u64 group = field(hart, low_bits, high_bits), index = field(hart, 0, low_bits);
    const u64 page = field(own, 0, 44) | group << (high_shift + 12) | index << low_shift | (root() ? 0 : guest);
    return page << 12;
}

void Aplic::send(u32 target) {
    domain_.messages->send_message(message_address(target >> kHartShift, target >> 12 & 0x3f), target & 0x7ff);
}

/// The source that hart `hart` is to serve first: the lowest number among the smallest priorities. 0: none.
unsigned Aplic::top(u64 hart) const {
    unsigned best = 0;
    u32 best_priority = harts_[hart].threshold != 0 ? harts_[hart].threshold : priority_mask_ + 1;
    for (unsigned i = 1; i < sources_.size(); ++i) {
        const Source& source = sources_[i];
        if (!source.pending || !source.enabled || source.target >> kHartShift != hart) continue;
        if ((source.target & priority_mask_) < best_priority) {
            best = i;
            best_priority = source.target & priority_mask_;
        }
    }
    return best;
}

u32 Aplic::top_register(u64 hart) const {
    unsigned source = msi_mode() ? 0 : top(hart);
    return source == 0 ? 0 : source << 16 | (sources_[source].target & priority_mask_);
}

void Aplic::update(u64 index) {
    Hart& hart = harts_[index];
    bool assert = (config_ & kEnable) != 0 && !msi_mode() && hart.delivery != 0 && (hart.force != 0 || top(index) != 0);
    if (assert == hart.asserted) return;
    hart.asserted = assert;
    hart.irq.set(assert);
}

u32 Aplic::claim(u64 hart) {
    u32 value = top_register(hart);
    if (value == 0) {
        harts_[hart].force = 0;
    } else if (Source& source = sources_[value >> 16]; !source.level_sensitive()) {
        source.pending = false;
    }
    update(hart);
    return value;
}

// Registers

u32 Aplic::read_hart(u64 hart, u64 offset) {
    switch (offset) {
        case 0x00: return harts_[hart].delivery;
        case 0x04: return harts_[hart].force;
        case 0x08: return harts_[hart].threshold;
        case 0x18: return top_register(hart);
        case 0x1c: return claim(hart);
        default: return 0;
    }
}

void Aplic::write_hart(u64 hart, u64 offset, u32 value) {
    switch (offset) {
        case 0x00: harts_[hart].delivery = value & 1; break;
        case 0x04: harts_[hart].force = value & 1; break;
        case 0x08: harts_[hart].threshold = value & priority_mask_; break;
        default: return;
    }
    update(hart);
}

u32 Aplic::read_source_register(u64 offset) {
    auto word = [&](u64 first) { return (offset - first) / 4; };
    if (within(offset, kSourceConfig, 1023 * 4)) {
        u64 number = word(kSourceConfig) + 1;
        return number < sources_.size() ? sources_[number].config : 0;
    }
    if (within(offset, kTarget, 1023 * 4)) {
        const Source* source = find(word(kTarget) + 1);
        return source != nullptr ? source->target : 0;
    }
    if (within(offset, kSetPending, 128)) return bits(word(kSetPending), [](const Source& s) { return s.pending; });
    if (within(offset, kInputs, 128)) return bits(word(kInputs), [](const Source& s) { return s.rectified(); });
    if (within(offset, kSetEnable, 128)) return bits(word(kSetEnable), [](const Source& s) { return s.enabled; });
    return 0;
}

void Aplic::write_source_register(u64 offset, u32 value) {
    auto word = [&](u64 first) { return (offset - first) / 4; };
    if (within(offset, kSourceConfig, 1023 * 4)) {
        u64 number = word(kSourceConfig) + 1;
        if (number < sources_.size()) set_config(static_cast<unsigned>(number), value);
    } else if (within(offset, kTarget, 1023 * 4)) {
        if (Source* source = find(word(kTarget) + 1)) set_target(*source, value);
    } else if (within(offset, kSetPending, 128)) {
        for_bits(word(kSetPending), value, [this](Source& s) DRAGOMAN_REQUIRES(mutex_) { set_pending(s, true); });
    } else if (within(offset, kInputs, 128)) {
        for_bits(word(kInputs), value, [this](Source& s) DRAGOMAN_REQUIRES(mutex_) { set_pending(s, false); });
    } else if (within(offset, kSetEnable, 128)) {
        for_bits(word(kSetEnable), value, [this](Source& s) DRAGOMAN_REQUIRES(mutex_) { set_enabled(s, true); });
    } else if (within(offset, kClearEnable, 128)) {
        for_bits(word(kClearEnable), value, [this](Source& s) DRAGOMAN_REQUIRES(mutex_) { set_enabled(s, false); });
    } else if (offset == kSetPendingNumber || offset == kSetPendingNumberLe) {
        if (Source* source = find(value)) set_pending(*source, true);
    } else if (offset == kSetPendingNumberBe) {
        if (Source* source = find(__builtin_bswap32(value))) set_pending(*source, true);
    } else if (offset == kClearPendingNumber) {
        if (Source* source = find(value)) set_pending(*source, false);
    } else if (offset == kSetEnableNumber) {
        if (Source* source = find(value)) set_enabled(*source, true);
    } else if (offset == kClearEnableNumber) {
        if (Source* source = find(value)) set_enabled(*source, false);
    } else if (offset == kGenerateMsi && msi_mode()) {
        send(value & ~u32{0x3f800});  // to the hart itself
    }
}

/// There are addresses at machine level only, until they are locked.
void Aplic::write_msi_address(u64 offset, u32 value) {
    if (!root() || domain_.messages == nullptr || (machine_msi_ & kLocked) != 0) return;
    MsiAddress& address = offset < kSupervisorMsi ? machine_msi_ : supervisor_msi_;
    const unsigned shift = (offset & 4) != 0 ? 32 : 0;
    address = (address & ~(u64{0xffff'ffff} << shift)) | u64{value} << shift;
    machine_msi_ &= kMachineMsiFields;
    supervisor_msi_ &= kSupervisorMsiFields;
    if (domain_.child != nullptr) domain_.child->set_msi_addresses(machine_msi_, supervisor_msi_);
}

void Aplic::set_msi_addresses(MsiAddress machine, MsiAddress supervisor) {
    LockGuard lock(mutex_);
    machine_msi_ = machine;
    supervisor_msi_ = supervisor;
}

bool Aplic::read(u64 offset, unsigned, u64& value) {
    WakeScope wakes;
    LockGuard lock(mutex_);
    value = 0;
    if (offset >= kHarts) {
        u64 hart = (offset - kHarts) / kHartStride;
        if (hart < harts_.size()) value = read_hart(hart, (offset - kHarts) % kHartStride);
    } else if (offset == kDomainConfig) {
        value = 0x8000'0000 | config_;
    } else if (within(offset, kMachineMsi, 16)) {
        u64 address = !root() ? 0 : offset < kSupervisorMsi ? machine_msi_ : supervisor_msi_;
        value = (offset & 4) != 0 ? address >> 32 : address & 0xffff'ffff;
    } else {
        value = read_source_register(offset);
    }
    return true;
}

bool Aplic::write(u64 offset, unsigned, u64 wide) {
    u32 value = static_cast<u32>(wide);
    WakeScope wakes;
    LockGuard lock(mutex_);
    if (offset >= kHarts) {
        u64 hart = (offset - kHarts) / kHartStride;
        if (hart < harts_.size()) write_hart(hart, (offset - kHarts) % kHartStride, value);
    } else if (offset == kDomainConfig) {
        set_domain_config(value);
    } else if (within(offset, kMachineMsi, 16)) {
        write_msi_address(offset, value);
    } else {
        write_source_register(offset, value);
    }
    return true;
}

}  // namespace dragoman::devices
