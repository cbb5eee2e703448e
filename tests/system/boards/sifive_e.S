// text: 0x20400000
// The FE310: where programs start, and what its devices hold and do.
#define BOARD_RAM 0x80003000
#include "board.h"

#define CLINT 0x2000000
#define PLIC 0xc000000
#define AON 0x10000000
#define PRCI 0x10008000
#define GPIO 0x10012000
#define UART0 0x10013000
#define UART1 0x10023000
#define QSPI0 0x10014000
#define GPIO_IRQ 8
#define WATCHDOG_IRQ 1

.macro UNLOCK
    STORE_WORD 0x1c, 0x51f15e
.endm

BOARD_START
    // the mask ROM has jumped here
    li s0, 0x1004
    CHECK_WORD 0, 0x204002b7
    CHECK_WORD 4, 0x00028067
    la t0, _start
    CHECK t0, 0x20400000
    csrr t0, misa
    CHECK_BITS t0, (1 << 18) | (1 << 5) | (1 << 12), 1 << 12    // M, neither S nor F

    // flash is not written, memory is
    la s0, _start
    lw s1, (s0)
    sw zero, (s0)
    lw s2, (s0)
    CHECK_EQ s1, s2
    li s0, 0x80000000
    CHECK_HOLDS 0, 0x12345678
    li s0, 0x80003ffc
    CHECK_HOLDS 0, 0x9abcdef0
    li s0, 0x80004000
    lw t0, (s0)
    CHECK s7, 1
    li s7, 0

    // clocks: always ready and locked
    li s0, PRCI
    CHECK_WORD 0, 0xc0000000
    CHECK_WORD 4, 0xc0000000
    CHECK_WORD 8, 0x80060000
    CHECK_WORD 12, 0x100
    STORE_WORD 0, 4
    CHECK_WORD 0, 0x80000004
    STORE_WORD 8, 0x40
    CHECK_WORD 8, 0x80000040
    CHECK_HOLDS 12, 1

    // what is not there reads as zero
    li s0, QSPI0
    STORE_WORD 0, 3
    CHECK_WORD 0, 0

    // UARTs: nothing has come in, and there is room to send
    li s0, UART1
    CHECK_WORD 0, 0
    CHECK_WORD 4, 0x80000000
    CHECK_WORD 8, 0
    CHECK_WORD 0x14, 0
    CHECK_HOLDS 0x18, 0x8a
    li s0, UART0
    STORE_WORD 8, 0x10001           // one byte is the watermark
    CHECK_WORD 0x14, 1
    li t0, 'o'
    sw t0, (s0)
    li t0, 'k'
    sw t0, (s0)
    li t0, '\n'
    sw t0, (s0)
    li s1, PLIC
    li t0, 1
    sw t0, 3 * 4(s1)
    li s2, PLIC + 0x2000
    li t0, 1 << 3
    sw t0, (s2)
    WAIT_EXTERNAL 0
    STORE_WORD 0x10, 1              // the transmitter interrupts
    WAIT_EXTERNAL MEIP
    li s3, PLIC + 0x200004
    lw s4, (s3)
    CHECK s4, 3
    STORE_WORD 0x10, 0
    sw s4, (s3)
    WAIT_EXTERNAL 0

    // pins: an output is seen where it is enabled as an input, a pull-up where nothing is put out
    li s0, GPIO
    CHECK_WORD 0, 0
    STORE_WORD 4, 7                 // input_en
    CHECK_WORD 0, 0
    STORE_WORD 0x10, 4              // pull-up of pin 2
    CHECK_WORD 0, 4
    STORE_WORD 8, 3                 // output_en
    STORE_WORD 0x0c, 1              // pin 0
    CHECK_WORD 0, 5
    STORE_WORD 0x40, 3              // inverted
    CHECK_WORD 0, 6
    lwu t0, 0x1c(s0)                // what has risen
    CHECK t0, 7
    STORE_WORD 0x1c, 7
    CHECK_WORD 0x1c, 0
    lwu t0, 0x24(s0)                // what has fallen
    CHECK t0, 1
    li t0, 1
    sw t0, (GPIO_IRQ + 0) * 4(s1)
    li t0, 1 << GPIO_IRQ
    sw t0, (s2)
    STORE_WORD 0x18, 1              // pin 0 rises: interrupt
    WAIT_EXTERNAL 0
    STORE_WORD 0x40, 0
    WAIT_EXTERNAL MEIP
    lw s4, (s3)
    CHECK s4, GPIO_IRQ
    STORE_WORD 0x1c, 1
    sw s4, (s3)
    WAIT_EXTERNAL 0

    // the watchdog takes nothing without its key
    li s0, AON
    CHECK_WORD 0x20, 0xbeef
    STORE_WORD 0x20, 100
    CHECK_WORD 0x20, 0xbeef
    UNLOCK
    CHECK_WORD 0x1c, 1
    STORE_WORD 0x20, 100
    CHECK_WORD 0x20, 100
    CHECK_WORD 0x1c, 0
    UNLOCK
    STORE_WORD 8, 50
    CHECK_WORD 8, 50
    UNLOCK
    STORE_WORD 0x18, 1              // not the feed
    CHECK_WORD 8, 50
    UNLOCK
    STORE_WORD 0x18, 0xd09f00d
    CHECK_WORD 8, 0
    // it counts as mtime does, and interrupts when it is at its comparator
    li t0, 1
    sw t0, WATCHDOG_IRQ * 4(s1)
    li t0, 1 << WATCHDOG_IRQ
    sw t0, (s2)
    li s5, CLINT + 0xbff8
    ld s6, (s5)
    UNLOCK
    STORE_WORD 0, 1 << 12           // always
1:  csrr t0, mip
    li t1, MEIP
    and t0, t0, t1
    beqz t0, 1b
    ld s9, (s5)
    sub s9, s9, s6
    sltiu t0, s9, 99
    CHECK t0, 0                     // 100 ticks have passed
    lwu t0, 0(s0)
    CHECK_BITS t0, 1 << 28, 1 << 28
    lw s4, (s3)
    CHECK s4, WATCHDOG_IRQ
    UNLOCK
    STORE_WORD 0x20, 0xffff
    UNLOCK
    STORE_WORD 0, 0
    sw s4, (s3)
    lw s4, (s3)                     // a gateway may have seen it raised again meanwhile
    sw s4, (s3)
    WAIT_EXTERNAL 0

    // the last source
    li s0, PLIC
    CHECK_HOLDS 52 * 4, 7
BOARD_END
