// Entry of calls.c, on bare metal (in machine mode) and as a user program alike.
    .option norelax
    .globl _start
_start:
    lla sp, stack_end
    call run
    .bss
    .balign 16
    .space 16384
stack_end:
