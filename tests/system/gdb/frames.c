/* What gdb_frames_test.py steps through: nested calls, locals, a trap into a handler, and the test finisher. */
#define FINISHER (*(volatile unsigned *)0x100000)

__asm__(".globl _start\n"
        "_start:\n"
        "    csrr t0, mhartid\n"
        "    bnez t0, 1f\n"
        "    lla sp, stack + 4096\n"
        "    lla t0, handler\n"
        "    csrw mtvec, t0\n"
        "    call main\n"
        "1:  wfi\n"
        "    j 1b\n");

char stack[4096];
volatile int result, traps;

__attribute__((interrupt("machine"), aligned(4))) void handler(void) {
    unsigned long epc;
    __asm__("csrr %0, mepc" : "=r"(epc));
    traps++;
    __asm__("csrw mepc, %0" ::"r"(epc + 4));
}

static int inner(int x) {
    int doubled = x * 2;
    return doubled + 1;
}

static int outer(int x, int y) {
    int first = inner(x);
    int second = inner(y);
    return first + second;
}

int main(void) {
    int sum = outer(3, 4);
    __asm__ volatile("csrw mscratch, %0\n"
                     "ecall" ::"r"((long)sum));
    result = sum + traps;
    FINISHER = result << 16 | 0x3333;
    for (;;) {
    }
}
