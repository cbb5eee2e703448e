// flags: -O1
// What programs are told about the instruction set agrees: /proc/cpuinfo, AT_HWCAP and riscv_hwprobe.
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

struct pair {
    long long key;
    unsigned long long value;
};
enum { kBase = 3, kFirst = 4, kSecond = 16 };

static const struct {
    const char* name;
    int key, bit;
} kBits[] = {
    {"zba", kFirst, 3},      {"zbb", kFirst, 4},          {"zbs", kFirst, 5},        {"zicboz", kFirst, 6},
    {"zbc", kFirst, 7},      {"zbkb", kFirst, 8},         {"zbkc", kFirst, 9},       {"zbkx", kFirst, 10},
    {"zknd", kFirst, 11},    {"zkne", kFirst, 12},        {"zknh", kFirst, 13},      {"zksed", kFirst, 14},
    {"zksh", kFirst, 15},    {"zkt", kFirst, 16},         {"zvbb", kFirst, 17},      {"zvbc", kFirst, 18},
    {"zvkb", kFirst, 19},    {"zvkg", kFirst, 20},        {"zvkned", kFirst, 21},    {"zvknha", kFirst, 22},
    {"zvknhb", kFirst, 23},  {"zvksed", kFirst, 24},      {"zvksh", kFirst, 25},     {"zvkt", kFirst, 26},
    {"zfh", kFirst, 27},     {"zfhmin", kFirst, 28},      {"zihintntl", kFirst, 29}, {"zvfh", kFirst, 30},
    {"zvfhmin", kFirst, 31}, {"zfa", kFirst, 32},         {"ztso", kFirst, 33},      {"zacas", kFirst, 34},
    {"zicond", kFirst, 35},  {"zihintpause", kFirst, 36}, {"zve32x", kFirst, 37},    {"zve32f", kFirst, 38},
    {"zve64x", kFirst, 39},  {"zve64f", kFirst, 40},      {"zve64d", kFirst, 41},    {"zimop", kFirst, 42},
    {"zca", kFirst, 43},     {"zcb", kFirst, 44},         {"zcd", kFirst, 45},       {"zcf", kFirst, 46},
    {"zcmop", kFirst, 47},   {"zawrs", kFirst, 48},       {"supm", kFirst, 49},      {"zicntr", kFirst, 50},
    {"zihpm", kFirst, 51},   {"zfbfmin", kFirst, 52},     {"zvfbfmin", kFirst, 53},  {"zvfbfwma", kFirst, 54},
    {"zicbom", kFirst, 55},  {"zaamo", kFirst, 56},       {"zalrsc", kFirst, 57},    {"zabha", kFirst, 58},
    {"zalasr", kFirst, 59},  {"zicbop", kFirst, 60},      {"zilsd", kFirst, 61},     {"zclsd", kFirst, 62},
    {"zicfilp", kFirst, 63}, {"zicfiss", kSecond, 0},     {"zicclsm", kSecond, 1},   {"ziccamoa", kSecond, 2},
    {"ziccif", kSecond, 3},  {"ziccrse", kSecond, 4},     {"za64rs", kSecond, 5},
};

static char isa[4096];

static int has(const char* name) {
    char part[64];
    snprintf(part, sizeof part, "_%s", name);
    const char* at = strstr(isa, part);
    return at && (at[strlen(part)] == '_' || at[strlen(part)] == 0);
}

static int has_letter(char letter) {
    size_t letters = strcspn(isa, "_");
    return memchr(isa + 4, letter, letters - 4) != 0;
}

static unsigned long long probe(int key) {
    struct pair pair = {key, 0};
    CHECK(syscall(258, &pair, 1l, 0l, 0l, 0l) == 0 && pair.key == key);
    return pair.value;
}

int main(void) {
    FILE* file = fopen("/proc/cpuinfo", "r");
    char line[4096];
    CHECK(file);
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "isa\t\t: ", 7) == 0) strcpy(isa, line + 7);
    }
    isa[strcspn(isa, "\n")] = 0;
    CHECK(strncmp(isa, "rv64ima", 7) == 0);

    unsigned long long first = probe(kFirst), second = probe(kSecond);
    CHECK(probe(kBase) == 1);
    CHECK((first & 1) == (unsigned)has_letter('d'));
    CHECK((first >> 1 & 1) == (unsigned)has_letter('c'));
    CHECK((first >> 2 & 1) == (unsigned)has_letter('v'));
    for (size_t i = 0; i < sizeof kBits / sizeof kBits[0]; i++) {
        unsigned long long bits = kBits[i].key == kFirst ? first : second;
        if ((bits >> kBits[i].bit & 1) == (unsigned)has(kBits[i].name)) continue;
        fprintf(stderr, "%s: bit %d of key %d against %s\n", kBits[i].name, kBits[i].bit, kBits[i].key, isa);
        return 1;
    }

    unsigned long hwcap = 0;
    for (const char* letter = "imafdcv"; *letter; letter++) {
        if (has_letter(*letter)) hwcap |= 1ul << (*letter - 'a');
    }
    CHECK(getauxval(AT_HWCAP) == hwcap);
    CHECK(has_letter('b') == (has("zba") && has("zbb") && has("zbs")));
    CHECK(has("zmmul") && has("zaamo") && has("zalrsc") && has("zca") && has("zcd"));

    // No set is claimed of which an instruction is not executed.
    if (has("zicond")) {
        unsigned long result = 1;
        __asm__ volatile(".insn r 0x33, 5, 7, %0, %1, zero" : "=r"(result) : "r"(7ul));  // czero.eqz
        CHECK(result == 0);
    }
    if (has("zbkb")) {
        unsigned long result;
        __asm__ volatile(".insn r 0x33, 4, 4, %0, %1, %2"
                         : "=r"(result)
                         : "r"(0x11111111ul), "r"(0x22222222ul));  // pack
        CHECK(result == 0x2222222211111111ul);
    }
    return 0;
}
