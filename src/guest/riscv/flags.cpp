// The TB state flags of a hart, and the MMU indexes that its accesses use.
#include "guest/riscv/model.h"
#include "guest/riscv/system.h"
#include "guest/riscv/v/vector.h"

namespace dragoman::riscv {

namespace {

/// The mode whose loads and stores are made.
Privilege data_mode(const PrivilegedState& p) {
    if (p.mode != Privilege::Machine || (p.mstatus & kStatusMprv) == 0) return p.mode;
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

/// Pointer masking: what the next higher mode has set up. Not for accesses with MPRV and MXR, which read instructions.
u32 pointer_masking(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    const bool modified = p.mode == Privilege::Machine && (p.mstatus & kStatusMprv) != 0;
    if (modified && (p.mstatus & kStatusMxr) != 0) return 0;
    const Privilege mode = data_mode(p);
    const u64 user = hart_has(hart, Extension::S) ? p.senvcfg : p.menvcfg;
    const bool guest = guest_data(p);
    const u64 supervisor = guest ? p.henvcfg : p.menvcfg;
    const u64 source = mode == Privilege::Machine ? p.mseccfg : mode == Privilege::Supervisor ? supervisor : user;
    constexpr u64 kPmlen7 = 2, kPmlen16 = 3;
    const u64 pmm = extract(source, kPmmShift, 2);
    if (pmm != kPmlen7 && pmm != kPmlen16) return 0;
    const u64 satp = guest ? vs_satp(p) : p.satp;
    const bool physical = mode == Privilege::Machine || satp >> kSatpModeShift == kBare;
    return (pmm == kPmlen7 ? kFlagPmlen7 : kFlagPmlen16) | (physical ? kFlagPmZero : 0);
}

/// Of the float or vector unit: mstatus.FS or VS. In a guest, both its own status and HS mode's count.
u32 unit_flags(const PrivilegedState& p, unsigned shift, u32 off, u32 clean) {
    constexpr u64 kOff = 0, kDirty = 3;
    u64 own = extract(p.mstatus, shift, 2), other = p.virtualised ? extract(p.other.status, shift, 2) : kDirty;
    u32 flags = own == kOff || other == kOff ? off : 0;
    return own == kDirty && other == kDirty ? flags : flags | clean;
}

}  // namespace

u32 system_flags(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    u32 flags = hart.frm & kFlagFrmMask;
    if (!hart_has(hart, Extension::Zfinx)) flags |= unit_flags(p, kStatusFsShift, kFlagFsOff, kFlagFsClean);
    if (hart_has(hart, Extension::Zve32x)) flags |= unit_flags(p, kStatusVsShift, kFlagVsOff, kFlagVsClean);
    flags |= vector_flags(hart.vector);
    flags |= static_cast<u32>(p.mode) << kFlagModeShift | data_mmu(p) << kFlagDataMmuShift;
    if (triggers_armed(p)) flags |= kFlagTriggers;
    if (envcfg_permission(p, kEnvcfgCbze) == Permission::Granted) flags |= kFlagCboZero;
    if (p.pmp_splits_blocks) flags |= kFlagSplitBlocks;
    flags |= pointer_masking(hart);
    if (p.virtualised) flags |= kFlagVirtualised;
    return flags;
}

Permission envcfg_permission(const PrivilegedState& p, u64 field) {
    if (p.mode == Privilege::Machine) return Permission::Granted;
    if ((p.menvcfg & field) == 0) return Permission::Illegal;
    const Permission denied = p.virtualised ? Permission::Virtual : Permission::Illegal;
    if (p.virtualised && (p.henvcfg & field) == 0) return denied;
    return p.mode == Privilege::Supervisor || (p.senvcfg & field) != 0 ? Permission::Granted : denied;
}

bool guest_data(const PrivilegedState& p) {
    constexpr u64 kModified = kStatusMprv | kStatusMpv;
    if (p.mode != Privilege::Machine) return p.virtualised;
    return (p.mstatus & kModified) == kModified && (p.mstatus & kStatusMpp) != kStatusMpp;
}

unsigned mmu_index(const ir::Env* env, bool fetch) {
    const PrivilegedState& p = hart(env)->priv;
    if (!fetch) return data_mmu(p);
    return p.mode == Privilege::Machine ? kMmuMachine : p.mode == Privilege::Supervisor ? kMmuSupervisor : kMmuUser;
}

}  // namespace dragoman::riscv
