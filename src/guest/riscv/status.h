// mstatus as its views write it, and the bits of the state-enable CSRs.
#pragma once

#include "guest/riscv/model.h"
#include "guest/riscv/state.h"

namespace dragoman::riscv {

/// Sets mstatus to `value`, whose read-only fields have their old content, and what follows from it: SD, translations
/// that depend on MXR, TB state flags, interrupts.
void write_status(Hart& hart, u64 value);

/// mstatus or vsstatus with SD as FS and VS make it.
constexpr u64 with_dirty_summary(u64 status) {
    const bool dirty = (status & kStatusFs) == kStatusFs || (status & kStatusVs) == kStatusVs;
    return dirty ? status | kStatusSd : status & ~kStatusSd;
}

/// The fields of mstatus that sstatus shows.
inline constexpr u64 kSstatusWritable =
    kStatusSie | kStatusSpie | kStatusSpp | kStatusFs | kStatusVs | kStatusSum | kStatusMxr | kStatusSdt | kStatusSpelp;
inline constexpr u64 kSstatusReadable = kSstatusWritable | kStatusSd | kStatusUxl64;

/// What is kept of a status register as the hart sees it: RV32 has SD in bit 31.
inline u64 visible_status(const Hart& hart, u64 status) {
    constexpr u64 kSd32 = u64{1} << 31;
    if (!hart_has(hart, Extension::Rv32)) return status;
    return (status & (kSd32 - 1)) | ((status & kStatusSd) != 0 ? kSd32 : 0);
}

/// Whether traps to S mode, or VS mode, are watched for coming while another one is (Ssdbltrp).
inline bool detects_double_traps(const Hart& hart, bool guest) {
    const PrivilegedState& p = hart.priv;
    if (!hart_has(hart, Extension::Ssdbltrp) || (p.menvcfg & kEnvcfgDte) == 0) return false;
    return !guest || (p.henvcfg & kEnvcfgDte) != 0;
}
/// What of `status` of S or VS mode can be written: SDT where it exists, and SIE only without SDT.
inline u64 with_legal_sdt(const Hart& hart, bool guest, u64 status) {
    if ((status & kStatusSdt) == 0) [[likely]]
        return status;
    if (!detects_double_traps(hart, guest)) return status & ~kStatusSdt;
    return status & ~kStatusSie;
}

/// The fields of menvcfg, senvcfg and henvcfg that are about control-flow integrity.
inline u64 cfi_fields(const Hart& hart) {
    return (hart_has(hart, Extension::Zicfilp) ? kEnvcfgLpe : 0) |
           (hart_has(hart, Extension::Zicfiss) ? kEnvcfgSse : 0);
}

/// Clears SDT where it does not exist any more.
void forget_sdt(Hart& hart);

// mstateen0
inline constexpr u64 kStateenSe = u64{1} << 63;        ///< sstateen0
inline constexpr u64 kStateenEnvcfg = u64{1} << 62;    ///< senvcfg
inline constexpr u64 kStateenIndirect = u64{1} << 60;  ///< siselect, sireg
inline constexpr u64 kStateenCtr = u64{1} << 54;       ///< Ssctr
inline constexpr u64 kStateenSrmcfg = u64{1} << 55;    ///< srmcfg
inline constexpr u64 kStateenAia = u64{1} << 59;       ///< the rest of Ssaia but for
inline constexpr u64 kStateenImsic = u64{1} << 58;     ///< the interrupt file
inline constexpr u64 kStateenContext = u64{1} << 57;   ///< scontext
inline constexpr u64 kStateenJvt = u64{1} << 2;        ///< jvt, cm.jt and cm.jalt; in sstateen0, too

/// Of stimecmp and vstimecmp, by the enables of Sstc.
Permission access_stimecmp(const Hart& hart, unsigned number);
/// Whether satp may hold `mode`, and hgatp the mode of the same number.
bool has_satp_mode(const Hart& hart, u64 mode);
/// Whether mstateen0 and hstateen0 let the mode that the hart is in have what `bits` stand for.
Permission stateen_permission(const Hart& hart, u64 bits);
/// The same for jvt, which sstateen0 decides about, too.
Permission jvt_permission(const Hart& hart);

}  // namespace dragoman::riscv
