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

void DisasContext::jump(u64 target) {
    if (single_step) {
        b->exit_tb(static_cast<u32>(ExitReason::Lookup), b->address(target));
    } else {
        b->goto_tb(take_slot(), target);
    }
    state = DisasState::NoReturn;
}

bool DisasContext::defer_exit(u32 label, u64 target) {
    if (single_step || side_exit_count == kMaxSideExits || (!has(Extension::C) && (target & 3) != 0)) return false;
    side_exits[side_exit_count++] = {label, target};
    return true;
}

void DisasContext::emit_side_exits() {
    for (unsigned i = 0; i < side_exit_count; ++i) {
        b->label(side_exits[i].label);
        jump(side_exits[i].target);
    }
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

void DisasContext::end_with_lookup() {
    b->exit_tb(static_cast<u32>(ExitReason::Lookup), b->address(next_pc()));
    state = DisasState::NoReturn;
}

}  // namespace dragoman::riscv
