// The TB state flags of a hart, and the MMU indexes that its accesses use.
#include "guest/riscv/model.h"
#include "guest/riscv/system.h"
#include "guest/riscv/transfer_records.h"
#include "guest/riscv/v/vector.h"

namespace dragoman::riscv {

namespace {

bool modifies_privilege(const PrivilegedState& p) {
    return p.mode == Privilege::Machine && (p.mstatus & kStatusMprv) != 0 && !p.in_nmi;
}

/// The mode whose loads and stores are made.
Privilege data_mode(const PrivilegedState& p) {
    if (!modifies_privilege(p)) return p.mode;
    return static_cast<Privilege>(extract(p.mstatus, kStatusMppShift, 2));
}

unsigned data_mmu(const PrivilegedState& p) {
    const u64 status = guest_data(p) ? vs_status(p) : p.mstatus;
    switch (data_mode(p)) {
        case Privilege::User: return kMmuUser;
        case Privilege::Supervisor: return (status & kStatusSum) != 0 ? kMmuSupervisorSum : kMmuSupervisor;
        default: return kMmuMachine;
    }
}

/// Pointer masking of accesses that `mode` makes, in a guest or not: what the next higher mode has set up.
u32 pointer_masking(const Hart& hart, Privilege mode, bool guest) {
    const PrivilegedState& p = hart.priv;
    const u64 user = hart_has(hart, Extension::S) ? p.senvcfg : p.menvcfg;
    const u64 supervisor = guest ? p.henvcfg : p.menvcfg;
    const u64 source = mode == Privilege::Machine ? p.mseccfg : mode == Privilege::Supervisor ? supervisor : user;
    constexpr u64 kPmlen7 = 2, kPmlen16 = 3;
    const u64 pmm = extract(source, kPmmShift, 2);
    if (pmm != kPmlen7 && pmm != kPmlen16) return 0;
    const u64 satp = guest ? vs_satp(p) : hs_satp(p);
    const bool physical = mode == Privilege::Machine || satp >> kSatpModeShift == kBare;
    return (pmm == kPmlen7 ? kFlagPmlen7 : kFlagPmlen16) | (physical ? kFlagPmZero : 0);
}

/// Pointer masking of machine mode's accesses with the privilege of another mode. None where they also read
/// instructions (MXR).
u32 modified_pointer_masking(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    return (p.mstatus & kStatusMxr) != 0 ? 0 : pointer_masking(hart, data_mode(p), guest_data(p));
}

/// Whether the environment of a mode permits what `field` stands for.
Permission permission_of(const PrivilegedState& p, Privilege mode, bool virtualised, u64 field) {
    if (mode == Privilege::Machine) return Permission::Granted;
    if ((p.menvcfg & field) == 0) return Permission::Illegal;
    const Permission denied = virtualised ? Permission::Virtual : Permission::Illegal;
    if (virtualised && (p.henvcfg & field) == 0) return denied;
    return mode == Privilege::Supervisor || (p.senvcfg & field) != 0 ? Permission::Granted : denied;
}

/// xLPE. Each mode has its own, whatever the higher ones have.
bool expects_landing_pads(const Hart& hart, Privilege mode, bool virtualised) {
    const PrivilegedState& p = hart.priv;
    switch (mode) {
        case Privilege::Machine: return (p.mseccfg & kSeccfgMlpe) != 0;
        case Privilege::Supervisor: return ((virtualised ? p.henvcfg : p.menvcfg) & kEnvcfgLpe) != 0;
        default: return ((hart_has(hart, Extension::S) ? p.senvcfg : p.menvcfg) & kEnvcfgLpe) != 0;
    }
}

/// The flags of a mode that neither its status nor what runs in it changes.
u32 mode_flags(const Hart& hart, Privilege mode, bool virtualised) {
    const PrivilegedState& p = hart.priv;
    constexpr unsigned kIndexes[] = {kMmuUser, kMmuSupervisor, 0, kMmuMachine};
    u32 flags = static_cast<u32>(mode) << kFlagModeShift | kIndexes[static_cast<unsigned>(mode)] << kFlagDataMmuShift;
    if (triggers_armed(p, mode, virtualised) || records_transfers(hart, mode, virtualised)) flags |= kFlagObserved;
    if (permission_of(p, mode, virtualised, kEnvcfgCbze) == Permission::Granted && !p.pmp_splits_blocks) {
        flags |= kFlagCboZero;
    }
    if (expects_landing_pads(hart, mode, virtualised)) flags |= kFlagLandingPads;
    const bool shadow_stacks = mode != Privilege::Machine && hart_has(hart, Extension::S) &&
                               permission_of(p, mode, virtualised, kEnvcfgSse) == Permission::Granted;
    if (shadow_stacks) flags |= kFlagShadowStack;
    if (virtualised) flags |= kFlagVirtualised;
    return flags | pointer_masking(hart, mode, virtualised);
}

/// Which entry of PrivilegedState::mode_flags is for the mode.
unsigned mode_number(Privilege mode, bool virtualised) { return static_cast<unsigned>(mode) | (virtualised ? 4 : 0); }

/// Of a status field of 2 bits, FS or VS: the flags for "off" and "not dirty", which lie beside each other.
u32 unit_flags(const PrivilegedState& p, unsigned shift, u32 off, u32 clean) {
    constexpr u64 kOff = 0, kDirty = 3;
    const u64 own = extract(p.mstatus, shift, 2);
    u32 flags = own == kOff ? off | clean : own == kDirty ? 0 : clean;
    if (p.virtualised) [[unlikely]] {  // HS mode's status counts, too
        const u64 other = extract(p.other.status, shift, 2);
        flags |= other == kOff ? off | clean : other == kDirty ? 0 : clean;
    }
    return flags;
}

/// The flags that follow from mode and status, when those of the mode are `flags`.
u32 with_status(const Hart& hart, u32 flags) {
    const PrivilegedState& p = hart.priv;
    if (!hart_has(hart, Extension::Zfinx)) flags |= unit_flags(p, kStatusFsShift, kFlagFsOff, kFlagFsClean);
    if (hart_has(hart, Extension::Zve32x)) flags |= unit_flags(p, kStatusVsShift, kFlagVsOff, kFlagVsClean);
    if (p.mode == Privilege::Supervisor && (p.mstatus & kStatusSum) != 0) {
        static_assert(kMmuSupervisorSum == kMmuSupervisor + 1);
        flags += 1u << kFlagDataMmuShift;
    } else if (modifies_privilege(p)) {
        flags &= ~(3u << kFlagDataMmuShift | kFlagPmMask);
        flags |= data_mmu(p) << kFlagDataMmuShift | modified_pointer_masking(hart);
    }
    return flags;
}

constexpr u32 kFlagsOfPrograms = kFlagFrmMask | kFlagVectorMask;

}  // namespace

u32 system_flags(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    return with_status(hart, mode_flags(hart, p.mode, p.virtualised)) | (hart.frm & kFlagFrmMask) |
           vector_flags(hart.vector) | (hart.tb_flags & kFlagPadExpected);
}

void update_flags(Hart& hart) {
    PrivilegedState& p = hart.priv;
    for (Privilege mode : {Privilege::User, Privilege::Supervisor, Privilege::Machine}) {
        p.mode_flags[mode_number(mode, false)] = mode_flags(hart, mode, false);
        if (mode == Privilege::Machine || !hart_has(hart, Extension::H)) continue;
        p.mode_flags[mode_number(mode, true)] = mode_flags(hart, mode, true);
    }
    hart.tb_flags = system_flags(hart);
}

void update_mode_flags(Hart& hart) {
    const PrivilegedState& p = hart.priv;
    hart.tb_flags =
        (hart.tb_flags & kFlagsOfPrograms) | with_status(hart, p.mode_flags[mode_number(p.mode, p.virtualised)]);
}

Permission envcfg_permission(const PrivilegedState& p, u64 field) {
    return permission_of(p, p.mode, p.virtualised, field);
}

bool guest_data(const PrivilegedState& p) {
    if (p.mode != Privilege::Machine) return p.virtualised;
    return modifies_privilege(p) && (p.mstatus & kStatusMpv) != 0 && (p.mstatus & kStatusMpp) != kStatusMpp;
}

unsigned mmu_index(const ir::Env* env, bool fetch) {
    const PrivilegedState& p = hart(env)->priv;
    if (!fetch) return data_mmu(p);
    return p.mode == Privilege::Machine ? kMmuMachine : p.mode == Privilege::Supervisor ? kMmuSupervisor : kMmuUser;
}

}  // namespace dragoman::riscv
