// Translator operations: fetch, decode, call the row's translation function; start and end of a TB.
#include "guest/riscv/translate.h"

#include "guest/riscv/context.h"
#include "guest/riscv/host_call.h"
#include "guest/riscv/model.h"

namespace dragoman::riscv {

namespace {

DisasContext& context(guest::DisasContextBase* base) { return *static_cast<DisasContext*>(base); }

/// Reads the instruction at pc_next into the context. A 32-bit instruction is fetched as two halves,
/// because the second may lie on a page that cannot be fetched: the fault is then at its address.
bool fetch(DisasContext& ctx) {
    u32 half;
    u64 fault = ctx.pc;
    if (ctx.code->fetch(ctx.pc, 2, half)) {
        ctx.bits = half;
        ctx.length = 2;
        if ((half & 3) != 3) return true;
        ctx.length = 4;
        fault = ctx.pc + 2;
        if (ctx.code->fetch(fault, 2, half)) {
            ctx.bits |= half << 16;
            return true;
        }
    }
    ctx.raise(Cause::FetchPageFault, fault);
    return false;
}

}  // namespace

void init_context(guest::DisasContextBase* base) {
    DisasContext& ctx = context(base);
    ctx.pc = ctx.pc_first;
    ctx.bits = 0;
    ctx.length = 0;
    ctx.next_slot = 0;
    ctx.decoder = &decoder();
    ctx.silent_compare_pc = ir::kNoPc;
    ctx.extensions = &extensions();
    ctx.pending_count = 0;
}

void tb_start(guest::DisasContextBase*) {}

void insn_start(guest::DisasContextBase* base) {
    context(base).bind_pending();
    base->b->insn_start(base->pc_next, 0);
}

void translate_insn(guest::DisasContextBase* base) {
    DisasContext& ctx = context(base);
    ctx.pc = ctx.pc_next;
    if (!fetch(ctx)) return;
    const InsnRow* row = ctx.decoder->find(ctx.bits);
    bool legal = row != nullptr ? row->trans(ctx, row->operands(ctx.bits)) : trans_host_call(ctx);
    if (!legal) ctx.raise_illegal();
    ctx.pc_next = ctx.pc + ctx.length;
}

void tb_stop(guest::DisasContextBase* base) {
    DisasContext& ctx = context(base);
    if (ctx.state != DisasState::NoReturn) ctx.jump(ctx.pc_next);
    ctx.exit_pending();
}

}  // namespace dragoman::riscv
