// Resumable non-maskable interrupts (Smrnmi) and traps in the middle of others (Smdbltrp) of machine mode (Privileged
// specification, chapters of these names). Boards have no line for the former: what comes is the latter.
#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

using enum Extension;
using P = PrivilegedState;

void write_mnepc(Hart& hart, u64 value, unsigned) {
    hart.priv.mnepc = value & (hart_has(hart, Zca) ? ~u64{1} : ~u64{3});
}

/// NMIE can only be set.
void write_mnstatus(Hart& hart, u64 value, unsigned) {
    P& p = hart.priv;
    u64 mask = kMnstatusNmie | kMnstatusMpp;
    if (hart_has(hart, H)) mask |= kMnstatusMpv;
    if (hart_has(hart, Zicfilp)) mask |= kMnstatusMpelp;
    if (extract(value, kMnstatusMppShift, 2) == 2) mask &= ~kMnstatusMpp;  // reserved
    value |= p.mnstatus & kMnstatusNmie;
    p.mnstatus = (p.mnstatus & ~mask) | (value & mask);
    set_in_nmi(hart, (p.mnstatus & kMnstatusNmie) == 0);
}

constexpr CsrInfo kCsrs[] = {
    storage<&P::mnscratch>(0x740, "mnscratch", Smrnmi),
    {0x741, "mnepc", Smrnmi, read_field<&P::mnepc>, write_mnepc},
    storage<&P::mncause>(0x742, "mncause", Smrnmi),
    {0x744, "mnstatus", Smrnmi, read_field<&P::mnstatus>, write_mnstatus, CsrEffect::StateFlags},
};

}  // namespace

std::span<const CsrInfo> csrs_nmi() { return kCsrs; }

void set_in_nmi(Hart& hart, bool in_nmi) {
    hart.priv.in_nmi = in_nmi;
    if (hart_has(hart, H)) update_address_space(hart);
    update_mode_flags(hart);
    check_interrupts(hart);
}

}  // namespace dragoman::riscv
