// Physical memory protection and Smepmp (Privileged specification, "Physical Memory Protection", "Smepmp").
#include <algorithm>

#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

constexpr u8 kRead = kPmpRead, kWrite = kPmpWrite, kExecute = kPmpExecute, kAll = kRead | kWrite | kExecute;
constexpr u8 kLocked = 0x80, kConfigMask = kLocked | 0x18 | kAll;
/// The type of the memory (Smpmpmt): 0, not cached, I/O. There is nothing that would be cached or reordered.
constexpr u8 kMemoryType = 0x60;
constexpr u64 kAddressMask = low_mask(54);

enum Matching { kOff = 0, kTor = 1, kNa4 = 2, kNapot = 3 };
Matching matching(u8 config) { return static_cast<Matching>(config >> 3 & 3); }

PmpRange range(const PrivilegedState& p, unsigned i) {
    u64 a = p.pmp_address[i];
    switch (matching(p.pmp_config[i])) {
        case kTor: {
            u64 from = i == 0 ? 0 : p.pmp_address[i - 1];
            if (from >= a) break;
            return {from << 2, (a << 2) - 1};
        }
        case kNa4: return {a << 2, (a << 2) + 3};
        case kNapot: {
            u64 open = a ^ (a + 1);
            if (a == kAddressMask) return {0, ~u64{0}};  // everything, also what no physical address reaches
            return {(a & ~open) << 2, (a | open) << 2 | 3};
        }
        case kOff: break;
    }
    return {1, 0};
}

/// Permissions with mseccfg.MML by the L, R, W and X bits of a rule (Smepmp, truth table).
u8 permissions_mml(u8 config, bool machine) {
    bool locked = (config & kLocked) != 0;
    switch (config & kAll) {
        case 0: return 0;
        case kWrite:
            if (locked) return kExecute;
            return machine ? kRead | kWrite : kRead;
        case kWrite | kExecute:
            if (locked) return machine ? kRead | kExecute : kExecute;
            return kRead | kWrite;
        case kAll:
            if (locked) return kRead;
            break;
        default: break;
    }
    return locked == machine ? config & kAll : 0;
}

u8 permissions(const PrivilegedState& p, u8 config, bool machine) {
    if ((p.mseccfg & kSeccfgMml) != 0) return permissions_mml(config, machine);
    return machine && (config & kLocked) == 0 ? kAll : config & kAll;
}

/// Where no rule matches.
u8 permissions_unmatched(const PrivilegedState& p, bool machine) {
    if (!machine || (p.mseccfg & kSeccfgMmwp) != 0) return 0;
    return (p.mseccfg & kSeccfgMml) != 0 ? kRead | kWrite : kAll;
}

bool is_locked(const PrivilegedState& p, unsigned i) {
    return (p.pmp_config[i] & kLocked) != 0 && (p.mseccfg & kSeccfgRlb) == 0;
}

void changed(Hart& hart) {
    update_pmp(hart);
    update_flags(hart);
    guest::flush_tlb(&hart, {});
}

// --- CSRs ---

/// The byte that a write of `value` to entry i's configuration leaves there.
u8 legal_config(const Hart& hart, unsigned i, u8 value) {
    const PrivilegedState& p = hart.priv;
    u8 old = p.pmp_config[i];
    if (is_locked(p, i)) return old;
    const bool types = hart_has(hart, Extension::Smpmpmt);
    if (types && (value & kMemoryType) == kMemoryType)
        value = (value & ~kMemoryType) | (old & kMemoryType);  // reserved
    value &= types ? kConfigMask | kMemoryType : kConfigMask;
    if ((p.mseccfg & kSeccfgMml) == 0) {
        // Writable but not readable is reserved.
        if ((value & kRead) == 0) value &= static_cast<u8>(~kWrite);
        return value;
    }
    // New rules that machine mode may execute are not possible any more.
    bool machine_code = (value & kLocked) != 0 && (permissions_mml(value, true) & kExecute) != 0;
    return machine_code && (p.mseccfg & kSeccfgRlb) == 0 ? old : value;
}

/// pmpcfg0 and pmpcfg2 hold eight each; in RV32 there are four registers with four each.
unsigned first_entry(unsigned number) { return (number & 15) * 4; }
unsigned entries_of_register(const Hart& hart) { return hart_has(hart, Extension::Rv32) ? 4 : 8; }

u64 read_config(Hart& hart, unsigned number) {
    u64 value = 0;
    for (unsigned i = 0; i < entries_of_register(hart); ++i)
        value |= u64{hart.priv.pmp_config[first_entry(number) + i]} << (8 * i);
    return value;
}
void write_config(Hart& hart, u64 value, unsigned number) {
    for (unsigned i = 0; i < entries_of_register(hart); ++i) {
        unsigned entry = first_entry(number) + i;
        hart.priv.pmp_config[entry] = legal_config(hart, entry, static_cast<u8>(value >> (8 * i)));
    }
    changed(hart);
}

u64 read_address(Hart& hart, unsigned number) { return hart.priv.pmp_address[number & 15]; }
void write_address(Hart& hart, u64 value, unsigned number) {
    PrivilegedState& p = hart.priv;
    unsigned i = number & 15;
    bool bounds_locked = i + 1 < kPmpEntries && is_locked(p, i + 1) && matching(p.pmp_config[i + 1]) == kTor;
    if (is_locked(p, i) || bounds_locked) return;
    p.pmp_address[i] = value & kAddressMask;
    changed(hart);
}

/// Four extensions bring it.
Permission access_mseccfg(const Hart& hart, unsigned) {
    return granted_if(hart_has(hart, Extension::Smepmp) || hart_has(hart, Extension::Zkr) ||
                      hart_has(hart, Extension::Smmpm) || hart_has(hart, Extension::Zicfilp));
}

/// MML and MMWP can only be set; RLB cannot be changed from 0 while a rule is locked.
void write_mseccfg(Hart& hart, u64 value, unsigned) {
    PrivilegedState& p = hart.priv;
    u64 others = hart_has(hart, Extension::Zkr) ? value & (kSeccfgUseed | kSeccfgSseed) : 0;
    if (hart_has(hart, Extension::Zicfilp)) others |= value & kSeccfgMlpe;
    if (hart_has(hart, Extension::Smmpm)) others |= with_legal_pmm(value, p.mseccfg) & kEnvcfgPmm;
    if (!hart_has(hart, Extension::Smepmp)) {
        p.mseccfg = others;
        return update_flags(hart);
    }
    bool any_locked = false;
    for (u8 config : p.pmp_config) any_locked |= (config & kLocked) != 0;
    u64 next = (p.mseccfg | value) & (kSeccfgMml | kSeccfgMmwp);
    if ((p.mseccfg & kSeccfgRlb) != 0 || !any_locked) next |= value & kSeccfgRlb;
    p.mseccfg = next | others;
    changed(hart);
}

using enum Extension;

constexpr CsrInfo address_row(u16 i, const char* name) {
    return {static_cast<u16>(0x3b0 + i), name, Pmp, read_address, write_address, CsrEffect::StateFlags};
}

constexpr CsrInfo kCsrs[] = {
    {0x3a0, "pmpcfg0", Pmp, read_config, write_config, CsrEffect::StateFlags},
    {0x3a1, "pmpcfg1", Pmp&& Rv32, read_config, write_config, CsrEffect::StateFlags},
    {0x3a2, "pmpcfg2", Pmp, read_config, write_config, CsrEffect::StateFlags},
    {0x3a3, "pmpcfg3", Pmp&& Rv32, read_config, write_config, CsrEffect::StateFlags},
    {0x747, "mseccfg", Sm1p12, read_field<&PrivilegedState::mseccfg>, write_mseccfg, CsrEffect::StateFlags,
     access_mseccfg},
    address_row(0, "pmpaddr0"),
    address_row(1, "pmpaddr1"),
    address_row(2, "pmpaddr2"),
    address_row(3, "pmpaddr3"),
    address_row(4, "pmpaddr4"),
    address_row(5, "pmpaddr5"),
    address_row(6, "pmpaddr6"),
    address_row(7, "pmpaddr7"),
    address_row(8, "pmpaddr8"),
    address_row(9, "pmpaddr9"),
    address_row(10, "pmpaddr10"),
    address_row(11, "pmpaddr11"),
    address_row(12, "pmpaddr12"),
    address_row(13, "pmpaddr13"),
    address_row(14, "pmpaddr14"),
    address_row(15, "pmpaddr15"),
};

}  // namespace

std::span<const CsrInfo> csrs_pmp() { return kCsrs; }

u8 pmp_walk_permissions(Hart& hart, u64 address) {
    PrivilegedState& p = hart.priv;
    if (p.walk_block_bytes == 0 || align_down(address, p.walk_block_bytes) != p.walk_block) {
        p.walk_block_bytes = u64{1} << 30;
        p.walk_permissions = pmp_permissions(hart, address, Privilege::Supervisor, p.walk_block_bytes);
        p.walk_block = align_down(address, p.walk_block_bytes);
    }
    const u64 entry_bytes = hart_has(hart, Rv32) ? 4 : 8;
    return p.walk_block_bytes >= entry_bytes ? p.walk_permissions : 0;
}

void update_pmp(Hart& hart) {
    PrivilegedState& p = hart.priv;
    p.walk_block_bytes = 0;
    p.pmp_splits_blocks = false;
    for (unsigned i = 0; i < kPmpEntries; ++i) {
        const PmpRange r = range(p, i);
        p.pmp_range[i] = r;
        p.pmp_splits_blocks |= r.first <= r.last && !is_aligned(r.first | (r.last + 1), kCacheBlock);
    }
}

u64 pmp_access_bytes(const Hart& hart, u64 address) {
    u64 last = address + low_mask(12);  // of what matters to anybody
    for (const PmpRange& r : hart.priv.pmp_range) {
        if (r.first > r.last || r.last < address) continue;
        if (r.first <= address) return std::min(last, r.last) - address + 1;
        last = std::min(last, r.first - 1);
    }
    return last - address + 1;
}

u8 pmp_permissions(const Hart& hart, u64 address, Privilege mode, u64& block) {
    const PrivilegedState& p = hart.priv;
    if (!hart_has(hart, Pmp)) return kAll;
    bool machine = mode == Privilege::Machine;
    for (unsigned i = 0; i < kPmpEntries; ++i) {
        const PmpRange& r = p.pmp_range[i];
        if (r.first > r.last) continue;
        for (;;) {
            u64 first = align_down(address, block), last = first + block - 1;
            bool apart = last < r.first || first > r.last;
            bool inside = first >= r.first && last <= r.last;
            if (apart) break;
            if (inside) return permissions(p, p.pmp_config[i], machine);
            block /= 2;
        }
    }
    return permissions_unmatched(p, machine);
}

}  // namespace dragoman::riscv
