// The signal frame of riscv32 (arch/riscv/kernel/signal.c, uapi asm/sigcontext.h and asm/ucontext.h).
#include <cstddef>
#include <cstring>

#include "guest/riscv/model.h"
#include "guest/riscv/state.h"
#include "linux/riscv/arch.h"
#include "linux/riscv/float_context.h"
#include "linux/signals/signals.h"
#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

using dragoman::riscv::Hart;
using dragoman::riscv::hart;

namespace {

struct Sigcontext32 {
    u32 pc;
    u32 x[31];  // x1..x31
    u64 f[32];  // the D state; the union is as large as the Q state
    u32 fcsr;
    u8 unused[252];
    u32 reserved;             // of __riscv_extra_ext_header: zero
    u32 end_magic, end_size;  // header that ends the list of extension contexts: zero
};
static_assert(sizeof(Sigcontext32) == 128 + 528);

struct Ucontext32 {
    u32 flags, link;
    u32 stack_pointer, stack_flags, stack_size;
    u32 mask[2];
    u8 unused[120];
    alignas(16) Sigcontext32 context;
};
static_assert(offsetof(Ucontext32, context) == 160);

struct Frame32 {
    u8 info[sizeof(siginfo_t)];
    Ucontext32 uc;
};
static_assert(sizeof(Frame32) == 944);

constexpr unsigned kRa = 1, kSp = 2, kA0 = 10;

u64 as_register(u64 value) { return static_cast<u64>(sign_extend(value, 32)); }

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
    Sigcontext32& context = frame.uc.context;
    context.pc = static_cast<u32>(h->pc);
    for (unsigned i = 0; i < 31; ++i) context.x[i] = static_cast<u32>(h->gpr[i + 1]);
    std::memcpy(context.f, h->fpr, sizeof context.f);
    context.fcsr = read_fcsr(h);
    if (!task.write(address, frame)) return false;

    h->gpr[kRa] = as_register(task.process->vdso + task.process->arch->vdso().sigreturn);
    h->gpr[kSp] = as_register(address);
    h->gpr[kA0] = static_cast<u64>(delivery.signal);
    h->gpr[kA0 + 1] = as_register(address + offsetof(Frame32, info));
    h->gpr[kA0 + 2] = as_register(address + offsetof(Frame32, uc));
    h->pc = delivery.action.handler;
    return true;
}

bool pop_signal_frame32(Task& task, SignalSet& mask) {
    Hart* h = hart(task.env);
    Ucontext32 uc;
    if (!task.read(uc, static_cast<u32>(h->gpr[kSp]) + offsetof(Frame32, uc))) return false;
    const Sigcontext32& context = uc.context;
    // There are no extension contexts: no model of RV32 has vectors.
    if (context.reserved != 0 || context.end_magic != 0 || context.end_size != 0) return false;
    h->pc = align_down(context.pc, 2u);
    for (unsigned i = 0; i < 31; ++i) h->gpr[i + 1] = as_register(context.x[i]);
    std::memcpy(h->fpr, context.f, sizeof context.f);
    write_fcsr(h, context.fcsr);
    h->reservation_address = dragoman::riscv::kNoReservation;
    h->tb_flags = task.process->guest->cpu.tb_flags(h);
    std::memcpy(&mask, uc.mask, sizeof mask);
    restore_altstack(task, uc.stack_pointer, uc.stack_size, uc.stack_flags);
    return true;
}

}  // namespace dragoman::linux_abi::riscv
