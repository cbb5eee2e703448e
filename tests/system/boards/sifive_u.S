// text: 0x80000000
// The FU540: hart 0 without supervisor mode, hart 1 with it, and what its devices hold and do.
#define BOARD_RAM 0x80100000
#include "board.h"

#define CLINT 0x2000000
#define PLIC 0xc000000
#define PDMA 0x3000000
#define PRCI 0x10000000
#define UART0 0x10010000
#define GPIO 0x10060000
#define OTP 0x10070000
#define L2LIM 0x8000000
#define FLASH 0x20000000

#define PDMA_IRQ 23
#define DONE (1 << 30)

    .option norvc
    .text
    .globl first
first:
    csrr t0, mhartid
    beqz t0, _start
    li t1, 1
    bne t0, t1, sleep
    la t2, hart1_misa
    csrr t0, misa
    sd t0, (t2)
    li t0, 1 << 3
    csrw mie, t0
1:  wfi
    csrr t0, mip
    andi t0, t0, 1 << 3
    beqz t0, 1b
    csrr t0, mcycle
    la t2, hart1_woken
    li t0, 1
    sd t0, (t2)
    fence
sleep:
    wfi
    j sleep

// The fuse a1, in a0.
read_fuse:
    li t1, OTP
    sw a1, (t1)
    lwu a0, 0x18(t1)
    ret

BOARD_START
    // what MSEL says
    li s0, 0x1000
    CHECK_WORD 0, 0

    // hart 0 has neither S nor F, hart 1 both
    csrr t0, misa
    CHECK_BITS t0, (1 << 18) | (1 << 5) | (1 << 12), 1 << 12
    li s7, 0
    csrr t0, satp
    CHECK s7, 1
    csrr t0, medeleg
    CHECK s7, 2
    li t0, 3 << 13
    csrs mstatus, t0
    csrr t0, mstatus
    CHECK_BITS t0, 3 << 13, 0
    li s7, 0
    la s1, hart1_misa
    li t4, 10000000
1:  ld t0, (s1)
    addi t4, t4, -1
    beqz t4, 2f
    beqz t0, 1b
2:  CHECK_BITS t0, (1 << 18) | (1 << 5), (1 << 18) | (1 << 5)
    // it is woken by its software interrupt
    li s0, CLINT
    STORE_WORD 4, 1
    la s1, hart1_woken
    li t4, 10000000
1:  ld t0, (s1)
    addi t4, t4, -1
    beqz t4, 2f
    beqz t0, 1b
2:  CHECK t0, 1

    // memories
    li s0, L2LIM + 0x1fffffc
    CHECK_HOLDS 0, 0x12345678
    li s0, FLASH + 0xffffffc
    CHECK_HOLDS 0, 0x9abcdef0
    li s0, FLASH + 0x10000000
    lw t0, (s0)
    CHECK s7, 1
    li s7, 0

    // clocks: always locked
    li s0, PRCI
    CHECK_WORD 0, 0xc0000000
    lwu t0, 4(s0)
    CHECK_BITS t0, 1 << 31, 1 << 31
    STORE_WORD 4, 0
    lwu t0, 4(s0)
    CHECK_BITS t0, 1 << 31, 1 << 31
    lwu t0, 0x1c(s0)
    CHECK_BITS t0, 1 << 31, 1 << 31
    CHECK_HOLDS 0x28, 5

    // fuses: the serial number, its complement, and one that is programmed
    li s0, OTP
    li a1, 0xfc
    jal read_fuse
    CHECK a0, 0xff                  // it is not powered
    STORE_WORD 0x0c, 1
    STORE_WORD 0x1c, 1
    STORE_WORD 0x34, 1
    jal read_fuse
    CHECK a0, 1
    li a1, 0xfd
    jal read_fuse
    CHECK a0, 0xfffffffe
    li a1, 0x123
    jal read_fuse
    CHECK a0, 0xffffffff
    STORE_WORD 0x08, 0
    STORE_WORD 0x04, 7              // bit 7
    STORE_WORD 0x14, 0
    STORE_WORD 0x38, 1
    STORE_WORD 0x38, 0
    li a1, 0x123
    jal read_fuse
    CHECK a0, 0xffffff7f
    li a1, 0x122
    jal read_fuse
    CHECK a0, 0xffffffff

    // DMA, channel 1
    li s0, PDMA + 0x1000
    li s1, PLIC
    li s3, PLIC + 0x200004
    CHECK_WORD 0, 0
    STORE_WORD 0, 1                 // claimed
    CHECK_WORD 0, 1
    CHECK_WORD 4, 0x66000000
    li t0, 0x1000
    sd t0, 8(s0)
    ld t1, 8(s0)
    CHECK_EQ t0, t1
    li t0, L2LIM + 0x100
    sd t0, 0x10(s0)
    la t0, first
    sd t0, 0x18(s0)
    li t0, 1
    sw t0, (PDMA_IRQ + 2) * 4(s1)
    li t0, 1 << (PDMA_IRQ + 2)
    li s2, PLIC + 0x2000
    sw t0, (s2)
    WAIT_EXTERNAL 0
    STORE_WORD 0, 3 | 1 << 14       // run, interrupt when done
    WAIT_EXTERNAL MEIP
    lwu t0, (s0)
    CHECK_BITS t0, DONE | 2, DONE
    ld t0, 0x108(s0)
    CHECK t0, 0
    ld t0, 0x110(s0)
    CHECK t0, L2LIM + 0x1100
    li t1, L2LIM + 0x100
    la t2, first
    ld t0, 0x7f8(t1)
    ld t1, 0x7f8(t2)
    CHECK_EQ t0, t1
    lw s4, (s3)
    CHECK s4, PDMA_IRQ + 2
    STORE_WORD 0, 0
    sw s4, (s3)
    WAIT_EXTERNAL 0

    // pins: 16 of them
    li s0, GPIO
    STORE_WORD 4, 3
    STORE_WORD 8, 3
    STORE_WORD 0x0c, 2
    CHECK_WORD 0, 2

    // the last source
    li s0, PLIC
    CHECK_HOLDS 53 * 4, 7

    li s0, UART0
    STORE_WORD 8, 1
    li t0, 'o'
    sw t0, (s0)
    li t0, 'k'
    sw t0, (s0)
    li t0, '\n'
    sw t0, (s0)
BOARD_END
    .balign 8
hart1_misa:
    .dword 0
hart1_woken:
    .dword 0
