// The same pseudo-random numbers everywhere, so that all contenders do the same work (splitmix64).
#pragma once
#include <stdint.h>

static inline uint64_t random_next(uint64_t* state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}
/// In [0, 1).
static inline double random_double(uint64_t* state) { return (double)(random_next(state) >> 11) * 0x1p-53; }
