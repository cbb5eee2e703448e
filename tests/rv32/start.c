// What a program of RV32 starts with: stack, auxiliary vector, uname, hwprobe; 64-bit arithmetic and floats by gcc.
#include "libc.h"

static u64 mix(u64 x) {
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccd;
    x ^= x << 29 | x >> 35;
    return x;
}

static double series(int n) {
    double sum = 0;
    for (int i = 1; i <= n; ++i) sum += 1.0 / ((double)i * i);
    return sum;
}

__attribute__((noinline)) static int fault(volatile int *place) { return *place; }

int main_program(int argc, char **argv, char **envp, const u32 *auxv) {
    static volatile u32 nowhere = 16;
    if (argc == 2 && same_text(argv[1], "crash")) return fault((int *)nowhere);
    CHECK(argc >= 1 && argv[argc] == 0);
    CHECK(((u32)argv & 3) == 0 && ((u32)(argv - 1) & 15) == 0);
    CHECK(envp == argv + argc + 1);

    u32 entries[64] = {};
    for (const u32 *p = auxv; p[0] != 0; p += 2) {
        if (p[0] < 64) entries[p[0]] = p[1];
    }
    CHECK_EQUAL(entries[6], 4096);   // AT_PAGESZ
    CHECK_EQUAL(entries[4], 32);     // AT_PHENT
    CHECK(entries[5] >= 1);          // AT_PHNUM
    CHECK(entries[3] != 0 && *(u32 *)entries[3] <= 0x70000003);  // AT_PHDR
    CHECK(entries[25] != 0);         // AT_RANDOM
    CHECK((entries[16] & 0x112d) == 0x112d);  // AT_HWCAP: imafdc
    CHECK(same_text((char *)entries[31], argv[0]));  // AT_EXECFN
    const u8 *vdso = (const u8 *)entries[33];
    CHECK(vdso[0] == 0x7f && vdso[4] == 1);  // ELFCLASS32

    struct {
        char names[6][65];
    } uts;
    CHECK_EQUAL(syscall(SYS_uname, &uts), 0);
    CHECK(same_text(uts.names[4], "riscv32"));

    struct {
        i64 key;
        u64 value;
    } pairs[] = {{3, 0}, {4, 0}, {999, 0}};
    CHECK_EQUAL(syscall(SYS_hwprobe, pairs, 3, 0, 0, 0), 0);
    CHECK(pairs[0].value == 1 && (pairs[1].value & 3) == 3 && pairs[2].key == -1);

    u64 x = 1;
    for (int i = 0; i < 1000; ++i) x = mix(x + (u64)i);
    CHECK(x == 0x87684efbf08599dc);
    const double sum = series(1000);
    CHECK(sum > 1.643934 && sum < 1.643935);
    return 0;
}
