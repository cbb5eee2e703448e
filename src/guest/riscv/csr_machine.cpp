// Machine-level CSRs (Privileged specification, "Machine-Level ISA"; Smstateen).
#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

using enum Extension;

// --- identity ---

u64 read_misa(Hart& hart, unsigned) {
    u64 misa = hart_has(hart, Rv32) ? u64{1} << 30 : u64{2} << 62;
    auto set_letter = [&](char letter) { misa |= u64{1} << (letter - 'a'); };
    for_each(hart.model->extensions(), [&](Extension e) {
        if (std::string_view name = extension_info(e).name; name.size() == 1) set_letter(name[0]);
    });
    if (hart_has(hart, S)) set_letter('u');
    return misa;
}

template <u64 HartIds::*id>
u64 read_id(Hart& hart, unsigned) {
    return hart.model->ids().*id;
}

// --- status, interrupts ---

constexpr u64 kMstatusWritable = kStatusSie | kStatusMie | kStatusSpie | kStatusMpie | kStatusSpp | kStatusMpp |
                                 kStatusFs | kStatusVs | kStatusSdt | kStatusSpelp | kStatusMprv | kStatusSum |
                                 kStatusMxr | kStatusTvm | kStatusTw | kStatusTsr | kStatusMpelp | kStatusMdt;

u64 read_mstatus(Hart& hart, unsigned) { return visible_status(hart, hart.priv.mstatus); }
void write_mstatus(Hart& hart, u64 value, unsigned) {
    constexpr u64 kSupervisorMpp = u64{1} << kStatusMppShift, kReservedMpp = u64{2} << kStatusMppShift;
    u64 mask = kMstatusWritable;
    if (hart_has(hart, H)) mask |= kStatusMpv | kStatusGva;
    if (hart_has(hart, Rv32)) mask &= ~(kStatusMpelp | kStatusMdt);  // in mstatush
    const u64 previous = value & kStatusMpp;
    if (previous == kReservedMpp || (previous == kSupervisorMpp && !hart_has(hart, S))) mask &= ~kStatusMpp;
    write_status(hart, (hart.priv.mstatus & ~mask) | (value & mask));
}

constexpr u64 kSupervisorInterrupts =
    interrupt_bit(kSupervisorSoftware) | interrupt_bit(kSupervisorTimer) | interrupt_bit(kSupervisorExternal);

/// Those of the hypervisor extension that there are of `interrupts`.
u64 hypervisor_interrupts(const Hart& hart, u64 interrupts) { return hart_has(hart, H) ? interrupts : 0; }
u64 overflow_interrupt(const Hart& hart) { return hart_has(hart, Sscofpmf) ? interrupt_bit(kCounterOverflow) : 0; }

void write_mie(Hart& hart, u64 value, unsigned) {
    constexpr u64 kMachine =
        interrupt_bit(kMachineSoftware) | interrupt_bit(kMachineTimer) | interrupt_bit(kMachineExternal);
    hart.priv.mie = value & (kMachine | kSupervisorInterrupts | overflow_interrupt(hart) |
                             hypervisor_interrupts(hart, kHypervisorInterrupts));
    check_interrupts(hart);
}

u64 read_mip(Hart& hart, unsigned) { return pending_interrupts(hart); }
/// What software has set, without the interrupt controller's SEIP ("mip and mie").
u64 read_mip_to_modify(Hart& hart, unsigned) { return hart.priv.mip_software; }
void write_mip(Hart& hart, u64 value, unsigned) {
    u64 mask = kSupervisorInterrupts | overflow_interrupt(hart) |
               hypervisor_interrupts(hart, interrupt_bit(kVirtualSupervisorSoftware));
    if ((hart.priv.menvcfg & kEnvcfgStce) != 0) mask &= ~interrupt_bit(kSupervisorTimer);
    hart.priv.mip_software = (hart.priv.mip_software & ~mask) | (value & mask);
    check_interrupts(hart);
}

void write_mideleg(Hart& hart, u64 value, unsigned) {
    hart.priv.mideleg = (value & (kSupervisorInterrupts | overflow_interrupt(hart))) |
                        hypervisor_interrupts(hart, kHypervisorInterrupts);
    check_interrupts(hart);
}

/// All exceptions that a lower mode can have.
constexpr u64 kDelegable = 0x3ff | u64{1} << static_cast<u32>(Cause::FetchPageFault) |
                           u64{1} << static_cast<u32>(Cause::LoadPageFault) |
                           u64{1} << static_cast<u32>(Cause::StorePageFault);
/// That of control-flow integrity.
u64 software_check(const Hart& hart) {
    return hart_has(hart, Zicfilp) || hart_has(hart, Zicfiss) ? u64{1} << static_cast<u32>(Cause::SoftwareCheck) : 0;
}
constexpr u64 kDelegableOfGuests =
    u64{1} << static_cast<u32>(Cause::EcallVs) | u64{1} << static_cast<u32>(Cause::FetchGuestPageFault) |
    u64{1} << static_cast<u32>(Cause::LoadGuestPageFault) | u64{1} << static_cast<u32>(Cause::VirtualInstruction) |
    u64{1} << static_cast<u32>(Cause::StoreGuestPageFault);
void write_medeleg(Hart& hart, u64 value, unsigned) {
    hart.priv.medeleg = value & (kDelegable | software_check(hart) | (hart_has(hart, H) ? kDelegableOfGuests : 0));
}

// --- traps ---

void write_mtvec(Hart& hart, u64 value, unsigned) {
    if ((value & 3) <= 1) hart.priv.mtvec = value;
}
void write_mepc(Hart& hart, u64 value, unsigned) { hart.priv.mepc = value & (hart_has(hart, Zca) ? ~u64{1} : ~u64{3}); }

// --- environment ---

void write_menvcfg(Hart& hart, u64 value, unsigned) {
    u64 mask = kEnvcfgFiom | kEnvcfgCbie | kEnvcfgCbcfe | kEnvcfgCbze;
    if ((value & kEnvcfgCbie) == u64{2} << 4) value &= ~kEnvcfgCbie;
    if (hart_has(hart, Smnpm)) mask |= kEnvcfgPmm;
    mask |= cfi_fields(hart);
    value = with_legal_pmm(value, hart.priv.menvcfg);
    if (hart_has(hart, Ssdbltrp)) mask |= kEnvcfgDte;
    if (hart_has(hart, Smcdeleg)) mask |= kEnvcfgCde;
    if (hart_has(hart, Svadu)) mask |= kEnvcfgAdue;
    if (hart_has(hart, Svpbmt)) mask |= kEnvcfgPbmte;
    if (hart_has(hart, Sstc)) mask |= kEnvcfgStce;
    u64 old = hart.priv.menvcfg;
    hart.priv.menvcfg = value & mask;
    u64 changed = old ^ hart.priv.menvcfg;
    forget_sdt(hart);
    update_flags(hart);
    if ((changed & (kEnvcfgAdue | kEnvcfgPbmte | kEnvcfgSse)) != 0) guest::flush_tlb(&hart, {});
    if ((changed & kEnvcfgStce) != 0) {
        hart.priv.mip_software &= ~interrupt_bit(kSupervisorTimer);
        update_timer(hart);
    }
}

u64 read_mstateen(Hart& hart, unsigned number) { return hart.priv.mstateen[number & 3]; }
void write_mstateen(Hart& hart, u64 value, unsigned number) {
    u64 mask = kStateenSe;
    if ((number & 3) == 0) {
        mask |= kStateenEnvcfg | (hart_has(hart, Sdtrig) ? kStateenContext : 0);
        if (hart_has(hart, Ssaia)) mask |= kStateenIndirect | kStateenAia | kStateenImsic;
        if (hart_has(hart, Sscsrind)) mask |= kStateenIndirect;
        if (hart_has(hart, Ssqosid)) mask |= kStateenSrmcfg;
        if (hart_has(hart, Ssctr)) mask |= kStateenCtr;
        if (hart_has(hart, Zcmt)) mask |= kStateenJvt;
    }
    hart.priv.mstateen[number & 3] = value & mask;
}

using P = PrivilegedState;

constexpr CsrInfo kCsrs[] = {
    {0xf11, "mvendorid", Zicsr, read_id<&HartIds::vendor>, nullptr},
    {0xf12, "marchid", Zicsr, read_id<&HartIds::architecture>, nullptr},
    {0xf13, "mimpid", Zicsr, read_id<&HartIds::implementation>, nullptr},
    {0xf14, "mhartid", Zicsr, read_field<&P::hart_id>, nullptr},
    {0xf15, "mconfigptr", Sm1p12, read_zero, nullptr},
    {0x300, "mstatus", Zicsr, read_mstatus, write_mstatus, CsrEffect::StateFlags},
    {0x301, "misa", Zicsr, read_misa, write_nothing},
    {0x302, "medeleg", S, read_field<&P::medeleg>, write_medeleg},
    {0x303, "mideleg", S, read_field<&P::mideleg>, write_mideleg, CsrEffect::StateFlags},
    {0x304, "mie", Zicsr, read_field<&P::mie>, write_mie, CsrEffect::StateFlags},
    {0x305, "mtvec", Zicsr, read_field<&P::mtvec>, write_mtvec},
    {0x30a, "menvcfg", S&& Sm1p12, read_field<&P::menvcfg>, write_menvcfg, CsrEffect::StateFlags},
    {0x30c, "mstateen0", Smstateen, read_mstateen, write_mstateen},
    {0x30d, "mstateen1", Smstateen, read_mstateen, write_mstateen},
    {0x30e, "mstateen2", Smstateen, read_mstateen, write_mstateen},
    {0x30f, "mstateen3", Smstateen, read_mstateen, write_mstateen},
    storage<&P::mscratch>(0x340, "mscratch", Zicsr),
    {0x341, "mepc", Zicsr, read_field<&P::mepc>, write_mepc, CsrEffect::None, nullptr, nullptr, &P::mepc, ~u64{1}},
    storage<&P::mcause>(0x342, "mcause", Zicsr),
    storage<&P::mtval>(0x343, "mtval", Zicsr),
    {0x344, "mip", Zicsr, read_mip, write_mip, CsrEffect::StateFlags, nullptr, read_mip_to_modify},
    storage<&P::mtinst>(0x34a, "mtinst", H),
    storage<&P::mtval2>(0x34b, "mtval2", H || Ssdbltrp),
};

}  // namespace

std::span<const CsrInfo> csrs_machine() { return kCsrs; }

void forget_sdt(Hart& hart) {
    PrivilegedState& p = hart.priv;
    u64& supervisor = p.virtualised ? p.other.status : p.mstatus;
    u64& guest = p.virtualised ? p.mstatus : p.other.status;
    if (!detects_double_traps(hart, false)) supervisor &= ~kStatusSdt;
    if (!detects_double_traps(hart, true)) guest &= ~kStatusSdt;
}

void write_status(Hart& hart, u64 value) {
    u64 old = hart.priv.mstatus;
    if (!hart_has(hart, Zve32x)) value &= ~kStatusVs;
    if (!hart_has(hart, F)) value &= ~kStatusFs;
    if (!hart_has(hart, Zicfilp)) value &= ~(kStatusSpelp | kStatusMpelp);
    if (!hart_has(hart, Smdbltrp)) value &= ~kStatusMdt;
    if ((value & kStatusMdt) != 0) value &= ~kStatusMie;
    hart.priv.mstatus = with_dirty_summary(with_legal_sdt(hart, hart.priv.virtualised, value));
    if (((old ^ value) & kStatusMxr) != 0) guest::flush_tlb(&hart, {});
    if (hart_has(hart, H)) update_address_space(hart);
    update_mode_flags(hart);
    check_interrupts(hart);
}

}  // namespace dragoman::riscv
