// Address translation: Sv39, Sv48 and Sv57 page tables with Svadu, Svade, Svnapot and Svpbmt, and physical memory
// protection (Privileged specification, "Virtual Address Translation Process" and the chapters of the extensions).
#include "guest/riscv/model.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

using guest::Access;
using guest::Translation;

constexpr u64 kPteV = 1, kPteR = 2, kPteW = 4, kPteX = 8, kPteU = 16, kPteG = 32, kPteA = 64, kPteD = 128;
constexpr unsigned kPtePpnShift = 10, kPtePpnBits = 44, kPtePbmtShift = 61;
constexpr u64 kPteReserved = u64{0x7f} << 54, kPtePbmt = u64{3} << kPtePbmtShift, kPteN = u64{1} << 63;
constexpr u64 kPbmtIo = 2, kPbmtReserved = 3;

constexpr u64 kPage = 4096;
/// A naturally aligned block that is large enough for every purpose, where nothing is translated.
constexpr u64 kLargestBlock = u64{1} << 30;

bool fail(Translation& out, u32 exception, u64 address) {
    out.exception = exception;
    out.value = address;
    return false;
}

u32 page_fault(Access access) {
    switch (access) {
        case Access::Load: return static_cast<u32>(Cause::LoadPageFault);
        case Access::Store: return static_cast<u32>(Cause::StorePageFault);
        default: return static_cast<u32>(Cause::FetchPageFault);
    }
}

/// What a leaf entry found by the walk says.
struct Leaf {
    u64 pte, size;
    bool global;
};

enum class Walk { Found, PageFault, AccessFault };

/// One translation by page tables.
class Walker {
public:
    Walker(Hart& hart, u64 address, Access access, unsigned mmu_index, bool debug)
        : hart_(hart), address_(address), access_(access), mmu_index_(mmu_index), debug_(debug) {}

    Walk walk(Leaf& leaf) {
        const unsigned mode = static_cast<unsigned>(hart_.priv.satp >> kSatpModeShift);
        const unsigned levels = mode - kSv39 + 3;
        const unsigned bits = 12 + 9 * levels;
        if (static_cast<u64>(sign_extend(address_, bits)) != address_) return Walk::PageFault;
        for (;;) {
            bool changed = false;
            Walk result = walk_once(levels, leaf, changed);
            if (!changed) return result;
        }
    }

    /// Loads, stores and fetches that the entry permits to the mode, by PmpPermission.
    u8 permissions(u64 pte) const {
        u64 user = pte & kPteU;
        u8 allowed = 0;
        if ((pte & kPteR) != 0 || ((pte & kPteX) != 0 && (hart_.priv.mstatus & kStatusMxr) != 0)) allowed |= kPmpRead;
        if ((pte & kPteW) != 0) allowed |= kPmpWrite;
        if ((pte & kPteX) != 0) allowed |= kPmpExecute;
        switch (mmu_index_) {
            case kMmuUser: return user ? allowed : 0;
            case kMmuSupervisor: return user ? 0 : allowed;
            default: return user ? allowed & ~kPmpExecute : allowed;
        }
    }

private:
    /// `changed`: an entry changed under our hands; again.
    Walk walk_once(unsigned levels, Leaf& leaf, bool& changed) {
        u64 table = extract(hart_.priv.satp, 0, kPtePpnBits) * kPage;
        leaf.global = false;
        for (unsigned level = levels; level-- > 0;) {
            u64 at = table + extract(address_, 12 + 9 * level, 9) * 8;
            u64 pte;
            if (!may_walk(at, kPmpRead) || !guest::physical_load(&hart_, at, 8, pte)) return Walk::AccessFault;
            if (!is_valid(pte)) return Walk::PageFault;
            u64 ppn = extract(pte, kPtePpnShift, kPtePpnBits);
            leaf.global |= (pte & kPteG) != 0;
            if ((pte & (kPteR | kPteX)) == 0) {
                if ((pte & (kPteA | kPteD | kPteU | kPtePbmt | kPteN)) != 0) return Walk::PageFault;
                table = ppn * kPage;
                continue;
            }
            leaf.pte = pte;
            leaf.size = kPage << (9 * level);
            if ((pte & kPteN) != 0) {
                // The only size so far: 64 KiB.
                if (level != 0 || (ppn & 15) != 8) return Walk::PageFault;
                leaf.size = 16 * kPage;
            } else if ((ppn & low_mask(9 * level)) != 0) {
                return Walk::PageFault;
            }
            return debug_ ? Walk::Found : check_leaf(at, leaf, changed);
        }
        return Walk::PageFault;
    }

    bool is_valid(u64 pte) const {
        if ((pte & kPteV) == 0 || (pte & kPteReserved) != 0) return false;
        if ((pte & kPteW) != 0 && (pte & kPteR) == 0) return false;
        if ((pte & kPteN) != 0 && !hart_has(hart_, Extension::Svnapot)) return false;
        u64 type = extract(pte, kPtePbmtShift, 2);
        return type == 0 || ((hart_.priv.menvcfg & kEnvcfgPbmte) != 0 && type != kPbmtReserved);
    }

    bool may_walk(u64 at, u8 permission) const { return debug_ || (pmp_walk_permissions(hart_, at) & permission) != 0; }

    /// Permission, and accessed and dirty bits.
    Walk check_leaf(u64 at, Leaf& leaf, bool& changed) {
        u8 needed = access_ == Access::Load ? kPmpRead : access_ == Access::Store ? kPmpWrite : kPmpExecute;
        if ((permissions(leaf.pte) & needed) == 0) return Walk::PageFault;
        u64 updated = leaf.pte | kPteA | (access_ == Access::Store ? kPteD : 0);
        if (updated == leaf.pte) return Walk::Found;
        if ((hart_.priv.menvcfg & kEnvcfgAdue) == 0) return Walk::PageFault;
        bool swapped;
        if (!may_walk(at, kPmpWrite) || !guest::physical_compare_exchange(&hart_, at, 8, leaf.pte, updated, swapped)) {
            return Walk::AccessFault;
        }
        changed = !swapped;
        leaf.pte = updated;
        return Walk::Found;
    }

    Hart& hart_;
    u64 address_;
    Access access_;
    unsigned mmu_index_;
    bool debug_;
};

}  // namespace

u32 access_fault(Access access) {
    switch (access) {
        case Access::Load: return static_cast<u32>(Cause::LoadAccess);
        case Access::Store: return static_cast<u32>(Cause::StoreAccess);
        default: return static_cast<u32>(Cause::FetchAccess);
    }
}

u32 misaligned(Access access) {
    switch (access) {
        case Access::Load: return static_cast<u32>(Cause::LoadMisaligned);
        case Access::Store: return static_cast<u32>(Cause::StoreMisaligned);
        default: return static_cast<u32>(Cause::FetchMisaligned);
    }
}

bool translate(ir::Env* env, u64 address, Access access, unsigned mmu_index, bool debug, Translation& out) {
    Hart& h = *hart(env);
    out = {};
    u8 allowed = kPmpRead | kPmpWrite | kPmpExecute;
    if (mmu_index == kMmuMachine || h.priv.satp >> kSatpModeShift == kBare) {
        out.physical = address;
        out.page_bytes = kLargestBlock;
    } else {
        Walker walker(h, address, access, mmu_index, debug);
        Leaf leaf;
        switch (walker.walk(leaf)) {
            case Walk::Found: break;
            case Walk::PageFault: return fail(out, page_fault(access), address);
            case Walk::AccessFault: return fail(out, access_fault(access), address);
        }
        u64 offset = leaf.size - 1;
        out.physical = (extract(leaf.pte, kPtePpnShift, kPtePpnBits) * kPage & ~offset) | (address & offset);
        out.page_bytes = leaf.size;
        out.global = leaf.global;
        out.uncached = extract(leaf.pte, kPtePbmtShift, 2) == kPbmtIo;
        allowed = walker.permissions(leaf.pte);
        // The first store has to set the dirty bit.
        if ((leaf.pte & kPteD) == 0) allowed &= static_cast<u8>(~kPmpWrite);
    }
    if (debug) {
        out.load = out.store = out.fetch = true;
        return true;
    }
    Privilege mode = mmu_index == kMmuMachine ? Privilege::Machine
                     : mmu_index == kMmuUser  ? Privilege::User
                                              : Privilege::Supervisor;
    u8 protection = pmp_permissions(h, out.physical, mode, out.page_bytes);
    u8 needed = access == Access::Load ? kPmpRead : access == Access::Store ? kPmpWrite : kPmpExecute;
    if ((protection & needed) == 0) return fail(out, access_fault(access), address);
    allowed &= protection;
    out.load = (allowed & kPmpRead) != 0;
    out.store = (allowed & kPmpWrite) != 0;
    out.fetch = (allowed & kPmpExecute) != 0;
    if (out.page_bytes < kPage) out.access_bytes = pmp_access_bytes(h, out.physical);
    return true;
}

}  // namespace dragoman::riscv
