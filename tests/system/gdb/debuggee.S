# What gdb debugs in gdb_test.py: counts in memory, on every hart of its own, then powers off with status 3.
        .globl _start
_start: csrr s0, mhartid
        la s1, counter
        bnez s0, other
1:      lw t0, 8(s1)            # the other hart is there
        beqz t0, 1b
        li t0, 10
loop:   call count
        addi t0, t0, -1
        bnez t0, loop
        li a0, 0x100000         # test finisher
        li a1, (3 << 16) | 0x3333
        sw a1, (a0)
1:      j 1b
other:  li t0, 1
        sw t0, 8(s1)
1:      wfi
        j 1b

        .globl count
count:  ld t1, (s1)
        addi t1, t1, 1
store:  sd t1, (s1)
        ret

        .data
        .balign 8
        .globl counter
counter: .dword 100
        .word 0                 # set by the other hart
