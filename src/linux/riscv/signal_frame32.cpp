// The signal frame of riscv32 (arch/riscv/kernel/signal.c, uapi asm/sigcontext.h and asm/ucontext.h).
#include <cstddef>
#include <cstring>

#include "guest/riscv/model.h"
#include "guest/riscv/state.h"
#include "linux/riscv/arch.h"
#include "linux/riscv/sigcontext.h"
#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

using dragoman::riscv::Hart;
using dragoman::riscv::hart;

namespace {

struct Ucontext32 {
    u32 flags, link;
    u32 stack_pointer, stack_flags, stack_size;
    u32 mask[2];
    u8 unused[120];
    alignas(16) Sigcontext<u32> context;
};
static_assert(offsetof(Ucontext32, context) == 160);

struct Frame32 {
    u8 info[sizeof(siginfo_t)];
    Ucontext32 uc;
};
static_assert(sizeof(Frame32) == 944);

}  // namespace

u64 minimum_signal_stack32(const guest::Model&) { return sizeof(Frame32); }

bool push_signal_frame32(Task& task, const SignalDelivery& delivery, u64 stack) {
    Hart* h = hart(task.env);
    const u64 address = align_down(static_cast<u32>(stack - sizeof(Frame32)), 16);

    Frame32 frame;
    std::memset(&frame, 0, sizeof frame);
    task.process->arch->layouts.put_siginfo(delivery.info, frame.info);
    frame.uc.stack_pointer = static_cast<u32>(task.signals.altstack_sp);
    frame.uc.stack_flags = task.signals.altstack_flags;
    frame.uc.stack_size = static_cast<u32>(task.signals.altstack_size);
    std::memcpy(frame.uc.mask, &delivery.saved_mask, sizeof frame.uc.mask);
    save_registers(h, frame.uc.context);
    if (!task.write(address, frame)) return false;
    enter_handler<u32>(task, h, delivery, address, offsetof(Frame32, info), offsetof(Frame32, uc));
    return true;
}

bool pop_signal_frame32(Task& task, SignalSet& mask) {
    Hart* h = hart(task.env);
    Ucontext32 uc;
    if (!task.read(uc, static_cast<u32>(h->gpr[kSp]) + offsetof(Frame32, uc))) return false;
    const Sigcontext<u32>& context = uc.context;
    // There are no extension contexts: no model of RV32 has vectors.
    if (context.reserved != 0 || context.end_magic != 0 || context.end_size != 0) return false;
    load_registers(task, h, context);
    std::memcpy(&mask, uc.mask, sizeof mask);
    restore_altstack(task, uc.stack_pointer, uc.stack_size, uc.stack_flags);
    return true;
}

}  // namespace dragoman::linux_abi::riscv
