// Signals in the self-checking guest programs.
#pragma once
#include "check.h"

#define SIGILL 4
#define SIGTRAP 5
#define SIGBUS 7
#define SIGSEGV 11
#define SA_SIGINFO 4
#define SYS_rt_sigaction 134
#define SIGINFO_ADDR 16
#define UCONTEXT_PC 176
#define UCONTEXT_F 432                                        // uc_mcontext.fpregs.d.f
#define UCONTEXT_FCSR (UCONTEXT_F + 32 * 8)

// `signal` goes to the sigaction `action`.
.macro CATCH signal
    li a0, \signal
    la a1, action
    li a2, 0
    li a3, 8
    li a7, SYS_rt_sigaction
    ecall
    CHECK a0, 0
.endm

// In a handler: goes on behind the (32-bit) instruction.
.macro SKIP_INSTRUCTION
    ld t0, UCONTEXT_PC(a2)
    addi t0, t0, 4
    sd t0, UCONTEXT_PC(a2)
    ret
.endm

// The instruction raises a signal, with si_addr its address. s0 points to fault_address.
.macro ILLEGAL insn:vararg
    sd zero, 0(s0)
991: \insn
    ld t4, 0(s0)
    la t3, 991b
    CHECK_EQ t4, t3
.endm

// `action`, whose handler notes si_addr in `fault_address` and goes on behind the (32-bit) instruction.
.macro SIGNAL_HANDLER
handler:
    ld t0, SIGINFO_ADDR(a1)
    la t1, fault_address
    sd t0, 0(t1)
    SKIP_INSTRUCTION

.data
.balign 16
action: .dword handler, SA_SIGINFO, 0
fault_address: .dword 0
.endm
