// Control transfer records (Privileged specification, "Smctr" and "Ssctr"): the last jumps, branches, traps and returns
// of a hart, for profilers. Nothing is recorded, and nothing costs anything, in modes for which it is not switched on.
#pragma once

#include "guest/riscv/state.h"

namespace dragoman {
class State;
}

namespace dragoman::riscv {

/// Numbered as in ctrdata.TYPE.
enum class Transfer : u32 {
    Exception = 1,
    Interrupt = 2,
    TrapReturn = 3,
    NotTakenBranch = 4,
    TakenBranch = 5,
    IndirectCall = 8,
    DirectCall = 9,
    IndirectJump = 10,
    DirectJump = 11,
    CoroutineSwap = 12,
    Return = 13,
    OtherIndirectJump = 14,
    OtherDirectJump = 15,
};

// mctrctl, and of it sctrctl and vsctrctl
inline constexpr u64 kCtrUser = 1, kCtrSupervisor = 2, kCtrMachine = 4, kCtrRasEmulation = 0x80;
inline constexpr u64 kCtrSupervisorTraps = 0x100, kCtrMachineTraps = 0x200;
inline constexpr u64 kCtrBreakpointFreeze = 0x800, kCtrOverflowFreeze = 0x1000;
inline constexpr unsigned kCtrInhibitShift = 32;  ///< of the type with number 0; a taken branch is enabled by its bit
inline constexpr u64 kCtrInhibit = u64{0xff3e} << kCtrInhibitShift;
inline constexpr u64 kCtrFrozen = u64{1} << 31;  // sctrstatus
inline constexpr unsigned kCtrMostDepth = 4;     // sctrdepth: 256 entries

struct TransferRecords {
    static constexpr unsigned kEntries = 16u << kCtrMostDepth;
    static constexpr u64 kValid = 1;  ///< of a source

    u64 source[kEntries], target[kEntries], data[kEntries];
    u64 mctrctl, vsctrctl;
    u64 write_at;  ///< WRPTR
    u64 depth;     ///< sctrdepth
    bool frozen;

    unsigned entries() const { return 16u << depth; }
    /// The entry that is `age` entries old, in the order in which siselect selects them; age < entries().
    unsigned place(unsigned age) const { return static_cast<unsigned>(write_at - age - 1) & (entries() - 1); }
    u64 control(bool virtualised) const { return virtualised ? vsctrctl : mctrctl; }
    bool enabled(Privilege mode, bool virtualised) const;
    /// Records a transfer, if `control` does not inhibit those of its type.
    void record(u64 control, Transfer type, u64 from, u64 to);
    void push(Transfer type, u64 from, u64 to);
};

/// Whether the mode's transfers are recorded.
inline bool records_transfers(const Hart& hart, Privilege mode, bool virtualised) {
    const TransferRecords* r = hart.records;
    return r != nullptr && !r->frozen && r->enabled(mode, virtualised);
}

/// A mode, and where the hart was in it.
struct TransferEnd {
    Privilege mode;
    bool virtualised;
    u64 pc;
};
/// Records the trap that the hart has just taken, coming from `from`. `cause`: as in mcause.
void record_trap(Hart& hart, const TransferEnd& from, u64 cause);
/// Records the return from a trap that the hart has just made. Its pc is `to`.
void record_trap_return(Hart& hart, const TransferEnd& from, u64 to);

/// Whether siselect and vsiselect select a record.
constexpr bool is_transfer_record(u64 select) { return select >= 0x200 && select <= 0x2ff; }
// Of the record that is selected; `alias`: 1 for sireg to 6 for sireg6.
Permission access_transfer_record(const Hart& hart);
u64 read_transfer_record(const Hart& hart, u64 select, unsigned alias);
void write_transfer_record(Hart& hart, u64 value, u64 select, unsigned alias);

void visit_transfer_records(Hart& hart, State& state);

}  // namespace dragoman::riscv
