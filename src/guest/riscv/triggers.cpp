// Debug triggers (Sdtrig): two address triggers (mcontrol6) that raise breakpoint exceptions.
//
// A trigger does not fire in machine mode while mstatus.MIE is 0, nor in supervisor mode while mstatus.SIE is 0 if
// breakpoints are delegated: else it could fire in the handler before that has saved its state (Debug specification,
// "Native Triggers"). The same holds for VS mode and its own SIE.
#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

constexpr unsigned kTypeShift = 60, kTypeShift32 = 28;
constexpr u64 kMcontrol6 = 6, kDisabled = 15;

// tdata1 of mcontrol6
constexpr u64 kLoad = 1, kStore = 2, kExecute = 4, kUser = u64{1} << 3, kSupervisor = u64{1} << 4;
constexpr u64 kMachine = u64{1} << 6, kHit = u64{1} << 22, kGuestUser = u64{1} << 23, kGuestSupervisor = u64{1} << 24;
constexpr unsigned kMatchShift = 7;
constexpr u64 kMatch = u64{15} << kMatchShift;
enum Match { kEqual = 0, kNapot = 1, kAtLeast = 2, kBelow = 3 };

// tdata3: contexts
constexpr unsigned kMhValueShift = 51, kMhSelectShift = 48, kSByteMaskShift = 36, kSValueShift = 2;
/// The fields of textra32, of which there are the same.
constexpr unsigned kMhValueShift32 = 26, kMhSelectShift32 = 23, kSByteMaskShift32 = 18;
constexpr unsigned kMhValueBits32 = 6, kSByteMaskBits32 = 2, kSValueBits32 = 16;
constexpr u64 kMhMcontext = 4, kSScontext = 1, kSAsid = 2;

u64 mode_bit(Privilege mode, bool virtualised) {
    if (virtualised) return mode == Privilege::Supervisor ? kGuestSupervisor : kGuestUser;
    return mode == Privilege::Machine ? kMachine : mode == Privilege::Supervisor ? kSupervisor : kUser;
}

bool is_armed(const Trigger& t, Privilege mode, bool virtualised) {
    return t.tdata1 >> kTypeShift == kMcontrol6 && (t.tdata1 & mode_bit(mode, virtualised)) != 0 &&
           (t.tdata1 & (kLoad | kStore | kExecute)) != 0;
}

bool may_fire(const PrivilegedState& p) {
    constexpr u64 kBreakpoint = u64{1} << static_cast<u32>(Cause::Breakpoint);
    switch (p.mode) {
        case Privilege::Machine: return (p.mstatus & kStatusMie) != 0;
        case Privilege::Supervisor: {
            const u64 delegated = p.virtualised ? p.medeleg & p.hedeleg : p.medeleg;
            return (delegated & kBreakpoint) == 0 || (p.mstatus & kStatusSie) != 0;
        }
        default: return true;
    }
}

bool matches_context(const PrivilegedState& p, u64 tdata3) {
    if (extract(tdata3, kMhSelectShift, 3) == kMhMcontext && extract(tdata3, kMhValueShift, 13) != p.mcontext) {
        return false;
    }
    u64 value = extract(tdata3, kSValueShift, 32);
    switch (tdata3 & 3) {
        case kSScontext: {
            u64 mask = 0;
            for (unsigned byte = 0; byte < 4; ++byte) {
                if ((tdata3 >> (kSByteMaskShift + byte) & 1) == 0) mask |= u64{0xff} << (8 * byte);
            }
            return ((p.scontext ^ value) & mask) == 0;
        }
        case kSAsid: return extract(p.satp, kSatpAsidShift, kSatpAsidBits) == extract(value, 0, kSatpAsidBits);
        default: return true;
    }
}

/// An access of `bytes` at `address`: any of its bytes may match.
bool matches_address(const Trigger& t, u64 address, u64 bytes) {
    u64 last = address + bytes - 1;
    switch (extract(t.tdata1, kMatchShift, 4)) {
        case kNapot: {
            u64 open = t.tdata2 ^ (t.tdata2 + 1);
            return address <= (t.tdata2 | open) && last >= (t.tdata2 & ~open);
        }
        case kAtLeast: return last >= t.tdata2;
        case kBelow: return address < t.tdata2;
        default: return address <= t.tdata2 && t.tdata2 <= last;
    }
}

// --- CSRs ---

Permission access_scontext(const Hart& hart, unsigned) { return stateen_permission(hart, kStateenContext); }

Trigger& selected(Hart& hart) { return hart.priv.trigger[hart.priv.tselect]; }

void write_tselect(Hart& hart, u64 value, unsigned) {
    if (value < kTriggers) hart.priv.tselect = value;
}

/// Anything but an address trigger turns the trigger off.
u64 read_tdata1(Hart& hart, unsigned) {
    u64 value = selected(hart).tdata1;
    if (value == 0) value = kDisabled << kTypeShift;
    return hart_has(hart, Extension::Rv32) ? value >> kTypeShift << kTypeShift32 | value : value;
}
void write_tdata1(Hart& hart, u64 value, unsigned) {
    if (hart_has(hart, Extension::Rv32)) value = value >> kTypeShift32 << kTypeShift | (value & low_mask(kTypeShift32));
    u64 mask = kLoad | kStore | kExecute | kUser | kSupervisor | kMachine | kHit | kMatch;
    if (hart_has(hart, Extension::H)) mask |= kGuestUser | kGuestSupervisor;
    if (extract(value, kMatchShift, 4) > kBelow) value &= ~kMatch;
    selected(hart).tdata1 = value >> kTypeShift == kMcontrol6 ? (value & mask) | kMcontrol6 << kTypeShift : 0;
    update_flags(hart);
}

u64 read_tdata2(Hart& hart, unsigned) { return selected(hart).tdata2; }
void write_tdata2(Hart& hart, u64 value, unsigned) { selected(hart).tdata2 = value; }

u64 read_tdata3(Hart& hart, unsigned) {
    const u64 value = selected(hart).tdata3;
    if (!hart_has(hart, Extension::Rv32)) return value;
    return extract(value, kMhValueShift, kMhValueBits32) << kMhValueShift32 |
           extract(value, kMhSelectShift, 3) << kMhSelectShift32 |
           extract(value, kSByteMaskShift, kSByteMaskBits32) << kSByteMaskShift32 |
           extract(value, kSValueShift, kSValueBits32) << kSValueShift | (value & 3);
}
void write_tdata3(Hart& hart, u64 value, unsigned) {
    if (hart_has(hart, Extension::Rv32)) {
        value = extract(value, kMhValueShift32, kMhValueBits32) << kMhValueShift |
                extract(value, kMhSelectShift32, 3) << kMhSelectShift |
                extract(value, kSByteMaskShift32, kSByteMaskBits32) << kSByteMaskShift |
                extract(value, kSValueShift, kSValueBits32) << kSValueShift | (value & 3);
    }
    u64 mh_select = extract(value, kMhSelectShift, 3);
    if (mh_select != 0 && mh_select != kMhMcontext) value = deposit(value, kMhSelectShift, 3, 0);
    if ((value & 3) > kSAsid) value &= ~u64{3};
    constexpr u64 kMask = low_mask(13) << kMhValueShift | u64{7} << kMhSelectShift | u64{15} << kSByteMaskShift |
                          low_mask(32) << kSValueShift | 3;
    selected(hart).tdata3 = value & kMask;
}

void write_mcontext(Hart& hart, u64 value, unsigned) {
    hart.priv.mcontext = value & low_mask(hart_has(hart, Extension::Rv32) ? kMhValueBits32 : 13);
}
void write_scontext(Hart& hart, u64 value, unsigned) {
    hart.priv.scontext = value & low_mask(hart_has(hart, Extension::Rv32) ? kSValueBits32 : 32);
}

/// Version 1, and the types that tdata1 takes.
u64 read_tinfo(Hart&, unsigned) { return u64{1} << 24 | u64{1} << kMcontrol6 | u64{1} << kDisabled; }

using enum Extension;
using P = PrivilegedState;

constexpr CsrInfo kCsrs[] = {
    {0x7a0, "tselect", Sdtrig, read_field<&P::tselect>, write_tselect},
    {0x7a1, "tdata1", Sdtrig, read_tdata1, write_tdata1, CsrEffect::StateFlags},
    {0x7a2, "tdata2", Sdtrig, read_tdata2, write_tdata2},
    {0x7a3, "tdata3", Sdtrig, read_tdata3, write_tdata3},
    {0x7a4, "tinfo", Sdtrig, read_tinfo, write_nothing},
    {0x7a8, "mcontext", Sdtrig, read_field<&P::mcontext>, write_mcontext},
    {0x5a8, "scontext", Sdtrig&& S, read_field<&P::scontext>, write_scontext, CsrEffect::None, access_scontext},
};

}  // namespace

std::span<const CsrInfo> csrs_triggers() { return kCsrs; }

bool triggers_armed(const PrivilegedState& p, Privilege mode, bool virtualised) {
    for (const Trigger& t : p.trigger) {
        if (is_armed(t, mode, virtualised)) return true;
    }
    return false;
}

void check_triggers(Hart& hart, u64 kind, u64 address, u64 bytes) {
    PrivilegedState& p = hart.priv;
    if (!may_fire(p)) return;
    for (Trigger& t : p.trigger) {
        if (!is_armed(t, p.mode, p.virtualised) || (t.tdata1 & kind) == 0) continue;
        if (!matches_address(t, address, bytes) || !matches_context(p, t.tdata3)) continue;
        t.tdata1 |= kHit;
        guest::raise(&hart, static_cast<u32>(Cause::Breakpoint), address);
    }
}

}  // namespace dragoman::riscv
