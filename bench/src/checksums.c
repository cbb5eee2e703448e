// Group integer: CRC-32 by bits, by bytes and by slices, Adler-32, a hash with multiplications and rotations.
#include <stdio.h>

#include "random.h"

enum { kSize = 1 << 18 };
static uint8_t data[kSize];
static uint32_t tables[4][256];

static uint32_t crc_bits(uint32_t crc, uint8_t byte) {
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
    return crc;
}

static uint32_t crc_slices(uint32_t crc) {
    for (size_t i = 0; i < kSize; i += 4) {
        crc ^= data[i] | (uint32_t)data[i + 1] << 8 | (uint32_t)data[i + 2] << 16 | (uint32_t)data[i + 3] << 24;
        crc = tables[3][crc & 255] ^ tables[2][crc >> 8 & 255] ^ tables[1][crc >> 16 & 255] ^ tables[0][crc >> 24];
    }
    return crc;
}

static uint64_t mixed(uint64_t hash) {
    for (size_t i = 0; i < kSize; i++) {
        hash = (hash ^ data[i]) * 0x100000001b3;
        hash = hash << 23 | hash >> 41;
    }
    return hash;
}

int main(void) {
    uint64_t state = 11, hash = 1;
    for (size_t i = 0; i < kSize; i++) data[i] = (uint8_t)random_next(&state);
    for (unsigned i = 0; i < 256; i++) tables[0][i] = crc_bits(i, 0);
    for (unsigned t = 1; t < 4; t++)
        for (unsigned i = 0; i < 256; i++) tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 255];
    uint32_t bits = ~0u, bytes = ~0u, slices = ~0u, a = 1, b = 0;
    for (int round = 0; round < 40; round++) {
        if (round % 10 == 0)
            for (size_t i = 0; i < kSize; i++) bits = crc_bits(bits, data[i]);
        for (size_t i = 0; i < kSize; i++) bytes = bytes >> 8 ^ tables[0][(bytes ^ data[i]) & 255];
        slices = crc_slices(slices);
        for (size_t i = 0; i < kSize; i++) a = (a + data[i]) % 65521, b = (b + a) % 65521;
        hash = mixed(hash);
    }
    printf("%08x %08x %08x %08x %016lx\n", ~bits, ~bytes, ~slices, b << 16 | a, (unsigned long)hash);
    return 0;
}
