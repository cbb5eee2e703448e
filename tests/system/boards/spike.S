// text: 0x80000000
// The host-target interface in a program's own memory: other data lies in its page. Prints by the console and by a
// system call, reads a byte, and ends with it as the status.
#define CONSOLE (1 << 56)
#define PUT (CONSOLE | (1 << 48))

// What is sent is taken at once; the answer is in t0.
.macro REQUEST reg
1:  ld t0, (s0)
    bnez t0, 1b
    sd zero, (s1)
    sd \reg, (s0)
2:  ld t0, (s1)
    beqz t0, 2b
.endm
.macro FAIL_UNLESS_EQ a, b, status
    beq \a, \b, 8f
    li t6, (\status << 1) | 1
    sd t6, (s0)
9:  j 9b
8:
.endm

    .option norelax
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, .
    la s0, tohost
    la s1, fromhost
    la s2, text
    // each byte is answered with itself
print:
    lbu t1, (s2)
    beqz t1, call
    li t2, PUT
    or t1, t1, t2
    REQUEST t1
    li t2, 0x100
    or t2, t1, t2
    FAIL_UNLESS_EQ t0, t2, 1
    addi s2, s2, 1
    j print
call:
    la t1, write_call
    REQUEST t1
    // what lies beside the words is memory as everywhere
    la s3, counter
    li t1, 5
    amoadd.d t2, t1, (s3)
    ld t1, (s3)
    li t2, 12
    FAIL_UNLESS_EQ t1, t2, 2
    la s4, beside
    li t1, 0x1234
    sh t1, (s4)
    lhu t2, (s4)
    FAIL_UNLESS_EQ t1, t2, 3
    jal inside
    li t1, 77
    FAIL_UNLESS_EQ a0, t1, 4
    // a byte
    li t1, CONSOLE
    REQUEST t1
    andi t0, t0, 0xff
    slli t0, t0, 1
    ori t0, t0, 1
    sd t0, (s0)
1:  j 1b

    .section .data, "awx"
    .balign 4096
counter: .dword 7
beside: .word 0
    .balign 8
write_call: .dword 64, 1, letter, 1, 0, 0, 0, 0
letter: .ascii "!"
text: .asciz "hello"
    .balign 4
inside:
    li a0, 77
    ret
    .balign 64
    .globl tohost
tohost: .dword 0
    .size tohost, 8
    .globl fromhost
fromhost: .dword 0
    .size fromhost, 8
    .balign 4096
    .globl begin_signature, end_signature
begin_signature: .word 0x11223344, 0x55667788, 0x99aabbcc, 0xddeeff00, 1
end_signature:
