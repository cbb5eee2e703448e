// Helpers of system mode: privileged instructions, CSR accesses with their checks, cache-block operations. An access
// that is not permitted is an illegal instruction, whose trap value is its bits.
#include "guest/riscv/context.h"
#include "guest/riscv/csr.h"
#include "guest/riscv/helper.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

[[noreturn]] void illegal(ir::Env* env, u32 insn) {
    guest::raise(env, static_cast<u32>(Cause::IllegalInstruction), insn);
}

/// Supervisor mode may be denied an instruction by a bit of mstatus, a guest's by one of hstatus.
void check_trapped(ir::Env* env, u32 insn, u64 bit, u64 guest_bit) {
    const PrivilegedState& p = hart(env)->priv;
    if (p.virtualised) {
        if ((p.hstatus & guest_bit) != 0) raise_denied(env, Permission::Virtual, insn);
    } else if (p.mode == Privilege::Supervisor && (p.mstatus & bit) != 0) {
        illegal(env, insn);
    }
}

}  // namespace

void raise_denied(ir::Env* env, Permission permission, u32 insn) {
    const Cause cause = permission == Permission::Virtual ? Cause::VirtualInstruction : Cause::IllegalInstruction;
    guest::raise(env, static_cast<u32>(cause), insn);
}

u64 helper_trap(ir::Env* env, u32 cause, u64 pc, u64 tval) {
    env->pc = pc;
    env->exception = cause;
    env->exception_value = tval;
    take_exception(env);
    return env->pc;
}

void helper_interrupts_on(ir::Env* env) { check_interrupts(*hart(env)); }

u64 helper_mret(ir::Env* env, u32) { return return_from_machine(*hart(env)); }

u64 helper_mnret(ir::Env* env, u32) { return return_from_nmi(*hart(env)); }

u64 helper_sret(ir::Env* env, u32 insn) {
    check_trapped(env, insn, kStatusTsr, kHstatusVtsr);
    return return_from_supervisor(*hart(env));
}

void helper_wfi(ir::Env* env, u32 insn) {
    const PrivilegedState& p = hart(env)->priv;
    if (p.mode != Privilege::Machine && (p.mstatus & kStatusTw) != 0) illegal(env, insn);
    const bool denied = p.virtualised && (p.mode == Privilege::User || (p.hstatus & kHstatusVtw) != 0);
    if (denied) raise_denied(env, Permission::Virtual, insn);
}

void helper_sfence_vma(ir::Env* env, u32 insn, u64 address, u64 asid) {
    check_trapped(env, insn, kStatusTvm, kHstatusVtvm);
    guest::TlbFlush what;
    limit_to_world(*hart(env), what);
    what.one_address = extract(insn, 15, 5) != 0;
    what.one_space = extract(insn, 20, 5) != 0;
    what.address = register_address(*hart(env), address);
    what.asid = asid & low_mask(asid_bits(*hart(env)));
    guest::flush_tlb(env, what);
}

namespace {

/// What a CSR instruction does, with the functions that read and write.
template <class Read, class ReadToModify, class Write>
u64 access_csr(const CsrInfo& csr, u32 insn, u64 operand, Read read, ReadToModify read_to_modify, Write write) {
    enum { kWrite = 1, kSet = 2 };
    const unsigned op = insn >> 12 & 3;
    const bool has_rd = extract(insn, 7, 5) != 0, has_rs1 = extract(insn, 15, 5) != 0;
    const u64 old = op != kWrite || has_rd ? read() : 0;
    if (op == kWrite) {
        write(operand);
    } else if (has_rs1) {
        const u64 current = csr.read_to_modify != nullptr ? read_to_modify() : old;
        write(op == kSet ? current | operand : current & ~operand);
    }
    return old;
}

}  // namespace

/// The translator has checked that the CSR exists, on harts that have all that there is, what its number says about
/// modes, and that it is not read-only.
u64 helper_csr(ir::Env* env, u32 insn, u64 operand, u32 index) {
    Hart& h = *hart(env);
    unsigned number = insn >> 20;
    const CsrInfo* csr = &csr_at(index);
    Permission permission = csr->access != nullptr ? csr->access(h, number) : Permission::Granted;
    if (!csr->guard.admits(h.model->extensions())) [[unlikely]]
        permission = Permission::Illegal;
    if (h.priv.virtualised && permission == Permission::Granted) {  // what HS mode could access is its to do
        const bool not_for_guests = csr_privilege(number) == kHypervisorCsr || csr_level(number) > h.priv.mode;
        if (not_for_guests) permission = Permission::Virtual;
    }
    if (permission != Permission::Granted) raise_denied(env, permission, insn);
    constexpr unsigned kCsrrw = 1;
    const bool writes = (insn >> 12 & 3) == kCsrrw || extract(insn, 15, 5) != 0;
    if (csr->claim != nullptr && writes) return csr->claim(h, number);
    if (hart_has(h, Extension::Rv32)) [[unlikely]] {
        return access_csr(
            *csr, insn, operand, [&] { return read_csr(h, *csr); }, [&] { return read_csr_to_modify(h, *csr); },
            [&](u64 value) { write_csr(h, *csr, value); });
    }
    return access_csr(
        *csr, insn, operand, [&] { return csr->read(h, number); }, [&] { return csr->read_to_modify(h, number); },
        [&](u64 value) { csr->write(h, value, number); });
}

void helper_trigger(ir::Env* env, u64 address, u32 kinds, u32 bytes) {
    check_triggers(*hart(env), kinds, address, bytes);
}

void helper_fs_dirty(ir::Env* env) {
    Hart& h = *hart(env);
    h.priv.mstatus |= kStatusFs | kStatusSd;
    if (h.priv.virtualised) h.priv.other.status |= kStatusFs;
    update_mode_flags(h);
}

void helper_vs_dirty(ir::Env* env) {
    Hart& h = *hart(env);
    h.priv.mstatus |= kStatusVs | kStatusSd;
    if (h.priv.virtualised) h.priv.other.status |= kStatusVs;
    update_mode_flags(h);
}

/// The engine could not read the code at `address`. Returns when it can be read by now.
void helper_fetch_fault(ir::Env* env, u64 address) {
    guest::Translation t;
    if (!translate(env, address, guest::Access::Fetch, mmu_index(env, true), false, t)) {
        guest::raise(env, t.exception, t.value);
    }
    u64 code;
    if (!guest::physical_load(env, align_down(t.physical, 4), 4, code)) {
        guest::raise(env, static_cast<u32>(Cause::FetchAccess), address);
    }
}

// --- Zicbom, Zicboz ---

/// There are no caches to manage; the block must be accessible for loads or stores, and faults are those of a store.
void helper_cbo_manage(ir::Env* env, u64 address, u32 insn) {
    const Hart& h = *hart(env);
    bool invalidates = insn >> 20 == 0;
    const Permission permission = envcfg_permission(h.priv, invalidates ? kEnvcfgCbie : kEnvcfgCbcfe);
    if (permission != Permission::Granted) raise_denied(env, permission, insn);
    unsigned index = flags_data_mmu(h.tb_flags);
    const u64 block = align_down(address, kCacheBlock);
    guest::Translation t;
    bool permitted = translate(env, block, guest::Access::Load, index, false, t) ||
                     translate(env, block, guest::Access::Store, index, false, t);
    if (!permitted) guest::raise(env, t.exception, address);
    if (!whole_block(t)) guest::raise(env, static_cast<u32>(Cause::StoreAccess), address);
    const bool shadow_stack = (h.priv.menvcfg & kEnvcfgSse) != 0 && translate_shadow_stack(*hart(env), block, index, t);
    if (shadow_stack) guest::raise(env, static_cast<u32>(Cause::StoreAccess), address);
}

}  // namespace dragoman::riscv
