// CSRs of the Advanced Interrupt Architecture 1.0 (chapter 2; Smaia, Ssaia) and of indirect access (Smcsrind,
// Sscsrind): a hart's interrupt file, what interrupt comes first, counters that are the supervisor's
// (csr_delegated.cpp). The priorities of a hart's major interrupts are read-only 0: the default order holds. No
// interrupts are injected by machine mode beside those of mip (mvien is 0).
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

// hvictl. VTI is 0: interrupts are injected by hvip.
constexpr unsigned kIdentityShift = 16, kIdentityBits = 12;
constexpr u64 kPriorityMask = 0xff, kPriorityMode = 0x100, kDefaultPriority = 0x200;
constexpr u64 kHvictlMask =
    low_mask(kIdentityBits) << kIdentityShift | kPriorityMask | kPriorityMode | kDefaultPriority;

template <Level level>
u64 selected(const Hart& hart) {
    if (level == kMachineLevel) return hart.priv.miselect;
    return hart.priv.virtualised ? hart.priv.vsiselect : hart.priv.siselect;
}

bool selects_record(const Hart& hart, u64 number) { return hart.records != nullptr && is_transfer_record(number); }

bool is_priority(u64 number) { return number >= 0x30 && number <= 0x3f && number % 2 == 0; }

/// Guests have no interrupt files and no priorities that they could change.
Permission file_permission(const Hart& hart, u64 state) {
    const Permission permission = stateen_permission(hart, state);
    return permission == Permission::Granted && hart.priv.virtualised ? Permission::Virtual : permission;
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
        const u64 state = is_priority(number) ? kStateenAia : kStateenImsic;
        if (const Permission p = file_permission(hart, kStateenIndirect | state); p != Permission::Granted) return p;
    }
    if (is_priority(number)) return Permission::Granted;
    const InterruptFile* file = hart.interrupt_file[level];
    return granted_if(file != nullptr && number <= 0xff && file->has(static_cast<unsigned>(number)));
}
template <Level level>
u64 read_register(Hart& hart, unsigned csr) {
    const u64 number = selected<level>(hart);
    if (level == kSupervisorLevel && selects_record(hart, number)) {
        return read_transfer_record(hart, number, alias_of(csr));
    }
    if (level == kSupervisorLevel && is_delegated_counter(number)) return read_delegated(hart, number, alias_of(csr));
    return is_priority(number) ? 0 : hart.interrupt_file[level]->read(static_cast<unsigned>(number));
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
    if (is_priority(number)) return;
    hart.interrupt_file[level]->write(static_cast<unsigned>(number), value);
    check_interrupts(hart);
}

template <Level level>
Permission access_top_external(const Hart& hart, unsigned) {
    if (hart.interrupt_file[level] == nullptr) return Permission::Illegal;
    return level == kMachineLevel ? Permission::Granted : file_permission(hart, kStateenImsic);
}
/// The identity is its priority, too.
template <Level level>
u64 read_top_external(Hart& hart, unsigned) {
    const u64 identity = hart.interrupt_file[level]->top();
    return identity << 16 | identity;
}
/// Claims the identity that the same instruction reads, whatever arrives meanwhile.
template <Level level>
u64 claim_top_external(Hart& hart, unsigned) {
    InterruptFile& file = *hart.interrupt_file[level];
    const u64 identity = file.top();
    if (identity != 0) file.claim(static_cast<unsigned>(identity));
    check_interrupts(hart);
    return identity << 16 | identity;
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

/// The guest's first. An external interrupt has the priority that hvictl gives it, or else the last one there is.
u64 read_vstopi(Hart& hart, unsigned) {
    const P& p = hart.priv;
    u64 interrupts = pending_interrupts(hart) & p.mie & p.hideleg;
    constexpr u64 kLast = 255;
    if ((interrupts & interrupt_bit(kVirtualSupervisorExternal)) != 0) {
        const u64 priority = p.hvictl & kPriorityMask;
        if (extract(p.hvictl, kIdentityShift, kIdentityBits) == kSupervisorExternal && priority != 0) {
            return u64{kSupervisorExternal} << 16 | ((p.hvictl & kPriorityMode) != 0 ? priority : 1);
        }
        interrupts &= ~interrupt_bit(kVirtualSupervisorExternal);
        if (interrupts == 0) return u64{kSupervisorExternal} << 16 | ((p.hvictl & kPriorityMode) != 0 ? kLast : 1);
    }
    const unsigned first = highest_interrupt(interrupts);
    return top(first == 0 ? 0 : first - 1);
}
u64 read_stopi(Hart& hart, unsigned number) {
    const P& p = hart.priv;
    if (p.virtualised) return read_vstopi(hart, number);
    return top(highest_interrupt(pending_interrupts(hart) & p.mie & p.mideleg & ~p.hideleg));
}

Permission no_guest_file(const Hart& hart, unsigned) {
    const Permission state = stateen_permission(hart, kStateenIndirect);
    return state != Permission::Granted ? state : Permission::Illegal;
}

/// Of the guest's indirect registers there are only the records of transfers while it has no interrupt file.
Permission access_guest_register(const Hart& hart, unsigned csr) {
    return selects_record(hart, hart.priv.vsiselect) ? access_transfer_record(hart) : no_guest_file(hart, csr);
}
u64 read_guest_register(Hart& hart, unsigned csr) {
    return read_transfer_record(hart, hart.priv.vsiselect, alias_of(csr));
}
void write_guest_register(Hart& hart, u64 value, unsigned csr) {
    write_transfer_record(hart, value, hart.priv.vsiselect, alias_of(csr));
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
    return {number, name, guard, read_guest_register, write_guest_register, CsrEffect::None, access_guest_register};
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
    {0x25c, "vstopei", H&& Ssaia, read_zero, write_nothing, CsrEffect::None, no_guest_file},
    {0xeb0, "vstopi", H&& Ssaia, read_vstopi, nullptr, CsrEffect::None, access_stopi},
    {0x608, "hvien", H&& Ssaia, read_zero, write_nothing, CsrEffect::None, access_stopi},
    {0x609, "hvictl", H&& Ssaia, read_field<&P::hvictl>, write_field<&P::hvictl, kHvictlMask>, CsrEffect::None,
     access_stopi},
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

void attach_interrupt_files(ir::Env* env, InterruptFile* machine, InterruptFile* supervisor) {
    hart(env)->interrupt_file[kMachineLevel] = machine;
    hart(env)->interrupt_file[kSupervisorLevel] = supervisor;
}

}  // namespace dragoman::riscv
