// State of the privileged architecture of a hart, in use in system mode only (Privileged specification 1.13), and the
// fields of its registers.
#pragma once

#include "base/bits.h"

namespace dragoman::riscv {

/// Privilege levels, numbered as in mstatus.MPP.
enum class Privilege : u8 { User = 0, Supervisor = 1, Machine = 3 };

/// MMU indexes: which accesses share a TLB. mstatus.SUM selects another index instead of changing translations.
enum MmuIndex : unsigned {
    kMmuUser = 0,
    kMmuSupervisor = 1,
    kMmuSupervisorSum = 2,  ///< supervisor that may access user pages
    kMmuMachine = 3,        ///< physical addresses
};

inline constexpr unsigned kPmpEntries = 16;
inline constexpr unsigned kTriggers = 2;
inline constexpr unsigned kCounters = 32;  ///< cycle, (time), instret, hpmcounter3..31

// mstatus and sstatus
inline constexpr u64 kStatusSie = u64{1} << 1, kStatusMie = u64{1} << 3, kStatusSpie = u64{1} << 5;
inline constexpr u64 kStatusMpie = u64{1} << 7, kStatusSpp = u64{1} << 8, kStatusMprv = u64{1} << 17;
inline constexpr u64 kStatusSum = u64{1} << 18, kStatusMxr = u64{1} << 19, kStatusTvm = u64{1} << 20;
inline constexpr u64 kStatusSdt = u64{1} << 24;                                 // Ssdbltrp
inline constexpr u64 kStatusSpelp = u64{1} << 23, kStatusMpelp = u64{1} << 41;  // Zicfilp
inline constexpr u64 kStatusMdt = u64{1} << 42;                                 // Smdbltrp
inline constexpr u64 kStatusTw = u64{1} << 21, kStatusTsr = u64{1} << 22, kStatusSd = u64{1} << 63;
inline constexpr unsigned kStatusVsShift = 9, kStatusMppShift = 11, kStatusFsShift = 13;
inline constexpr u64 kStatusMpp = u64{3} << kStatusMppShift, kStatusFs = u64{3} << kStatusFsShift;
inline constexpr u64 kStatusVs = u64{3} << kStatusVsShift;
inline constexpr u64 kStatusUxl64 = u64{2} << 32, kStatusSxl64 = u64{2} << 34;

/// Interrupts: bits of mip, mie and mideleg, and codes of mcause.
enum Interrupt : unsigned {
    kSupervisorSoftware = 1,
    kMachineSoftware = 3,
    kSupervisorTimer = 5,
    kMachineTimer = 7,
    kSupervisorExternal = 9,
    kMachineExternal = 11,
    kCounterOverflow = 13,
    // Hypervisor extension
    kVirtualSupervisorSoftware = 2,
    kVirtualSupervisorTimer = 6,
    kVirtualSupervisorExternal = 10,
    kSupervisorGuestExternal = 12,
};
constexpr u64 interrupt_bit(Interrupt i) { return u64{1} << i; }
/// Those of VS mode: bits of hvip and hideleg. VS mode sees each one place lower.
inline constexpr u64 kVirtualInterrupts = interrupt_bit(kVirtualSupervisorSoftware) |
                                          interrupt_bit(kVirtualSupervisorTimer) |
                                          interrupt_bit(kVirtualSupervisorExternal);
/// Bits of hie and hip; always delegated by machine mode.
inline constexpr u64 kHypervisorInterrupts = kVirtualInterrupts | interrupt_bit(kSupervisorGuestExternal);
inline constexpr u64 kCauseInterrupt = u64{1} << 63;

// mnstatus (Smrnmi)
inline constexpr unsigned kMnstatusMppShift = 11;
inline constexpr u64 kMnstatusNmie = 1u << 3, kMnstatusMpv = 1u << 7, kMnstatusMpelp = 1u << 9;
inline constexpr u64 kMnstatusMpp = u64{3} << kMnstatusMppShift;

// menvcfg, senvcfg
inline constexpr u64 kEnvcfgFiom = 1, kEnvcfgLpe = 4, kEnvcfgSse = 8;
inline constexpr u64 kEnvcfgCbie = u64{3} << 4, kEnvcfgCbcfe = u64{1} << 6, kEnvcfgCbze = u64{1} << 7;
inline constexpr u64 kEnvcfgDte = u64{1} << 59, kEnvcfgCde = u64{1} << 60;
inline constexpr u64 kEnvcfgAdue = u64{1} << 61, kEnvcfgPbmte = u64{1} << 62, kEnvcfgStce = u64{1} << 63;

/// How pointers of the next lower mode are masked: 0, or 2 for PMLEN 7, 3 for 16. In mseccfg: those of machine mode.
inline constexpr unsigned kPmmShift = 32;
inline constexpr u64 kEnvcfgPmm = u64{3} << kPmmShift;
/// `value` with a PMM that is reserved replaced by the one of `old`.
constexpr u64 with_legal_pmm(u64 value, u64 old) {
    return (value & kEnvcfgPmm) == u64{1} << kPmmShift ? (value & ~kEnvcfgPmm) | (old & kEnvcfgPmm) : value;
}

// mseccfg (Smepmp, Zkr, Zicfilp)
inline constexpr u64 kSeccfgMml = 1, kSeccfgMmwp = 2, kSeccfgRlb = 4, kSeccfgUseed = 0x100, kSeccfgSseed = 0x200,
                     kSeccfgMlpe = 0x400;

// satp and hgatp; those of RV32 are kept in this form, too
inline constexpr unsigned kSatpModeShift = 60, kSatpAsidShift = 44, kSatpAsidBits = 16;
enum SatpMode : unsigned { kBare = 0, kSv32 = 1, kSv39 = 8, kSv48 = 9, kSv57 = 10 };

// Hypervisor extension: mstatus, hstatus, hgatp
inline constexpr u64 kStatusGva = u64{1} << 38, kStatusMpv = u64{1} << 39;
inline constexpr u64 kHstatusGva = u64{1} << 6, kHstatusSpv = u64{1} << 7, kHstatusSpvp = u64{1} << 8;
inline constexpr u64 kHstatusHu = u64{1} << 9, kHstatusVtvm = u64{1} << 20, kHstatusVtw = u64{1} << 21;
inline constexpr u64 kHstatusVtsr = u64{1} << 22, kHstatusVsxl64 = u64{2} << 32;
inline constexpr unsigned kVgeinShift = 12, kVgeinBits = 6;
inline constexpr u64 kHstatusVgein = u64{0x3f} << kVgeinShift;
inline constexpr unsigned kHupmmShift = 48;
inline constexpr u64 kHstatusHupmm = u64{3} << kHupmmShift;
inline constexpr unsigned kGatpVmidBits = 14;

// hvictl (Ssaia)
inline constexpr unsigned kHvictlIdShift = 16, kHvictlIdBits = 12;
inline constexpr u64 kHvictlPriority = 0xff, kHvictlPriorityMode = 0x100, kHvictlDefault = 0x200;
inline constexpr u64 kHvictlVti = u64{1} << 30;

/// What the instruction or the mode that wants something is told.
enum class Permission : u8 {
    Granted,
    Illegal,  ///< an illegal-instruction exception
    Virtual,  ///< a virtual-instruction exception: the hypervisor might have permitted it
};

/// Supervisor registers that VS mode has its own of.
struct SupervisorRegisters {
    u64 status;  ///< the fields of mstatus that sstatus shows
    u64 stvec, sscratch, sepc, scause, stval, satp;
};

/// What is known of the last failed translation beside exception and address, for the trap that may follow.
struct TranslationFault {
    bool guest_address;  ///< the address is a guest virtual address
    u64 guest_physical;  ///< of a guest-page fault
    u64 insn;            ///< the pseudoinstruction for an access to VS-stage page tables; 0: it was no such access
    u32 exception;
    u64 address;
};

/// A PMP entry with its address range resolved.
struct PmpRange {
    u64 first, last;  ///< inclusive; first > last: the entry is off
};

struct Trigger {
    u64 tdata1, tdata2, tdata3;
};

/// Registers of RV32 that have one word (mepc, mcause, mtval, ... and those of supervisor mode) hold it sign-extended,
/// as general registers do. Those with an upper half of its own (mstatus, menvcfg, ...) are those of RV64, with the
/// fields of their second word where RV64 has them.
struct PrivilegedState {
    Privilege mode;
    u64 hart_id;
    u32 mode_flags[8];  ///< the TB state flags of each mode that change with neither mode nor status (flags.cpp)

    u64 mstatus, mtvec, mscratch, mepc, mcause, mtval;
    u64 medeleg, mideleg, mie;
    u64 mip_software;  ///< pending bits that software writes
    u64 mip_timer;     ///< STIP and VSTIP, where stimecmp and vstimecmp drive them
    u64 mip_external;  ///< levels of the interrupt lines; written by any thread, atomically
    u64 stvec, sscratch, sepc, scause, stval, satp;
    u64 stimecmp;
    u64 mcounteren, scounteren, mcountinhibit;
    u64 menvcfg, senvcfg, mseccfg;
    u64 sstateen0;
    u64 jvt;  ///< Zcmt, in user mode, too
    u64 ssp;  ///< Zicfiss, in user mode, too
    u64 mstateen[4], sstateen[4];
    u64 miselect, siselect;
    u64 srmcfg;  ///< Ssqosid

    /// Counter n: its value while it is stopped, what to add to the host's clock while it runs.
    u64 counter[kCounters];
    u64 hpm_event[kCounters];
    u64 hpm_overflow[kCounters];    ///< when a running counter overflows, on the host's clock; ~0: nobody wants to know
    u64 reset_cycles, reset_ticks;  ///< host's clock and time at reset
    u64 counter_pc;                 ///< the last instruction that accessed a counter
    u64 written_counter_next_pc;    ///< the instruction behind the last one that wrote a counter; 0: it has read it
    u64 written_counter, written_value;  ///< which one, and what was written
    u32 hpm_filtered;                    ///< counters that count in some modes only

    u8 pmp_config[kPmpEntries];
    u64 pmp_address[kPmpEntries];
    PmpRange pmp_range[kPmpEntries];
    bool pmp_splits_blocks;  ///< a rule begins or ends within a cache block
    /// The block that the last page-table access lay in, and what supervisor mode may do there. Size 0: none yet.
    u64 walk_block, walk_block_bytes;
    u8 walk_permissions;

    u64 tselect, mcontext, scontext;
    Trigger trigger[kTriggers];

    // Hypervisor extension
    bool virtualised;  ///< virtualization mode, V
    /// The supervisor registers that the hart does not use now: VS mode's while V is 0, HS mode's while it is 1.
    SupervisorRegisters other;
    u64 hstatus, hedeleg, hideleg, hcounteren, htval, htinst, hgatp, htimedelta, henvcfg;
    u64 hstateen[4];
    u64 vstimecmp, vsiselect, hvictl;
    u64 hgeie;
    u64 guest_external;  ///< hgeip: levels of the lines of guests' files; written by any thread, atomically
    u64 mtval2, mtinst;

    u64 mnscratch, mnepc, mncause, mnstatus;  ///< Smrnmi
    bool in_nmi;                              ///< Smrnmi, and mnstatus.NMIE is clear
    bool critical_error;                      ///< Smdbltrp: the hart has stopped for good
    u64 return_pc;                            ///< where the last mret, sret or mnret was that is to be recorded
    TranslationFault fault;
};

}  // namespace dragoman::riscv
