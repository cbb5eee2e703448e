// Translation of host calls.
#include "guest/riscv/host_call.h"

#include "guest/riscv/context.h"
#include "guest/riscv/model.h"

namespace dragoman::riscv {

bool trans_host_call(DisasContext& ctx) {
    const HostCalls& host_calls = ctx.cpu().host_calls;
    if (ctx.pc < host_calls.start || ctx.pc >= host_calls.end) return false;
    unsigned index = ctx.bits >> 20;
    if (index >= kMaxHostCalls || ctx.bits != host_call_insn(index) || !host_calls.functions[index]) return false;
    constexpr unsigned kA0 = 10, kA1 = 11;
    ctx.call_helper(Helper::host_call, kA0, {ctx.b->env(), ctx.b->c32(index), kA0, kA1});
    return true;
}

u64 helper_host_call(ir::Env* env, u32 index, u64 a0, u64 a1) {
    return hart(env)->model->host_calls.functions[index](a0, a1);
}

}  // namespace dragoman::riscv
