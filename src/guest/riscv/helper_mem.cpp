// Helpers that touch guest memory or the translations of it: fence.i, cache-block operations and the
// 128-bit compare-and-swap.
#include "guest/riscv/context.h"
#include "guest/riscv/helper.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"
#include "guest/runtime.h"

namespace dragoman::riscv {

void helper_fence_i(ir::Env* env) { guest::fence_i(env); }

void helper_cbo_zero(ir::Env* env, u64 address, u32 insn) {
    static constexpr u8 kZeros[kCacheBlock] = {};
    const u64 block = align_down(address, kCacheBlock);
    if (hart(env)->model->system) {
        const Hart& h = *hart(env);
        const Permission permission = envcfg_permission(h.priv, kEnvcfgCbze);
        if (permission != Permission::Granted) raise_denied(env, permission, insn);
        if ((h.tb_flags & kFlagObserved) != 0) check_triggers(*hart(env), kTriggerStore, block, kCacheBlock);
        // One access: nothing of it is done when a part is not permitted.
        guest::Translation t;
        if (!translate(env, block, guest::Access::Store, flags_data_mmu(h.tb_flags), false, t)) {
            guest::raise(env, t.exception, t.value);
        }
        if (!whole_block(t)) guest::raise(env, static_cast<u32>(Cause::StoreAccess), block);
    }
    guest::store(env, block, kZeros, kCacheBlock);
}

/// cbo.clean, cbo.flush, cbo.inval: no caches to manage, but the access is checked as a load.
void helper_cbo_check(ir::Env* env, u64 address) {
    u8 byte;
    guest::load(env, &byte, address, 1);
}

/// Compare and swap of 16 bytes; every 64-bit host of the last 15 years has it.
__attribute__((target("cx16"))) static u128 swap_if_equal(u128* target, u128 expected, u128 desired) {
    return __sync_val_compare_and_swap(target, expected, desired);
}

void helper_amocas_q(ir::Env* env, u64 address, u32 rd, u32 rs2) {
    Hart* h = hart(env);
    if (!is_aligned(address, 16)) guest::raise(env, static_cast<u32>(Cause::StoreMisaligned), address);
    auto pair = [&](u32 reg) { return reg == 0 ? u128{0} : u128{h->gpr[reg + 1]} << 64 | h->gpr[reg]; };
    if ((h->tb_flags & kFlagObserved) != 0) check_triggers(*h, kTriggerLoad | kTriggerStore, address, 16);
    auto* target = static_cast<u128*>(guest::atomic_pointer(env, address, 16));
    u128 old = swap_if_equal(target, pair(rd), pair(rs2));
    if (rd == 0) return;
    h->gpr[rd] = static_cast<u64>(old);
    h->gpr[rd + 1] = static_cast<u64>(old >> 64);
}

void helper_amocas_pair(ir::Env* env, u64 address, u32 rd, u32 rs2) {
    Hart* h = hart(env);
    if (!is_aligned(address, 8)) guest::raise(env, static_cast<u32>(Cause::StoreMisaligned), address);
    auto pair = [&](u32 reg) { return reg == 0 ? 0 : h->gpr[reg + 1] << 32 | static_cast<u32>(h->gpr[reg]); };
    if ((h->tb_flags & kFlagObserved) != 0) check_triggers(*h, kTriggerLoad | kTriggerStore, address, 8);
    auto* target = static_cast<u64*>(guest::atomic_pointer(env, address, 8));
    const u64 old = __sync_val_compare_and_swap(target, pair(rd), pair(rs2));
    if (rd == 0) return;
    h->gpr[rd] = static_cast<u64>(sign_extend(old, 32));
    h->gpr[rd + 1] = static_cast<u64>(sign_extend(old >> 32, 32));
}

u64 helper_table_jump(ir::Env* env, u32 index, u32 insn) {
    const Hart& h = *hart(env);
    const unsigned bytes = h.model->has(Extension::Rv32) ? 4 : 8;
    const u64 address = h.priv.jvt + u64{index} * bytes;
    u64 target = 0;
    if (!h.model->system) {
        if (!guest::try_load(env, &target, address, bytes)) {
            guest::raise(env, static_cast<u32>(Cause::FetchPageFault), address);
        }
        return target;
    }
    if (const Permission p = jvt_permission(h); p != Permission::Granted) raise_denied(env, p, insn);
    guest::Translation t;
    if (!translate(env, address, guest::Access::Fetch, mmu_index(env, true), false, t)) {
        guest::raise(env, t.exception, t.value);
    }
    if (!guest::physical_load(env, t.physical, bytes, target)) {
        guest::raise(env, static_cast<u32>(Cause::FetchAccess), address);
    }
    return target;
}

}  // namespace dragoman::riscv
