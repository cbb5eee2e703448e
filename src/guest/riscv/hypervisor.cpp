// Virtualization mode: which registers and which address space are in force (Privileged specification, "Hypervisor
// Extension"; the standard writes "V" for the mode).
#include <utility>

#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

void set_virtualised(Hart& hart, bool virtualised) {
    PrivilegedState& p = hart.priv;
    SupervisorRegisters& o = p.other;
    p.virtualised = virtualised;
    const u64 status = p.mstatus & kSstatusWritable;
    p.mstatus = with_dirty_summary((p.mstatus & ~kSstatusWritable) | o.status);
    o.status = status;
    std::swap(p.stvec, o.stvec);
    std::swap(p.sscratch, o.sscratch);
    std::swap(p.sepc, o.sepc);
    std::swap(p.scause, o.scause);
    std::swap(p.stval, o.stval);
    std::swap(p.satp, o.satp);
}

void update_address_space(Hart& hart) {
    const PrivilegedState& p = hart.priv;
    guest::AddressSpace space;
    if (guest_data(p)) {
        // hgatp has bits that are always 0: a guest's world is never that of the host.
        constexpr u64 kGuest = u64{1} << 58;
        space.id = vs_satp(p);
        space.world = p.hgatp | kGuest;
        space.machine = vmid(p) + 1;
    } else {
        space.id = hs_satp(p);
    }
    space.asid = extract(space.id, kSatpAsidShift, kSatpAsidBits);
    guest::switch_address_space(&hart, space);
}

void limit_to_world(const Hart& hart, guest::TlbFlush& what) {
    if (!hart_has(hart, Extension::H)) return;
    what.one_machine = true;
    what.machine = hart.priv.virtualised ? vmid(hart.priv) + 1 : 0;
}

}  // namespace dragoman::riscv
