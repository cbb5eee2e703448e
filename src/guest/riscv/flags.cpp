// The TB state flags of a hart, and the MMU indexes that its accesses use.
#include "guest/riscv/model.h"
#include "guest/riscv/system.h"
#include "guest/riscv/v/vector.h"

namespace dragoman::riscv {

namespace {

unsigned data_mmu(const PrivilegedState& p) {
    Privilege mode = p.mode;
    if (mode == Privilege::Machine && (p.mstatus & kStatusMprv) != 0) {
        mode = static_cast<Privilege>(extract(p.mstatus, kStatusMppShift, 2));
    }
    switch (mode) {
        case Privilege::User: return kMmuUser;
        case Privilege::Supervisor: return (p.mstatus & kStatusSum) != 0 ? kMmuSupervisorSum : kMmuSupervisor;
        default: return kMmuMachine;
    }
}

}  // namespace

u32 system_flags(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    u32 flags = hart.frm & kFlagFrmMask;
    u64 fs = extract(p.mstatus, kStatusFsShift, 2);
    constexpr u64 kOff = 0, kDirty = 3;
    if (fs == kOff) flags |= kFlagFsOff;
    if (fs != kDirty) flags |= kFlagFsClean;
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
