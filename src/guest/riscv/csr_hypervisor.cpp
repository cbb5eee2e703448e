// CSRs of the hypervisor extension, and those of VS mode as others see them (Privileged specification, "Hypervisor
// Extension"; Sstc, Smstateen). GEILEN is the number of guests' interrupt files that the board gives a hart.
#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

using enum Extension;
using P = PrivilegedState;
using R = SupervisorRegisters;

// --- hypervisor ---

void write_hstatus(Hart& hart, u64 value, unsigned) {
    u64 mask = kHstatusGva | kHstatusSpv | kHstatusSpvp | kHstatusHu | kHstatusVtvm | kHstatusVtw | kHstatusVtsr;
    const u64 hupmm = extract(value, kHupmmShift, 2);
    if (hart_has(hart, Ssnpm) && hupmm != 1) mask |= kHstatusHupmm;  // 1 is reserved
    if (extract(value, kVgeinShift, kVgeinBits) <= hart.guest_files) mask |= kHstatusVgein;
    hart.priv.hstatus = (hart.priv.hstatus & ~mask) | (value & mask);
    check_interrupts(hart);
}

/// Those of the guests' files that there are.
u64 guest_file_bits(const Hart& hart) { return low_mask(hart.guest_files) << 1; }
void write_hgeie(Hart& hart, u64 value, unsigned) {
    hart.priv.hgeie = value & guest_file_bits(hart);
    check_interrupts(hart);
}
u64 read_hgeip(Hart& hart, unsigned) { return __atomic_load_n(&hart.priv.guest_external, __ATOMIC_ACQUIRE); }

/// Exceptions that only an HS mode can have are never delegated further.
constexpr u64 kDelegable = 0x1ff | u64{1} << static_cast<u32>(Cause::FetchPageFault) |
                           u64{1} << static_cast<u32>(Cause::LoadPageFault) |
                           u64{1} << static_cast<u32>(Cause::StorePageFault);

void write_hedeleg(Hart& hart, u64 value, unsigned) {
    constexpr u64 kSoftwareCheck = u64{1} << static_cast<u32>(Cause::SoftwareCheck);
    const bool cfi = hart_has(hart, Zicfilp) || hart_has(hart, Zicfiss);
    hart.priv.hedeleg = value & (kDelegable | (cfi ? kSoftwareCheck : 0));
}

void write_hideleg(Hart& hart, u64 value, unsigned) {
    hart.priv.hideleg = value & kVirtualInterrupts;
    check_interrupts(hart);
}

u64 read_hie(Hart& hart, unsigned) { return hart.priv.mie & kHypervisorInterrupts; }
void write_hie(Hart& hart, u64 value, unsigned) {
    hart.priv.mie = (hart.priv.mie & ~kHypervisorInterrupts) | (value & kHypervisorInterrupts);
    check_interrupts(hart);
}

void set_software_interrupts(Hart& hart, u64 value, u64 mask) {
    hart.priv.mip_software = (hart.priv.mip_software & ~mask) | (value & mask);
    check_interrupts(hart);
}
u64 read_hip(Hart& hart, unsigned) { return pending_interrupts(hart) & kHypervisorInterrupts; }
u64 read_hip_to_modify(Hart& hart, unsigned) { return hart.priv.mip_software & kHypervisorInterrupts; }
void write_hip(Hart& hart, u64 value, unsigned) {
    set_software_interrupts(hart, value, interrupt_bit(kVirtualSupervisorSoftware));
}
u64 read_hvip(Hart& hart, unsigned) { return hart.priv.mip_software & kVirtualInterrupts; }
void write_hvip(Hart& hart, u64 value, unsigned) { set_software_interrupts(hart, value, kVirtualInterrupts); }

/// What machine mode does not have reads as 0.
constexpr u64 kByMenvcfg = kEnvcfgSse | kEnvcfgDte | kEnvcfgAdue | kEnvcfgPbmte | kEnvcfgStce;
u64 read_henvcfg(Hart& hart, unsigned) { return hart.priv.henvcfg & (hart.priv.menvcfg | ~kByMenvcfg); }
void write_henvcfg(Hart& hart, u64 value, unsigned) {
    P& p = hart.priv;
    u64 mask = kEnvcfgFiom | kEnvcfgCbie | kEnvcfgCbcfe | kEnvcfgCbze | (p.menvcfg & kByMenvcfg);
    mask |= cfi_fields(hart) & kEnvcfgLpe;
    if ((value & kEnvcfgCbie) == u64{2} << 4) value &= ~kEnvcfgCbie;
    if (hart_has(hart, Ssnpm)) mask |= kEnvcfgPmm;
    value = with_legal_pmm(value, p.henvcfg) & mask;
    const u64 changed = p.henvcfg ^ value;
    p.henvcfg = value;
    forget_sdt(hart);
    update_flags(hart);
    if ((changed & (kEnvcfgAdue | kEnvcfgPbmte | kEnvcfgSse)) != 0) guest::flush_tlb(&hart, {});
    if ((changed & kEnvcfgStce) != 0) update_timer(hart);
}

u64 read_hstateen(Hart& hart, unsigned number) {
    return hart.priv.hstateen[number & 3] & hart.priv.mstateen[number & 3];
}
void write_hstateen(Hart& hart, u64 value, unsigned number) {
    u64 mask = hart.priv.mstateen[number & 3];
    u64& state = hart.priv.hstateen[number & 3];
    state = (state & ~mask) | (value & mask);
}
Permission access_hstateen(const Hart& hart, unsigned number) {
    return granted_if(hart.priv.mode == Privilege::Machine || (hart.priv.mstateen[number & 3] & kStateenSe) != 0);
}

void write_htimedelta(Hart& hart, u64 value, unsigned) {
    hart.priv.htimedelta = value;
    update_timer(hart);
}

Permission access_hgatp(const Hart& hart, unsigned) {
    return granted_if(hart.priv.mode == Privilege::Machine || (hart.priv.mstatus & kStatusTvm) == 0);
}
/// A mode that there is not leaves the old one. The root table is aligned to 16 KiB.
void write_hgatp(Hart& hart, u64 value, unsigned) {
    constexpr u64 kFields = low_mask(kGatpVmidBits) << kSatpAsidShift | (low_mask(kSatpAsidShift) & ~u64{3});
    u64 mode = value >> kSatpModeShift;
    if (!has_satp_mode(hart, mode)) mode = hart.priv.hgatp >> kSatpModeShift;
    hart.priv.hgatp = mode << kSatpModeShift | (value & kFields);
    update_address_space(hart);
}

// --- VS mode ---

/// A register that VS mode has under a supervisor's name.
template <u64 P::*own, u64 R::*other>
u64 read_vs(Hart& hart, unsigned) {
    return vs_register<own, other>(hart.priv);
}
template <u64 P::*own, u64 R::*other>
void write_vs(Hart& hart, u64 value, unsigned) {
    vs_register<own, other>(hart.priv) = value;
}

u64 read_vsstatus(Hart& hart, unsigned) {
    return (with_dirty_summary(vs_status(hart.priv)) & kSstatusReadable) | kStatusUxl64;
}
void write_vsstatus(Hart& hart, u64 value, unsigned) {
    P& p = hart.priv;
    const u64 old = vs_status(p);
    if (!hart_has(hart, Zve32x)) value &= ~kStatusVs;
    if (hart_has(hart, Zfinx)) value &= ~kStatusFs;
    if (!hart_has(hart, Zicfilp)) value &= ~kStatusSpelp;
    if (p.virtualised) return write_status(hart, (p.mstatus & ~kSstatusWritable) | (value & kSstatusWritable));
    p.other.status = with_legal_sdt(hart, true, value & kSstatusWritable);
    if (((old ^ value) & kStatusMxr) != 0) guest::flush_tlb(&hart, {.one_machine = true, .any_guest = true});
    update_mode_flags(hart);
}

u64 read_vsie(Hart& hart, unsigned) { return (hart.priv.mie & hart.priv.hideleg) >> 1; }
void write_vsie(Hart& hart, u64 value, unsigned) {
    u64 mask = hart.priv.hideleg;
    hart.priv.mie = (hart.priv.mie & ~mask) | (value << 1 & mask);
    check_interrupts(hart);
}
u64 read_vsip(Hart& hart, unsigned) { return (pending_interrupts(hart) & hart.priv.hideleg) >> 1; }
u64 read_vsip_to_modify(Hart& hart, unsigned) { return (hart.priv.mip_software & hart.priv.hideleg) >> 1; }
void write_vsip(Hart& hart, u64 value, unsigned) {
    set_software_interrupts(hart, value << 1, hart.priv.hideleg & interrupt_bit(kVirtualSupervisorSoftware));
}

void write_vstvec(Hart& hart, u64 value, unsigned) {
    if ((value & 3) <= 1) vs_register<&P::stvec, &R::stvec>(hart.priv) = value;
}
void write_vsepc(Hart& hart, u64 value, unsigned) {
    vs_register<&P::sepc, &R::sepc>(hart.priv) = value & (hart_has(hart, Zca) ? ~u64{1} : ~u64{3});
}
void write_vstimecmp(Hart& hart, u64 value, unsigned) {
    hart.priv.vstimecmp = value;
    update_timer(hart);
}
/// A mode that there is not: no effect, as of satp.
void write_vsatp(Hart& hart, u64 value, unsigned) {
    const u64 mode = value >> kSatpModeShift;
    if (!has_satp_mode(hart, mode)) return;
    vs_register<&P::satp, &R::satp>(hart.priv) = mode == kBare ? 0 : value;
    update_flags(hart);
    update_address_space(hart);
}

constexpr u64 kCounterBits = 0xffff'ffff;

constexpr CsrInfo kCsrs[] = {
    {0x200, "vsstatus", H, read_vsstatus, write_vsstatus, CsrEffect::StateFlags},
    {0x204, "vsie", H, read_vsie, write_vsie, CsrEffect::StateFlags},
    {0x205, "vstvec", H, read_vs<&P::stvec, &R::stvec>, write_vstvec},
    {0x240, "vsscratch", H, read_vs<&P::sscratch, &R::sscratch>, write_vs<&P::sscratch, &R::sscratch>},
    {0x241, "vsepc", H, read_vs<&P::sepc, &R::sepc>, write_vsepc},
    {0x242, "vscause", H, read_vs<&P::scause, &R::scause>, write_vs<&P::scause, &R::scause>},
    {0x243, "vstval", H, read_vs<&P::stval, &R::stval>, write_vs<&P::stval, &R::stval>},
    {0x244, "vsip", H, read_vsip, write_vsip, CsrEffect::StateFlags, nullptr, read_vsip_to_modify},
    {0x24d, "vstimecmp", H&& Sstc, read_field<&P::vstimecmp>, write_vstimecmp, CsrEffect::StateFlags, access_stimecmp},
    {0x280, "vsatp", H, read_vs<&P::satp, &R::satp>, write_vsatp, CsrEffect::StateFlags},
    {0x600, "hstatus", H, read_field<&P::hstatus>, write_hstatus, CsrEffect::StateFlags},
    {0x602, "hedeleg", H, read_field<&P::hedeleg>, write_hedeleg},
    {0x603, "hideleg", H, read_field<&P::hideleg>, write_hideleg, CsrEffect::StateFlags},
    {0x604, "hie", H, read_hie, write_hie, CsrEffect::StateFlags},
    {0x605, "htimedelta", H, read_field<&P::htimedelta>, write_htimedelta, CsrEffect::StateFlags},
    {0x606, "hcounteren", H, read_field<&P::hcounteren>, write_field<&P::hcounteren, kCounterBits>},
    {0x607, "hgeie", H, read_field<&P::hgeie>, write_hgeie, CsrEffect::StateFlags},
    {0x60a, "henvcfg", H, read_henvcfg, write_henvcfg, CsrEffect::StateFlags},
    {0x60c, "hstateen0", H&& Smstateen, read_hstateen, write_hstateen, CsrEffect::None, access_hstateen},
    {0x60d, "hstateen1", H&& Smstateen, read_hstateen, write_hstateen, CsrEffect::None, access_hstateen},
    {0x60e, "hstateen2", H&& Smstateen, read_hstateen, write_hstateen, CsrEffect::None, access_hstateen},
    {0x60f, "hstateen3", H&& Smstateen, read_hstateen, write_hstateen, CsrEffect::None, access_hstateen},
    {0x643, "htval", H, read_field<&P::htval>, write_field<&P::htval>},
    {0x644, "hip", H, read_hip, write_hip, CsrEffect::StateFlags, nullptr, read_hip_to_modify},
    {0x645, "hvip", H, read_hvip, write_hvip, CsrEffect::StateFlags},
    {0x64a, "htinst", H, read_field<&P::htinst>, write_field<&P::htinst>},
    {0x680, "hgatp", H, read_field<&P::hgatp>, write_hgatp, CsrEffect::StateFlags, access_hgatp},
    {0xe12, "hgeip", H, read_hgeip, nullptr},
};

}  // namespace

std::span<const CsrInfo> csrs_hypervisor() { return kCsrs; }

}  // namespace dragoman::riscv
