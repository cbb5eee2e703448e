// Devices of the virt board answer as far as their registers go and no further; what registers hold after reset.
#include "machine.h"

#define UART 0x10000000
#define RTC 0x101000
#define VIRTIO 0x10001000
#define PLIC 0xc000000

// The 4 bytes at `address` are nobody's; those before them are a device's.
.macro ENDS_AT address
    li s0, \address
    TRAPS LOAD_ACCESS, \address, lw t1, (s0)
    TRAPS STORE_ACCESS, \address, sw zero, (s0)
.endm

TEST_START
    li s0, UART
    RUNS lbu t1, 7(s0)
    ENDS_AT UART + 8
    ENDS_AT UART + 0xfc
    li s0, RTC
    RUNS lw t1, 0x20(s0)
    ENDS_AT RTC + 0x24
    li s0, CLINT + 0xbff8
    RUNS ld t1, (s0)
    ENDS_AT CLINT + 0xc000
    li s0, VIRTIO
    RUNS lw t1, 0x1fc(s0)
    ENDS_AT VIRTIO + 0x200
    ENDS_AT VIRTIO + 0x8000
    ENDS_AT PLIC + 0x600000
    ENDS_AT SIFIVE_TEST - 4

    // IER, IIR, LCR, MCR (OUT2), LSR, MSR, SCR of the UART
    li s0, UART
    lbu s1, 1(s0)
    CHECK s1, 0
    lbu s1, 2(s0)
    CHECK s1, 1
    lbu s1, 3(s0)
    CHECK s1, 0
    lbu s1, 4(s0)
    CHECK s1, 8
    lbu s1, 5(s0)
    CHECK s1, 0x60
    lbu s1, 6(s0)
    CHECK s1, 0xb0
    lbu s1, 7(s0)
    CHECK s1, 0
    // The PLIC knows priorities 0 to 7, and 95 sources.
    li s0, PLIC
    lw s1, 4(s0)
    CHECK s1, 0
    li s1, -1
    sw s1, 4(s0)
    lw s1, 4(s0)
    CHECK s1, 7
    li s0, PLIC + 0x2008
    li s1, -1
    sw s1, (s0)
    lwu s1, (s0)
    CHECK s1, 0xffffffff
    // The first slot is version 1 of virtio-mmio, and empty.
    li s0, VIRTIO
    lw s1, 0(s0)
    CHECK s1, 0x74726976
    lw s1, 4(s0)
    CHECK s1, 1
    lw s1, 8(s0)
    CHECK s1, 0
TEST_END
