// The signal frame of riscv64 (arch/riscv/kernel/signal.c, uapi asm/sigcontext.h and asm/ucontext.h).
#include <cstddef>
#include <cstring>

#include "guest/riscv/model.h"
#include "guest/riscv/state.h"
#include "linux/riscv/arch.h"
#include "linux/riscv/cfi.h"
#include "linux/riscv/sigcontext.h"
#include "linux/riscv/vector_context.h"
#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

using dragoman::riscv::Hart;
using dragoman::riscv::hart;

namespace {

struct Stack {
    u64 sp;
    u32 flags;
    u32 padding;
    u64 size;
};

struct Ucontext {
    u64 flags;
    u64 link;
    Stack stack;
    SignalSet mask;
    u8 unused[120];
    alignas(16) Sigcontext<u64> context;
};
static_assert(offsetof(Ucontext, context) == 176);

struct Frame {
    siginfo_t info;
    Ucontext uc;
};
static_assert(sizeof(siginfo_t) == 128 && sizeof(Frame) == 1088);

/// Where the list of extension contexts begins.
constexpr u64 kContexts = offsetof(Frame, uc.context.end_magic);

}  // namespace

u64 minimum_signal_stack(const guest::Model& model) {
    const dragoman::riscv::Model& cpu = dragoman::riscv::riscv_model(model);
    using enum dragoman::riscv::Extension;
    return sizeof(Frame) + (cpu.has(Zve32x) ? vector_context_size(cpu.vector_bytes()) : 0) +
           (cpu.has(Zicfiss) ? kShadowContextSize : 0);
}

bool push_signal_frame(Task& task, const SignalDelivery& delivery, u64 stack) {
    Hart* h = hart(task.env);
    const bool vectors = has_vector_context(*h);
    const u64 vector_bytes = vectors ? vector_context_size(h->vector.vlenb) : 0;
    const bool shadow_stack = has_shadow_stack(task);
    const u64 size = sizeof(Frame) + vector_bytes + (shadow_stack ? kShadowContextSize : 0);
    u64 address = align_down(stack - size, 16);

    Frame frame;
    std::memset(&frame.uc, 0, sizeof frame.uc);
    std::memcpy(&frame.info, &delivery.info, sizeof frame.info);
    frame.uc.stack = {task.signals.altstack_sp, task.signals.altstack_flags, 0, task.signals.altstack_size};
    frame.uc.mask = delivery.saved_mask;
    save_registers(h, frame.uc.context);
    if (!task.write(address, frame)) return false;
    if (vectors && !write_vector_context(task, *h, address + kContexts)) return false;
    if (shadow_stack) {
        const u64 token = push_shadow_token(task);
        if (token == 0 || !write_shadow_context(task, token, address + kContexts + vector_bytes)) return false;
    }
    enter_handler<u64>(task, h, delivery, address, offsetof(Frame, info), offsetof(Frame, uc));
    return true;
}

bool pop_signal_frame(Task& task, SignalSet& mask) {
    Hart* h = hart(task.env);
    Ucontext uc;
    if (!task.read(uc, h->gpr[kSp] + offsetof(Frame, uc))) return false;
    const Sigcontext<u64>& context = uc.context;
    if (context.reserved != 0) return false;
    // Most frames have no list.
    if (context.end_magic != 0 || context.end_size != 0) {
        dragoman::riscv::VectorState vector = h->vector;
        u64 shadow_token = 0;
        if (!read_extension_contexts(task, h->gpr[kSp] + kContexts, vector, shadow_token)) return false;
        if (shadow_token != 0 && !pop_shadow_token(task, shadow_token)) return false;
        h->vector = vector;
    }
    load_registers(task, h, context);
    mask = uc.mask;
    restore_altstack(task, uc.stack.sp, uc.stack.size, uc.stack.flags);
    return true;
}

}  // namespace dragoman::linux_abi::riscv
