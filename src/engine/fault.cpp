// Host faults taken by guest accesses, and exceptions raised by helpers: precise guest state.
#include "engine/impl.h"

#include "engine/insn_map.h"
#include "guest/runtime.h"

#include "base/error.h"

#include <ucontext.h>

#include <cstring>
#include <ctime>

namespace dragoman::engine {

namespace {

/// Page-fault error code of x86: the access was a write.
bool is_write_fault(const ucontext_t* uc) { return (uc->uc_mcontext.gregs[REG_ERR] & 2) != 0; }

}  // namespace

bool Engine::Impl::restore(ir::Env* env, const u8* host_pc) {
    TranslationBlock* tb;
    {
        std::lock_guard guard(tb_lock);
        tb = tb_at(host_pc);
    }
    if (tb == nullptr) return false;
    host::InsnMapEntry insn;
    if (!find_in_insn_map(tb->insn_map, tb->insn_map_size, static_cast<u32>(host_pc - tb->code), insn)) return false;
    env->pc = tb->pc + insn.pc_offset;
    guest.cpu.restore_state(env, env->pc, insn.data);
    return true;
}

Engine::Fault Engine::handle_fault(ir::Env* env, int signal, siginfo_t* info, ucontext_t* uc) {
    Impl& i = *impl_;
    u64 host_address = reinterpret_cast<u64>(info->si_addr);
    auto host_pc = static_cast<u64>(uc->uc_mcontext.gregs[REG_RIP]);

    if (signal == SIGSEGV && info->si_code > 0 && is_write_fault(uc)) {
        // A store to a page with translated code. Writable again first, then dropped: a translation
        // that another thread makes in between protects the page anew or is dropped with the rest.
        u64 page = align_down(i.space.guest(info->si_addr), memory::kPageSize);
        if (i.space.unprotect_code(page)) {
            i.smc_faults.fetch_add(1, std::memory_order_relaxed);
            {
                std::lock_guard guard(i.tb_lock);
                if (CodePage* record = i.pages.find(page >> 12)) ++record->invalidations;
            }
            invalidate(page, page + memory::kPageSize);
            return Fault::Resolved;
        }
    }
    if (u64 resume = memory::copy_fixup(host_pc)) {
        uc->uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(resume);
        return Fault::Resolved;
    }
    if (env == nullptr || env->vcpu == nullptr || !vcpu_of(env).running.load()) return Fault::NotOurs;
    const u8* position = i.backend->fault_code_position(env, uc);
    if (position == nullptr || !i.buffer.contains(position)) return Fault::NotOurs;
    if (i.backend->fixup_fault(env, uc, host_address)) return Fault::Resolved;
    i.backend->save_state(env, uc);
    if (!i.restore(env, position)) return Fault::NotOurs;
    env->exception = ir::kExceptionHostFault;
    env->exception_value = i.space.guest(info->si_addr);
    env->exit_reason = ir::ExitReason::Exception;
    i.backend->redirect_to_exit(env, uc);
    return Fault::Guest;
}

void Engine::raise(ir::Env* env, u32 exception, u64 value) {
    if (!impl_->restore(env, impl_->backend->helper_return_address(env))) DRAGOMAN_UNREACHABLE();
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

// What guests' helpers ask for (guest/runtime.h).
namespace dragoman::guest {

namespace {

/// A helper's access to guest memory failed at `address`: leave with the details that the host's
/// signal would have had. The user-mode layer finds out from the mapping which code it is.
[[noreturn]] void access_fault(ir::Env* env, u64 address) {
    engine::current->raise(env, ir::kExceptionHelperFault, address);
}

}  // namespace

void raise(ir::Env* env, u32 exception, u64 value) { engine::current->raise(env, exception, value); }

void request_exit(ir::Env* env) { engine::Engine::request_exit(env); }

void fence_i(ir::Env*) { engine::current->fence_i(); }

void load(ir::Env* env, void* to, u64 address, unsigned bytes) {
    std::size_t missing = memory::copy_checked(to, engine::current->space().host(address), bytes);
    if (missing != 0) access_fault(env, address + bytes - missing);
}

void store(ir::Env* env, u64 address, const void* from, unsigned bytes) {
    std::size_t missing = memory::copy_checked(engine::current->space().host(address), from, bytes);
    if (missing != 0) access_fault(env, address + bytes - missing);
}

void* atomic_pointer(ir::Env* env, u64 address, unsigned bytes) {
    auto* host = reinterpret_cast<u8*>(engine::current->space().host(address));
    // Writing back a byte that was read would race with other threads: ask the map instead, and touch
    // the page for reading only.
    u8 ignored[16];
    load(env, ignored, address, bytes);
    if (!engine::current->space().accessible(address, bytes, true)) access_fault(env, address);
    engine::current->space().unprotect_code(align_down(address, memory::kPageSize));
    engine::current->invalidate(address, address + bytes);
    return host;
}

u64 time_nanoseconds(ir::Env*) {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<u64>(t.tv_sec) * 1'000'000'000 + static_cast<u64>(t.tv_nsec);
}

// System mode, as long as no softmmu is linked.
#define DRAGOMAN_WEAK __attribute__((weak))
DRAGOMAN_WEAK u64 mmu_load(ir::Env*, u64, unsigned, unsigned) { DRAGOMAN_UNREACHABLE(); }
DRAGOMAN_WEAK void mmu_store(ir::Env*, u64, u64, unsigned, unsigned) { DRAGOMAN_UNREACHABLE(); }
DRAGOMAN_WEAK void* mmu_atomic_pointer(ir::Env*, u64, unsigned, unsigned) { DRAGOMAN_UNREACHABLE(); }
DRAGOMAN_WEAK bool physical_load(ir::Env*, u64, unsigned, u64&) { DRAGOMAN_UNREACHABLE(); }
DRAGOMAN_WEAK bool physical_compare_exchange(ir::Env*, u64, unsigned, u64, u64, bool&) { DRAGOMAN_UNREACHABLE(); }
DRAGOMAN_WEAK void flush_tlb(ir::Env*, const TlbFlush&) { DRAGOMAN_UNREACHABLE(); }
DRAGOMAN_WEAK void switch_address_space(ir::Env*, u64, u64) { DRAGOMAN_UNREACHABLE(); }
DRAGOMAN_WEAK u64 time_ticks(ir::Env*) { DRAGOMAN_UNREACHABLE(); }
DRAGOMAN_WEAK void timer_changed(ir::Env*) { DRAGOMAN_UNREACHABLE(); }
#undef DRAGOMAN_WEAK

}  // namespace dragoman::guest
