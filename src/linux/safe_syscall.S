// A host system call that a signal cannot slip past: the queue of signals in hand is looked at right
// before the call. A host signal handler that interrupts the code between the look and the call moves
// the thread to dragoman_safe_syscall_interrupted.

        .text
        .globl  dragoman_safe_syscall
        .globl  dragoman_safe_syscall_check
        .globl  dragoman_safe_syscall_insn
        .globl  dragoman_safe_syscall_interrupted
        .type   dragoman_safe_syscall, @function

// long dragoman_safe_syscall(const u32 queue_indices[2], long number, a0, a1, a2, a3, a4, a5)
dragoman_safe_syscall:
        .cfi_startproc
        movq    %rdi, %r11
        movq    %rsi, %rax
        movq    %rdx, %rdi
        movq    %rcx, %rsi
        movq    %r8, %rdx
        movq    %r9, %r10
        movq    8(%rsp), %r8
        movq    16(%rsp), %r9
dragoman_safe_syscall_check:
        movl    (%r11), %ecx
        cmpl    4(%r11), %ecx
        jne     dragoman_safe_syscall_interrupted
dragoman_safe_syscall_insn:
        syscall
        ret
dragoman_safe_syscall_interrupted:
        movq    $-513, %rax             # kRestartNoInterrupt: nothing has happened yet
        ret
        .cfi_endproc
        .size   dragoman_safe_syscall, . - dragoman_safe_syscall
        .section .note.GNU-stack, "", @progbits
