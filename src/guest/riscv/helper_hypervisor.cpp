// Helpers of the hypervisor extension's instructions (Privileged specification, "Hypervisor Instructions").
#include "guest/riscv/helper.h"
#include "guest/riscv/model.h"
#include "guest/riscv/system.h"
#include "guest/runtime.h"

namespace dragoman::riscv {

namespace {

using guest::Access;

constexpr u64 kPage = 4096;

/// A load or store as if by the guest, in the mode that hstatus.SPVP says.
class GuestMemory {
public:
    GuestMemory(ir::Env* env, u32 insn) : hart_(*hart(env)) {
        const PrivilegedState& p = hart_.priv;
        if (p.virtualised) raise_denied(env, Permission::Virtual, insn);
        if (p.mode == Privilege::User && (p.hstatus & kHstatusHu) == 0) raise_denied(env, Permission::Illegal, insn);
    }

    u64 load(u64 address, unsigned size, bool executable) {
        if (!executable) address = pointer(address);
        u64 value = 0;
        for (unsigned done = 0; done < size;) {
            const Place place = translate(address + done, size - done, Access::Load, executable);
            u64 part;
            if (!guest::bus_load(&hart_, place.physical, place.bytes, part)) fail(Access::Load, address + done);
            value |= part << (8 * done);
            done += place.bytes;
        }
        return value;
    }

    void store(u64 address, unsigned size, u64 value) {
        address = pointer(address);
        // All of it must be permitted before a byte is written.
        const bool split = translate(address, size, Access::Store, false).bytes < size;
        if (split) translate(address + size - 1, 1, Access::Store, false);
        for (unsigned done = 0; done < size;) {
            const Place place = translate(address + done, size - done, Access::Store, false);
            if (!guest::bus_store(&hart_, place.physical, place.bytes, value >> (8 * done))) {
                fail(Access::Store, address + done);
            }
            done += place.bytes;
        }
    }

private:
    struct Place {
        u64 physical;
        unsigned bytes;
    };

    /// Where the next access goes: all of what is left, or, where that reaches into another page, a byte.
    Place translate(u64 address, unsigned left, Access access, bool executable) {
        guest::Translation t;
        if (!translate_guest(hart_, address, {access, mmu_index(), executable}, t)) {
            guest::raise(&hart_, t.exception, t.value);
        }
        const bool whole = address % kPage + left <= kPage && (t.page_bytes >= kPage || t.access_bytes >= left);
        return {t.physical, whole ? left : 1};
    }

    [[noreturn]] void fail(Access access, u64 address) {
        hart_.priv.fault = {.guest_address = true, .exception = access_fault(access), .address = address};
        guest::raise(&hart_, access_fault(access), address);
    }

    bool as_supervisor() const { return (hart_.priv.hstatus & kHstatusSpvp) != 0; }
    unsigned mmu_index() const {
        if (!as_supervisor()) return kMmuUser;
        return (vs_status(hart_.priv) & kStatusSum) != 0 ? kMmuSupervisorSum : kMmuSupervisor;
    }
    /// Pointer masking as the guest has it; that of its user mode for user mode is hstatus.HUPMM.
    u64 pointer(u64 address) const {
        const PrivilegedState& p = hart_.priv;
        const u64 own = p.mode == Privilege::User ? extract(p.hstatus, kHupmmShift, 2)
                        : as_supervisor()         ? extract(p.henvcfg, kPmmShift, 2)
                                                  : extract(p.senvcfg, kPmmShift, 2);
        const u32 zero = vs_satp(p) >> kSatpModeShift == kBare ? kFlagPmZero : 0;
        return own < 2 ? address : masked_address((own == 2 ? kFlagPmlen7 : kFlagPmlen16) | zero, address);
    }

    Hart& hart_;
};

/// Bits 27:26 of hlv and hsv.
unsigned size_log2(u32 insn) { return extract(insn, 26, 2); }

}  // namespace

u64 helper_hlv(ir::Env* env, u32 insn, u64 address) {
    enum { kUnsigned = 1, kExecutable = 2 };  // bits of the rs2 field
    const unsigned size = 1u << size_log2(insn), kind = extract(insn, 20, 5);
    const u64 value = GuestMemory(env, insn).load(address, size, (kind & kExecutable) != 0);
    return (kind & kUnsigned) != 0 ? value : static_cast<u64>(sign_extend(value, 8 * size));
}

void helper_hsv(ir::Env* env, u32 insn, u64 address, u64 value) {
    GuestMemory(env, insn).store(address, 1u << size_log2(insn), value);
}

void helper_hfence(ir::Env* env, u32 insn, u64 address, u64 number) {
    const PrivilegedState& p = hart(env)->priv;
    const bool has_address = extract(insn, 15, 5) != 0, has_number = extract(insn, 20, 5) != 0;
    constexpr u32 kGvma = u32{1} << 30;
    guest::TlbFlush what{.one_machine = true};
    if ((insn & kGvma) != 0) {
        if (p.mode == Privilege::Supervisor && (p.mstatus & kStatusTvm) != 0) {
            raise_denied(env, Permission::Illegal, insn);
        }
        // What virtual addresses a guest-physical one belongs to is not known.
        what.any_guest = !has_number;
        what.machine = (number & low_mask(kGatpVmidBits)) + 1;
    } else {
        what.one_address = has_address;
        what.one_space = has_number;
        what.address = address;
        what.asid = number & low_mask(kSatpAsidBits);
        what.machine = vmid(p) + 1;
    }
    guest::flush_tlb(env, what);
}

}  // namespace dragoman::riscv
