// The execution loop of a vCPU: find the TB, enter it, look at why it came back.
#include "base/error.h"
#include "base/log.h"
#include "engine/impl.h"

#include <algorithm>
#include <cinttypes>
#include <utility>

namespace dragoman::engine {

namespace {

void log_entry(const log::Selection& log, Symbols* symbols, const guest::Guest& guest, const ir::Env* env,
               const TranslationBlock* tb) {
    if (!log.in_filter(tb->pc)) return;
    if (log.enabled(log::Item::Exec)) {
        const std::string name = symbols != nullptr ? symbols->name(tb->pc) : std::string();
        std::fprintf(log::stream(), "Trace: %p [%016" PRIx64 "/%08x]%s%s\n", static_cast<const void*>(tb->code), tb->pc,
                     tb->flags, name.empty() ? "" : " ", name.c_str());
    }
    if (log.enabled(log::Item::Cpu)) std::fputs(guest.cpu.dump_registers(env).c_str(), log::stream());
}

/// A TB that was entered that often when a sample was due is translated again.
constexpr u8 kSamples = 2;

u32 take_request(ir::Env* env, u32 bits) { return __atomic_fetch_and(&env->request, ~bits, __ATOMIC_SEQ_CST) & bits; }

/// Enters a block whose exits all leave: slots are not linked, and indirect jumps meet the request at the checked entry
/// of their target.
void enter_once(const host::Backend& backend, ir::Env* env, const TranslationBlock& tb) {
    __atomic_fetch_or(&env->request, u32{kRequestStep}, __ATOMIC_SEQ_CST);
    backend.enter(env, tb.fast());
    take_request(env, kRequestStep);
}

}  // namespace

/// The slot that `v` has left its TB by; null when that TB is no more.
SlotRecord* Engine::Impl::exit_slot(Vcpu& v) {
    const u32 slot = v.env->exit_slot & ~host::kLoopExit;
    if (v.left_reclaims != reclaims.load(std::memory_order_relaxed)) return blocks.slot_at({v.env->exit_host_pc, slot});
    return v.left->invalid.load() || slot >= v.left->slot_count ? nullptr : &v.left->slots[slot];
}

/// After an exit that does not say which guest address is next: that is known of the TB. @returns the TB, if it is one
/// to translate again
TranslationBlock* Engine::Impl::find_exit_pc(Vcpu& v) {
    ir::Env* env = v.env;
    if (env->exit_reason != ir::ExitReason::Slot && env->exit_reason != ir::ExitReason::Check) return nullptr;
    LockGuard guard(blocks.lock);
    // It may have been removed, but its memory is not reused while this vCPU runs.
    TranslationBlock* tb = blocks.at(env->exit_host_pc);
    DRAGOMAN_ASSERT(tb != nullptr);
    v.left = tb;
    v.left_reclaims = reclaims.load(std::memory_order_relaxed);
    if (env->exit_reason == ir::ExitReason::Slot) {
        env->pc = tb->slots[env->exit_slot & ~host::kLoopExit].slot.target_pc;
    } else {
        env->pc = tb->pc;
        const u32 request = __atomic_load_n(&env->request, __ATOMIC_ACQUIRE);
        env->exit_reason = request != 0 ? ir::ExitReason::Request : ir::ExitReason::Lookup;
        if (env->entries_left == 0) {
            env->entries_left = kEntrySample;
            if (tb->first && !tb->invalid.load() && ++tb->samples >= kSamples) return tb;
        }
    }
    return nullptr;
}

/// The first translation `head` runs much: makes those with all passes of it and of the blocks that it leads to, as far
/// as they have run. They take the places of the first ones.
void Engine::Impl::translate_again(Vcpu& v, TranslationBlock& head) {
    constexpr std::size_t kMostBlocks = 48;
    constexpr u64 kReach = 4096;
    std::vector<TranslationRequest> requests;
    {
        LockGuard guard(blocks.lock);
        std::vector<const TranslationBlock*> way{&head};
        for (std::size_t i = 0; i < way.size(); ++i) {
            for (unsigned slot = 0; slot < way[i]->slot_count && way.size() < kMostBlocks; ++slot) {
                const TranslationBlock* next = way[i]->slots[slot].target;
                if (next != nullptr && next->first && next->pc - head.pc < kReach &&
                    std::find(way.begin(), way.end(), next) == way.end()) {
                    way.push_back(next);
                }
            }
        }
        for (const TranslationBlock* tb : way) {
            requests.push_back(request_for(tb->pc, tb->flags));
            requests.back().again = true;
        }
    }
    GuestFault fault;
    for (TranslationRequest& request : requests) {
        if (translate(v, request, fault) != nullptr) ++v.stats.again;
    }
}

/// A jump through an unlinked slot: link it to `target`, so that the next time it goes straight there.
void Engine::Impl::link_exit(Vcpu& v, TranslationBlock* target) {
    if (!config.chain) return;
    LockGuard guard(blocks.lock);
    SlotRecord* record = exit_slot(v);
    if (record == nullptr || target->invalid.load()) return;
    // The slot may have been linked by another thread, and env->pc changed by a debugger.
    if (record->target != nullptr || record->linked_in_image || record->slot.target_pc != target->pc) return;
    // System mode: the page may have been mapped elsewhere since the TB was entered.
    if (physical != nullptr && record->owner->physical - record->owner->pc != target->physical - target->pc) return;
    blocks.link(*record, target);
    ++v.stats.links;
}

/// Has the vCPU's jump cache lead to `tb`.
void Engine::Impl::cache(ir::Env* env, TranslationBlock* tb) {
    if (!config.chain || tb->is_loop()) return;
    ir::JumpCacheEntry& entry = env->jump_cache[tb->pc >> 1 & (ir::kJumpCacheSize - 1)];
    __atomic_store_n(&entry.target, tb->checked(), __ATOMIC_RELAXED);
    __atomic_store_n(&entry.pc, tb->pc, __ATOMIC_SEQ_CST);
    if (tb->invalid.load()) __atomic_store_n(&entry.pc, ir::kNoPc, __ATOMIC_RELAXED);
    if (Vcpu& v = vcpu_of(env); v.softmmu != nullptr) v.softmmu->note_cached(tb, v.global_code);
}

/// Runs one instruction.
void Engine::Impl::step(Vcpu& v) {
    v.step_once = false;
    TranslationRequest request = request_for(v.env->pc, v.env->tb_flags);
    request.kind = guest::BlockKind::Leaving;
    request.max_insns = 1;
    request.stepped = true;
    TranslationBlock* tb = translate(v, request);
    if (tb != nullptr) enter_once(*backend, v.env, *tb);
}

ir::ExitReason Engine::run_alone(ir::Env* env) {
    Impl& i = *impl_;
    Vcpu& v = vcpu_of(env);
    i.workers.enter_running(v);
    enter_once(*i.backend, env, *i.alone_block(v));
    if (env->exit_reason == ir::ExitReason::StaleCode) v.alone.clear();
    i.find_exit_pc(v);
    i.workers.leave_running(v);
    const ir::ExitReason reason = env->exit_reason;
    const bool ends = reason == ir::ExitReason::Syscall || reason == ir::ExitReason::Exception;
    return ends ? reason : ir::ExitReason::None;
}

/// Runs the first instructions of the block at env->pc, as many as the budget is for.
void Engine::Impl::run_rest(Vcpu& v) {
    TranslationRequest request = request_for(v.env->pc, v.env->tb_flags);
    request.part = true;
    request.max_insns = static_cast<u32>(std::min<i64>(v.env->insn_budget, request.max_insns));
    if (TranslationBlock* tb = translate(v, request)) backend->enter(v.env, tb->fast());
}

ir::ExitReason Engine::run(ir::Env* env) {
    Impl& i = *impl_;
    Vcpu& v = vcpu_of(env);
    i.workers.enter_running(v);
    if (i.physical != nullptr) guard_host_faults(env);
    const log::Selection& log = *i.config.log;
    const bool logged = log.enabled(log::Item::Exec) || log.enabled(log::Item::Cpu);
    const bool each = logged || v.trace != nullptr;
    const TranslationBlock* entered = nullptr;  // with a trace
    ir::ExitReason result;
    TranslationBlock* next = nullptr;
    const bool exact = i.config.exact_counts;
    bool rest = false;     // with `exact`: what is left is less than the block at env->pc has
    bool by_slot = false;  // `next` was come to by a direct jump: it need not be where indirect ones look
    // System mode: the code at env->pc may not be fetched. (It may be so in another mode, and in the jump cache.)
    auto fetch_fault = [&] {
        ++v.stats.exits_exception;
        i.workers.leave_running(v);
        return ir::ExitReason::Exception;
    };
    for (;;) {
        if (__atomic_load_n(&env->request, __ATOMIC_ACQUIRE) != 0) {
            next = nullptr;
            v.loops.path.stop();
            if (take_request(env, kRequestExclusive) != 0) {
                i.workers.leave_running(v);
                i.workers.enter_running(v);
            }
            if (take_request(env, kRequestExternal) != 0) {
                ++v.stats.exits_request;
                result = ir::ExitReason::Request;
                break;
            }
        }
        if (exact && env->insn_budget <= 0) {
            result = ir::ExitReason::Budget;
            break;
        }
        if (v.single_step || v.step_once) {
            i.step(v);
        } else if (std::exchange(rest, false)) {
            next = nullptr;
            i.run_rest(v);
        } else if (v.loops.path.active()) {
            next = nullptr;
            if (i.follow_path(v)) continue;
        } else {
            const u8* code = nullptr;
            const ir::JumpCacheEntry& entry = env->jump_cache[env->pc >> 1 & (ir::kJumpCacheSize - 1)];
            if (next == nullptr && entry.pc == env->pc && !each) {
                code = entry.target;
            } else {
                if (next == nullptr) next = i.find_or_translate(v, env->pc, env->tb_flags);
                if (next == nullptr) return fetch_fault();
                if (!by_slot) i.cache(env, next);
                if (logged) log_entry(log, i.config.symbols, i.guest, env, next);
                code = next->checked();
                if (v.trace != nullptr) entered = next;
            }
            next = nullptr;
            by_slot = false;
            i.backend->enter(env, code);
        }
        if (v.kept_budget != 0) env->insn_budget += std::exchange(v.kept_budget, 0);
        const ir::ExitReason reason = env->exit_reason;
        if (TranslationBlock* tb = i.find_exit_pc(v)) i.translate_again(v, *tb);
        if (entered != nullptr) {
            using enum ir::ExitReason;
            int slot = CallTrace::kNoSlot;
            if (reason == Slot) {
                // A return that was foreseen comes out where its caller goes on.
                slot =
                    v.left == entered ? static_cast<int>(env->exit_slot & ~host::kLoopExit) : CallTrace::kCallersSlot;
            }
            // For these reasons none of its guest code has run.
            if (reason != Check && reason != StaleCode && reason != Unboxed) v.trace->ran(*entered, slot, env->pc);
            entered = nullptr;
        }
        switch (env->exit_reason) {
            case ir::ExitReason::Slot:
                ++v.stats.exits_slot;
                if (v.single_step) break;
                if (exact && env->insn_budget <= 0) break;
                if ((env->exit_slot & host::kLoopExit) != 0) {
                    next = i.at_loop_exit(v);
                    if (next == nullptr && !v.loops.path.active()) return fetch_fault();
                    break;
                }
                next = i.find_or_translate(v, env->pc, env->tb_flags);
                if (next == nullptr) return fetch_fault();
                i.link_exit(v, next);
                by_slot = true;
                break;
            case ir::ExitReason::None:
            case ir::ExitReason::Check:
            case ir::ExitReason::Request: break;
            case ir::ExitReason::Lookup:
                ++v.stats.exits_lookup;
                // A jump-cache hit whose flags do not match came here from the checked entry.
                if (__atomic_load_n(&env->request, __ATOMIC_ACQUIRE) == 0 && !v.single_step &&
                    !(exact && env->insn_budget <= 0)) {
                    next = i.find_or_translate(v, env->pc, env->tb_flags);
                    if (next == nullptr) return fetch_fault();
                }
                break;
            case ir::ExitReason::StaleCode: {
                ++v.stats.stale;
                LockGuard guard(i.blocks.lock);
                if (TranslationBlock* tb = i.blocks.find(env->pc, env->tb_flags, env->pc)) i.blocks.remove(tb);
                break;
            }
            case ir::ExitReason::Unboxed: i.remove_unboxed(v); break;
            case ir::ExitReason::Syscall:
                ++v.stats.exits_syscall;
                i.workers.leave_running(v);
                return ir::ExitReason::Syscall;
            case ir::ExitReason::Budget:
                // Less is left than the block has.
                rest = exact && env->insn_budget > 0;
                if (rest) break;
                i.workers.leave_running(v);
                return ir::ExitReason::Budget;
            case ir::ExitReason::Halt:
                ++v.stats.exits_halt;
                i.workers.leave_running(v);
                return ir::ExitReason::Halt;
            case ir::ExitReason::Exception:
                ++v.stats.exits_exception;
                i.workers.leave_running(v);
                return ir::ExitReason::Exception;
        }
        if (v.single_step) {
            env->exception = ir::kExceptionDebug;
            result = ir::ExitReason::Exception;
            break;
        }
    }
    i.workers.leave_running(v);
    return result;
}

void Engine::request_exit(ir::Env* env) { __atomic_fetch_or(&env->request, u32{kRequestExternal}, __ATOMIC_SEQ_CST); }

void Engine::interrupt(ir::Env* env, ucontext_t*) { request_exit(env); }

}  // namespace dragoman::engine
