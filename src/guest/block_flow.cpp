#include "guest/block_flow.h"

#include "ir/env.h"

namespace dragoman::guest {

using ir::ExitReason;
using ir::Var;

void BlockFlow::begin(ir::Builder& builder, BlockKind block_kind) {
    b = &builder;
    kind = block_kind;
    state = DisasState::Next;
    joined = false;
    next_slot_ = 0;
    pending_count_ = 0;
}

void BlockFlow::end(u64 next) {
    if (state != DisasState::NoReturn) exit_to(next);
    for (unsigned i = 0; i < pending_count_; ++i) {
        b->exit_label(pending_[i].label);
        leave(pending_[i].target, pending_[i].flags);
    }
    pending_count_ = 0;
}

/// The label of `target` among the pending branches; a new one if there is none.
u32 BlockFlow::pending_label(u64 target) {
    for (unsigned i = 0; i < pending_count_; ++i) {
        if (pending_[i].target == target && pending_[i].flags == flags_now) return pending_[i].label;
    }
    const u32 label = b->new_label();
    pending_[pending_count_++] = {target, label, flags_now};
    return label;
}

bool BlockFlow::bind_pending(u64 next) {
    for (unsigned i = 0; i < pending_count_; ++i) {
        if (pending_[i].target != next || pending_[i].flags != flags_now) continue;
        b->label(pending_[i].label);
        pending_[i] = pending_[--pending_count_];
        return true;
    }
    return false;
}

void BlockFlow::branch(ir::Cond cond, Var lhs, Var rhs, u64 target) {
    if (target > pc && kind == BlockKind::Extended && pending_count_ < kMaxPending) {
        b->brcond(cond, lhs, rhs, pending_label(target));
        return;
    }
    const u32 taken = b->new_label();
    b->brcond(cond, lhs, rhs, taken);
    exit_to(next_pc());
    b->exit_label(taken);
    exit_to(target);
}

void BlockFlow::jump(u64 target) { exit_to(target); }

void BlockFlow::leave(u64 target, u32 now) {
    if (leaves()) {
        b->exit_tb(static_cast<u32>(ExitReason::Lookup), b->address(target));
    } else {
        b->goto_tb(next_slot_++, target, now != flags);
    }
}

void BlockFlow::exit_to(u64 target, u32 now) {
    leave(target, now);
    state = DisasState::NoReturn;
}

void BlockFlow::jump_indirect(Var target) {
    if (leaves()) {
        b->exit_tb(static_cast<u32>(ExitReason::Lookup), target);
    } else {
        b->goto_ptr(target);
    }
    state = DisasState::NoReturn;
}

void BlockFlow::call(u64 target) {
    if (leaves()) return exit_to(target);
    const unsigned slot = next_slot_++;
    b->call_tb(slot, target, next_slot_++, next_pc());
    state = DisasState::NoReturn;
}

void BlockFlow::call_indirect(Var target) {
    if (leaves()) return jump_indirect(target);
    b->call_ptr(target, next_slot_++, next_pc());
    state = DisasState::NoReturn;
}

void BlockFlow::ret(Var target) {
    if (leaves()) return jump_indirect(target);
    b->ret_ptr(target);
    state = DisasState::NoReturn;
}

}  // namespace dragoman::guest
