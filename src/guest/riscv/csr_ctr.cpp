// CSRs of control transfer records (Smctr, Ssctr), and their instruction.
#include "guest/riscv/csr.h"
#include "guest/riscv/helper.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"
#include "guest/riscv/transfer_records.h"

namespace dragoman::riscv {

namespace {

using enum Extension;

constexpr u64 kSupervisorFields = kCtrUser | kCtrSupervisor | kCtrRasEmulation | kCtrSupervisorTraps |
                                  kCtrBreakpointFreeze | kCtrOverflowFreeze | kCtrInhibit;
constexpr u64 kMachineFields = kSupervisorFields | kCtrMachine | kCtrMachineTraps;

Permission access_ctr(const Hart& hart, unsigned) { return stateen_permission(hart, kStateenCtr); }

u64 read_mctrctl(Hart& hart, unsigned) { return hart.records->mctrctl; }
void write_mctrctl(Hart& hart, u64 value, unsigned) {
    hart.records->mctrctl = value & kMachineFields;
    update_flags(hart);
}

u64 read_vsctrctl(Hart& hart, unsigned) { return hart.records->vsctrctl; }
void write_vsctrctl(Hart& hart, u64 value, unsigned) {
    hart.records->vsctrctl = value & kSupervisorFields;
    update_flags(hart);
}

u64 read_sctrctl(Hart& hart, unsigned) { return hart.records->control(hart.priv.virtualised) & kSupervisorFields; }
void write_sctrctl(Hart& hart, u64 value, unsigned number) {
    if (hart.priv.virtualised) return write_vsctrctl(hart, value, number);
    write_mctrctl(hart, (hart.records->mctrctl & ~kSupervisorFields) | (value & kSupervisorFields), number);
}

u64 read_sctrstatus(Hart& hart, unsigned) { return hart.records->write_at | (hart.records->frozen ? kCtrFrozen : 0); }
void write_sctrstatus(Hart& hart, u64 value, unsigned) {
    TransferRecords& r = *hart.records;
    r.write_at = value & (r.entries() - 1);
    r.frozen = (value & kCtrFrozen) != 0;
    update_flags(hart);
}

Permission access_sctrdepth(const Hart& hart, unsigned) {
    const PrivilegedState& p = hart.priv;
    const bool by_machine =
        p.mode == Privilege::Machine || !hart_has(hart, Smstateen) || (p.mstateen[0] & kStateenCtr) != 0;
    if (!by_machine) return Permission::Illegal;
    return p.virtualised ? Permission::Virtual : Permission::Granted;
}
u64 read_sctrdepth(Hart& hart, unsigned) { return hart.records->depth; }
/// A depth that is reserved leaves the old one.
void write_sctrdepth(Hart& hart, u64 value, unsigned) {
    TransferRecords& r = *hart.records;
    const u64 depth = value & 7;
    if (depth > kCtrMostDepth) return;
    r.depth = depth;
    r.write_at &= r.entries() - 1;
}

constexpr CsrInfo kCsrs[] = {
    {0x14e, "sctrctl", Ssctr, read_sctrctl, write_sctrctl, CsrEffect::StateFlags, access_ctr},
    {0x14f, "sctrstatus", Ssctr, read_sctrstatus, write_sctrstatus, CsrEffect::StateFlags, access_ctr},
    {0x15f, "sctrdepth", Ssctr, read_sctrdepth, write_sctrdepth, CsrEffect::None, access_sctrdepth},
    {0x24e, "vsctrctl", Ssctr&& H, read_vsctrctl, write_vsctrctl, CsrEffect::StateFlags, access_ctr},
    {0x34e, "mctrctl", Smctr, read_mctrctl, write_mctrctl, CsrEffect::StateFlags},
};

}  // namespace

std::span<const CsrInfo> csrs_ctr() { return kCsrs; }

void helper_record_transfer(ir::Env* env, u64 source, u64 target, u32 type) {
    Hart& h = *hart(env);
    const PrivilegedState& p = h.priv;
    if (!records_transfers(h, p.mode, p.virtualised)) return;
    h.records->record(h.records->control(p.virtualised), static_cast<Transfer>(type), source, target);
}

void helper_sctrclr(ir::Env* env, u32 insn) {
    Hart& h = *hart(env);
    if (const Permission p = access_ctr(h, 0); p != Permission::Granted) raise_denied(env, p, insn);
    TransferRecords& r = *h.records;
    for (unsigned i = 0; i < TransferRecords::kEntries; ++i) r.source[i] = r.target[i] = r.data[i] = 0;
}

}  // namespace dragoman::riscv
