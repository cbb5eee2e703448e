// Group integer: the C library's memory and string functions on short and long pieces, aligned and not.
#include <stdio.h>
#include <string.h>

#include "random.h"

enum { kSize = 1 << 16 };
static char from[kSize + 64], to[kSize + 64];

int main(void) {
    uint64_t state = 3;
    unsigned long hash = 0;
    for (int i = 0; i < kSize; i++) from[i] = (char)('a' + random_next(&state) % 26);
    for (int i = 0; i < 1200000; i++) {
        uint64_t x = random_next(&state);
        size_t length = x % 160, a = x >> 10 & 8191, b = x >> 30 & 8191;
        memcpy(to + b, from + a, length);
        hash += (unsigned char)to[b + length / 2];
        if (i % 4 == 0) {
            char old = from[a + length];
            from[a + length] = 0;
            hash += strlen(from + a);
            strcpy(to + b, from + a);
            hash += strcmp(to + b, from + a) == 0;
            const char* found = strchr(from + a, 'q');
            hash += found != NULL ? (unsigned long)(found - from) : 1;
            from[a + length] = old;
        }
    }
    for (int i = 0; i < 1500; i++) {
        uint64_t x = random_next(&state);
        size_t length = 30000 + x % 30000;
        memcpy(to + (x >> 20) % 64, from + (x >> 30) % 64, length);
        memmove(to + 1 + (x >> 40) % 16, to, length);
        hash += memcmp(to + 1 + (x >> 40) % 16, from, length) < 0;
        memset(to + (x >> 50) % 64, (int)(x & 63), length / 2);
        const char* found = memchr(from, '~', length);
        hash += found == NULL;
        from[length] = 0;
        hash += strstr(from, "qzxjq") == NULL;
        from[length] = 'm';
    }
    for (int i = 0; i < kSize; i++) hash = hash * 31 + (unsigned char)to[i];
    printf("%lx\n", hash);
    return 0;
}
