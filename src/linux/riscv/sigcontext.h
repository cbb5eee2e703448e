// struct sigcontext of riscv32 and riscv64 (uapi asm/sigcontext.h): the registers in a signal frame.
#pragma once

#include <cstddef>
#include <cstring>

#include "guest/riscv/state.h"
#include "linux/arch.h"
#include "linux/riscv/call_abi.h"
#include "linux/riscv/float_context.h"
#include "linux/signals/signals.h"
#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

/// Word: a general register as the kernel of that width has it, u32 or u64.
template <class Word>
struct Sigcontext {
    Word pc;
    Word x[31];  // x1..x31
    u64 f[32];   // the D state; the union is as large as the Q state
    u32 fcsr;
    u8 unused[256];
    u32 reserved;             // of __riscv_extra_ext_header: zero
    u32 end_magic, end_size;  // header that ends the list of extension contexts: zero
};
static_assert(sizeof(Sigcontext<u32>) == 128 + 528 && sizeof(Sigcontext<u64>) == 256 + 528);
static_assert(offsetof(Sigcontext<u64>, end_magic) == 256 + 520);

template <class Word>
void save_registers(const dragoman::riscv::Hart* h, Sigcontext<Word>& context) {
    context.pc = static_cast<Word>(h->pc);
    for (unsigned i = 0; i < 31; ++i) context.x[i] = static_cast<Word>(h->gpr[i + 1]);
    std::memcpy(context.f, h->fpr, sizeof context.f);
    context.fcsr = read_fcsr(h);
}

/// The hart goes on with them; a reservation is lost.
template <class Word>
void load_registers(const Task& task, dragoman::riscv::Hart* h, const Sigcontext<Word>& context) {
    h->pc = align_down(u64{context.pc}, 2);
    for (unsigned i = 0; i < 31; ++i) h->gpr[i + 1] = as_register<Word>(context.x[i]);
    std::memcpy(h->fpr, context.f, sizeof context.f);
    write_fcsr(h, context.fcsr);
    h->reservation_address = dragoman::riscv::kNoReservation;
    h->tb_flags = task.process->guest->cpu.tb_flags(h) & ~dragoman::riscv::kFlagPadExpected;
}

/// Enters the handler: its frame is at `address`, siginfo and ucontext are that far behind.
template <class Word>
void enter_handler(const Task& task, dragoman::riscv::Hart* h, const SignalDelivery& delivery, u64 address, u64 info,
                   u64 ucontext) {
    h->gpr[kRa] = as_register<Word>(task.process->vdso + task.process->arch->vdso().sigreturn);
    h->gpr[kSp] = as_register<Word>(address);
    h->gpr[kA0] = static_cast<u64>(delivery.signal);
    h->gpr[kA0 + 1] = as_register<Word>(address + info);
    h->gpr[kA0 + 2] = as_register<Word>(address + ucontext);
    h->pc = delivery.action.handler;
}

}  // namespace dragoman::linux_abi::riscv
