// The state of a RISC-V hart as translated code sees it.
#pragma once

#include "guest/riscv/interrupt_file.h"
#include "guest/riscv/privileged.h"
#include "guest/riscv/v/vector_state.h"
#include "ir/env.h"

namespace dragoman::riscv {

/// Exception causes, numbered as in mcause (Privileged specification, table of mcause values).
enum class Cause : u32 {
    FetchMisaligned = 0,
    FetchAccess = 1,
    IllegalInstruction = 2,
    Breakpoint = 3,
    LoadMisaligned = 4,
    LoadAccess = 5,
    StoreMisaligned = 6,
    StoreAccess = 7,
    EcallU = 8,
    EcallS = 9,
    EcallVs = 10,
    EcallM = 11,
    FetchPageFault = 12,
    LoadPageFault = 13,
    StorePageFault = 15,
    DoubleTrap = 16,
    SoftwareCheck = 18,
    FetchGuestPageFault = 20,
    LoadGuestPageFault = 21,
    VirtualInstruction = 22,
    StoreGuestPageFault = 23,
};

/// Trap values of SoftwareCheck (Unprivileged specification, "Control-flow Integrity").
inline constexpr u64 kLandingPadFault = 2, kShadowStackFault = 3;

class Model;             // model.h
struct TransferRecords;  // transfer_records.h

/// What an operating system keeps of control-flow integrity for a thread, beside ssp and what the TB state flags tell.
struct UserCfi {
    u64 shadow_base, shadow_bytes;  ///< the thread's own shadow stack; 0: it has none
    bool shadow_locked, pads_locked;
};

/// `env` of a RISC-V hart. x0 has no IR global; gpr[0] stays zero.
struct Hart : ir::Env {
    u64 gpr[32];  ///< x0..x31
    u64 fpr[32];  ///< f0..f31, NaN-boxed images
    /// fcsr.frm as last written, 0..7. The accrued flags are in the FP environment (base/fpenv.h;
    /// Env::fp_control while outside translated code).
    u32 frm;
    /// Reservation set of LR/SC: the address and the value that was loaded. kNoReservation: none.
    u64 reservation_address;
    u64 reservation_value;
    u64 reservation_value_high;
    const Model* model;  ///< what CPU it is
    VectorState vector;
    u32 pauses;       ///< pause instructions that were executed (helper_wait.cpp)
    u32 wait_sleeps;  ///< so many waits to come sleep instead of yielding (helper_wait.cpp)
    /// System mode; zero in user mode.
    PrivilegedState priv;
    InterruptFile* interrupt_file[2];                ///< machine and supervisor level; null: none
    InterruptFile* guest_file[kMostGuestFiles + 1];  ///< of guest n; null: there is none
    unsigned guest_files;                            ///< GEILEN
    UserCfi user_cfi;                                ///< user mode only
    TransferRecords* records;                        ///< Ssctr; null: there are none
};

inline constexpr u64 kNoReservation = ~u64{0};

inline Hart* hart(ir::Env* env) { return static_cast<Hart*>(env); }
inline const Hart* hart(const ir::Env* env) { return static_cast<const Hart*>(env); }

// TB state flags (Env::tb_flags). User mode has only frm, vtype, PMLEN and control-flow integrity; all other fields are
// 0 there.
/// Bits 0..2: frm, so that the dynamic rounding mode is known when an instruction is translated.
inline constexpr u32 kFlagFrmMask = 7;
/// mstatus.FS is Off; it is Initial or Clean, so that a write of float state must make it Dirty.
inline constexpr u32 kFlagFsOff = 1u << 3, kFlagFsClean = 1u << 4;
/// Bits 5..6: Privilege. Bits 7..8: MMU index of loads and stores.
inline constexpr unsigned kFlagModeShift = 5, kFlagDataMmuShift = 7;
/// Triggers may match, or transfers of control are recorded: fetches, loads and stores are checked, and jumps told of.
inline constexpr u32 kFlagObserved = 1u << 9;
/// cbo.zero is permitted (menvcfg and senvcfg), and no memory protection splits a cache block.
inline constexpr u32 kFlagCboZero = 1u << 10;

/// vtype: SEW and LMUL (bits 4..0 of the CSR), and that vill is clear: so the flags of programs without vectors are 0.
/// Translated code is the same for all policies; kFlagAgnostic: they are those of most code, both agnostic.
inline constexpr unsigned kFlagVtypeShift = 11;
inline constexpr u32 kFlagVtypeBits = 0x1f;
inline constexpr u32 kFlagAgnostic = 1u << 16;
inline constexpr u32 kFlagVtypeLegal = 1u << 19;
/// vl is the greatest that vtype permits: no element of a register group is left out.
inline constexpr u32 kFlagVlmax = 1u << 23;
/// Bits 17..18: vl is VLMAX >> that; 0: not known to be. So vectors of a constant length, as compilers make them of
/// straight code for registers of 128 bits, are whole groups of a smaller LMUL.
inline constexpr unsigned kFlagVlFractionShift = 17;
inline constexpr u32 kFlagVlFractionMask = 3u << kFlagVlFractionShift;
/// vstart is not 0, or an access is about to fault: each vector instruction is executed element by element.
inline constexpr u32 kFlagVectorSlow = 1u << 24;
inline constexpr u32 kFlagVectorMask = kFlagVtypeBits << kFlagVtypeShift | kFlagAgnostic | kFlagVtypeLegal |
                                       kFlagVlmax | kFlagVlFractionMask | kFlagVectorSlow;
/// mstatus.VS is Off; it is Initial or Clean, so that a write of vector state must make it Dirty.
inline constexpr u32 kFlagVsOff = 1u << 20, kFlagVsClean = 1u << 21;

/// Pointer masking of loads and stores (Ssnpm, Smnpm, Smmpm, Supm): PMLEN is 7 or 16; instead of copies of the sign the
/// upper bits become 0.
inline constexpr u32 kFlagPmlen7 = 1u << 25, kFlagPmlen16 = 1u << 26, kFlagPmZero = 1u << 27;
inline constexpr u32 kFlagPmMask = kFlagPmlen7 | kFlagPmlen16 | kFlagPmZero;

/// V: the mode is VS or VU.
inline constexpr u32 kFlagVirtualised = 1u << 28;

/// Zicfilp: indirect jumps must find landing pads (xLPE); one did, and the next instruction must be one. The latter is
/// the hart's ELP itself, which is nowhere else.
inline constexpr u32 kFlagLandingPads = 1u << 22, kFlagPadExpected = 1u << 29;
/// Zicfiss: shadow stacks are in force (xSSE).
inline constexpr u32 kFlagShadowStack = 1u << 30;

static_assert(u64{kFlagFrmMask} + kFlagFsOff + kFlagFsClean + (3u << kFlagModeShift) + (3u << kFlagDataMmuShift) +
                  kFlagObserved + kFlagCboZero + kFlagVectorMask + kFlagVsOff + kFlagVsClean + kFlagPmMask +
                  kFlagVirtualised + kFlagLandingPads + kFlagPadExpected + kFlagShadowStack ==
              low_mask(31));  // no two of them share a bit

/// Those that an operating system sets for a thread of user mode, and the ELP.
inline constexpr u32 kFlagsOfThreads = kFlagPmMask | kFlagLandingPads | kFlagShadowStack | kFlagPadExpected;

/// PMLEN: how many upper bits of an address are ignored.
constexpr unsigned flags_pmlen(u32 flags) {
    return (flags & kFlagPmlen7) != 0 ? 7 : (flags & kFlagPmlen16) != 0 ? 16 : 0;
}
/// `address` as loads and stores use it.
constexpr u64 masked_address(u32 flags, u64 address) {
    const unsigned n = flags_pmlen(flags);
    return (flags & kFlagPmZero) != 0 ? address << n >> n : static_cast<u64>(static_cast<i64>(address << n) >> n);
}

constexpr Privilege flags_mode(u32 flags) { return static_cast<Privilege>(flags >> kFlagModeShift & 3); }
constexpr unsigned flags_data_mmu(u32 flags) { return flags >> kFlagDataMmuShift & 3; }

}  // namespace dragoman::riscv
