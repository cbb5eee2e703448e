// Translator operations: fetch, decode, call the row's translation function; start and end of a TB.
#include "guest/riscv/translate.h"

#include "guest/riscv/context.h"
#include "guest/riscv/host_call.h"
#include "guest/riscv/model.h"
#include "guest/riscv/trans_i.h"
#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

DisasContext& context(guest::DisasContextBase* base) { return *static_cast<DisasContext*>(base); }

/// Reads the instruction at pc_next into the context. A 32-bit instruction is fetched as two halves,
/// because the second may lie on a page that cannot be fetched: the fault is then at its address.
bool fetch(DisasContext& ctx) {
    u32 half;
    u64 fault = ctx.pc;
    // In user mode a page can be fetched from as a whole, or not.
    if (!ctx.system && (ctx.pc & 0xfff) <= 0xffc && ctx.code->fetch(fault, 4, ctx.bits)) {
        const bool wide = (ctx.bits & 3) == 3;
        ctx.length = wide ? 4 : 2;
        ctx.bits &= wide ? ~u32{0} : 0xffff;
        return true;
    }
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
    ctx.length = 0;
    if (ctx.system) {
        // Why it cannot be fetched is found out when it is executed, if it still is so then.
        ctx.call_helper(Helper::fetch_fault, ir::kNoVar, {ctx.b->env(), ctx.b->address(fault)});
        ctx.b->exit_tb(static_cast<u32>(ExitReason::Lookup), ctx.b->address(ctx.pc));
        ctx.state = DisasState::NoReturn;
    } else {
        ctx.raise(Cause::FetchPageFault, fault);
    }
    return false;
}

/// System mode: mstatus.FS. @returns false when the instruction is dealt with already.
bool check_float(DisasContext& ctx, FloatUse use) {
    if ((ctx.flags & (kFlagFsOff | kFlagFsClean)) == 0 || use == FloatUse::None) return true;
    if ((ctx.flags & kFlagFsOff) != 0) {
        ctx.raise_illegal();
    } else if (use == FloatUse::Writes) {
        ctx.make_float_dirty();
    } else {
        return true;
    }
    return false;
}

/// The same for mstatus.VS.
bool check_vector(DisasContext& ctx, bool uses) {
    if ((ctx.flags & (kFlagVsOff | kFlagVsClean)) == 0 || !uses) return true;
    if ((ctx.flags & kFlagVsOff) != 0) {
        ctx.raise_illegal();
    } else {
        ctx.make_vector_dirty();
    }
    return false;
}

}  // namespace

void init_context(guest::DisasContextBase* base) {
    DisasContext& ctx = context(base);
    ctx.bits = 0;
    ctx.decoder = &ctx.cpu().decoder();
    ctx.silent_compare_pc = ir::kNoPc;
    ctx.known_pc = ir::kNoPc;
    ctx.extensions = &ctx.cpu().extensions();
    ctx.rv32 = ctx.has(Extension::Rv32);
    ctx.system = ctx.cpu().system;
    init_vectors(ctx);
}

void finish(guest::DisasContextBase* base) { finish_vectors(context(base)); }

void insn_start(guest::DisasContextBase* base) { base->b->insn_start(base->pc); }

void translate_insn(guest::DisasContextBase* base) {
    DisasContext& ctx = context(base);
    if ((ctx.flags & kFlagObserved) != 0) ctx.emit_trigger_check(kTriggerExecute, ctx.b->address(ctx.pc), 0, 1);
    if (!fetch(ctx)) return;
    Operands operands;
    const InsnRow* row = ctx.decoder->find(ctx.bits, operands);
    if (ctx.has(Extension::E) && row != nullptr && row->uses_upper_registers(operands)) row = nullptr;
    if ((ctx.flags_now & kFlagPadExpected) != 0) {
        const bool is_pad = row != nullptr && row->trans == trans_lpad && is_aligned(ctx.pc, 4);
        if (!is_pad) return ctx.raise(Cause::SoftwareCheck, kLandingPadFault);
    }
    if (!ctx.system || row == nullptr || (check_float(ctx, row->float_use) && check_vector(ctx, row->uses_vectors))) {
        bool legal = row != nullptr ? row->trans(ctx, operands) : trans_host_call(ctx);
        if (!legal) ctx.raise_illegal();
    }
}

}  // namespace dragoman::riscv
