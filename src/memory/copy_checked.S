// Copies that survive a fault on either side. Most are short, and a string instruction takes longer to begin than those
// take as a whole: they are made of plain moves, each byte written once. A fault in them begins the copy anew with the
// string instruction; and a fault of that ends it, its count register saying how much is left.

        .text
        .globl  dragoman_copy_checked
        .globl  dragoman_copy_checked_string
        .globl  dragoman_copy_checked_insn
        .globl  dragoman_copy_checked_done
        .type   dragoman_copy_checked, @function

// size_t dragoman_copy_checked(void* to, const void* from, size_t bytes)
dragoman_copy_checked:
        .cfi_startproc
        cmpq    $512, %rdx
        ja      dragoman_copy_checked_string
        xorl    %eax, %eax
        movq    %rdx, %rcx
        andq    $-16, %rcx
        jz      2f
1:      movups  (%rsi,%rax), %xmm0
        movups  %xmm0, (%rdi,%rax)
        addq    $16, %rax
        cmpq    %rcx, %rax
        jb      1b
2:      testb   $8, %dl
        jz      3f
        movq    (%rsi,%rax), %rcx
        movq    %rcx, (%rdi,%rax)
        addq    $8, %rax
3:      testb   $4, %dl
        jz      4f
        movl    (%rsi,%rax), %ecx
        movl    %ecx, (%rdi,%rax)
        addq    $4, %rax
4:      testb   $2, %dl
        jz      5f
        movzwl  (%rsi,%rax), %ecx
        movw    %cx, (%rdi,%rax)
        addq    $2, %rax
5:      testb   $1, %dl
        jz      6f
        movzbl  (%rsi,%rax), %ecx
        movb    %cl, (%rdi,%rax)
6:      xorl    %eax, %eax
        ret
dragoman_copy_checked_string:
        movq    %rdx, %rcx
dragoman_copy_checked_insn:
        rep movsb
dragoman_copy_checked_done:
        movq    %rcx, %rax
        ret
        .cfi_endproc
        .size   dragoman_copy_checked, . - dragoman_copy_checked
        .section .note.GNU-stack, "", @progbits
