// Supervisor-level CSRs (Privileged specification, "Supervisor-Level ISA"; Sstc, Ssstateen).
#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

// --- status, interrupts ---

u64 read_sstatus(Hart& hart, unsigned) { return hart.priv.mstatus & kSstatusReadable; }
void write_sstatus(Hart& hart, u64 value, unsigned) {
    write_status(hart, (hart.priv.mstatus & ~kSstatusWritable) | (value & kSstatusWritable));
}

u64 read_sie(Hart& hart, unsigned) { return hart.priv.mie & hart.priv.mideleg; }
void write_sie(Hart& hart, u64 value, unsigned) {
    u64 mask = hart.priv.mideleg;
    hart.priv.mie = (hart.priv.mie & ~mask) | (value & mask);
    check_interrupts(hart);
}

u64 read_sip(Hart& hart, unsigned) { return pending_interrupts(hart) & hart.priv.mideleg; }
u64 read_sip_to_modify(Hart& hart, unsigned) { return hart.priv.mip_software & hart.priv.mideleg; }
void write_sip(Hart& hart, u64 value, unsigned) {
    constexpr u64 kWritable = interrupt_bit(kSupervisorSoftware) | interrupt_bit(kCounterOverflow);
    u64 mask = hart.priv.mideleg & kWritable;
    hart.priv.mip_software = (hart.priv.mip_software & ~mask) | (value & mask);
    check_interrupts(hart);
}

// --- traps ---

u64 write_mask_pc(const Hart& hart) { return hart_has(hart, Extension::Zca) ? ~u64{1} : ~u64{3}; }

void write_stvec(Hart& hart, u64 value, unsigned) {
    if ((value & 3) <= 1) hart.priv.stvec = value;
}
void write_sepc(Hart& hart, u64 value, unsigned) { hart.priv.sepc = value & write_mask_pc(hart); }

// --- address translation ---

bool access_satp(const Hart& hart, unsigned) {
    return hart.priv.mode != Privilege::Supervisor || (hart.priv.mstatus & kStatusTvm) == 0;
}

bool has_satp_mode(const Hart& hart, u64 mode) {
    switch (mode) {
        case kBare: return true;
        case kSv39: return hart_has(hart, Extension::Sv39);
        case kSv48: return hart_has(hart, Extension::Sv48);
        case kSv57: return hart_has(hart, Extension::Sv57);
        default: return false;
    }
}

/// A write with a mode that there is not has no effect at all.
void write_satp(Hart& hart, u64 value, unsigned) {
    u64 mode = value >> kSatpModeShift;
    if (!has_satp_mode(hart, mode) || value == hart.priv.satp) return;
    if (mode == kBare) value = 0;
    hart.priv.satp = value;
    update_flags(hart);  // addresses are masked in another way
    guest::switch_address_space(&hart, value, extract(value, kSatpAsidShift, kSatpAsidBits));
}

// --- environment ---

/// CBIE 2 is reserved.
void write_senvcfg(Hart& hart, u64 value, unsigned) {
    u64 mask = kEnvcfgFiom | kEnvcfgCbie | kEnvcfgCbcfe | kEnvcfgCbze;
    if (hart_has(hart, Extension::Ssnpm)) mask |= kEnvcfgPmm;
    if ((value & kEnvcfgCbie) == u64{2} << 4) value &= ~kEnvcfgCbie;
    hart.priv.senvcfg = with_legal_pmm(value, hart.priv.senvcfg) & mask;
    update_flags(hart);
}

bool stateen_allows(const Hart& hart, u64 bit) {
    return hart.priv.mode == Privilege::Machine || !hart_has(hart, Extension::Smstateen) ||
           (hart.priv.mstateen[0] & bit) != 0;
}
bool access_senvcfg(const Hart& hart, unsigned) { return stateen_allows(hart, kStateenEnvcfg); }

/// jvt is all that there is to be denied to user mode; what machine mode denies reads as 0.
u64 read_sstateen0(Hart& hart, unsigned) { return hart.priv.sstateen0 & hart.priv.mstateen[0]; }
void write_sstateen0(Hart& hart, u64 value, unsigned) {
    const u64 mask = kStateenJvt & hart.priv.mstateen[0];
    hart.priv.sstateen0 = (hart.priv.sstateen0 & ~mask) | (value & mask);
}
bool access_sstateen(const Hart& hart, unsigned number) {
    return hart.priv.mode == Privilege::Machine || (hart.priv.mstateen[number & 3] & kStateenSe) != 0;
}

// --- Sstc ---

bool access_stimecmp(const Hart& hart, unsigned) {
    const PrivilegedState& p = hart.priv;
    constexpr u64 kTm = 2;
    return p.mode == Privilege::Machine || ((p.menvcfg & kEnvcfgStce) != 0 && (p.mcounteren & kTm) != 0);
}
void write_stimecmp(Hart& hart, u64 value, unsigned) {
    hart.priv.stimecmp = value;
    update_timer(hart);
}

using enum Extension;
using P = PrivilegedState;

constexpr CsrInfo kCsrs[] = {
    {0x100, "sstatus", S, read_sstatus, write_sstatus, CsrEffect::StateFlags},
    {0x104, "sie", S, read_sie, write_sie, CsrEffect::StateFlags},
    {0x105, "stvec", S, read_field<&P::stvec>, write_stvec},
    {0x10a, "senvcfg", S&& Sm1p12, read_field<&P::senvcfg>, write_senvcfg, CsrEffect::StateFlags, access_senvcfg},
    {0x10c, "sstateen0", Smstateen, read_sstateen0, write_sstateen0, CsrEffect::None, access_sstateen},
    {0x10d, "sstateen1", Smstateen, read_zero, write_nothing, CsrEffect::None, access_sstateen},
    {0x10e, "sstateen2", Smstateen, read_zero, write_nothing, CsrEffect::None, access_sstateen},
    {0x10f, "sstateen3", Smstateen, read_zero, write_nothing, CsrEffect::None, access_sstateen},
    storage<&P::sscratch>(0x140, "sscratch", S),
    {0x141, "sepc", S, read_field<&P::sepc>, write_sepc, CsrEffect::None, nullptr, nullptr, &P::sepc, ~u64{1}},
    storage<&P::scause>(0x142, "scause", S),
    storage<&P::stval>(0x143, "stval", S),
    {0x144, "sip", S, read_sip, write_sip, CsrEffect::StateFlags, nullptr, read_sip_to_modify},
    {0x14d, "stimecmp", Sstc, read_field<&P::stimecmp>, write_stimecmp, CsrEffect::StateFlags, access_stimecmp},
    {0x180, "satp", S, read_field<&P::satp>, write_satp, CsrEffect::StateFlags, access_satp},
};

}  // namespace

bool stateen_allows_jvt(const Hart& hart) {
    if (!stateen_allows(hart, kStateenJvt)) return false;
    return hart.priv.mode != Privilege::User || !hart_has(hart, Extension::Smstateen) ||
           (hart.priv.sstateen0 & kStateenJvt) != 0;
}

std::span<const CsrInfo> csrs_supervisor() { return kCsrs; }

}  // namespace dragoman::riscv
