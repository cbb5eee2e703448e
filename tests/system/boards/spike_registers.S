// text: 0x80000000
// The host-target interface as registers, for programs that have no words for it: their halves are written one after
// the other.
    .option norelax
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, .
    li s0, 0x1000000            // fromhost, tohost
    li t0, 'x'
    sw t0, 8(s0)
    lw t1, 8(s0)                // the request is not whole yet
    bne t0, t1, failed
    li t0, 0x0101 << 16
    sw t0, 12(s0)
    ld t1, 8(s0)
    bnez t1, failed
    ld t1, (s0)
    li t2, (0x0101 << 48) | 0x100 | 'x'
    bne t1, t2, failed
    sd zero, (s0)
    ld t1, (s0)
    bnez t1, failed
    li t0, (0x0101 << 48) | '\n'
    sd t0, 8(s0)
    // a device that there is not
    li t0, 0x55 << 56
    sd t0, 8(s0)
    ld t1, (s0)
    bne t0, t1, failed
    li t0, (19 << 1) | 1
    sd t0, 8(s0)
1:  j 1b
failed:
    li t0, (1 << 1) | 1
    sd t0, 8(s0)
    j failed
