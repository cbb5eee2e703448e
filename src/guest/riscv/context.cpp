// Exceptions and checks, for the translation functions.
#include "guest/riscv/context.h"

namespace dragoman::riscv {

void DisasContext::raise_with(Cause cause, Var value) {
    constexpr MemOp kWord{.size_log2 = 2};
    constexpr MemOp kDouble{.size_log2 = 3};
    b->env_st(b->c32(static_cast<u32>(cause)), DRAGOMAN_HART_OFFSET(exception), kWord);
    if (rv32) value = pointer(value);
    b->env_st(value, DRAGOMAN_HART_OFFSET(exception_value), kDouble);
    b->exit_tb(static_cast<u32>(ExitReason::Exception), b->address(pc));
    state = DisasState::NoReturn;
}

void DisasContext::emit_trigger_check(u32 kinds, Var base, i64 displacement, u32 bytes) {
    Var address = displacement != 0 ? b->addi(base, displacement) : base;
    call_helper(Helper::trigger, ir::kNoVar, {b->env(), address, b->c32(kinds), b->c32(bytes)});
}

void DisasContext::record_transfer(Transfer type, Var target) {
    if (!records_transfers()) return;
    const u32 number = static_cast<u32>(type);
    call_helper(Helper::record_transfer, ir::kNoVar, {b->env(), b->address(pc), target, b->c32(number)});
}

void DisasContext::make_float_dirty() {
    call_helper(Helper::fs_dirty, ir::kNoVar, {b->env()});
    jump_indirect(b->address(pc));
}

void DisasContext::make_vector_dirty() {
    call_helper(Helper::vs_dirty, ir::kNoVar, {b->env()});
    jump_indirect(b->address(pc));
}

}  // namespace dragoman::riscv
