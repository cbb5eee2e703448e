// Ends of TBs and exceptions, for the translation functions.
#include "guest/riscv/context.h"

namespace dragoman::riscv {

void DisasContext::raise_with(Cause cause, Var value) {
    constexpr MemOp kWord{.size_log2 = 2};
    constexpr MemOp kDouble{.size_log2 = 3};
    b->env_st(b->c32(static_cast<u32>(cause)), DRAGOMAN_HART_OFFSET(exception), kWord);
    b->env_st(value, DRAGOMAN_HART_OFFSET(exception_value), kDouble);
    b->exit_tb(static_cast<u32>(ExitReason::Exception), b->address(pc));
    state = DisasState::NoReturn;
}

/// The label of `target` among the pending branches; a new one if there is none.
static u32 pending_label(DisasContext& ctx, u64 target) {
    for (unsigned i = 0; i < ctx.pending_count; ++i) {
        if (ctx.pending[i].target == target) return ctx.pending[i].label;
    }
    u32 label = ctx.b->new_label();
    ctx.pending[ctx.pending_count++] = {target, label};
    return label;
}

bool DisasContext::follow(u64 target) {
    if (!loop || !may_branch()) return false;
    if (path_at + 1 < path.size()) {
        if (target != path[path_at + 1]) return false;
        ++path_at;
    } else {
        // All passes together are at most that long.
        constexpr unsigned kMaxUnrolled = 4, kMaxUnrolledInsns = 96;
        const unsigned length = num_insns / (unrolled + 1);
        if (target != pc_first || unrolled + 1 == kMaxUnrolled || num_insns + length > kMaxUnrolledInsns) return false;
        ++unrolled;
        path_at = 0;
    }
    followed = target;
    return true;
}

void DisasContext::branch(Cond cond, Var lhs, Var rhs, u64 target) {
    if (follow(target)) {
        b->brcond(ir::invert(cond), lhs, rhs, pending_label(*this, next_pc()));
        return;
    }
    // A loop's path goes on behind branches back that are not part of it, too.
    if ((target > pc || path_at + 1 < path.size()) && may_branch()) {
        b->brcond(cond, lhs, rhs, pending_label(*this, target));
        return;
    }
    u32 taken = b->new_label();
    b->brcond(cond, lhs, rhs, taken);
    exit_to(next_pc());
    b->label(taken);
    exit_to(target);
}

void DisasContext::bind_pending() {
    for (unsigned i = 0; i < pending_count; ++i) {
        if (pending[i].target != pc_next) continue;
        b->label(pending[i].label);
        pending[i] = pending[--pending_count];
        return;
    }
}

void DisasContext::exit_pending() {
    for (unsigned i = 0; i < pending_count; ++i) {
        b->label(pending[i].label);
        b->goto_tb(take_slot(), pending[i].target);
    }
    pending_count = 0;
}

void DisasContext::jump(u64 target) {
    if (!follow(target)) exit_to(target);
}

void DisasContext::exit_to(u64 target) {
    if (single_step) {
        b->exit_tb(static_cast<u32>(ExitReason::Lookup), b->address(target));
    } else {
        b->goto_tb(take_slot(), target);
    }
    state = DisasState::NoReturn;
}

void DisasContext::jump_indirect(Var target) {
    if (single_step) {
        b->exit_tb(static_cast<u32>(ExitReason::Lookup), target);
    } else {
        b->goto_ptr(target);
    }
    state = DisasState::NoReturn;
}

void DisasContext::call(u64 target) {
    if (single_step) return jump(target);
    unsigned slot = take_slot();
    b->call_tb(slot, target, take_slot(), next_pc());
    state = DisasState::NoReturn;
}

void DisasContext::call_indirect(Var target) {
    if (single_step) return jump_indirect(target);
    b->call_ptr(target, take_slot(), next_pc());
    state = DisasState::NoReturn;
}

void DisasContext::ret(Var target) {
    if (single_step) return jump_indirect(target);
    b->ret_ptr(target);
    state = DisasState::NoReturn;
}

void DisasContext::emit_trigger_check(u32 kinds, Var base, i64 displacement, u32 bytes) {
    Var address = displacement != 0 ? b->addi(base, displacement) : base;
    call_helper(Helper::trigger, ir::kNoVar, {b->env(), address, b->c32(kinds), b->c32(bytes)});
}

void DisasContext::make_float_dirty() {
    call_helper(Helper::fs_dirty, ir::kNoVar, {b->env()});
    jump_indirect(b->address(pc));
}

void DisasContext::end_with_lookup() { jump_indirect(b->address(next_pc())); }

}  // namespace dragoman::riscv
