// A semihosting call from a test program: the three instructions, uncompressed and in one page.
#pragma once

static long semihosting(long operation, void *parameter) {
    register long a0 asm("a0") = operation;
    register void *a1 asm("a1") = parameter;
    asm volatile(
        ".balign 16\n.option push\n.option norvc\n"
        "slli zero, zero, 0x1f\nebreak\nsrai zero, zero, 7\n"
        ".option pop"
        : "+r"(a0)
        : "r"(a1)
        : "memory");
    return a0;
}
