#include "guest/riscv/transfer_records.h"

#include "base/state.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

/// Whether all modes that the trap passes let traps beyond what is recorded be seen ("External Traps").
bool sees_external_trap(const TransferRecords& r, const TransferEnd& from, Privilege to, bool to_guest) {
    if (to == Privilege::Machine && (r.mctrctl & kCtrMachineTraps) == 0) return false;
    if (from.virtualised && from.mode == Privilege::User && (r.vsctrctl & kCtrSupervisorTraps) == 0) return false;
    const bool passes_supervisor = !to_guest && (from.virtualised || from.mode == Privilege::User);
    return !passes_supervisor || (r.mctrctl & kCtrSupervisorTraps) != 0;
}

bool freezes(const TransferRecords& r, bool to_guest, u64 cause) {
    const u64 control = r.control(to_guest);
    constexpr u64 kOverflow = kCauseInterrupt | kCounterOverflow;
    if (cause == kOverflow) return (control & kCtrOverflowFreeze) != 0;
    return cause == static_cast<u64>(Cause::Breakpoint) && (control & kCtrBreakpointFreeze) != 0;
}

}  // namespace

bool TransferRecords::enabled(Privilege mode, bool virtualised) const {
    switch (mode) {
        case Privilege::Machine: return (mctrctl & kCtrMachine) != 0;
        case Privilege::Supervisor: return (control(virtualised) & kCtrSupervisor) != 0;
        default: return (control(virtualised) & kCtrUser) != 0;
    }
}

void TransferRecords::push(Transfer type, u64 from, u64 to) {
    source[write_at] = from | kValid;
    target[write_at] = to & ~u64{1};
    data[write_at] = static_cast<u64>(type);
    write_at = (write_at + 1) & (entries() - 1);
}

void TransferRecords::record(u64 control, Transfer type, u64 from, u64 to) {
    if ((control & kCtrRasEmulation) == 0) {
        const u64 bit = u64{1} << (kCtrInhibitShift + static_cast<unsigned>(type));
        const bool wanted = ((control & bit) != 0) == (type == Transfer::NotTakenBranch);
        if (wanted) push(type, from, to);
        return;
    }
    const unsigned last = place(0);
    switch (type) {
        case Transfer::IndirectCall:
        case Transfer::DirectCall: push(type, from, to); break;
        case Transfer::Return:
            source[last] &= ~kValid;
            write_at = last;
            break;
        case Transfer::CoroutineSwap:
            write_at = last;
            push(type, from, to);
            break;
        default: break;
    }
}

void record_trap(Hart& hart, const TransferEnd& from, u64 cause) {
    TransferRecords& r = *hart.records;
    const PrivilegedState& p = hart.priv;
    if (r.frozen) return;
    if (freezes(r, p.virtualised, cause)) {
        r.frozen = true;
        return update_flags(hart);
    }
    const bool was = r.enabled(from.mode, from.virtualised), is = r.enabled(p.mode, p.virtualised);
    const u64 control = r.control(from.virtualised || p.virtualised);
    const Transfer type = (cause & kCauseInterrupt) != 0 ? Transfer::Interrupt : Transfer::Exception;
    if (is) return r.record(control, type, was ? from.pc : 0, hart.pc);
    const bool external = was && (control & kCtrRasEmulation) == 0;
    if (external && sees_external_trap(r, from, p.mode, p.virtualised)) r.push(type, from.pc, 0);
}

void record_trap_return(Hart& hart, const TransferEnd& from, u64 to) {
    TransferRecords& r = *hart.records;
    const PrivilegedState& p = hart.priv;
    if (r.frozen || !r.enabled(from.mode, from.virtualised)) return;
    r.record(r.control(from.virtualised || p.virtualised), Transfer::TrapReturn, from.pc,
             r.enabled(p.mode, p.virtualised) ? to : 0);
}

Permission access_transfer_record(const Hart& hart) { return stateen_permission(hart, kStateenIndirect | kStateenCtr); }

u64 read_transfer_record(const Hart& hart, u64 select, unsigned alias) {
    const TransferRecords& r = *hart.records;
    const auto age = static_cast<unsigned>(select & 0xff);
    if (age >= r.entries()) return 0;
    switch (alias) {
        case 1: return r.source[r.place(age)];
        case 2: return r.target[r.place(age)];
        case 3: return r.data[r.place(age)];
        default: return 0;
    }
}

void write_transfer_record(Hart& hart, u64 value, u64 select, unsigned alias) {
    TransferRecords& r = *hart.records;
    const auto age = static_cast<unsigned>(select & 0xff);
    constexpr u64 kType = 0xf;
    if (age >= r.entries()) return;
    switch (alias) {
        case 1: r.source[r.place(age)] = value; break;
        case 2: r.target[r.place(age)] = value & ~u64{1}; break;
        case 3: r.data[r.place(age)] = value & kType; break;
        default: break;
    }
}

void visit_transfer_records(Hart& hart, State& state) {
    if (hart.records == nullptr) return;
    TransferRecords& r = *hart.records;
    state.fields("source", std::span<u64>(r.source));
    state.fields("target", std::span<u64>(r.target));
    state.fields("data", std::span<u64>(r.data));
    state.field("mctrctl", r.mctrctl);
    state.field("vsctrctl", r.vsctrctl);
    state.field("depth", r.depth, kCtrMostDepth);
    state.field("write at", r.write_at, TransferRecords::kEntries - 1);
    state.field("frozen", r.frozen, 1);
    if (state.loading()) r.write_at &= r.entries() - 1;
}

}  // namespace dragoman::riscv
