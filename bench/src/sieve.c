// Group integer: a sieve and a hash of what it finds.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint8_t composite[1 << 20];

int main(void) {
    uint64_t hash = 1469598103934665603ull;
    unsigned primes = 0;
    for (int round = 0; round < 40; round++) {
        memset(composite, 0, sizeof composite);
        for (uint32_t i = 2; i < sizeof composite; i++) {
            if (composite[i]) continue;
            primes++;
            hash = (hash ^ i) * 1099511628211ull;
            for (uint64_t j = (uint64_t)i * i; j < sizeof composite; j += i) composite[j] = 1;
        }
    }
    printf("%u %016lx\n", primes, (unsigned long)hash);
    return 0;
}
