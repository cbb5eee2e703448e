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
    switch (data_mode(p)) {
        case Privilege::User: return kMmuUser;
        case Privilege::Supervisor: return (p.mstatus & kStatusSum) != 0 ? kMmuSupervisorSum : kMmuSupervisor;
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
    const u64 source = mode == Privilege::Machine ? p.mseccfg : mode == Privilege::Supervisor ? p.menvcfg : user;
    constexpr u64 kPmlen7 = 2, kPmlen16 = 3;
    const u64 pmm = extract(source, kPmmShift, 2);
    if (pmm != kPmlen7 && pmm != kPmlen16) return 0;
    const bool physical = mode == Privilege::Machine || p.satp >> kSatpModeShift == kBare;
    return (pmm == kPmlen7 ? kFlagPmlen7 : kFlagPmlen16) | (physical ? kFlagPmZero : 0);
}

}  // namespace

u32 system_flags(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    u32 flags = hart.frm & kFlagFrmMask;
    u64 fs = extract(p.mstatus, kStatusFsShift, 2);
    constexpr u64 kOff = 0, kDirty = 3;
    if (!hart_has(hart, Extension::Zfinx)) {
        if (fs == kOff) flags |= kFlagFsOff;
        if (fs != kDirty) flags |= kFlagFsClean;
    }
    if (hart_has(hart, Extension::Zve32x)) {
        const u64 vs = extract(p.mstatus, kStatusVsShift, 2);
        if (vs == kOff) flags |= kFlagVsOff;
        if (vs != kDirty) flags |= kFlagVsClean;
    }
    flags |= vector_flags(hart.vector);
    flags |= static_cast<u32>(p.mode) << kFlagModeShift | data_mmu(p) << kFlagDataMmuShift;
    if (triggers_armed(p)) flags |= kFlagTriggers;
    if (envcfg_permits(p, kEnvcfgCbze)) flags |= kFlagCboZero;
    if (p.pmp_splits_blocks) flags |= kFlagSplitBlocks;
    flags |= pointer_masking(hart);
    return flags;
}

bool envcfg_permits(const PrivilegedState& p, u64 field) {
    if (p.mode == Privilege::Machine) return true;
    if ((p.menvcfg & field) == 0) return false;
    return p.mode == Privilege::Supervisor || (p.senvcfg & field) != 0;
}

unsigned mmu_index(const ir::Env* env, bool fetch) {
    const PrivilegedState& p = hart(env)->priv;
    if (!fetch) return data_mmu(p);
    return p.mode == Privilege::Machine ? kMmuMachine : p.mode == Privilege::Supervisor ? kMmuSupervisor : kMmuUser;
}

}  // namespace dragoman::riscv
