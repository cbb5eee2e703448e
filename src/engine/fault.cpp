// Host faults taken by guest accesses, and exceptions raised by helpers: precise guest state.
#include "engine/impl.h"

#include "base/error.h"

#include <ucontext.h>

namespace dragoman::engine {

namespace {

/// Page-fault error code of x86: the access was a write.
bool is_write_fault(const ucontext_t* uc) { return (uc->uc_mcontext.gregs[REG_ERR] & 2) != 0; }

}  // namespace

bool Engine::Impl::restore(ir::Env* env, const u8* host_pc, const ucontext_t* uc) {
    TranslationBlock* tb;
    {
        std::lock_guard guard(tb_lock);
        tb = tb_at(host_pc);
    }
    if (tb == nullptr) return false;
    InsnPoint found;
    if (!find_in_insn_map(tb->insn_map, tb->insn_map_size, static_cast<u32>(host_pc - tb->code), found)) return false;
    env->pc = tb->pc + found.pc_offset;
    PlainVector<ir::StateEntry> entries;
    ir::decode_state(found.tb_state, entries);
    const std::size_t of_tb = entries.size();
    if (found.insn_state != nullptr) ir::decode_state(found.insn_state, entries);
    const ir::StateEntries all(entries.data(), entries.size());
    if (uc != nullptr || !all.empty()) {
        backend->restore_state(env, uc, {.guest_pc = tb->pc, .tb = all.first(of_tb), .insn = all.subspan(of_tb)});
    }
    return true;
}

Engine::Fault Engine::handle_fault(ir::Env* env, int signal, siginfo_t* info, ucontext_t* uc) {
    Impl& i = *impl_;
    u64 host_address = reinterpret_cast<u64>(info->si_addr);

    if (i.space != nullptr && signal == SIGSEGV && info->si_code > 0 && is_write_fault(uc)) {
        // A store to a page with translated code. Writable again first, then dropped: a translation
        // that another thread makes in between protects the page anew or is dropped with the rest.
        u64 page = align_down(i.space->guest(info->si_addr), memory::kPageSize);
        if (i.space->unprotect_code(page)) {
            i.smc_faults.fetch_add(1, std::memory_order_relaxed);
            {
                std::lock_guard guard(i.tb_lock);
                i.policy.note_store(page / kPageBytes);
            }
            invalidate(page, page + memory::kPageSize);
            return Fault::Resolved;
        }
    }
    if (memory::fix_copy_fault(uc)) return Fault::Resolved;
    if (env == nullptr || env->vcpu == nullptr || !vcpu_of(env).running.load()) return Fault::NotOurs;
    const u8* position = i.backend->fault_code_position(env, uc);
    if (position == nullptr || !i.buffer.contains(position)) return Fault::NotOurs;
    if (i.backend->fixup_fault(env, uc, host_address)) return Fault::Resolved;
    if (i.space == nullptr) return Fault::NotOurs;
    if (!i.restore(env, position, uc)) return Fault::NotOurs;
    env->exception = ir::kExceptionHostFault;
    env->exception_value = i.space->guest(info->si_addr);
    env->exit_reason = ir::ExitReason::Exception;
    i.backend->redirect_to_exit(env, uc);
    return Fault::Guest;
}

void Engine::raise(ir::Env* env, u32 exception, u64 value) {
    if (!impl_->restore(env, impl_->backend->helper_return_address(env), nullptr)) DRAGOMAN_UNREACHABLE();
    env->exception = exception;
    env->exception_value = value;
    env->exit_reason = ir::ExitReason::Exception;
    impl_->backend->exit_from_helper(env);
    __builtin_unreachable();
}

void Engine::leave(ir::Env* env, ir::ExitReason reason) {
    env->exit_reason = reason;
    impl_->backend->exit_from_helper(env);
    __builtin_unreachable();
}

}  // namespace dragoman::engine
