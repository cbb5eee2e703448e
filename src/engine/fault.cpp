// Host faults taken by guest accesses, and exceptions raised by helpers: precise guest state.
#include "engine/impl.h"

#include "base/error.h"
#include "host/fault_context.h"

namespace dragoman::engine {

bool Engine::Impl::restore(ir::Env* env, const u8* host_pc, const ucontext_t* uc) {
    TranslationBlock* tb;
    {
        LockGuard guard(blocks.lock);
        tb = blocks.at(host_pc);
    }
    if (tb == nullptr) return false;
    InsnPoint found;
    std::span<const u8> map(tb->insn_map, tb->insn_map_size);
    InsnMapBytes again;
    if (tb->image != nullptr && tb->image->lost()) {
        BlockDetails details;
        if (!blocks.recover(*tb->image, tb->image_block, details, again)) return false;
        map = {again.data(), again.size()};
    }
    const auto offset = static_cast<u32>(host_pc - tb->code);
    if (!find_in_insn_map(map.data(), static_cast<u32>(map.size()), offset, found)) return false;
    env->pc = tb->pc + found.pc_offset;
    if (config.exact_counts) env->insn_budget += tb->insns_from(found.pc_offset);
    PlainVector<ir::StateEntry> entries;
    if (found.tb_state != nullptr) ir::decode_state(found.tb_state, entries);
    const std::size_t of_tb = entries.size();
    if (found.insn_state != nullptr) ir::decode_state(found.insn_state, entries);
    const ir::StateEntries all(entries.data(), entries.size());
    if (uc != nullptr || !all.empty()) {
        backend->restore_state(env, uc, {.guest_pc = tb->pc, .tb = all.first(of_tb), .insn = all.subspan(of_tb)});
    }
    return true;
}

bool Engine::Impl::mend_image(ir::Env* env, const u8* position, int signal, const siginfo_t* info, ucontext_t* uc) {
    if (signal != SIGBUS && signal != SIGILL) return false;
    const CodeCache& cache = kept_blocks.cache;
    Image* image = signal == SIGBUS ? cache.mapped_at(info->si_addr) : nullptr;
    if (image != nullptr && !image->cut_off(info->si_addr)) return false;
    // The engine has read a table, or linked: it finds zeros there, and its links are to no effect.
    if (position == nullptr) return image != nullptr;
    image = cache.mapped_at(position);
    if (image == nullptr || !image->lost()) return false;
    const u32 block = image->view().find_code(static_cast<u32>(position - image->view().code));
    if (block == ImageView::kNone) return false;
    const ImageView& view = image->view();
    const ImageShape shape = view.shape(block);
    const u64 pc = image->bias() + view.pcs[block];
    // It goes on behind a call that it has made, and begins on a page that has not been missed yet.
    if (!image->cut_off_before(block)) return false;
    if (mender->mend(*image, block, request_for(pc, shape.flags))) return true;
    // The guest's code is another one now; it takes over if nothing of the block has been done.
    const i64 offset = position - image->code(block);
    if (offset == shape.entry || offset == shape.checked_entry) {
        backend->restore_state(env, uc, {.guest_pc = pc, .tb = {}, .insn = {}});
        env->pc = pc;
        env->exit_reason = ir::ExitReason::Lookup;
        backend->redirect_to_exit(env, uc);
        return true;
    }
    die(1, "a file of the translation cache was cut off while the program ran in it, and the program's code changed");
}

void Engine::Impl::own_image_code(u64 page) {
    std::vector<std::pair<Image*, u32>> lost;
    {
        LockGuard guard(blocks.lock);
        for (auto [image, index] : blocks.image_pages(page / kPageBytes, page / kPageBytes)) {
            if (image->pages[index] != Image::PageState::Holds) continue;
            image->for_blocks_on(image->view().pages[index].number, [&, in = image](u32 block) {
                if (!in->own_code(block)) lost.emplace_back(in, block);
            });
        }
    }
    for (auto [image, block] : lost) {
        const ImageView& view = image->view();
        mender->mend(*image, block, request_for(image->bias() + view.pcs[block], view.shape(block).flags));
    }
}

/// The guest address or, in system mode, the physical address `page` * kPageBytes belongs to the code of the TB at
/// `position`, and the guest's next instruction is to be the changed one: the TB must not go on behind the store.
bool Engine::Impl::modifies_itself(const u8* position, u64 page) {
    if (!guest.precise_self_modification) return false;
    LockGuard guard(blocks.lock);
    const TranslationBlock* tb = blocks.at(position);
    if (tb == nullptr || tb->guest_insns <= 1) return false;
    return page == tb->page_numbers[0] || (tb->crosses_page() && page == tb->page_numbers[1]);
}

/// System mode: a store is about to write to RAM. If the TB must not go on behind it, the store is done again alone.
void Engine::Impl::alone_if_modifying(ir::Env* env, u64 physical_address, unsigned bytes) {
    const u8* position = backend->helper_return_address(env);
    if (!modifies_itself(position, physical_address / kPageBytes) &&
        !modifies_itself(position, (physical_address + bytes - 1) / kPageBytes)) {
        return;
    }
    if (!restore(env, position, nullptr)) DRAGOMAN_UNREACHABLE();
    vcpu_of(env).step_once = true;
    engine.leave(env, ir::ExitReason::Lookup);
}

void Engine::Impl::end_block_at_device(ir::Env* env) {
    const u8* position = backend->helper_return_address(env);
    Vcpu& v = vcpu_of(env);
    if (const u64 now = reclaims.load(std::memory_order_relaxed); v.device_reclaims != now) {
        v.device_calls.fill(nullptr);
        v.device_reclaims = now;
    }
    const u8*& known = v.device_calls[reinterpret_cast<u64>(position) / 16 % v.device_calls.size()];
    if (known == position) return;
    {
        LockGuard guard(blocks.lock);
        TranslationBlock* tb = blocks.at(position);
        InsnPoint found;
        if (tb == nullptr ||
            !find_in_insn_map(tb->insn_map, tb->insn_map_size, static_cast<u32>(position - tb->code), found)) {
            return;
        }
        if (tb->insns_from(found.pc_offset) <= 1) {
            known = position;
            return;
        }
        policy.end_blocks_at(tb->pc + found.pc_offset);
        if (!tb->invalid.load()) blocks.remove(tb);
    }
    if (!restore(env, position, nullptr)) DRAGOMAN_UNREACHABLE();
    v.step_once = true;
    engine.leave(env, ir::ExitReason::Lookup);
}

void Engine::Impl::leave_if_requested(ir::Env* env) {
    if (__atomic_load_n(&env->request, __ATOMIC_RELAXED) == 0) return;
    vcpu_of(env).kept_budget += env->insn_budget;
    env->insn_budget = 0;
}

Engine::Fault Engine::handle_fault(ir::Env* env, int signal, siginfo_t* info, ucontext_t* uc) {
    Impl& i = *impl_;
    // Where in translated code of this thread the fault is.
    auto position_of_fault = [&]() -> const u8* {
        if (env == nullptr || env->vcpu == nullptr || !vcpu_of(env).running.load()) return nullptr;
        const u8* position = i.backend->fault_code_position(env, uc);
        return i.blocks.buffer.contains(position) ? position : nullptr;
    };

    if (i.kept_blocks.on() && i.mend_image(env, position_of_fault(), signal, info, uc)) return Fault::Resolved;
    if (i.space != nullptr && signal == SIGSEGV && info->si_code > 0 && host::is_write_fault(uc)) {
        // A store to a page with translated code. Writable again first, then dropped: a translation
        // that another thread makes in between protects the page anew or is dropped with the rest.
        u64 page = align_down(i.space->guest(info->si_addr), memory::kPageSize);
        const u8* position = i.guest.precise_self_modification ? position_of_fault() : nullptr;
        const bool alone = position != nullptr && i.modifies_itself(position, page / kPageBytes);
        if (i.kept_blocks.on()) i.own_image_code(page);
        if (i.space->unprotect_code(page)) {
            i.smc_faults.fetch_add(1, std::memory_order_relaxed);
            {
                LockGuard guard(i.blocks.lock);
                i.policy.note_store(page / kPageBytes);
            }
            invalidate(page, page + memory::kPageSize);
            if (!alone) return Fault::Resolved;
            // The TB must not go on behind the store, which is done again alone.
            if (!i.restore(env, position, uc)) return Fault::NotOurs;
            vcpu_of(env).step_once = true;
            env->exit_reason = ir::ExitReason::Lookup;
            i.backend->redirect_to_exit(env, uc);
            return Fault::Resolved;
        }
    }
    if (memory::fix_copy_fault(uc)) return Fault::Resolved;
    const u8* position = position_of_fault();
    if (position == nullptr) return Fault::NotOurs;
    if (i.backend->fixup_fault(env, uc, reinterpret_cast<u64>(info->si_addr))) return Fault::Resolved;
    if (i.space == nullptr || !i.restore(env, position, uc)) return Fault::NotOurs;
    if (i.guest.cpu.retry_access != nullptr && i.guest.cpu.retry_access(env)) {
        env->exit_reason = ir::ExitReason::Lookup;
        i.backend->redirect_to_exit(env, uc);
        return Fault::Resolved;
    }
    env->exception = ir::kExceptionHostFault;
    env->exception_value = i.space->guest(info->si_addr);
    env->exit_reason = ir::ExitReason::Exception;
    i.backend->redirect_to_exit(env, uc);
    return Fault::Guest;
}

void Engine::raise(ir::Env* env, u32 exception, u64 value) {
    if (!impl_->restore(env, impl_->backend->helper_return_address(env), nullptr)) DRAGOMAN_UNREACHABLE();
    // The instruction has been executed: its trap is what it did. Debuggers stop in front of it.
    if (impl_->config.exact_counts && exception != ir::kExceptionWatch && exception != ir::kExceptionDebug)
        --env->insn_budget;
    env->tb_flags = impl_->guest.cpu.tb_flags(env);  // the helper may have changed what they follow from
    env->exception = exception;
    env->exception_value = value;
    env->exit_reason = ir::ExitReason::Exception;
    impl_->backend->exit_from_helper(env);
    __builtin_unreachable();
}

void Engine::retry_access(ir::Env* env) {
    if (impl_->guest.cpu.retry_access == nullptr) return;
    const i64 budget = env->insn_budget;
    if (!impl_->restore(env, impl_->backend->helper_return_address(env), nullptr)) DRAGOMAN_UNREACHABLE();
    if (impl_->guest.cpu.retry_access(env)) leave(env, ir::ExitReason::Lookup);
    env->insn_budget = budget;  // the instruction goes on
}

void Engine::raise_access(ir::Env* env, u32 exception, u64 value) {
    retry_access(env);
    raise(env, exception, value);
}

void Engine::leave(ir::Env* env, ir::ExitReason reason) {
    env->exit_reason = reason;
    impl_->backend->exit_from_helper(env);
    __builtin_unreachable();
}

}  // namespace dragoman::engine
