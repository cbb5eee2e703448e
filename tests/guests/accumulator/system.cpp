// System mode: a machine without an MMU, whose memory begins at a fixed physical address, and which has no interrupts.
#include "accumulator.h"

namespace dragoman::accumulator {

namespace {

constexpr u64 kSize = 0x10000;

void reset(ir::Env* env, unsigned) {
    auto* s = static_cast<State*>(env);
    s->a = s->x = s->l = s->tb_flags = 0;
}

bool translate(ir::Env*, u64 address, guest::Access, unsigned, bool, guest::Translation& out) {
    out = {};
    if (address >= kSize) {
        out.exception = kAccessFault;
        out.value = address;
        return false;
    }
    out.physical = kRamBase + address;
    out.page_bytes = kSize;
    out.load = out.store = out.fetch = true;
    return true;
}

void take_exception(ir::Env* env) {
    auto* s = static_cast<State*>(env);
    s->a = env->exception;
    s->l = env->pc;
    env->pc = kVector;
}

}  // namespace

const guest::SystemOps kSystem = {
    .reset = reset,
    .translate = translate,
    .mmu_index = [](const ir::Env*, bool) { return ir::kMmuIndexPhysical; },
    .take_exception = take_exception,
    .take_interrupt = [](ir::Env*) { return false; },
    .has_work = [](const ir::Env*) { return false; },
    .set_interrupt = [](ir::Env*, unsigned, bool) {},
    .next_timer = [](const ir::Env*) { return ~u64{0}; },
    .timer_expired = [](ir::Env*) {},
    .access_fault = [](guest::Access) { return kAccessFault; },
    .misaligned = [](guest::Access) { return kAccessFault; },
};

}  // namespace dragoman::accumulator
