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
    // In user mode a page can be fetched from as a whole, or not.
    if (!ctx.system && (ctx.pc & 0xfff) <= 0xffc && ctx.code->fetch(fault, 4, ctx.bits)) {
        ctx.length = (ctx.bits & 3) == 3 ? 4 : 2;
        if (ctx.length == 2) ctx.bits &= 0xffff;
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

/// Instructions on float registers: all of the opcodes LOAD-FP, STORE-FP, MADD to NMADD and OP-FP, and c.fld, c.fsd,
/// c.fldsp and c.fsdsp.
bool is_float(u32 bits) {
    if ((bits & 3) != 3) return (bits & 1) == 0 && ((bits >> 13 & 3) == 1);
    u32 opcode = bits >> 2 & 31;
    constexpr u32 kLoad = 1, kStore = 9;
    return opcode == kLoad || opcode == kStore || (opcode >= 16 && opcode <= 20);
}
/// Those that only read float state: stores, fmv.x and fclass.
bool only_reads_float(u32 bits) {
    if ((bits & 3) != 3) return (bits >> 15 & 1) != 0;
    constexpr u32 kStore = 9, kOp = 20, kMoveOrClass = 0x1c;
    u32 opcode = bits >> 2 & 31;
    return opcode == kStore || (opcode == kOp && bits >> 27 == kMoveOrClass);
}

/// System mode: mstatus.FS. @returns false when the instruction is dealt with already.
bool check_float(DisasContext& ctx) {
    if ((ctx.flags & (kFlagFsOff | kFlagFsClean)) == 0 || !is_float(ctx.bits)) return true;
    if ((ctx.flags & kFlagFsOff) != 0) {
        ctx.raise_illegal();
    } else if (!only_reads_float(ctx.bits)) {
        ctx.make_float_dirty();
    } else {
        return true;
    }
    return false;
}

}  // namespace

void init_context(guest::DisasContextBase* base) {
    DisasContext& ctx = context(base);
    ctx.bits = 0;
    ctx.decoder = &ctx.cpu().decoder();
    ctx.silent_compare_pc = ir::kNoPc;
    ctx.extensions = &ctx.cpu().extensions();
    ctx.system = ctx.cpu().system;
}

void insn_start(guest::DisasContextBase* base) { base->b->insn_start(base->pc, 0); }

void translate_insn(guest::DisasContextBase* base) {
    DisasContext& ctx = context(base);
    if ((ctx.flags & kFlagTriggers) != 0) ctx.emit_trigger_check(kTriggerExecute, ctx.b->address(ctx.pc), 0, 1);
    if (!fetch(ctx)) return;
    Operands operands;
    const InsnRow* row = ctx.decoder->find(ctx.bits, operands);
    if (!ctx.system || row == nullptr || check_float(ctx)) {
        bool legal = row != nullptr ? row->trans(ctx, operands) : trans_host_call(ctx);
        if (!legal) ctx.raise_illegal();
    }
}

}  // namespace dragoman::riscv
