// Address translation: Sv32, Sv39, Sv48 and Sv57 page tables with Svadu, Svade, Svnapot and Svpbmt, those of guests in
// two stages, and physical memory protection (Privileged specification, "Virtual Address Translation Process",
// "Two-Stage Address Translation" and the chapters of the extensions).
#include <algorithm>

#include "guest/riscv/model.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

using guest::Access;
using guest::Translation;

constexpr u64 kPteV = 1, kPteR = 2, kPteW = 4, kPteX = 8, kPteU = 16, kPteG = 32, kPteA = 64, kPteD = 128;
constexpr unsigned kPtePpnShift = 10, kPtePpnBits = 44, kPtePbmtShift = 61;
constexpr u64 kPteReserved = u64{0x7f} << 54, kPteSoftware = u64{3} << 59, kPtePbmt = u64{3} << kPtePbmtShift,
              kPteN = u64{1} << 63;
constexpr u64 kPbmtIo = 2, kPbmtReserved = 3;

/// A page of shadow stacks (Zicfiss): an encoding that is reserved without them.
constexpr bool is_shadow_stack(u64 pte) { return (pte & (kPteR | kPteW | kPteX)) == kPteW; }

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

u32 guest_page_fault(Access access) {
    switch (access) {
        case Access::Load: return static_cast<u32>(Cause::LoadGuestPageFault);
        case Access::Store: return static_cast<u32>(Cause::StoreGuestPageFault);
        default: return static_cast<u32>(Cause::FetchGuestPageFault);
    }
}

/// Whose page tables are read. Each is code of its own: most harts know of the first alone.
enum class Tables {
    Own,     ///< of a hart without guests, or of HS mode: by satp
    Own32,   ///< the same, Sv32
    Guest,   ///< VS-stage, by vsatp: they lie at guest-physical addresses
    GStage,  ///< by hgatp
};

/// What decides how page tables are read.
template <Tables tables>
struct Stage {
    u64 atp;                                                 ///< satp, vsatp or hgatp
    bool executable_is_readable, update_bits, memory_types;  ///< MXR, ADUE, PBMTE
    bool shadow_stacks;                                      ///< SSE: there are pages that hold some

    static constexpr bool kSecond = tables == Tables::GStage, kWords = tables == Tables::Own32;
    static constexpr unsigned kEntryBytes = kWords ? 4 : 8, kIndexBits = kWords ? 10 : 9;
    unsigned mode() const { return static_cast<unsigned>(atp >> kSatpModeShift); }
    unsigned levels() const { return kWords ? 2 : mode() - kSv39 + 3; }
    /// The root table of the G-stage is four times as large.
    unsigned address_bits() const { return 12 + kIndexBits * levels() + (kSecond ? 2 : 0); }
    u64 root() const { return (extract(atp, 0, kPtePpnBits) & ~u64{kSecond ? 3u : 0u}) * kPage; }
};

/// What a leaf entry found by the walk says; of Bare, what it stands for.
struct Leaf {
    u64 pte = 0;
    u64 size = kLargestBlock;
    bool global = false;
    u64 physical = 0;  ///< of the address
    /// By PmpPermission, without the stores that would have to set the dirty bit.
    u8 allowed = kPmpRead | kPmpWrite | kPmpExecute;
    bool uncached = false;
};

/// Beside PmpPermission: for shadow-stack instructions. Of a page it says that it holds shadow stacks.
constexpr u8 kShadowStack = 8;

enum class Walk { Found, PageFault, AccessFault, GuestPageFault };

/// Pseudoinstructions of htinst and mtinst: a read or a write of VS-stage page tables.
constexpr u64 kTableRead = 0x3000, kTableWrite = 0x3020;

/// One translation by page tables.
class Walker {
public:
    Walker(Hart& hart, unsigned mmu_index, bool debug) : hart_(hart), mmu_index_(mmu_index), debug_(debug) {}

    /// `needed`: the permission, by PmpPermission.
    Walk translate(u64 address, u8 needed, Leaf& leaf) {
        const PrivilegedState& p = hart_.priv;
        if (hart_has(hart_, Extension::Rv32)) {
            return walk(stage<Tables::Own32>(p.satp, p.mstatus, p.menvcfg), address, needed, leaf);
        }
        return walk(stage<Tables::Own>(p.satp, p.mstatus, p.menvcfg), address, needed, leaf);
    }

    /// In two stages.
    Walk translate_guest(u64 address, u8 needed, Leaf& leaf) {
        const PrivilegedState& p = hart_.priv;
        const auto first = stage<Tables::Guest>(vs_satp(p), vs_status(p) | hs_status(p), p.henvcfg & p.menvcfg);
        const Walk result = walk(first, address, needed, leaf);
        if (result != Walk::Found) return result;
        Leaf second;
        // The G-stage knows of no shadow stacks: for their instructions it must permit stores.
        const u8 of_second = needed == kShadowStack ? u8{kPmpWrite} : needed;
        if (const Walk r = second_stage(leaf.physical, of_second, 0, second); r != Walk::Found) return r;
        leaf.physical = second.physical;
        leaf.size = std::min(leaf.size, second.size);
        leaf.allowed &= second.allowed | kShadowStack;
        leaf.uncached |= second.uncached;
        leaf.global = false;  // in all address spaces of one guest only
        return result;
    }

    u64 guest_physical() const { return guest_physical_; }
    u64 pseudoinstruction() const { return pseudoinstruction_; }

private:
    template <Tables tables>
    static Stage<tables> stage(u64 atp, u64 status, u64 envcfg) {
        return {.atp = atp,
                .executable_is_readable = (status & kStatusMxr) != 0,
                .update_bits = (envcfg & kEnvcfgAdue) != 0,
                .memory_types = (envcfg & kEnvcfgPbmte) != 0,
                .shadow_stacks = tables != Tables::GStage && (envcfg & kEnvcfgSse) != 0};
    }

    template <Tables tables>
    Walk walk(const Stage<tables>& stage, u64 address, u8 needed, Leaf& leaf) {
        if (stage.mode() == kBare) {
            if (needed == kShadowStack) return Walk::AccessFault;
            leaf.physical = address;
            return Walk::Found;
        }
        const unsigned bits = stage.address_bits();
        const bool unsigned_address = stage.kSecond || stage.kWords;
        const u64 canonical =
            unsigned_address ? address & low_mask(bits) : static_cast<u64>(sign_extend(address, bits));
        if (canonical != address) return Walk::PageFault;
        for (;;) {
            bool changed = false;
            const Walk result = walk_once(stage, address, needed, leaf, changed);
            if (changed) continue;
            if (result != Walk::Found) return result;
            const u64 offset = leaf.size - 1;
            leaf.physical = (extract(leaf.pte, kPtePpnShift, kPtePpnBits) * kPage & ~offset) | (address & offset);
            leaf.allowed = permissions(stage, leaf.pte);
            if ((leaf.pte & kPteD) == 0) leaf.allowed &= static_cast<u8>(~kPmpWrite);
            leaf.uncached = extract(leaf.pte, kPtePbmtShift, 2) == kPbmtIo;
            return result;
        }
    }

    /// A guest-physical address. `pseudoinstruction`: of an access to page tables.
    Walk second_stage(u64 address, u8 needed, u64 pseudoinstruction, Leaf& leaf) {
        const PrivilegedState& p = hart_.priv;
        const Walk result = walk(stage<Tables::GStage>(p.hgatp, hs_status(p), p.menvcfg), address, needed, leaf);
        if (result != Walk::PageFault) return result;
        guest_physical_ = address;
        pseudoinstruction_ = pseudoinstruction;
        return Walk::GuestPageFault;
    }

    /// Loads, stores and fetches that the entry permits to the mode, by PmpPermission. The G-stage takes all of them
    /// for those of user mode.
    template <Tables tables>
    u8 permissions(const Stage<tables>& stage, u64 pte) const {
        u64 user = pte & kPteU;
        u8 allowed = 0;
        if ((pte & kPteR) != 0 || ((pte & kPteX) != 0 && stage.executable_is_readable)) allowed |= kPmpRead;
        if ((pte & kPteW) != 0) allowed |= kPmpWrite;
        if (is_shadow_stack(pte)) allowed = kPmpRead | kShadowStack;
        if ((pte & kPteX) != 0) allowed |= kPmpExecute;
        switch (stage.kSecond ? kMmuUser : mmu_index_) {
            case kMmuUser: return user ? allowed : 0;
            case kMmuSupervisor: return user ? 0 : allowed;
            default: return user ? allowed & ~kPmpExecute : allowed;
        }
    }

    /// `changed`: an entry changed under our hands; again.
    template <Tables tables>
    Walk walk_once(const Stage<tables>& stage, u64 address, u8 needed, Leaf& leaf, bool& changed) {
        const unsigned levels = stage.levels();
        u64 table = stage.root();
        leaf.global = false;
        for (unsigned level = levels; level-- > 0;) {
            const unsigned index_bits = stage.kIndexBits + (stage.kSecond && level + 1 == levels ? 2 : 0);
            const u64 index = extract(address, 12 + stage.kIndexBits * level, index_bits);
            const u64 entry = table + index * stage.kEntryBytes;
            u64 at;
            if (const Walk r = locate<tables>(entry, kPmpRead, at); r != Walk::Found) return r;
            u64 pte;
            if (!may_walk(at, kPmpRead) || !guest::physical_load(&hart_, at, stage.kEntryBytes, pte)) {
                return Walk::AccessFault;
            }
            if (!is_valid(stage, pte)) return Walk::PageFault;
            u64 ppn = extract(pte, kPtePpnShift, kPtePpnBits);
            leaf.global |= (pte & kPteG) != 0;
            if ((pte & (kPteR | kPteW | kPteX)) == 0) {
                if ((pte & (kPteA | kPteD | kPteU | kPtePbmt | kPteN)) != 0) return Walk::PageFault;
                table = ppn * kPage;
                continue;
            }
            leaf.pte = pte;
            leaf.size = kPage << (stage.kIndexBits * level);
            if ((pte & kPteN) != 0) {
                // The only size so far: 64 KiB.
                if (level != 0 || (ppn & 15) != 8) return Walk::PageFault;
                leaf.size = 16 * kPage;
            } else if ((ppn & low_mask(stage.kIndexBits * level)) != 0) {
                return Walk::PageFault;
            }
            return debug_ ? Walk::Found : check_leaf(stage, entry, at, needed, leaf, changed);
        }
        return Walk::PageFault;
    }

    /// Where the entry at address `entry` of the tables is physically, for an access that needs `needed`.
    template <Tables tables>
    Walk locate(u64 entry, u8 needed, u64& at) {
        at = entry;
        if constexpr (tables != Tables::Guest) {
            return Walk::Found;
        } else {
            Leaf place;
            const Walk result = second_stage(entry, needed, needed == kPmpWrite ? kTableWrite : kTableRead, place);
            at = place.physical;
            return result;
        }
    }

    template <Tables tables>
    bool is_valid(const Stage<tables>& stage, u64 pte) const {
        if ((pte & kPteV) == 0) return false;
        if ((pte & kPteReserved) != 0) {  // but what Svrsw60t59b leaves to software
            if ((pte & kPteReserved & ~kPteSoftware) != 0 || !hart_has(hart_, Extension::Svrsw60t59b)) return false;
        }
        if ((pte & kPteW) != 0 && (pte & kPteR) == 0 && !(stage.shadow_stacks && is_shadow_stack(pte))) return false;
        if ((pte & kPteN) != 0 && !hart_has(hart_, Extension::Svnapot)) return false;
        u64 type = extract(pte, kPtePbmtShift, 2);
        return type == 0 || (stage.memory_types && type != kPbmtReserved);
    }

    bool may_walk(u64 at, u8 permission) const { return debug_ || (pmp_walk_permissions(hart_, at) & permission) != 0; }

    /// What an access is told that the entry does not permit. Where one does not fit the kind of page, instead of the
    /// rights to it, nobody can mend it: that is an access fault.
    template <Tables tables>
    Walk denied(const Stage<tables>& stage, u64 pte, u8 needed) const {
        const bool of_mode = permissions(stage, kPteR | (pte & kPteU)) != 0;
        const bool other_kind = is_shadow_stack(pte) || (needed == kShadowStack && (pte & (kPteW | kPteX)) != 0);
        return of_mode && other_kind ? Walk::AccessFault : Walk::PageFault;
    }

    /// Permission, and accessed and dirty bits of the entry, which is at physical address `at`.
    template <Tables tables>
    Walk check_leaf(const Stage<tables>& stage, u64 entry, u64 at, u8 needed, Leaf& leaf, bool& changed) {
        if ((permissions(stage, leaf.pte) & needed) == 0) return denied(stage, leaf.pte, needed);
        const bool stores = needed == kPmpWrite || needed == kShadowStack;
        u64 updated = leaf.pte | kPteA | (stores ? kPteD : 0);
        if (updated == leaf.pte) return Walk::Found;
        if (!stage.update_bits) return Walk::PageFault;
        if (const Walk r = locate<tables>(entry, kPmpWrite, at); r != Walk::Found) return r;
        bool swapped;
        if (!may_walk(at, kPmpWrite) ||
            !guest::physical_compare_exchange(&hart_, at, stage.kEntryBytes, leaf.pte, updated, swapped)) {
            return Walk::AccessFault;
        }
        changed = !swapped;
        leaf.pte = updated;
        return Walk::Found;
    }

    Hart& hart_;
    unsigned mmu_index_;
    bool debug_;
    u64 guest_physical_ = 0, pseudoinstruction_ = 0;
};

u8 needed_permission(Access access) {
    return access == Access::Load ? kPmpRead : access == Access::Store ? kPmpWrite : kPmpExecute;
}

/// How an access is translated.
struct Way {
    unsigned mmu_index;
    bool guest;  ///< in two stages
    u8 needed;   ///< permission of page tables
    bool debug;
};

bool fail_walk(Hart& h, const Walker& walker, Walk result, u64 address, Access access, const Way& way,
               Translation& out) {
    const u32 exception = result == Walk::PageFault     ? page_fault(access)
                          : result == Walk::AccessFault ? access_fault(access)
                                                        : guest_page_fault(access);
    if (way.guest && !way.debug) {
        h.priv.fault = {.guest_address = true,
                        .guest_physical = walker.guest_physical(),
                        .insn = walker.pseudoinstruction(),
                        .exception = exception,
                        .address = address};
    }
    return fail(out, exception, address);
}

bool translate(Hart& h, u64 address, Access access, const Way& way, Translation& out) {
    out = {};
    Leaf leaf;
    if (way.mmu_index == kMmuMachine) {
        if (way.needed == kShadowStack) return fail(out, access_fault(access), address);
        leaf.physical = address;
    } else {
        Walker walker(h, way.mmu_index, way.debug);
        const Walk result =
            way.guest ? walker.translate_guest(address, way.needed, leaf) : walker.translate(address, way.needed, leaf);
        if (result != Walk::Found) return fail_walk(h, walker, result, address, access, way, out);
    }
    out.physical = leaf.physical;
    out.page_bytes = leaf.size;
    out.global = leaf.global;
    out.uncached = leaf.uncached;
    if (way.debug) {
        out.load = out.store = out.fetch = true;
        return true;
    }
    Privilege mode = way.mmu_index == kMmuMachine ? Privilege::Machine
                     : way.mmu_index == kMmuUser  ? Privilege::User
                                                  : Privilege::Supervisor;
    u8 protection = pmp_permissions(h, out.physical, mode, out.page_bytes);
    const u8 needed = way.needed == kShadowStack ? u8{kPmpRead | kPmpWrite} : needed_permission(access);
    if ((protection & needed) != needed) {
        if (way.guest) h.priv.fault = {.guest_address = true, .exception = access_fault(access), .address = address};
        return fail(out, access_fault(access), address);
    }
    const u8 allowed = leaf.allowed & protection;
    out.load = (allowed & kPmpRead) != 0;
    out.store = (allowed & kPmpWrite) != 0;
    out.fetch = (allowed & kPmpExecute) != 0;
    if (out.page_bytes < kPage) out.access_bytes = pmp_access_bytes(h, out.physical);
    return true;
}

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
    const bool guest = mmu_index != kMmuMachine && guest_data(h.priv);
    return translate(h, address, access, {mmu_index, guest, needed_permission(access), debug}, out);
}

bool translate_shadow_stack(Hart& hart, u64 address, unsigned mmu_index, Translation& out) {
    const bool guest = mmu_index != kMmuMachine && guest_data(hart.priv);
    return translate(hart, address, Access::Store, {mmu_index, guest, kShadowStack, false}, out);
}

bool translate_guest(Hart& hart, u64 address, const GuestAccess& access, Translation& out) {
    const u8 needed = access.executable ? u8{kPmpExecute} : needed_permission(access.access);
    return translate(hart, address, access.access, {access.mmu_index, true, needed, false}, out);
}

}  // namespace dragoman::riscv
