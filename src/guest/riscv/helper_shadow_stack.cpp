// Helpers of shadow stacks (Privileged specification, "Shadow Stack Memory Protection"). Whatever fails there is told
// as a fault of a store, so that nobody takes it for a load that could be emulated.
#include "guest/riscv/context.h"
#include "guest/riscv/helper.h"
#include "guest/riscv/model.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

[[noreturn]] void raise(Hart& h, Cause cause, u64 value) { guest::raise(&h, static_cast<u32>(cause), value); }

/// User mode: the memory is of a mapping that the operating system has made for this.
u64 access_user(Hart& h, u64 address, unsigned bytes, const u64* store) {
    u64 old = 0;
    switch (h.runtime->access_shadow_stack(&h, address, bytes, old, store)) {
        case guest::ShadowAccess::Done: return old;
        case guest::ShadowAccess::OtherMemory: raise(h, Cause::StoreAccess, address);
        default: raise(h, Cause::StorePageFault, address);
    }
}

u64 access_system(Hart& h, u64 address, unsigned bytes, const u64* store) {
    if ((h.tb_flags & kFlagObserved) != 0) {
        check_triggers(h, store != nullptr ? kTriggerStore : kTriggerLoad, address, bytes);
    }
    guest::Translation t;
    if (!translate_shadow_stack(h, address, flags_data_mmu(h.tb_flags), t)) guest::raise(&h, t.exception, t.value);
    u64 old;
    for (;;) {
        if (!guest::physical_load(&h, t.physical, bytes, old)) raise(h, Cause::StoreAccess, address);
        if (store == nullptr) return old;
        bool swapped;
        const u64 value = bytes == 4 ? static_cast<u32>(*store) : *store;
        if (!guest::physical_compare_exchange(&h, t.physical, bytes, old, value, swapped)) {
            raise(h, Cause::StoreAccess, address);
        }
        if (swapped) return old;
    }
}

/// Loads, and stores *store, if there is something to store, at an aligned address. @returns what was there
u64 access(Hart& h, u64 address, unsigned bytes, const u64* store) {
    const u64 old = h.model->system ? access_system(h, address, bytes, store) : access_user(h, address, bytes, store);
    return bytes == 4 ? static_cast<u64>(sign_extend(old, 32)) : old;
}

/// A value of ssp, as registers hold it.
u64 moved(const Hart& h, i64 bytes) {
    const u64 ssp = h.priv.ssp + static_cast<u64>(bytes);
    return hart_has(h, Extension::Rv32) ? static_cast<u64>(sign_extend(ssp, 32)) : ssp;
}

}  // namespace

void helper_sspush(ir::Env* env, u64 link) {
    Hart& h = *hart(env);
    const unsigned bytes = h.model->xlen() / 8;
    const u64 top = moved(h, -static_cast<i64>(bytes));
    access(h, register_address(h, top), bytes, &link);
    h.priv.ssp = top;
}

void helper_sspopchk(ir::Env* env, u64 link) {
    Hart& h = *hart(env);
    const unsigned bytes = h.model->xlen() / 8;
    if (access(h, register_address(h, h.priv.ssp), bytes, nullptr) != link) {
        raise(h, Cause::SoftwareCheck, kShadowStackFault);
    }
    h.priv.ssp = moved(h, bytes);
}

u64 helper_ssamoswap(ir::Env* env, u64 address, u64 value, u32 insn) {
    Hart& h = *hart(env);
    if (h.model->system) {
        const Permission permission =
            hart_has(h, Extension::S) ? envcfg_permission(h.priv, kEnvcfgSse) : Permission::Illegal;
        if (permission != Permission::Granted) raise_denied(env, permission, insn);
    }
    const unsigned bytes = 1u << extract(insn, 12, 2);
    if (!is_aligned(address, bytes)) raise(h, Cause::StoreMisaligned, address);
    return access(h, address, bytes, &value);
}

}  // namespace dragoman::riscv
