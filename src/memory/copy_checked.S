// Copies that survive a fault on either side: the fault handler sends the thread to the `ret` behind
// the string instruction, whose count register then says how much is left.

        .text
        .globl  dragoman_copy_checked
        .globl  dragoman_copy_checked_insn
        .globl  dragoman_copy_checked_done
        .type   dragoman_copy_checked, @function

// size_t dragoman_copy_checked(void* to, const void* from, size_t bytes)
dragoman_copy_checked:
        .cfi_startproc
        movq    %rdx, %rcx
dragoman_copy_checked_insn:
        rep movsb
dragoman_copy_checked_done:
        movq    %rcx, %rax
        ret
        .cfi_endproc
        .size   dragoman_copy_checked, . - dragoman_copy_checked
        .section .note.GNU-stack, "", @progbits
