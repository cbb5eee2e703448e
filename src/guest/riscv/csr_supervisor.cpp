// Supervisor-level CSRs (Privileged specification, "Supervisor-Level ISA"; Sstc, Ssstateen).
#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

// --- status, interrupts ---

u64 read_sstatus(Hart& hart, unsigned) { return visible_status(hart, hart.priv.mstatus & kSstatusReadable); }
void write_sstatus(Hart& hart, u64 value, unsigned) {
    write_status(hart, (hart.priv.mstatus & ~kSstatusWritable) | (value & kSstatusWritable));
}

/// Interrupts that sie and sip are about, as mie numbers them. Those of guests have registers of their own in HS mode,
/// and are all that VS mode sees.
u64 supervisor_interrupts(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    return p.virtualised ? p.hideleg : p.mideleg & ~kHypervisorInterrupts;
}
/// VS mode knows its interrupts by the numbers of HS mode's.
unsigned numbering(const Hart& hart) { return hart.priv.virtualised ? 1 : 0; }

/// A guest into which its hypervisor injects interrupts by hvictl does not see others.
Permission access_interrupts(const Hart& hart, unsigned) {
    const PrivilegedState& p = hart.priv;
    return p.virtualised && (p.hvictl & kHvictlVti) != 0 ? Permission::Virtual : Permission::Granted;
}

u64 read_sie(Hart& hart, unsigned) { return (hart.priv.mie & supervisor_interrupts(hart)) >> numbering(hart); }
void write_sie(Hart& hart, u64 value, unsigned) {
    u64 mask = supervisor_interrupts(hart);
    hart.priv.mie = (hart.priv.mie & ~mask) | (value << numbering(hart) & mask);
    check_interrupts(hart);
}

u64 read_sip(Hart& hart, unsigned) {
    return (pending_interrupts(hart) & supervisor_interrupts(hart)) >> numbering(hart);
}
u64 read_sip_to_modify(Hart& hart, unsigned) {
    return (hart.priv.mip_software & supervisor_interrupts(hart)) >> numbering(hart);
}
void write_sip(Hart& hart, u64 value, unsigned) {
    constexpr u64 kWritable = interrupt_bit(kSupervisorSoftware) | interrupt_bit(kCounterOverflow) |
                              interrupt_bit(kVirtualSupervisorSoftware);
    u64 mask = supervisor_interrupts(hart) & kWritable;
    hart.priv.mip_software = (hart.priv.mip_software & ~mask) | (value << numbering(hart) & mask);
    check_interrupts(hart);
}

// --- traps ---

u64 write_mask_pc(const Hart& hart) { return hart_has(hart, Extension::Zca) ? ~u64{1} : ~u64{3}; }

void write_stvec(Hart& hart, u64 value, unsigned) {
    if ((value & 3) <= 1) hart.priv.stvec = value;
}
void write_sepc(Hart& hart, u64 value, unsigned) { hart.priv.sepc = value & write_mask_pc(hart); }

// --- address translation ---

Permission access_satp(const Hart& hart, unsigned) {
    const PrivilegedState& p = hart.priv;
    if (p.virtualised) return (p.hstatus & kHstatusVtvm) != 0 ? Permission::Virtual : Permission::Granted;
    return granted_if(p.mode != Privilege::Supervisor || (p.mstatus & kStatusTvm) == 0);
}

// satp of RV32: MODE, ASID and PPN in one word.
constexpr unsigned kMode32 = 31, kAsid32 = 22, kAsid32Bits = 9, kPpn32Bits = 22;

u64 read_satp(Hart& hart, unsigned) {
    const u64 satp = hart.priv.satp;
    if (!hart_has(hart, Extension::Rv32)) return satp;
    return satp >> kSatpModeShift << kMode32 | extract(satp, kSatpAsidShift, kAsid32Bits) << kAsid32 |
           extract(satp, 0, kPpn32Bits);
}
/// A write with a mode that there is not has no effect at all.
void write_satp(Hart& hart, u64 value, unsigned) {
    if (hart_has(hart, Extension::Rv32)) {
        value = extract(value, kMode32, 1) << kSatpModeShift | extract(value, kAsid32, kAsid32Bits) << kSatpAsidShift |
                extract(value, 0, kPpn32Bits);
    }
    u64 mode = value >> kSatpModeShift;
    if (!has_satp_mode(hart, mode) || value == hart.priv.satp) return;
    if (mode == kBare) value = 0;
    const bool other_masks = (value == 0) != (hart.priv.satp == 0);  // of pointers
    hart.priv.satp = value;
    if (other_masks) update_flags(hart);
    update_address_space(hart);
}

// --- environment ---

/// What S or VS mode may have of shadow stacks, it may give to user mode.
u64 granted_sse(const PrivilegedState& p) { return kEnvcfgSse & p.menvcfg & (p.virtualised ? p.henvcfg : ~u64{0}); }
u64 read_senvcfg(Hart& hart, unsigned) { return hart.priv.senvcfg & (granted_sse(hart.priv) | ~kEnvcfgSse); }

/// CBIE 2 is reserved.
void write_senvcfg(Hart& hart, u64 value, unsigned) {
    u64 mask = kEnvcfgFiom | kEnvcfgCbie | kEnvcfgCbcfe | kEnvcfgCbze | (cfi_fields(hart) & kEnvcfgLpe) |
               granted_sse(hart.priv);
    if (hart_has(hart, Extension::Ssnpm)) mask |= kEnvcfgPmm;
    if ((value & kEnvcfgCbie) == u64{2} << 4) value &= ~kEnvcfgCbie;
    hart.priv.senvcfg = with_legal_pmm(value, hart.priv.senvcfg) & mask;
    update_flags(hart);
}

Permission access_senvcfg(const Hart& hart, unsigned) { return stateen_permission(hart, kStateenEnvcfg); }

/// What higher levels leave of sstateen0.
u64 granted_state(const PrivilegedState& p) { return p.virtualised ? p.mstateen[0] & p.hstateen[0] : p.mstateen[0]; }
/// jvt is all that there is to be denied to user mode; what is denied already reads as 0.
u64 read_sstateen0(Hart& hart, unsigned) { return hart.priv.sstateen0 & granted_state(hart.priv); }
void write_sstateen0(Hart& hart, u64 value, unsigned) {
    const u64 mask = kStateenJvt & granted_state(hart.priv);
    hart.priv.sstateen0 = (hart.priv.sstateen0 & ~mask) | (value & mask);
}
Permission access_sstateen(const Hart& hart, unsigned number) {
    const PrivilegedState& p = hart.priv;
    if (p.mode == Privilege::Machine) return Permission::Granted;
    if ((p.mstateen[number & 3] & kStateenSe) == 0) return Permission::Illegal;
    return p.virtualised && (p.hstateen[number & 3] & kStateenSe) == 0 ? Permission::Virtual : Permission::Granted;
}

// --- Ssqosid ---

/// RCID and MCID. Guests have none.
constexpr u64 kSrmcfgMask = low_mask(12) | low_mask(12) << 16;
Permission access_srmcfg(const Hart& hart, unsigned) {
    const PrivilegedState& p = hart.priv;
    const bool by_stateen =
        p.mode == Privilege::Machine || !hart_has(hart, Extension::Smstateen) || (p.mstateen[0] & kStateenSrmcfg) != 0;
    if (!by_stateen) return Permission::Illegal;
    return p.virtualised ? Permission::Virtual : Permission::Granted;
}

// --- Sstc ---

/// In VS mode it is vstimecmp.
u64 read_stimecmp(Hart& hart, unsigned) { return hart.priv.virtualised ? hart.priv.vstimecmp : hart.priv.stimecmp; }
void write_stimecmp(Hart& hart, u64 value, unsigned) {
    (hart.priv.virtualised ? hart.priv.vstimecmp : hart.priv.stimecmp) = value;
    update_timer(hart);
}

using enum Extension;
using P = PrivilegedState;

constexpr CsrInfo kCsrs[] = {
    {0x100, "sstatus", S, read_sstatus, write_sstatus, CsrEffect::StateFlags},
    {0x104, "sie", S, read_sie, write_sie, CsrEffect::StateFlags, access_interrupts},
    {0x105, "stvec", S, read_field<&P::stvec>, write_stvec},
    {0x10a, "senvcfg", S&& Sm1p12, read_senvcfg, write_senvcfg, CsrEffect::StateFlags, access_senvcfg},
    {0x10c, "sstateen0", Smstateen, read_sstateen0, write_sstateen0, CsrEffect::None, access_sstateen},
    {0x10d, "sstateen1", Smstateen, read_zero, write_nothing, CsrEffect::None, access_sstateen},
    {0x10e, "sstateen2", Smstateen, read_zero, write_nothing, CsrEffect::None, access_sstateen},
    {0x10f, "sstateen3", Smstateen, read_zero, write_nothing, CsrEffect::None, access_sstateen},
    storage<&P::sscratch>(0x140, "sscratch", S),
    {0x141, "sepc", S, read_field<&P::sepc>, write_sepc, CsrEffect::None, nullptr, nullptr, &P::sepc, ~u64{1}},
    storage<&P::scause>(0x142, "scause", S),
    storage<&P::stval>(0x143, "stval", S),
    {0x144, "sip", S, read_sip, write_sip, CsrEffect::StateFlags, access_interrupts, read_sip_to_modify},
    {0x14d, "stimecmp", Sstc, read_stimecmp, write_stimecmp, CsrEffect::StateFlags, access_stimecmp},
    {0x181, "srmcfg", Ssqosid, read_field<&P::srmcfg>, write_field<&P::srmcfg, kSrmcfgMask>, CsrEffect::None,
     access_srmcfg},
    {0x180, "satp", S, read_satp, write_satp, CsrEffect::StateFlags, access_satp},
};

}  // namespace

bool has_satp_mode(const Hart& hart, u64 mode) {
    switch (mode) {
        case kBare: return true;
        case kSv32: return hart_has(hart, Extension::Sv32);
        case kSv39: return hart_has(hart, Extension::Sv39);
        case kSv48: return hart_has(hart, Extension::Sv48);
        case kSv57: return hart_has(hart, Extension::Sv57);
        default: return false;
    }
}

Permission access_stimecmp(const Hart& hart, unsigned) {
    const PrivilegedState& p = hart.priv;
    constexpr u64 kTm = 2;
    if (p.mode == Privilege::Machine) return Permission::Granted;
    if ((p.menvcfg & kEnvcfgStce) == 0 || (p.mcounteren & kTm) == 0) return Permission::Illegal;
    const bool denied = p.virtualised && ((p.henvcfg & kEnvcfgStce) == 0 || (p.hcounteren & kTm) == 0);
    return denied ? Permission::Virtual : Permission::Granted;
}

Permission stateen_permission(const Hart& hart, u64 bits) {
    const PrivilegedState& p = hart.priv;
    if (p.mode == Privilege::Machine || !hart_has(hart, Extension::Smstateen)) return Permission::Granted;
    if ((p.mstateen[0] & bits) != bits) return Permission::Illegal;
    return p.virtualised && (p.hstateen[0] & bits) != bits ? Permission::Virtual : Permission::Granted;
}

Permission jvt_permission(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    const Permission by_others = stateen_permission(hart, kStateenJvt);
    if (by_others != Permission::Granted || p.mode != Privilege::User || !hart_has(hart, Extension::Smstateen) ||
        (p.sstateen0 & kStateenJvt) != 0)
        return by_others;
    return p.virtualised ? Permission::Virtual : Permission::Illegal;
}

std::span<const CsrInfo> csrs_supervisor() { return kCsrs; }

}  // namespace dragoman::riscv
