// CSRs of the Advanced Interrupt Architecture 1.0 (chapter 2; Smaia, Ssaia) and of indirect access (Smcsrind,
// Sscsrind): a hart's interrupt file, what interrupt comes first, counters that are the supervisor's
// (csr_delegated.cpp). The priorities of a hart's major interrupts are read-only 0: the default order holds. No
// interrupts are injected by machine mode beside those of mip (mvien is 0).
#include <algorithm>

#include "guest/riscv/csr.h"
#include "guest/riscv/csr_delegated.h"
#include "guest/riscv/interrupt_file.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"
#include "guest/riscv/transfer_records.h"

namespace dragoman::riscv {

namespace {

using enum Extension;
using P = PrivilegedState;

enum Level : unsigned { kMachineLevel, kSupervisorLevel };

constexpr u64 kSelectMask = 0xfff;

constexpr u64 kHvictlMask =
    kHvictlVti | low_mask(kHvictlIdBits) << kHvictlIdShift | kHvictlPriority | kHvictlPriorityMode | kHvictlDefault;

template <Level level>
u64 selected(const Hart& hart) {
    if (level == kMachineLevel) return hart.priv.miselect;
    return hart.priv.virtualised ? hart.priv.vsiselect : hart.priv.siselect;
}

bool selects_record(const Hart& hart, u64 number) { return hart.records != nullptr && is_transfer_record(number); }

bool is_priority(const Hart& hart, u64 number) {
    return number >= 0x30 && number <= 0x3f && (number % 2 == 0 || hart_has(hart, Rv32));
}

bool is_of_file(u64 number) { return number >= 0x70 && number <= 0xff; }

/// The file that the hart speaks with at the level; null: none.
template <Level level>
InterruptFile* file_of(const Hart& hart) {
    return level == kSupervisorLevel && hart.priv.virtualised ? guest_file(hart) : hart.interrupt_file[level];
}

// Of RV32 a register of pending or enabled interrupts is two, the second one with an odd number.

bool is_upper_half(const Hart& hart, u64 number) { return hart_has(hart, Rv32) && number >= 0x80 && number % 2 != 0; }

bool file_has(const Hart& hart, const InterruptFile& file, u64 number) {
    return file.has(static_cast<unsigned>(number) & (is_upper_half(hart, number) ? ~1u : ~0u));
}
u64 read_file(const Hart& hart, InterruptFile& file, u64 number) {
    if (!is_upper_half(hart, number)) return file.read(static_cast<unsigned>(number));
    return file.read(static_cast<unsigned>(number) - 1) >> 32;
}
void write_file(const Hart& hart, InterruptFile& file, u64 number, u64 value) {
    constexpr u64 kLow = 0xffff'ffff;
    if (is_upper_half(hart, number)) return file.write(static_cast<unsigned>(number) - 1, value << 32, ~kLow);
    file.write(static_cast<unsigned>(number), value, hart_has(hart, Rv32) ? kLow : ~u64{0});
}

/// Guests have the file that hstatus.VGEIN gives them, and no priorities that they could change.
Permission file_permission(const Hart& hart, u64 state, bool has_file) {
    const Permission permission = stateen_permission(hart, state);
    return permission == Permission::Granted && hart.priv.virtualised && !has_file ? Permission::Virtual : permission;
}
Permission access_siselect(const Hart& hart, unsigned) { return stateen_permission(hart, kStateenIndirect); }
Permission access_stopi(const Hart& hart, unsigned) { return stateen_permission(hart, kStateenAia); }

u64 read_siselect(Hart& hart, unsigned) { return hart.priv.virtualised ? hart.priv.vsiselect : hart.priv.siselect; }
void write_siselect(Hart& hart, u64 value, unsigned) {
    (hart.priv.virtualised ? hart.priv.vsiselect : hart.priv.siselect) = value & kSelectMask;
}

/// Which of the six registers that are selected together: sireg to sireg6 and the like.
unsigned alias_of(unsigned number) {
    const unsigned place = number & 0xf;
    return place < 4 ? place : place - 1;
}

template <Level level>
Permission access_register(const Hart& hart, unsigned csr) {
    const u64 number = selected<level>(hart);
    const bool has_aia = hart_has(hart, level == kMachineLevel ? Smaia : Ssaia);
    if (level == kSupervisorLevel && selects_record(hart, number)) return access_transfer_record(hart);
    if (level == kSupervisorLevel && is_delegated_counter(number)) {
        const Permission state = stateen_permission(hart, kStateenIndirect);
        return state != Permission::Granted ? state : access_delegated(hart, number, alias_of(csr));
    }
    if (!has_aia || alias_of(csr) != 1) {
        const Permission state =
            level == kMachineLevel ? Permission::Granted : stateen_permission(hart, kStateenIndirect);
        return state != Permission::Granted ? state : Permission::Illegal;
    }
    if (level == kSupervisorLevel) {
        const u64 state = is_priority(hart, number) ? kStateenAia : kStateenImsic;
        const bool has_file = is_of_file(number) && file_of<level>(hart) != nullptr;
        const Permission p = file_permission(hart, kStateenIndirect | state, has_file);
        if (p != Permission::Granted) return p;
    }
    if (is_priority(hart, number)) return Permission::Granted;
    const InterruptFile* file = file_of<level>(hart);
    return granted_if(file != nullptr && number <= 0xff && file_has(hart, *file, number));
}
template <Level level>
u64 read_register(Hart& hart, unsigned csr) {
    const u64 number = selected<level>(hart);
    if (level == kSupervisorLevel && selects_record(hart, number)) {
        return read_transfer_record(hart, number, alias_of(csr));
    }
    if (level == kSupervisorLevel && is_delegated_counter(number)) return read_delegated(hart, number, alias_of(csr));
    return is_priority(hart, number) ? 0 : read_file(hart, *file_of<level>(hart), number);
}
template <Level level>
void write_register(Hart& hart, u64 value, unsigned csr) {
    const u64 number = selected<level>(hart);
    if (level == kSupervisorLevel && selects_record(hart, number)) {
        return write_transfer_record(hart, value, number, alias_of(csr));
    }
    if (level == kSupervisorLevel && is_delegated_counter(number)) {
        return write_delegated(hart, value, number, alias_of(csr));
    }
    if (is_priority(hart, number)) return;
    write_file(hart, *file_of<level>(hart), number, value);
    check_interrupts(hart);
}

template <Level level>
Permission access_top_external(const Hart& hart, unsigned) {
    if (hart.interrupt_file[level] == nullptr) return Permission::Illegal;
    if (level == kMachineLevel) return Permission::Granted;
    return file_permission(hart, kStateenImsic, file_of<level>(hart) != nullptr);
}
/// The identity is its priority, too.
u64 top_of(InterruptFile& file) {
    const u64 identity = file.top();
    return identity << 16 | identity;
}
/// Claims the identity, whatever arrives meanwhile.
u64 claim_top_of(Hart& hart, InterruptFile& file) {
    const u64 identity = file.top();
    if (identity != 0) file.claim(static_cast<unsigned>(identity));
    check_interrupts(hart);
    return identity << 16 | identity;
}
template <Level level>
u64 read_top_external(Hart& hart, unsigned) {
    return top_of(*file_of<level>(hart));
}
template <Level level>
u64 claim_top_external(Hart& hart, unsigned) {
    return claim_top_of(hart, *file_of<level>(hart));
}
template <Level level>
void write_top_external(Hart& hart, u64, unsigned number) {
    claim_top_external<level>(hart, number);
}

/// The interrupt `first`, by its number for the level, with the priority of those that have no other.
u64 top(unsigned first) { return first == 0 ? 0 : u64{first} << 16 | 1; }

u64 read_mtopi(Hart& hart, unsigned) {
    return top(highest_interrupt(pending_interrupts(hart) & hart.priv.mie & ~hart.priv.mideleg));
}

u64 read_vstopi(Hart& hart, unsigned) { return top_guest_interrupt(hart); }
u64 read_stopi(Hart& hart, unsigned number) {
    const P& p = hart.priv;
    if (p.virtualised) return read_vstopi(hart, number);
    return top(highest_interrupt(pending_interrupts(hart) & p.mie & p.mideleg & ~p.hideleg));
}

/// Of the guest's indirect registers there are the records of transfers, and those of the file that it has.
Permission access_guest_register(const Hart& hart, unsigned csr) {
    const u64 number = hart.priv.vsiselect;
    if (selects_record(hart, number)) return access_transfer_record(hart);
    const bool of_file = is_of_file(number) && alias_of(csr) == 1;
    const Permission state = stateen_permission(hart, of_file ? kStateenIndirect | kStateenImsic : kStateenIndirect);
    if (state != Permission::Granted) return state;
    const InterruptFile* file = guest_file(hart);
    return granted_if(of_file && file != nullptr && file_has(hart, *file, number));
}
u64 read_guest_register(Hart& hart, unsigned csr) {
    const u64 number = hart.priv.vsiselect;
    if (!is_of_file(number)) return read_transfer_record(hart, number, alias_of(csr));
    return read_file(hart, *guest_file(hart), number);
}
void write_guest_register(Hart& hart, u64 value, unsigned csr) {
    const u64 number = hart.priv.vsiselect;
    if (!is_of_file(number)) return write_transfer_record(hart, value, number, alias_of(csr));
    write_file(hart, *guest_file(hart), number, value);
    check_interrupts(hart);
}

Permission access_vstopei(const Hart& hart, unsigned) {
    const Permission state = stateen_permission(hart, kStateenImsic);
    return state != Permission::Granted ? state : granted_if(guest_file(hart) != nullptr);
}
u64 read_vstopei(Hart& hart, unsigned) { return top_of(*guest_file(hart)); }
u64 claim_vstopei(Hart& hart, unsigned) { return claim_top_of(hart, *guest_file(hart)); }
void write_vstopei(Hart& hart, u64, unsigned number) { claim_vstopei(hart, number); }

void write_hvictl(Hart& hart, u64 value, unsigned) {
    hart.priv.hvictl = value & kHvictlMask;
    check_interrupts(hart);
}

constexpr CsrInfo supervisor_register(u16 number, const char* name, Guard guard) {
    return {number,
            name,
            guard,
            read_register<kSupervisorLevel>,
            write_register<kSupervisorLevel>,
            CsrEffect::StateFlags,
            access_register<kSupervisorLevel>};
}
constexpr CsrInfo guest_register(u16 number, const char* name, Guard guard) {
    return {
        number, name, guard, read_guest_register, write_guest_register, CsrEffect::StateFlags, access_guest_register};
}
constexpr CsrInfo machine_register(u16 number, const char* name, Guard guard) {
    return {number,
            name,
            guard,
            read_register<kMachineLevel>,
            write_register<kMachineLevel>,
            CsrEffect::StateFlags,
            access_register<kMachineLevel>};
}

constexpr u64 kInjected =
    interrupt_bit(kSupervisorSoftware) | interrupt_bit(kSupervisorTimer) | interrupt_bit(kSupervisorExternal);
/// Other names of mip's bits, as mvien is 0.
u64 read_mvip(Hart& hart, unsigned) { return hart.priv.mip_software & kInjected; }
void write_mvip(Hart& hart, u64 value, unsigned) {
    u64 mask = kInjected;
    if ((hart.priv.menvcfg & kEnvcfgStce) != 0) mask &= ~interrupt_bit(kSupervisorTimer);
    hart.priv.mip_software = (hart.priv.mip_software & ~mask) | (value & mask);
    check_interrupts(hart);
}

constexpr CsrInfo kCsrs[] = {
    {0x150, "siselect", Ssaia || Sscsrind, read_siselect, write_siselect, CsrEffect::None, access_siselect},
    supervisor_register(0x151, "sireg", Ssaia || Sscsrind),
    supervisor_register(0x152, "sireg2", Sscsrind),
    supervisor_register(0x153, "sireg3", Sscsrind),
    supervisor_register(0x155, "sireg4", Sscsrind),
    supervisor_register(0x156, "sireg5", Sscsrind),
    supervisor_register(0x157, "sireg6", Sscsrind),
    {0x15c, "stopei", Ssaia, read_top_external<kSupervisorLevel>, write_top_external<kSupervisorLevel>,
     CsrEffect::StateFlags, access_top_external<kSupervisorLevel>, nullptr, nullptr, 0,
     claim_top_external<kSupervisorLevel>},
    {0xdb0, "stopi", Ssaia, read_stopi, nullptr, CsrEffect::None, access_stopi},
    {0x250, "vsiselect", (H && Ssaia) || (H && Sscsrind), read_field<&P::vsiselect>,
     write_field<&P::vsiselect, kSelectMask>, CsrEffect::None, access_siselect},
    guest_register(0x251, "vsireg", (H && Ssaia) || (H && Sscsrind)),
    guest_register(0x252, "vsireg2", H&& Sscsrind),
    guest_register(0x253, "vsireg3", H&& Sscsrind),
    guest_register(0x255, "vsireg4", H&& Sscsrind),
    guest_register(0x256, "vsireg5", H&& Sscsrind),
    guest_register(0x257, "vsireg6", H&& Sscsrind),
    {0x25c, "vstopei", H&& Ssaia, read_vstopei, write_vstopei, CsrEffect::StateFlags, access_vstopei, nullptr, nullptr,
     0, claim_vstopei},
    {0xeb0, "vstopi", H&& Ssaia, read_vstopi, nullptr, CsrEffect::None, access_stopi},
    {0x608, "hvien", H&& Ssaia, read_zero, write_nothing, CsrEffect::None, access_stopi},
    {0x609, "hvictl", H&& Ssaia, read_field<&P::hvictl>, write_hvictl, CsrEffect::StateFlags, access_stopi},
    {0x646, "hviprio1", H&& Ssaia, read_zero, write_nothing, CsrEffect::None, access_stopi},
    {0x647, "hviprio2", H&& Ssaia, read_zero, write_nothing, CsrEffect::None, access_stopi},
    {0x308, "mvien", Smaia&& S, read_zero, write_nothing},
    {0x309, "mvip", Smaia&& S, read_mvip, write_mvip, CsrEffect::StateFlags},
    {0x350, "miselect", Smaia || Smcsrind, read_field<&P::miselect>, write_field<&P::miselect, kSelectMask>},
    machine_register(0x351, "mireg", Smaia || Smcsrind),
    machine_register(0x352, "mireg2", Smcsrind),
    machine_register(0x353, "mireg3", Smcsrind),
    machine_register(0x355, "mireg4", Smcsrind),
    machine_register(0x356, "mireg5", Smcsrind),
    machine_register(0x357, "mireg6", Smcsrind),
    {0x35c, "mtopei", Smaia, read_top_external<kMachineLevel>, write_top_external<kMachineLevel>, CsrEffect::StateFlags,
     access_top_external<kMachineLevel>, nullptr, nullptr, 0, claim_top_external<kMachineLevel>},
    {0xfb0, "mtopi", Smaia, read_mtopi, nullptr},
};

}  // namespace

std::span<const CsrInfo> csrs_aia() { return kCsrs; }

namespace {

/// An interrupt that may be the guest's first. Those with smaller numbers come first; without one, as by default.
struct Candidate {
    u64 identity = 0, priority = 0;  ///< identity 0: none
};

constexpr u64 kLastPriority = 256;

/// The guest's external interrupt: with the priority of its file's first, that of hvictl, or the last one there is.
Candidate external_candidate(const Hart& hart) {
    const P& p = hart.priv;
    if (InterruptFile* file = guest_file(hart)) {
        if (const u64 first = file->top(); first != 0) return {kSupervisorExternal, first};
    } else if (extract(p.hvictl, kHvictlIdShift, kHvictlIdBits) == kSupervisorExternal) {
        if (const u64 priority = p.hvictl & kHvictlPriority; priority != 0) return {kSupervisorExternal, priority};
    }
    return {kSupervisorExternal, kLastPriority};
}

/// Another one: by default what is not external comes behind it.
Candidate other_candidate(const Hart& hart, u64 interrupts) {
    const P& p = hart.priv;
    if ((p.hvictl & kHvictlVti) == 0) {
        const unsigned first = highest_interrupt(interrupts & ~interrupt_bit(kVirtualSupervisorExternal));
        return {first != 0 ? u64{first} - 1 : 0, kLastPriority};
    }
    const u64 identity = extract(p.hvictl, kHvictlIdShift, kHvictlIdBits), priority = p.hvictl & kHvictlPriority;
    if (identity == kSupervisorExternal) return {};
    if (priority != 0) return {identity, priority};
    return {identity, (p.hvictl & kHvictlDefault) != 0 ? kLastPriority : 0};
}

}  // namespace

u64 top_guest_interrupt(const Hart& hart) {
    const P& p = hart.priv;
    const u64 interrupts = pending_interrupts(hart) & p.mie & p.hideleg;
    Candidate external;
    if ((interrupts & interrupt_bit(kVirtualSupervisorExternal)) != 0) external = external_candidate(hart);
    const Candidate other = other_candidate(hart, interrupts);
    const bool takes_other = other.identity != 0 && (external.identity == 0 || other.priority < external.priority);
    const Candidate& first = takes_other ? other : external;
    if (first.identity == 0) return 0;
    const u64 shown = std::clamp<u64>(first.priority, 1, 255);
    return first.identity << kHvictlIdShift | ((p.hvictl & kHvictlPriorityMode) != 0 ? shown : 1);
}

void attach_interrupt_files(ir::Env* env, InterruptFile* machine, InterruptFile* supervisor,
                            std::span<InterruptFile* const> guests) {
    Hart& h = *hart(env);
    h.interrupt_file[kMachineLevel] = machine;
    h.interrupt_file[kSupervisorLevel] = supervisor;
    h.guest_files = static_cast<unsigned>(std::min<std::size_t>(guests.size(), kMostGuestFiles));
    for (unsigned i = 0; i < h.guest_files; ++i) h.guest_file[i + 1] = guests[i];
}

}  // namespace dragoman::riscv
